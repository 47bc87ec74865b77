"""Verification: what a policy can never do, for hosts of every size, with the smallest host that shows the opposite."""
