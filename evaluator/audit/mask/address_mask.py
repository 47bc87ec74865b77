"""Computes pseudonyms of addresses. Addresses of one subnet get pseudonyms of one subnet (prefix preservation).

**Algorithm.** The algorithm is Crypto-PAn, but with HMAC-SHA-256 instead of AES. Some bits of an address are flipped,
the other bits stay. The key and the bits before a bit determine whether this bit is flipped. So two addresses share as
many leading bits after masking as before. The mapping is one to one, and a network becomes a network of the same
length. The new network contains exactly the pseudonyms of the addresses in the original network.

One HMAC (256 bits) serves 8 bits of an address. It has one bit for the first of these 8 bits. It has two bits for the
second bit, because the first bit has two values, four bits for the third, and so on: 1 + 2 + 4 + … + 128 = 255 bits.

**The class of an address stays the same.** A decision distinguishes private, link-local, loopback, multicast,
unspecified and broadcast addresses, and IPv4 addresses in IPv6 form. Each of these classes has blocks of addresses,
such as 10.0.0.0/8. If a flipped bit could move an address into a block or out of a block, this bit is never flipped
(`_FORKS`). So each block is mapped onto itself. This has a disadvantage: if a global address shares leading bits with a
block, these bits do not change. For example, the first eight bits of 11.0.0.0/8 stay the same, because of 10.0.0.0/8.

**Every address changes.** The first bit that may be flipped is always flipped. So every address changes, except an
address that is alone in its block, such as 127.0.0.1. The beginning of an address changes too: nobody finds 10.20.0.5
by a search for `10.20.` in a masked record. This rule reveals nothing about the key, because the code is public.
"""

from __future__ import annotations

import hmac

from evaluator.facts.address import Address, Cidr, address_of, network_of, parse_cidr

_WIDTH = {4: 32, 6: 128}
_BLOCKS = (
    *("0.0.0.0/32", "10.0.0.0/8", "127.0.0.0/8", "127.0.0.1/32", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.168.0.0/16", "224.0.0.0/4", "255.255.255.255/32"),
    *("::/128", "::1/128", "fc00::/7", "fd00::/8", "fe80::/10", "fe80::/64", "ff00::/8"),
)
_MAPPED = Cidr(address_of(6, 0xFFFF << 32), 96)
_Node = tuple[int, int, int]


def _node(address: Address, depth: int) -> _Node:
    """Return the family of an address, `depth`, and the first `depth` bits of the address."""
    return address.version, depth, address.number >> (_WIDTH[address.version] - depth)


_FORKS = frozenset(
    _node(block.first, depth) for block in (*map(parse_cidr, _BLOCKS), _MAPPED) for depth in range(block.prefix)
)


class AddressMask:
    """The mapping of addresses and networks for one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cache: dict[Address, Address] = {}

    def address(self, address: Address) -> Address:
        """Return the pseudonym of an address, in the same family and class."""
        if address not in self._cache:
            self._cache[address] = self._mask(address)
        return self._cache[address]

    def network(self, network: Cidr) -> Cidr:
        """Return the masked network. It contains exactly the pseudonyms of the addresses in `network`."""
        return network_of(self.address(network.first), network.prefix)

    def _mask(self, address: Address) -> Address:
        width = _WIDTH[address.version]
        masked, is_free = 0, False
        for start in range(0, width, 8):
            flips = self._flips(_node(address, start))
            index = 1  # the node in the tree below the prefix; nodes are numbered level by level
            for depth in range(start, start + 8):
                bit = address.number >> (width - depth - 1) & 1
                is_fork = not is_free and _node(address, depth) in _FORKS
                flip = 0 if is_fork else flips >> index & 1 if is_free else 1
                is_free = not is_fork
                masked = masked << 1 | bit ^ flip
                index = index << 1 | bit
        return address_of(address.version, masked)

    def _flips(self, node: _Node) -> int:
        version, depth, bits = node
        message = b"address\0" + bytes((version, depth)) + bits.to_bytes(16, "big")
        return int.from_bytes(hmac.digest(self._key, message, "sha256"), "big")
