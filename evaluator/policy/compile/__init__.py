"""Compiles a checked policy to Python functions with the same results as the reference interpreter, but faster."""
