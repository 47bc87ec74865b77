"""Applies a checked policy to the facts of one host. Below this package, policies and reports are independent."""
