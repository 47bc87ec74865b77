"""Finds the texts of a policy, parses their YAML with the place of each value, and merges a policy with its bases."""
