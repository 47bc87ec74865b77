"""Verification: proves a property of a policy for hosts of every size, or finds the smallest host that breaks it."""
