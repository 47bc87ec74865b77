"""The address table of a host: a row for each address of an interface, in the octets that compare fastest.

Who owns the host's addresses, who is in their subnets and which address is on several interfaces are questions to
this table. An address object for each address of a large host would cost more than the whole decision.

What is written as tools write it becomes a row at once. An interface with any other spelling (a zone, a netmask, an
IPv4 address in IPv6, an address that never counts, a text that is not an address) is `odd`: its link reads its
addresses in full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from socket import AF_INET, AF_INET6, inet_pton

from msgspec import Struct

from evaluator.facts.subnets import Inhabitants

Row = tuple[str, bytes, int]  # interface, octets, prefix length; -1 where the report gives none

_LENGTHS_4 = {str(length): length for length in range(33)}
_LENGTHS_6 = {str(length): length for length in range(129)}
_MULTICAST_4 = 224  # and beyond: the limited broadcast
_MULTICAST_6 = 0xFF
_LOOPBACK_4 = 127


class AddressTable(Struct, frozen=True):
    """The rows of one host, and the names of the interfaces that have to be read in full; these may have rows too.

    `total` is the number of entries.
    """

    rows: list[Row]
    odd: set[str]
    total: int

    def owners(self, wanted: Mapping[bytes, object]) -> list[tuple[str, bytes]]:
        """Return which interfaces have one of these addresses in a row, and which."""
        return [(name, packed) for name, packed, _ in self.rows if packed in wanted]

    def shared(self) -> set[bytes]:
        """Return the addresses that are in several rows."""
        if len({packed for _, packed, _ in self.rows}) == len(self.rows):
            return set()
        return {packed for packed, count in Counter(map(_octets, self.rows)).items() if count > 1}

    def near(self, wanted: Inhabitants) -> set[str]:
        """Return the interfaces with a row in whose subnet one of these addresses is; host prefixes have none."""
        return {
            name
            for name, packed, length in self.rows
            if 0 <= length < 8 * len(packed)
            and wanted.has(4 if len(packed) == 4 else 6, int.from_bytes(packed), length)
        }

    def with_host_prefix(self) -> set[str]:
        """Return the interfaces with a row whose prefix is as long as the address, or not given."""
        return {name for name, packed, length in self.rows if not 0 <= length < 8 * len(packed)}

    def doubled(self, names: Collection[str]) -> set[str]:
        """Return which of some interfaces have several rows with one address, whose lengths may not all count."""
        times = Counter([row[:2] for row in self.rows if row[0] in names]) if names else {}
        return {name for (name, _), count in times.items() if count > 1}

    def most(self) -> int:
        """Return the greatest number of rows of one interface."""
        return max(Counter(map(_name, self.rows)).values(), default=0)


_name, _octets = itemgetter(0), itemgetter(1)


def table_of(entries: Iterable[tuple[str, Sequence[str], int]]) -> AddressTable:
    """Return the table of lists of addresses by interface; a length that is not in the text follows, or -1."""
    rows: list[Row] = []
    odd: set[str] = set()
    total = 0
    for name, texts, length in entries:
        total += len(texts)
        for text in texts:
            body, slash, tail = text.partition("/")
            try:
                if ":" in body:
                    packed = inet_pton(AF_INET6, body)
                    prefix = _LENGTHS_6[tail] if slash else length
                    is_usual = 0 < packed[0] < _MULTICAST_6 and prefix <= 128
                else:
                    packed = inet_pton(AF_INET, body)
                    prefix = _LENGTHS_4[tail] if slash else length
                    is_usual = 0 < packed[0] < _MULTICAST_4 and packed[0] != _LOOPBACK_4 and prefix <= 32
            except (OSError, ValueError, KeyError):
                is_usual = False
            if is_usual:
                rows.append((name, packed, prefix))
            else:
                odd.add(name)
    return AddressTable(rows, odd, total)
