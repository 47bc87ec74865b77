"""Reads the output of `nmstatectl show`. `wire` defines its types, and `read` converts the output to facts."""
