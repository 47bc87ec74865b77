"""Applies a checked policy to the facts of one host: below this package, policies and reports do not know each other."""
