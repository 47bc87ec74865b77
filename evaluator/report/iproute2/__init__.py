"""Reads the output of `ip -j`. `wire` defines the types of the output, and `read` converts the output to facts."""
