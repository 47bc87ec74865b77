"""The texts of a policy: finding them, reading their YAML with places, merging policies that extend others."""
