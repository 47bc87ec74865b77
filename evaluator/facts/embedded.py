"""The IPv4 address inside an IPv6 address of a transition mechanism.

Such an address is not equal to the IPv4 address, but it shows which host somebody meant. Only IPv4-mapped addresses
(`::ffff:192.0.2.1`) are equal, and `parse_address` makes the IPv4 address of them.
"""

from __future__ import annotations

from enum import StrEnum

from evaluator.facts.address import Address, address_of

_LAST_32 = 0xFFFFFFFF
_NAT64, _LOCAL_NAT64 = 0x64FF9B << 64, 0x64FF9B0001  # 64:ff9b::/96 (RFC 6052), 64:ff9b:1::/48 (RFC 8215)
_6TO4, _TEREDO = 0x2002, 0x20010000
_ISATAP = (0x00005EFE, 0x02005EFE)


class Mechanism(StrEnum):
    """How an IPv4 address became part of an IPv6 address."""

    NAT64 = "NAT64"
    SIX_TO_FOUR = "6to4"
    TEREDO = "Teredo"
    ISATAP = "ISATAP"
    COMPATIBLE = "IPv4-compatible"


def embedded_ipv4(address: Address) -> tuple[Mechanism, Address] | None:
    """Return the IPv4 address in an IPv6 address, and how it became part of it, or None."""
    number = address.number
    if address.version == 4:
        return None
    if number >> 32 == _NAT64 or number >> 80 == _LOCAL_NAT64:
        return Mechanism.NAT64, address_of(4, number & _LAST_32)
    if number >> 112 == _6TO4:
        return Mechanism.SIX_TO_FOUR, address_of(4, number >> 80 & _LAST_32)
    if number >> 96 == _TEREDO:
        return Mechanism.TEREDO, address_of(4, number & _LAST_32 ^ _LAST_32)
    if number >> 32 & _LAST_32 in _ISATAP:
        return Mechanism.ISATAP, address_of(4, number & _LAST_32)
    return (Mechanism.COMPATIBLE, address_of(4, number)) if not number >> 32 else None
