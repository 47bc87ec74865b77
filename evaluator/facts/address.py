"""Addresses as numbers.

Text is never compared: `2001:DB8::1` and `2001:db8:0:0::1` are one address, `::ffff:192.0.2.1` is
the IPv4 address 192.0.2.1 (RFC 4291, 2.5.5.2), and a short, octal or zero-padded IPv4 text is none,
because Java, glibc and Python read it as three different hosts.
"""

from __future__ import annotations

from collections.abc import Iterable
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import TYPE_CHECKING

from msgspec import Struct

from evaluator.facts.netmask import parse_netmask

if TYPE_CHECKING:
    import ipaddress

_FIRST_GROUP = 2  # where it is zero, C libraries differ in what they shorten and what they write with dots
_MAPPED_PREFIX = bytes(10) + b"\xff\xff"
_LIMITED_BROADCAST = b"\xff\xff\xff\xff"
_GREATEST_PREFIX = {4: 32, 6: 128}
_LINK_LOCAL_V4, _LINK_LOCAL_V6 = b"\xa9\xfe", 0xFE80 >> 6  # what is before their lengths, /16 and /10
ADDRESS_FLAGS = ("deprecated", "temporary", "dynamic", "tentative")  # the kernel's words
NO_FLAGS: frozenset[str] = frozenset()
_LENGTHS = {str(length): length for length in range(129)}


class Address(Struct, frozen=True, order=True, tag=True):
    """An IPv4 or IPv6 address in octets; sorts by family, then number. Build it with `parse_address`."""

    version: int
    packed: bytes

    @property
    def number(self) -> int:
        """Its octets as one number."""
        return int.from_bytes(self.packed)

    def __str__(self) -> str:
        """Return the text of RFC 5952, by the C library where that writes nothing else."""
        if self.version == 4:
            return inet_ntop(AF_INET, self.packed)
        if any(self.packed[:_FIRST_GROUP]):
            return inet_ntop(AF_INET6, self.packed)
        return str(self.as_library())

    def as_library(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        """Return the standard library's object for this address."""
        import ipaddress  # noqa: PLC0415 -- most decisions compare numbers only

        if self.version == 4:
            return ipaddress.IPv4Address(self.number)
        return ipaddress.IPv6Address(self.number)

    @property
    def is_link_local(self) -> bool:
        """Whether it is in 169.254.0.0/16 or fe80::/10."""
        if self.version == 4:
            return self.packed.startswith(_LINK_LOCAL_V4)
        return int.from_bytes(self.packed[:2]) >> 6 == _LINK_LOCAL_V6

    @property
    def is_private(self) -> bool:
        """Whether it is in an RFC 1918 or RFC 4193 range."""
        return any(self in network for network in _PRIVATE)

    @property
    def unusable(self) -> str:
        """Why the address can be no host's own (`loopback`, `multicast`, …); empty where it can."""
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
    """A network: its first address and prefix length."""

    first: Address
    prefix: int

    def __str__(self) -> str:
        return f"{self.first}/{self.prefix}"

    def __contains__(self, address: Address) -> bool:
        host_bits = _GREATEST_PREFIX[address.version] - self.prefix
        return self.first.version == address.version and not (address.number ^ self.first.number) >> host_bits


class OwnedAddress(Struct, frozen=True, eq=False):
    """An address of an interface: what was reported of it, and where.

    `prefix` is None where the report gives none. `raw` is the report's own text and `pointer` the
    JSON Pointer where it stands. `primary` is the address that the reporting tool shows first. `label` is its label
    in the kernel (`eth0:1`), `flags` are those of `ADDRESS_FLAGS` that the report gives it.
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
        """The prefix length; a report without one means the address alone."""
        return _GREATEST_PREFIX[self.address.version] if self.prefix is None else self.prefix

    @property
    def is_host_prefix(self) -> bool:
        """Whether the report says /32 or /128: an address without a subnet, such as a virtual one that moves."""
        return self.prefix == _GREATEST_PREFIX[self.address.version]

    @property
    def network(self) -> Cidr:
        """The subnet that the address stands in."""
        return network_of(self.address, self.length)

    def __str__(self) -> str:
        return str(self.address)


def in_order(addresses: Iterable[Address]) -> tuple[Address, ...]:
    """Return the addresses sorted, without duplicates."""
    found = set(addresses)
    return tuple(sorted(found) if len(found) > 1 else found)


def address_of(version: int, number: int) -> Address:
    """Return the address of a family and a number."""
    return Address(version, number.to_bytes(4 if version == 4 else 16))


def network_of(address: Address, prefix: int) -> Cidr:
    """Return the network of the given prefix length that holds the address."""
    host_bits = _GREATEST_PREFIX[address.version] - prefix
    return Cidr(address_of(address.version, address.number >> host_bits << host_bits), prefix)


def subnets_of(owned: Iterable[OwnedAddress]) -> tuple[Cidr, ...]:
    """Return the subnets in which the addresses stand, sorted; one without length or alone in its own is in none."""
    found: set[tuple[int, int, int]] = set()
    for one in owned:
        address = one.address
        host_bits = _GREATEST_PREFIX[address.version] - one.length
        if one.prefix is not None and host_bits:
            found.add((address.version, address.number >> host_bits << host_bits, one.prefix))
    return tuple([Cidr(address_of(version, number), prefix) for version, number, prefix in sorted(found)])


def parse_address(text: str) -> Address:
    """Read a full IPv4 or IPv6 text without zone; a mapped IPv4 becomes the IPv4. ValueError says why not."""
    if ":" not in text:
        try:
            return Address(4, inet_pton(AF_INET, text))
        except (OSError, ValueError):
            pass  # said below what is wrong
    if "%" in text:
        raise ValueError("a zone belongs to the one who asks")
    if not text.isascii():
        raise ValueError("an address is written in ASCII")
    octets = _octets(text)
    if octets.startswith(_MAPPED_PREFIX):
        return Address(4, octets[12:])
    return Address(4 if len(octets) == 4 else 6, octets)


def is_ipv4(text: str) -> bool:
    """Return whether a text is an IPv4 address."""
    try:
        return bool(inet_pton(AF_INET, text))
    except (OSError, ValueError):
        return False


def _octets(text: str) -> bytes:
    """Return the octets of an address by the C library, which is faster; the standard library says what is wrong."""
    try:
        return inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except (OSError, ValueError):
        import ipaddress  # noqa: PLC0415 -- as above

        return ipaddress.ip_address(text).packed


def parse_cidr(text: str) -> Cidr:
    """Read `address/length`; ValueError says what is wrong, host bits that are set among it."""
    address, prefix = parse_with_prefix(text)
    if prefix is None:
        raise ValueError("it has no prefix length")
    network = network_of(address, prefix)
    if network.first != address:
        raise ValueError(f"host bits are set; the network is {network}")
    return network


def parse_with_prefix(text: str) -> tuple[Address, int | None]:
    """Read `address`, `address/length` or `address/netmask`; the second is None where there is no length.

    The length of a mapped IPv4 address is one of IPv6: /120 means /24, and below /96 it means nothing.
    """
    return _with_prefix(*text.partition("/"))


def read_entry(text: str) -> tuple[Address, int | None]:
    """Read an address entry of a report; `%zone`, which belongs to the reporting host, is dropped."""
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
    """Return the length of an address that was written as `text`; ValueError where none can be that long."""
    if not 0 <= length <= _GREATEST_PREFIX[_written_version(address, text)]:
        raise ValueError("no prefix length")
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
        raise ValueError(f"no prefix length of IPv{version}")
    return length


_PRIVATE = tuple(parse_cidr(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
