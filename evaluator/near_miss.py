"""Near misses: why somebody may expect that an interface owns a host address that it does not own.

The address is in its subnet; it is assigned to an interface below or on top of it; it is at the other end of a
point-to-point link; or the report lists it in a form that is not valid.
"""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.facts.address import Address
from evaluator.facts.link import Link
from evaluator.policy.scene import Question
from evaluator.text import quote, quote_all
from evaluator.whereabouts import may_mean, peer_sentence

_MOST_NAMES = 6


def near_misses(question: Question, link: Link) -> Iterator[str]:
    """Yield a sentence for each way in which the interface nearly owns a usable host address."""
    for address in question.host.usable:
        if address in link.address_set:
            continue
        shown = quote(str(address))
        for subnet in (subnet for subnet in link.subnets if address in subnet):
            yield f"{shown} is in its subnet {subnet}, but is not assigned to it"
        yield from _in_stack(question, link, address, shown)
        if address in link.peers:
            yield peer_sentence(link, address)
        for text in dict.fromkeys(link.malformed):
            if may_mean(text, address):
                yield f"its entry {quote(text)} is not a valid address; some programs read it as {shown}"


def _in_stack(question: Question, link: Link, address: Address, shown: str) -> Iterator[str]:
    """Yield who owns an address below or above an interface."""
    owners = [owner.name for owner in question.owners if address in owner.address_set]
    is_above = question.facts.topology.is_above
    below = [owner for owner in owners if is_above(link.name, owner)]
    above = [owner for owner in owners if is_above(owner, link.name)]
    if below:
        yield f"{shown} is assigned to {_some(below)}, below it"
    if above:
        yield f"{shown} is assigned to {_some(above)}, on top of it"


def _some(shown: list[str]) -> str:
    more = len(shown) - _MOST_NAMES
    return quote_all(shown[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
