"""Converts dotted IPv4 netmasks to prefix lengths. Only 33 netmasks exist, so a table contains all netmasks."""

from __future__ import annotations

from socket import AF_INET, inet_ntop

from evaluator.facts.standard_ip import ipaddress

_ONES = 0xFFFFFFFF
NETMASKS = {inet_ntop(AF_INET, (_ONES << 32 - length & _ONES).to_bytes(4)): length for length in range(33)}


def parse_netmask(text: str) -> int:
    """Return the prefix length of a dotted IPv4 netmask. Raises ValueError if the text is not a netmask."""
    length = NETMASKS.get(text)
    if length is None:
        ipaddress.IPv4Address(text)  # raises an error with the reason if the text is not even an address
        raise ValueError("invalid netmask")
    return length
