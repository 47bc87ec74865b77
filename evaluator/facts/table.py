"""The owner index of a host: one row for each address of an interface, with the address as packed octets.

A decision asks three questions about addresses: Which interfaces own a host address? Which interfaces have a subnet
that contains a host address? Which addresses are on several interfaces? On a host with thousands of interfaces, the
answers contain only few of the addresses. An `OwnedAddress` for each address, with JSON Pointer and flags, would cost
more than the whole decision. So the index has no address objects. A row is a plain tuple (interface, octets, prefix
length), and each query is one pass over the rows. `bytes` are compared and hashed in C, and `inet_pton` parses a text
in one call.

Only a regular entry becomes a row. An entry is regular if `inet_pton` accepts the text, the prefix length is decimal or
missing, and the address can identify a host. All other entries are irregular. Examples are an entry with a zone or a
netmask, an invalid text, a loopback or multicast address, or an address whose first octet is zero (`::1`, but also
IPv4-mapped addresses such as `::ffff:192.0.2.1`). For an irregular entry, only the name of the interface is added to
`irregular`. For such an interface the caller reads `Link.addresses`, which parses every entry by all rules and also
gives the findings. On a usual host `irregular` is empty.

Invariants: an interface that is not in `irregular` has a row for each of its entries, and each row is one of its
addresses. An interface in `irregular` can have rows too, but some of its rows can be missing. So every query adds the
names in `irregular` to its result (`HostFacts.with_irregular`). If an interface has an address several times, the index
has a row for each time. `Link.addresses` can have fewer entries for such an address (`with_repeated_address`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from socket import AF_INET, AF_INET6, inet_pton

from msgspec import Struct

from evaluator.facts.subnets import AddressIndex

Row = tuple[str, bytes, int]  # interface, octets, prefix length; -1 if the report has no length

_LENGTHS_4 = {str(length): length for length in range(33)}
_LENGTHS_6 = {str(length): length for length in range(129)}
_MULTICAST_4 = 224  # of multicast addresses; the first octet of reserved and broadcast addresses is greater
_MULTICAST_6 = 0xFF
_LOOPBACK_4 = 127


class AddressTable(Struct, frozen=True):
    """The address index of one host.

    `rows` has a row for each address, in report order. `irregular` are the names of interfaces whose rows may be
    incomplete. Read the addresses of these interfaces from `Link.addresses`. `total` is the number of address entries
    in the report.
    """

    rows: list[Row]
    irregular: set[str]
    total: int

    def owners(self, addresses: Mapping[bytes, object]) -> list[tuple[str, bytes]]:
        """Return the interface and the octets of each row with one of these addresses, in row order."""
        return [(name, packed) for name, packed, _ in self.rows if packed in addresses]

    def shared(self) -> set[bytes]:
        """Return the addresses that have several rows."""
        if len({packed for _, packed, _ in self.rows}) == len(self.rows):
            return set()
        return {packed for packed, count in Counter(map(_octets, self.rows)).items() if count > 1}

    def near(self, addresses: AddressIndex) -> set[str]:
        """Return the interfaces with a row whose subnet contains one of the addresses.

        A row without a prefix length, or with /32 or /128, has no subnet.
        """
        return {
            name
            for name, packed, length in self.rows
            if 0 <= length < 8 * len(packed)
            and addresses.any_in(4 if len(packed) == 4 else 6, int.from_bytes(packed), length)
        }

    def with_host_prefix(self) -> set[str]:
        """Return the interfaces with a row that has /32, /128 or no prefix length."""
        return {name for name, packed, length in self.rows if not 0 <= length < 8 * len(packed)}

    def with_repeated_address(self, names: Collection[str]) -> set[str]:
        """Return the interfaces among `names` that have several rows with the same address.

        The rows can have different prefix lengths. `Link.addresses` has the prefix length that is used.
        """
        entries = [row[:2] for row in self.rows if row[0] in names] if names else []
        if len(set(entries)) == len(entries):  # true for nearly all hosts
            return set()
        return {name for (name, _), count in Counter(entries).items() if count > 1}

    def most_rows(self) -> int:
        """Return the greatest number of rows of one interface."""
        return max(Counter(map(_name, self.rows)).values(), default=0)


_name, _octets = itemgetter(0), itemgetter(1)


def table_of(entries: Iterable[tuple[str, Sequence[str], int]]) -> AddressTable:
    """Return the index of address entries.

    An entry has the name of an interface, texts of its addresses, and a prefix length. A text is `address` or
    `address/length`. If a text has no length, the index uses the prefix length of the entry. The prefix length of an
    entry is -1 if the report has no length, and more than 128 if the length in the report is invalid.
    """
    rows: list[Row] = []
    irregular: set[str] = set()
    total = 0
    for name, texts, length in entries:
        total += len(texts)
        for text in texts:
            body, slash, tail = text.partition("/")
            try:
                if ":" in body:
                    packed = inet_pton(AF_INET6, body)
                    prefix = _LENGTHS_6[tail] if slash else length
                    is_regular = 0 < packed[0] < _MULTICAST_6 and prefix <= 128
                else:
                    packed = inet_pton(AF_INET, body)
                    prefix = _LENGTHS_4[tail] if slash else length
                    is_regular = 0 < packed[0] < _MULTICAST_4 and packed[0] != _LOOPBACK_4 and prefix <= 32
            except (OSError, ValueError, KeyError):
                is_regular = False
            if is_regular:
                rows.append((name, packed, prefix))
            else:
                irregular.add(name)
    return AddressTable(rows, irregular, total)
