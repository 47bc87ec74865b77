"""The counterfactual search: the smallest change that would make another interface the hostActiveNic."""
