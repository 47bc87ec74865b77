"""Reads the output of `ip -j`: `wire` has its types, `read` converts it to facts."""
