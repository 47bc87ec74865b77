"""IP addresses, networks, and the parsers that read them from text.

Addresses are compared as octets, never as text: `2001:DB8::1` and `2001:db8:0:0::1` are the same address, and
`::ffff:192.0.2.1` is the IPv4 address 192.0.2.1 (RFC 4291, 2.5.5.2). A short, octal or zero-padded IPv4 text is
invalid, because Java, glibc and Python read such a text as different addresses.
"""

from __future__ import annotations

from collections.abc import Iterable
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

from msgspec import Struct

from evaluator.facts.netmask import parse_netmask
from evaluator.facts.standard_ip import ipaddress

_NO_FIRST_GROUP = bytes(2)  # C libraries print an IPv6 address that begins with these octets in different forms
_MAPPED_PREFIX = bytes(10) + b"\xff\xff"
_LIMITED_BROADCAST = b"\xff\xff\xff\xff"
_GREATEST_PREFIX = {4: 32, 6: 128}
_LINK_LOCAL_V4, _LINK_LOCAL_V6 = b"\xa9\xfe", 0xFE80 >> 6  # the network bits of 169.254.0.0/16 and fe80::/10
ADDRESS_FLAGS = ("deprecated", "temporary", "dynamic", "tentative")  # the kernel's names
NO_FLAGS: frozenset[str] = frozenset()
_LENGTHS = {str(length): length for length in range(129)}


class Address(Struct, frozen=True, order=True, tag=True, gc=False):
    """An IPv4 or IPv6 address: its version (4 or 6) and its octets in network order.

    Addresses are sorted by family, then by number. `parse_address` creates an address.
    """

    version: int
    packed: bytes

    @property
    def number(self) -> int:
        """The octets as one integer. The first octet is the most significant."""
        return int.from_bytes(self.packed)

    def __str__(self) -> str:
        """Return the address in the text form of RFC 5952.

        The C library formats the address. For an IPv6 address with a zero as its first group, C libraries give
        different texts, so Python formats such an address.
        """
        if self.version == 4:
            return inet_ntop(AF_INET, self.packed)
        if not self.packed.startswith(_NO_FIRST_GROUP):
            return inet_ntop(AF_INET6, self.packed)
        return str(self.as_library())

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    def as_library(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        """Return the `ipaddress` object for this address."""
        if self.version == 4:
            return ipaddress.IPv4Address(self.number)
        return ipaddress.IPv6Address(self.number)

    @property
    def is_link_local(self) -> bool:
        """Whether the address is in 169.254.0.0/16 or fe80::/10."""
        if self.version == 4:
            return self.packed.startswith(_LINK_LOCAL_V4)
        return int.from_bytes(self.packed[:2]) >> 6 == _LINK_LOCAL_V6

    @property
    def is_private(self) -> bool:
        """Whether the address is in a private range of RFC 1918 or RFC 4193."""
        return any(self in network for network in _PRIVATE)

    @property
    def unusable(self) -> str:
        """The reason why the address cannot identify a host, empty if the address can identify a host.

        The reason is `unspecified`, `loopback`, `multicast` or `broadcast`.
        """
        first = self.packed[0]
        if not first and not any(self.packed):
            return "unspecified"
        if self.version == 6:
            return "multicast" if first == 0xFF else "loopback" if not first and self.number == 1 else ""
        if first == 127:
            return "loopback"
        if first >> 4 == 0xE:
            return "multicast"
        return "broadcast" if self.packed == _LIMITED_BROADCAST else ""


class Cidr(Struct, frozen=True, order=True, tag=True):
    """An IP network: its first address and its prefix length."""

    first: Address
    prefix: int

    def __str__(self) -> str:
        return f"{self.first}/{self.prefix}"

    def __contains__(self, address: Address) -> bool:
        host_bits = _GREATEST_PREFIX[address.version] - self.prefix
        return self.first.version == address.version and not (address.number ^ self.first.number) >> host_bits


class OwnedAddress(Struct, frozen=True, eq=False, gc=False):
    """An address of an interface, as the report describes it.

    `prefix` is the prefix length, None if the report does not contain a prefix length. `raw` is the text of the address
    in the report and `pointer` the JSON Pointer of that text. `primary` is true for the address that the reporting tool
    lists first. `label` is the kernel's address label (`eth0:1`), and `flags` are the `ADDRESS_FLAGS` that the report
    sets.
    """

    address: Address
    prefix: int | None = None
    primary: bool = False
    raw: str = ""
    pointer: str = ""
    label: str | None = None
    flags: frozenset[str] = NO_FLAGS

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OwnedAddress) and self._compared == other._compared

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.address)

    @property
    def _compared(self) -> tuple[object, ...]:
        return self.address, self.prefix, self.primary, self.label, self.flags

    @property
    def length(self) -> int:
        """The prefix length; if the report has no prefix length, 32 for IPv4 and 128 for IPv6."""
        return _GREATEST_PREFIX[self.address.version] if self.prefix is None else self.prefix

    @property
    def is_host_prefix(self) -> bool:
        """Whether the prefix length in the report is /32 or /128, for example for a floating address."""
        return self.prefix == _GREATEST_PREFIX[self.address.version]

    @property
    def network(self) -> Cidr:
        """The subnet of the address."""
        return network_of(self.address, self.length)

    def __str__(self) -> str:
        return str(self.address)


def in_order(addresses: Iterable[Address]) -> tuple[Address, ...]:
    """Return the addresses sorted, without duplicates."""
    unique = set(addresses)
    return tuple(sorted(unique) if len(unique) > 1 else unique)


def address_of(version: int, number: int) -> Address:
    """Return the address that has a version (4 or 6) and an integer value."""
    return Address(version, number.to_bytes(4 if version == 4 else 16))


def network_of(address: Address, prefix: int) -> Cidr:
    """Return the network with this prefix length that contains the address."""
    host_bits = _GREATEST_PREFIX[address.version] - prefix
    return Cidr(address_of(address.version, address.number >> host_bits << host_bits), prefix)


def subnets_of(owned: Iterable[OwnedAddress]) -> tuple[Cidr, ...]:
    """Return the subnets of the addresses, sorted.

    An address without a prefix length, or with /32 or /128, has no subnet.
    """
    subnets: set[tuple[int, int, int]] = set()
    for entry in owned:
        address = entry.address
        host_bits = _GREATEST_PREFIX[address.version] - entry.length
        if entry.prefix is not None and host_bits:
            subnets.add((address.version, address.number >> host_bits << host_bits, entry.prefix))
    return tuple([Cidr(address_of(version, number), prefix) for version, number, prefix in sorted(subnets)])


def parse_address(text: str) -> Address:
    """Return the address in a text. The text must not have a zone.

    An IPv4-mapped IPv6 address becomes the IPv4 address.

    Raises ValueError with the reason if the text is invalid.
    """
    try:
        octets = inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except (OSError, ValueError):
        octets = _parse_slowly(text)
    if len(octets) == 4:
        return Address(4, octets)
    return Address(4, octets[12:]) if octets.startswith(_MAPPED_PREFIX) else Address(6, octets)


def _parse_slowly(text: str) -> bytes:
    """Return the octets of an address that the C library refuses. Raises ValueError with the reason if it is invalid.

    The C library parses addresses first, because it is faster than `ipaddress`. But it gives no reasons.
    """
    if "%" in text:
        raise ValueError("an address with a zone is valid on one host only")
    if not text.isascii():
        raise ValueError("an address must be ASCII")
    return ipaddress.ip_address(text).packed


def is_ipv4(text: str) -> bool:
    """Return whether a text is an IPv4 address."""
    try:
        return bool(inet_pton(AF_INET, text))
    except (OSError, ValueError):
        return False


def parse_cidr(text: str) -> Cidr:
    """Return the network in a text `address/length`. Raises ValueError if the text is invalid or host bits are set."""
    address, prefix = parse_with_prefix(text)
    if prefix is None:
        raise ValueError("it has no prefix length")
    network = network_of(address, prefix)
    if network.first != address:
        raise ValueError(f"host bits are set; the network is {network}")
    return network


def parse_with_prefix(text: str) -> tuple[Address, int | None]:
    """Return the address and prefix length in a text: `address`, `address/length` or `address/netmask`.

    The length is None if the text has no length. The length of an IPv4-mapped IPv6 address counts IPv6 bits: /120
    becomes /24, and a length below /96 becomes None.
    """
    return _with_prefix(*text.partition("/"))


def read_entry(text: str) -> tuple[Address, int | None]:
    """Return the address and prefix length in an address entry of a report, without its `%zone`."""
    body, slash, tail = text.partition("/")
    return _with_prefix(body.partition("%")[0] if "%" in body else body, slash, tail)


def _with_prefix(body: str, slash: str, tail: str) -> tuple[Address, int | None]:
    address = parse_address(body)
    if not slash:
        return address, None
    if ":" in body and address.version == 4:
        return address, length_of(address, body, _parse_prefix(tail, 6))
    return address, _parse_prefix(tail, address.version)


def length_of(address: Address, text: str, length: int) -> int | None:
    """Return the prefix length of an address that was parsed from `text`.

    The result is None for an IPv4-mapped IPv6 address with a length below 96. Raises ValueError if the length is out of
    range.
    """
    if not 0 <= length <= _GREATEST_PREFIX[_written_version(address, text)]:
        raise ValueError("invalid prefix length")
    if _written_version(address, text) == address.version:
        return length
    return length - 96 if length >= 96 else None


def _written_version(address: Address, text: str) -> int:
    return 6 if ":" in text else address.version


def _parse_prefix(text: str, version: int) -> int:
    if version == 4 and "." in text:
        return parse_netmask(text)
    length = _LENGTHS.get(text)
    if length is None or length > _GREATEST_PREFIX[version]:
        raise ValueError(f"invalid prefix length for IPv{version}")
    return length


_PRIVATE = tuple(parse_cidr(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
