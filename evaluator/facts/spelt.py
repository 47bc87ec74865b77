"""Addresses looked for among texts: what an interface owns is found without reading every text as an address.

An address is a number and has many spellings, so no text is ever taken for equal or unequal by its characters alone.
But most texts can be passed over by how they begin: a full IPv4 text can only begin with the address as it is always
written, an IPv6 text that means an IPv4 address (RFC 4291, 2.5.5.2) begins with zeros, and in the end of an IPv6
address nothing but its case and zeros in front can be written otherwise, unless with dots. What is left is read as a
number, IPv6 by the C library.
"""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_ntop, inet_pton  # as in address.py
from collections.abc import Iterable

from evaluator.facts.address import Address, read_entry

_MAPPED_BEGINS = ("0", ":")
_FEW = 8
_V4_LENGTHS = frozenset(map(str, range(33)))
_V6_LENGTHS = frozenset(map(str, range(129)))


class Spelt:
    """The addresses that are looked for.

    `begins` are what a text that means one of the IPv4 addresses must begin with. Of a text that means one of the
    others only the number tells; but one of `tails`, their last sixteen bits, stands in it in lower case, or a dot.
    Where many are looked for, the one tail is the empty text, which stands in all: reading a text costs less then.
    """

    __slots__ = ("_v4", "_v6", "begins", "tails")

    def __init__(self, addresses: Iterable[Address]) -> None:
        v4: dict[str, frozenset[Address]] = {}
        v6: dict[bytes, frozenset[Address]] = {}
        for address in addresses:
            if address.version == 4:
                v4[inet_ntop(AF_INET, address.number.to_bytes(4))] = frozenset((address,))
            else:
                v6[address.number.to_bytes(16)] = frozenset((address,))
        self._v4, self._v6 = v4, v6
        self.begins = (*v4, *_MAPPED_BEGINS) if v4 else ()
        self.tails = () if not v6 else tuple([o[-2:].hex().lstrip("0") for o in v6]) if len(v6) <= _FEW else ("",)

    def meant_by(self, text: str) -> frozenset[Address] | None:
        """Return, as a set, the address that an entry of a report means (`read_entry`), where it is one of these."""
        known = self._v4.get(text)
        if known is not None:
            return known
        body, slash, length = text.partition("/")
        if ":" not in body:
            known, lengths = self._v4.get(body), _V4_LENGTHS
            if known is None and "%" not in body:  # a full IPv4 text is always written alike
                return None
        else:
            try:
                packed = inet_pton(AF_INET6, body)
            except (OSError, ValueError):
                return self._read(text)
            known, lengths = self._v6.get(packed), _V6_LENGTHS
            if known is None and packed[0]:  # zeros may be those of a mapped IPv4 address
                return None
        if known is not None and (not slash or length in lengths):
            return known
        return self._read(text)

    def _read(self, text: str) -> frozenset[Address] | None:
        try:
            address = read_entry(text)[0]
        except ValueError:
            return None
        alone = frozenset((address,))
        return alone if alone in self._v4.values() or alone in self._v6.values() else None
