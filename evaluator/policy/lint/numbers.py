"""Sets of integers and of IP addresses, as sorted, disjoint ranges.

Addresses are integers too: the IPv4 addresses are 0 to 2^32 - 1, and the IPv6 addresses follow them. So a network, a
scope (private, link-local) and a family are sets of ranges, and all operations on them are exact: intersection,
complement, subset.
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
    """A set of integers; both ends of a range are in the set."""

    ranges: tuple[tuple[Bound, Bound], ...] = ((-inf, inf),)

    @property
    def is_empty(self) -> bool:
        """Whether the set is empty."""
        return not self.ranges

    def intersection(self, other: Numbers) -> Numbers:
        """Return the intersection of two sets."""
        pairs = ((max(a, c), min(b, d)) for a, b in self.ranges for c, d in other.ranges)
        return Numbers(tuple((low, high) for low, high in pairs if low <= high))

    def complement(self) -> Numbers:
        """Return the complement of the set."""
        ranges: list[tuple[Bound, Bound]] = []
        low: Bound = -inf
        for first, last in self.ranges:
            if first > low:
                ranges.append((low, first - 1))
            low = last + 1
        if low < inf:
            ranges.append((low, inf))
        return Numbers(tuple(ranges))

    def is_subset_of(self, other: Numbers) -> bool:
        """Return whether the set is a subset of another set."""
        return self.intersection(other.complement()).is_empty


def union(ranges: Iterable[tuple[Bound, Bound]]) -> Numbers:
    """Return the union of ranges, which may touch or overlap."""
    merged: list[tuple[Bound, Bound]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return Numbers(tuple(merged))


def address_range(address: Address) -> tuple[int, int]:
    """Return the range that contains one address only."""
    number = address.number + (_FIRST_OF_IPV6 if address.version == 6 else 0)
    return number, number


def network_range(network: Cidr) -> tuple[int, int]:
    """Return the range of all addresses of a network."""
    first, _ = address_range(network.first)
    return first, first + (1 << _LENGTHS[network.first.version] - network.prefix) - 1


def _of(*networks: str) -> Numbers:
    return union(network_range(parse_cidr(network)) for network in networks)


IPV4, IPV6 = _of("0.0.0.0/0"), _of("::/0")
ADDRESSES = union((*IPV4.ranges, *IPV6.ranges))
LINK_LOCAL = _of("169.254.0.0/16", "fe80::/10")
PRIVATE = _of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
UNUSABLE = _of("0.0.0.0/32", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "::/127", "ff00::/8")
USABLE = ADDRESSES.intersection(UNUSABLE.complement())
GLOBAL = USABLE.intersection(LINK_LOCAL.complement()).intersection(PRIVATE.complement())
STATES = {"ipv4": IPV4, "ipv6": IPV6, "link_local": LINK_LOCAL, "private": PRIVATE, "global": GLOBAL}
