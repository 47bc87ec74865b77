"""Parses the text of one rule to a syntax tree, or reports an error with a hint."""
