"""Indexes that match many addresses with many networks.

If each address is compared with each network, the time is proportional to the product of both numbers. The indexes
here have one set for each prefix length, with the network bits as integers. A query looks into one set for each prefix
length: at most 33 sets for IPv4 and 129 sets for IPv6. This limit does not depend on the number of networks.
"""

from __future__ import annotations

from collections.abc import Iterable

from evaluator.facts.address import Address, Cidr

_BITS = {4: 32, 6: 128}


class Networks:
    """A set of networks. `address in networks` is true if a network of the set contains the address."""

    def __init__(self, networks: Iterable[Cidr]) -> None:
        self._prefixes: dict[int, dict[int, set[int]]] = {4: {}, 6: {}}
        for network in networks:
            version = network.first.version
            host_bits = _BITS[version] - network.prefix
            self._prefixes[version].setdefault(host_bits, set()).add(network.first.number >> host_bits)

    def __contains__(self, address: Address) -> bool:
        number = address.number
        return any(number >> bits in prefixes for bits, prefixes in self._prefixes[address.version].items())


class AddressIndex:
    """A set of addresses that can be searched by network. The set for a prefix length is built on first use."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        numbers: dict[int, list[int]] = {4: [], 6: []}
        for address in addresses:
            numbers[address.version].append(address.number)
        self._numbers = numbers
        self._prefixes: dict[tuple[int, int], set[int]] = {}

    def any_in(self, version: int, number: int, prefix: int) -> bool:
        """Return whether the index has an address in the network `number/prefix`; host bits of `number` are ignored."""
        host_bits = _BITS[version] - prefix
        prefixes = self._prefixes.get((version, host_bits))
        if prefixes is None:
            numbers = self._numbers[version]
            prefixes = self._prefixes[version, host_bits] = {address >> host_bits for address in numbers}
        return number >> host_bits in prefixes
