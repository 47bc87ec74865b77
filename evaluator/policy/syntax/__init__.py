"""The text of one rule becomes a syntax tree, or an error with a hint."""
