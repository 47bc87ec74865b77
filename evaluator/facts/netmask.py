"""Dotted netmasks as prefix lengths: there are 33, and a table knows them all."""

from __future__ import annotations

from socket import AF_INET, inet_ntop

_ONES = 0xFFFFFFFF
NETMASKS = {inet_ntop(AF_INET, (_ONES << 32 - length & _ONES).to_bytes(4)): length for length in range(33)}


def parse_netmask(text: str) -> int:
    """Return the prefix length of a dotted IPv4 netmask; ValueError where the ones are not in front."""
    length = NETMASKS.get(text)
    if length is None:
        import ipaddress  # noqa: PLC0415 -- where something is wrong

        ipaddress.IPv4Address(text)  # which says why it is no address at all
        raise ValueError("no netmask")
    return length
