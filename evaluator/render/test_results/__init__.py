"""Writes the outcome of policy tests. There is one module for each output format. `form` has a table of the formats."""
