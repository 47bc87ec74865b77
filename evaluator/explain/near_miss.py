"""Near misses: reasons why an operator may expect that an interface owns a host address, although it does not.

There are four kinds of near misses:

- The host address is in a subnet of the interface.
- The host address is on another interface, above or below the interface.
- The interface is a point-to-point link, and the host address is the address of its peer.
- The report lists the host address for the interface, but in a form that is not valid.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from evaluator.base.text import quote, quote_some
from evaluator.decision.unowned_addresses import peer_message, possible_readings
from evaluator.facts.address import Address
from evaluator.facts.link import Link
from evaluator.policy.language.environment import Question

_MOST_NAMES = 6
_LARGEST_CLOSURE = 1024 * 1024  # in octets; near misses above and below need a smaller topology
_MOST_ADDRESSES = 64  # the most host addresses that are compared with one interface


class NearMisses:
    """Finds the near misses of the interfaces of one host. The owners of host addresses are looked up only once."""

    def __init__(self, question: Question) -> None:
        self._usable = question.host.usable
        self._topology = question.facts.topology
        self._owners: dict[Address, dict[str, None]] = {}
        for name, addresses in question.owned.items():
            for address in addresses:
                self._owners.setdefault(address, {})[name] = None

    def of(self, link: Link) -> Iterator[str]:
        """Yield a sentence for each near miss of the interface, for at most 64 usable host addresses."""
        own, subnets, peers = link.address_set, link.subnets, link.peers
        readings = {text: possible_readings(text) for text in link.malformed}
        others = tuple(itertools.islice((address for address in self._usable if address not in own), _MOST_ADDRESSES))
        above, below = self._around(link, others)
        for address in others:
            quoted = quote(str(address))
            for subnet in (subnet for subnet in subnets if address in subnet):
                yield f"{quoted} is in the subnet {subnet} of this interface, but not assigned to the interface"
            all_owners = self._owners.get(address, {})
            for names, place in ((below, "below it"), (above, "on top of it")):
                owners = [name for name in names if name in all_owners]
                if owners:
                    yield f"{quoted} is assigned to {quote_some(owners, _MOST_NAMES)}, {place}"
            if address in peers:
                yield peer_message(link, address)
            for text, addresses in readings.items():
                if address in addresses:
                    entry = quote(text)
                    yield f"the entry {entry} of this interface is not valid; some programs read {entry} as {quoted}"

    def _around(self, link: Link, addresses: tuple[Address, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names of the interfaces above an interface, and of the interfaces below it.

        Both are empty if no interface owns one of the addresses, or if the topology is too large.
        """
        if self._topology.octets > _LARGEST_CLOSURE or self._owners.keys().isdisjoint(addresses):
            return (), ()
        return self._topology.above(link.name), self._topology.below(link.name)
