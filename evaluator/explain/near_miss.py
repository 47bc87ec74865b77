"""Near misses: why somebody may expect that an interface owns a host address that it does not own.

The address is in its subnet; it is assigned to an interface below or on top of it; it is at the other end of a
point-to-point link; or the report lists it in a form that is not valid.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from evaluator.base.text import quote, quote_some
from evaluator.decision.whereabouts import may_mean, peer_sentence
from evaluator.facts.address import Address
from evaluator.facts.link import Link
from evaluator.policy.language.environment import Question

_MOST_NAMES = 6
_LARGEST_CLOSURE = 1024 * 1024  # in octets; in larger stacks nobody looks for a near miss
_MOST_ADDRESSES = 64  # that an interface is compared with


class NearMisses:
    """What the interfaces of a host nearly own; who owns which host address is found once for all of them."""

    def __init__(self, question: Question) -> None:
        self._usable = question.host.usable
        self._topology = question.facts.topology
        self._owners: dict[Address, dict[str, None]] = {}
        for name, addresses in question.owned.items():
            for address in addresses:
                self._owners.setdefault(address, {})[name] = None

    def of(self, link: Link) -> Iterator[str]:
        """Yield a sentence for each way in which the interface nearly owns one of the first usable host addresses."""
        own, subnets, peers = link.address_set, link.subnets, link.peers
        readings = {text: may_mean(text) for text in link.malformed}
        others = tuple(itertools.islice((one for one in self._usable if one not in own), _MOST_ADDRESSES))
        above, below = self._around(link, others)
        for address in others:
            shown = quote(str(address))
            for subnet in (subnet for subnet in subnets if address in subnet):
                yield f"{shown} is in its subnet {subnet}, but is not assigned to it"
            for names, where in ((below, "below it"), (above, "on top of it")):
                owners = self._owners.get(address, {})
                found = [name for name in names if name in owners]
                if found:
                    yield f"{shown} is assigned to {quote_some(found, _MOST_NAMES)}, {where}"
            if address in peers:
                yield peer_sentence(link, address)
            for text, addresses in readings.items():
                if address in addresses:
                    yield f"its entry {quote(text)} is not a valid address; some programs read it as {shown}"

    def _around(self, link: Link, addresses: tuple[Address, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what is above and below an interface, if any of it can own one of the addresses."""
        if self._topology.octets > _LARGEST_CLOSURE or self._owners.keys().isdisjoint(addresses):
            return (), ()
        return self._topology.above(link.name), self._topology.below(link.name)
