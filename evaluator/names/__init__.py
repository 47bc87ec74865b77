"""Resolve a host name to the set of addresses that a decision uses (a policy information point, PIP).

All network access happens here, before a decision. A decision itself never resolves a name.
"""
