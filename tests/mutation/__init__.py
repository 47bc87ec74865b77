"""Mutation testing: do the tests notice small mistakes in the packages that decide?"""

PACKAGES = ("audit", "decision", "explain", "facts", "policy", "report")
