"""Explanations: the reason of a decision for every interface and rule, and changes that would change the decision."""
