"""The texts of a policy: find them, parse their YAML with the position of each value, merge a policy with its bases."""
