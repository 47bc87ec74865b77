"""The kernel's numbers for link types and route types, and the words that iproute2 prints for them.

Netlink messages contain the numbers, and `ip -N` prints the numbers instead of the words. The numbers are from if_arp.h
and rtnetlink.h.
"""

from __future__ import annotations

LINK_TYPES = {
    1: "ether",
    32: "infiniband",
    280: "can",
    512: "ppp",
    768: "ipip",
    769: "tunnel6",
    772: "loopback",
    776: "sit",
    778: "gre",
    804: "ieee802.15.4",
    823: "gre6",
    824: "netlink",
    65534: "none",
}
ROUTE_TYPES = {
    1: "unicast",
    2: "local",
    3: "broadcast",
    4: "anycast",
    5: "multicast",
    6: "blackhole",
    7: "unreachable",
    8: "prohibit",
    9: "throw",
    10: "nat",
    11: "xresolve",
}
MAIN_TABLES = ("main", "254", 254)
_LINK_TYPE_OF = {f"[{number}]": word for number, word in LINK_TYPES.items()}
_ROUTE_TYPE_OF = {str(number): word for number, word in ROUTE_TYPES.items()}


def link_type_of(text: str) -> str:
    """Return iproute2's word for a link type. The type is the word, or a number in brackets (from `ip -N`)."""
    return _LINK_TYPE_OF.get(text, text)


def route_type_of(text: str) -> str:
    """Return iproute2's word for a route type. The type is the word, or a number (from `ip -N`)."""
    return _ROUTE_TYPE_OF.get(text, text)
