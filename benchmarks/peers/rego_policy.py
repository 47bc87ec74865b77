"""What the engines for Rego share: the policy, and what it leaves out."""

from __future__ import annotations

from benchmarks.peers.texts import policy

TEXTUAL = (("spelling", "compares addresses as text"),)
LEAVES_OUT = ("validation", "findings", "IPv6 spelling")


def modules() -> list[tuple[str, str]]:
    """Return the policy and its trace rule."""
    return [(name, policy(name)) for name in ("strict.rego", "trace.rego")]
