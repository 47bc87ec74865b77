"""Finds the IPv4 address that a transition mechanism embedded in an IPv6 address.

The IPv6 address is not equal to the embedded IPv4 address, but the IPv4 address shows which host was probably meant.
Only an IPv4-mapped address (`::ffff:192.0.2.1`) is equal to its IPv4 address, and `parse_address` returns the IPv4
address for such an IPv6 address.
"""

from __future__ import annotations

from enum import StrEnum

from evaluator.facts.address import Address, address_of

_LAST_32 = 0xFFFFFFFF
_NAT64, _LOCAL_NAT64 = 0x64FF9B << 64, 0x64FF9B0001  # 64:ff9b::/96 (RFC 6052), 64:ff9b:1::/48 (RFC 8215)
_6TO4, _TEREDO = 0x2002, 0x20010000
_ISATAP = (0x00005EFE, 0x02005EFE)


class Mechanism(StrEnum):
    """The transition mechanism that embedded an IPv4 address in an IPv6 address."""

    NAT64 = "NAT64"
    SIX_TO_FOUR = "6to4"
    TEREDO = "Teredo"
    ISATAP = "ISATAP"
    COMPATIBLE = "IPv4-compatible"


def embedded_ipv4(address: Address) -> tuple[Mechanism, Address] | None:
    """Return the mechanism and the embedded IPv4 address; None if the IPv6 address contains no IPv4 address."""
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
