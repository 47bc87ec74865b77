"""Applies a checked policy to the facts of one host. The packages `policy` and `report` do not import each other."""
