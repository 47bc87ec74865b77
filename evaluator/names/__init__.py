"""Resolve a host name to the set of addresses that a decision uses. This is a policy information point (PIP).

Only this package uses the network, and only before a decision. A decision never resolves a name.
"""
