"""Applies a checked policy to the facts of one host. The only package that imports both policies and reports."""
