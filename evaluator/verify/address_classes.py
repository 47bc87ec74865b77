"""Classes of addresses: two addresses are in one class if no condition can distinguish them.

Conditions compare addresses with networks. The states `private` and `link_local` are networks too, if the conditions
read them. The borders of these networks divide the addresses into ranges. All addresses of a range are in the same
networks. Two ranges are in one class if they are in the same networks. For example, the networks 10.0.0.0/8 and
10.1.0.0/16 give three classes: the addresses in both networks, the addresses only in 10.0.0.0/8, and all other
addresses. The solver uses the same ranges (`classes.py`).

The search uses four addresses of each class:

- `first` and `second` are host addresses. A host of the search has at most two of them.
- `other` is an address that an interface has besides host addresses.
- `added` is for the property `unowned-answer-changes-nothing`. The search adds this address to the host addresses, and
  checks that the decision is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from evaluator.facts.address import Address, Cidr, address_of, parse_cidr

_USUAL = tuple(
    map(parse_cidr, ("192.0.2.0/24", "2001:db8::/64", "10.20.0.0/24", "169.254.7.0/24", "fd00:20::/64", "fe80::/64"))
)
_STATES = tuple(
    map(parse_cidr, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"))
)
_UNUSABLE = tuple(
    map(
        parse_cidr,
        ("0.0.0.0/32", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "::/128", "::1/128", "ff00::/8"),
    )
)
_BITS = {4: 32, 6: 128}
_OFFSETS, _NEAR_OFFSETS = (10, 20, 30, 40), (0, 1, 2, 3)
Signature = tuple[object, ...]


class Distinguished(Struct, frozen=True):
    """What the conditions distinguish in addresses: networks, and the states that they read."""

    networks: tuple[Cidr, ...]
    family: bool
    private: bool
    link_local: bool

    def signature(self, address: Address) -> Signature:
        """Return what the conditions can read about an address."""
        return (
            self.family and address.version,
            self.private and address.is_private,
            self.link_local and address.is_link_local,
            tuple([address in network for network in self.networks]),
        )

    def versions(self) -> tuple[int, ...]:
        """Return the address families that have classes."""
        has_ipv6 = self.family or any(network.first.version == 6 for network in self.networks)
        return (4, 6) if has_ipv6 else (4,)


class AddressClass(Struct, frozen=True):
    """Four addresses of a class."""

    first: Address
    second: Address
    other: Address
    added: Address


class AddressClasses(Struct, frozen=True):
    """The classes, and the networks that are too small for a class.

    A class needs four addresses. If a range has fewer addresses, no class covers them, and `missing` has the networks
    that contain this range.
    """

    classes: tuple[AddressClass, ...]
    missing: tuple[Cidr, ...]


def address_classes(distinguished: Distinguished) -> AddressClasses:
    """Return one class for each combination of networks and states that an address can have."""
    found: dict[Signature, AddressClass] = {}
    missing: dict[Signature, Address] = {}
    ranges = sorted(_ranges(distinguished), key=lambda one: _rank(*one))
    for start, size in ranges:
        signature = distinguished.signature(start)
        if start.unusable or size < len(_NEAR_OFFSETS):
            missing.setdefault(signature, start)
        elif signature not in found:
            found[signature] = _class(start, size)
    networks = (
        network
        for signature, address in missing.items()
        if signature not in found
        for network in distinguished.networks
        if address in network
    )
    return AddressClasses(tuple(found.values()), tuple(dict.fromkeys(networks)))


def _ranges(distinguished: Distinguished) -> Iterator[tuple[Address, int]]:
    """Yield the first address and the size of each range."""
    networks = (*distinguished.networks, *_STATES, *_UNUSABLE)
    for version in distinguished.versions():
        borders = sorted(_borders(version, networks))
        for start, end in pairwise(borders):
            yield address_of(version, start), end - start


def _borders(version: int, networks: Sequence[Cidr]) -> set[int]:
    borders = {0, 1 << _BITS[version]}
    for network in networks:
        if network.first.version == version:
            borders |= {network.first.number, network.first.number + (1 << _BITS[version] - network.prefix)}
    return borders


def _rank(start: Address, size: int) -> tuple[int, int, int]:
    """Return the sort key of a range: ranges with usual addresses first, then IPv4 before IPv6, then large ranges."""
    usual = _usual_in(start, size)
    return len(_USUAL) if usual is None else _USUAL.index(usual), start.version, -size


def _usual_in(start: Address, size: int) -> Cidr | None:
    """Return the first network of `_USUAL` that is inside a range; None if no network is."""
    return next((one for one in _USUAL if _is_inside(one, start, size)), None)


def _is_inside(network: Cidr, start: Address, size: int) -> bool:
    first = network.first.number - start.number
    return network.first.version == start.version and first >= 0 and first + _OFFSETS[-1] < size


def _class(start: Address, size: int) -> AddressClass:
    usual = _usual_in(start, size)
    first = start if usual is None else usual.first
    offsets: Iterable[int] = _OFFSETS if size > _OFFSETS[-1] else _NEAR_OFFSETS
    return AddressClass(*(address_of(first.version, first.number + offset) for offset in offsets))
