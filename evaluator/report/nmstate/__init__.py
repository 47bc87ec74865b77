"""Reads the output of `nmstatectl show`: `wire` has its types, `read` converts it to facts."""
