"""Sets of whole numbers as sorted, disjoint ranges: what a number, or an address as a number, may still be.

Both families of addresses are one line of numbers: the IPv4 addresses first, the IPv6 addresses behind them. So a
network, a scope and a family are ranges, and "in this network and not in that one" is exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from msgspec import Struct

from evaluator.facts.address import Address, Cidr, parse_cidr

_FIRST_OF_IPV6 = 1 << 32
_LENGTHS = {4: 32, 6: 128}
Bound = int | float


class Numbers(Struct, frozen=True):
    """A set of whole numbers; both ends of a range belong to it."""

    ranges: tuple[tuple[Bound, Bound], ...] = ((-inf, inf),)

    @property
    def is_empty(self) -> bool:
        """Whether no number is left."""
        return not self.ranges

    def both(self, other: Numbers) -> Numbers:
        """Return the numbers that are in both sets."""
        pairs = ((max(a, c), min(b, d)) for a, b in self.ranges for c, d in other.ranges)
        return Numbers(tuple((low, high) for low, high in pairs if low <= high))

    def others(self) -> Numbers:
        """Return the numbers that are not in the set."""
        rest: list[tuple[Bound, Bound]] = []
        low: Bound = -inf
        for first, last in self.ranges:
            if first > low:
                rest.append((low, first - 1))
            low = last + 1
        if low < inf:
            rest.append((low, inf))
        return Numbers(tuple(rest))

    def within(self, other: Numbers) -> bool:
        """Return whether every number of the set is in the other."""
        return self.both(other.others()).is_empty


def joined(ranges: Iterable[tuple[Bound, Bound]]) -> Numbers:
    """Return the set of ranges that may touch or overlap."""
    rest: list[tuple[Bound, Bound]] = []
    for low, high in sorted(ranges):
        if rest and low <= rest[-1][1] + 1:
            rest[-1] = (rest[-1][0], max(high, rest[-1][1]))
        else:
            rest.append((low, high))
    return Numbers(tuple(rest))


def at(address: Address) -> tuple[int, int]:
    """Return the range of one address."""
    number = address.number + (_FIRST_OF_IPV6 if address.version == 6 else 0)
    return number, number


def spanned(network: Cidr) -> tuple[int, int]:
    """Return the range of a network's addresses."""
    first, _ = at(network.first)
    return first, first + (1 << _LENGTHS[network.first.version] - network.prefix) - 1


def _of(*networks: str) -> Numbers:
    return joined(spanned(parse_cidr(network)) for network in networks)


IPV4, IPV6 = _of("0.0.0.0/0"), _of("::/0")
ADDRESSES = joined((*IPV4.ranges, *IPV6.ranges))
LINK_LOCAL = _of("169.254.0.0/16", "fe80::/10")
PRIVATE = _of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
UNUSABLE = _of("0.0.0.0/32", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "::/127", "ff00::/8")
USABLE = ADDRESSES.both(UNUSABLE.others())
GLOBAL = USABLE.both(LINK_LOCAL.others()).both(PRIVATE.others())
STATES = {"ipv4": IPV4, "ipv6": IPV6, "link_local": LINK_LOCAL, "private": PRIVATE, "global": GLOBAL}
