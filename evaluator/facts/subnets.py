"""Which addresses are in which networks, many against many.

Addresses and networks that are compared one by one cost their product. Here each length of a prefix has one set of
numbers, so that a question takes a look into as many sets as there are lengths, at most 161.
"""

from __future__ import annotations

from collections.abc import Iterable

from evaluator.facts.address import Address, Cidr

_BITS = {4: 32, 6: 128}


class Networks:
    """Networks, to be asked whether an address is in one of them."""

    def __init__(self, networks: Iterable[Cidr]) -> None:
        self._prefixes: dict[int, dict[int, set[int]]] = {4: {}, 6: {}}
        for network in networks:
            version = network.first.version
            host_bits = _BITS[version] - network.prefix
            self._prefixes[version].setdefault(host_bits, set()).add(network.first.number >> host_bits)

    def __contains__(self, address: Address) -> bool:
        number = address.number
        return any(number >> bits in known for bits, known in self._prefixes[address.version].items())


class Inhabitants:
    """Addresses, to be asked whether one of them is in a network."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        numbers: dict[int, list[int]] = {4: [], 6: []}
        for address in addresses:
            numbers[address.version].append(address.number)
        self._numbers = numbers
        self._prefixes: dict[tuple[int, int], set[int]] = {}

    def has(self, version: int, number: int, prefix: int) -> bool:
        """Return whether one of them is in the network of a prefix length that holds the address of this number."""
        host_bits = _BITS[version] - prefix
        known = self._prefixes.get((version, host_bits))
        if known is None:
            known = self._prefixes[version, host_bits] = {one >> host_bits for one in self._numbers[version]}
        return number >> host_bits in known
