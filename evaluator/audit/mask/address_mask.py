"""Addresses become others in the same neighbourhood, so that a masked report keeps its subnets.

Prefix-preserving pseudonymisation as Crypto-PAn does it, with HMAC-SHA-256 instead of AES: bit i of an
address is flipped or not as a keyed function of the bits before it says. So two addresses share exactly as
many leading bits after as before, the mapping is one to one, and a network becomes a network of the same
length that holds the pseudonyms of its addresses and no others. One HMAC serves eight bits: below the bits
before them stands a tree of 255 places, and each has a bit of the 256 to itself.

What a decision tells apart must stay apart: private, link-local, loopback, multicast, unspecified and
broadcast addresses, and IPv4 ones written as IPv6. A bit is never flipped where both its values lead to
different ones of these (`_FORKS`), which takes every block onto itself. The price: a global address beside
such a block keeps the leading bits that it shares with it, 11.0.0.0/8 its first eight.

The first bit that may be flipped is always flipped, so no address becomes itself, or an address with the same
beginning beyond its block: `10.20.` never becomes `10.20.`. An attacker learns nothing by it, for the code is public.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from evaluator.facts.address import Address, Cidr, address_of, network_of, parse_address

_WIDTH = {4: 32, 6: 128}
_BLOCKS = (
    *("0.0.0.0/32", "10.0.0.0/8", "127.0.0.0/8", "127.0.0.1/32", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.168.0.0/16", "224.0.0.0/4", "255.255.255.255/32"),
    *("::/128", "::1/128", "fc00::/7", "fd00::/8", "fe80::/10", "fe80::/64", "ff00::/8"),
)
_MAPPED = Cidr(address_of(6, 0xFFFF << 32), 96)
_Node = tuple[int, int, int]


def _blocks() -> Iterator[Cidr]:
    for text in _BLOCKS:
        first, _, length = text.partition("/")
        yield Cidr(parse_address(first), int(length))
    yield _MAPPED


def _node(address: Address, depth: int) -> _Node:
    """Return a place in the tree of all prefixes: family, number of leading bits, and those bits."""
    return address.version, depth, address.number >> (_WIDTH[address.version] - depth)


_FORKS = frozenset(_node(block.first, depth) for block in _blocks() for depth in range(block.prefix))


class AddressMask:
    """The mapping of one key; the same everywhere where the key is the same."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[Address, Address] = {}

    def address(self, address: Address) -> Address:
        """Return the pseudonym of an address: of its family and class."""
        if address not in self._known:
            self._known[address] = self._mask(address)
        return self._known[address]

    def network(self, network: Cidr) -> Cidr:
        """Return the network that holds the pseudonyms of a network's addresses."""
        return network_of(self.address(network.first), network.prefix)

    def _mask(self, address: Address) -> Address:
        width = _WIDTH[address.version]
        masked, is_free = 0, False
        for start in range(0, width, 8):
            flips = self._flips(_node(address, start))
            place = 1  # in the tree below, numbered level by level
            for depth in range(start, start + 8):
                bit = address.number >> (width - depth - 1) & 1
                is_fork = not is_free and _node(address, depth) in _FORKS
                flip = 0 if is_fork else flips >> place & 1 if is_free else 1
                is_free = not is_fork
                masked = masked << 1 | bit ^ flip
                place = place << 1 | bit
        return address_of(address.version, masked)

    def _flips(self, node: _Node) -> int:
        version, depth, bits = node
        message = b"address\0" + bytes((version, depth)) + bits.to_bytes(16, "big")
        return int.from_bytes(hmac.digest(self._key, message, "sha256"), "big")
