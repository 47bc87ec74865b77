"""What the three engines for the Common Expression Language share: the policy, and what it leaves out.

CEL has no recursion, so lower devices are found to a depth of four. A trace would need a second expression for every
rule.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.peers.contest import NAME, Answer, Contender, Question
from benchmarks.peers.texts import policy

_LEAVES_OUT = ("trace", "validation", "findings", "IPv6 spelling", "layers deeper than four")
_TEXTUAL = (("spelling", "compares addresses as text"),)


def contender(
    name: str, package: str, compiled: Callable[[str], Callable[[Question], Answer]], largest: int
) -> Contender:
    """Return an engine with the policy compiled."""
    decide = compiled(policy("strict.cel"))
    return Contender(name, (package, "msgspec"), decide, NAME, _LEAVES_OUT, _TEXTUAL, largest)


def answer(pair: list[str]) -> Answer:
    """Return the answer of a result, in which an empty name means no interface."""
    return str(pair[0]), str(pair[1]) or None
