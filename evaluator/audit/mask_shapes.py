"""What the fields of each report format hold, for masking: whatever is not named here is taken out.

The readers and the schemas of the formats say what the fields mean; here stands only whether a value may
identify a host, and how it is replaced. A new field is unknown until somebody has thought about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Holds(StrEnum):
    """What a text is. A number or a truth value stays as it is under every field that is named."""

    NAME = "name"  # also any other text whose equality matters
    ADDRESS = "address"  # alone, with a zone, a length or a netmask
    NETMASK = "netmask"
    DESTINATION = "destination"  # a network, and malformed with host bits set
    LOOSE_DESTINATION = "loose destination"  # a network, with host bits set or not
    MAC = "mac"  # compared in lower case; of a tunnel an address
    WORD = "word"  # of the tools' own
    NUMBER = "number"
    OPTIONS = "options"  # `mode=1 miimon=100`, of which only the mode is read
    PRESENCE = "presence"  # only that it is there


@dataclass(frozen=True, slots=True)
class Each:
    """A list of one shape."""

    of: Shape


@dataclass(frozen=True, slots=True)
class ByName:
    """An object whose keys are names."""

    of: Shape


@dataclass(frozen=True, slots=True)
class Renamed:
    """A field of an object that gets another key."""

    name: str
    of: Shape


@dataclass(frozen=True, slots=True)
class Given:
    """A text whose pseudonym is known beforehand."""

    table: dict[str, str]


Fields = dict[str, "Shape | Renamed"]
Shape = Holds | Each | ByName | Given | Fields

_NAME, _ADDRESS, _WORD, _NUMBER = Holds.NAME, Holds.ADDRESS, Holds.WORD, Holds.NUMBER
_NAMES, _ADDRESSES, _WORDS = Each(_NAME), Each(_ADDRESS), Each(_WORD)


def _all(holds: Holds, *keys: str) -> Fields:
    return dict.fromkeys(keys, holds)


_VDSM_DEVICE: Fields = {
    **_all(_ADDRESS, "addr", "gateway", "ipv6gateway"),
    **_all(_NUMBER, "mtu", "speed", "vlanid", "ad_aggregator_id", "dhcpv4", "dhcpv6", "ipv6autoconf"),
    **_all(_NUMBER, "ipv4defaultroute", "bridged"),
    **_all(Holds.MAC, "hwaddr", "permhwaddr", "ad_partner_mac"),
    **_all(_NAME, "iface", "interface", "southbound", "active_slave"),
    **_all(_WORD, "bootproto4", "stp", "switch"),
    "netmask": Holds.NETMASK,
    "ipv4addrs": _ADDRESSES,
    "ipv6addrs": _ADDRESSES,
    "slaves": _NAMES,
    "ports": _NAMES,
    "opts": {"mode": _WORD, "miimon": _NUMBER},
    "cfg": {"BONDING_OPTS": Holds.OPTIONS, "BOOTPROTO": _WORD},
}
_VDSM_BODY: Fields = {
    **{key: ByName(_VDSM_DEVICE) for key in ("nics", "vlans", "bondings", "bridges", "networks")},
    **_all(_ADDRESS, "lastClient", "management_ip"),
    **_all(_WORD, "netConfigDirty"),
    "lastClientIface": _NAME,
    "nameservers": _ADDRESSES,
    "dnss": _ADDRESSES,
    "supportsIPv6": _NUMBER,
}
VDSM: Shape = {**_VDSM_BODY, "jsonrpc": _WORD, "result": _VDSM_BODY, "info": _VDSM_BODY, "status": {"code": _NUMBER}}

_IPROUTE2_ADDRESS: Fields = {
    **_all(_WORD, "family", "scope"),
    **_all(_ADDRESS, "local", "address", "broadcast"),
    **_all(_NUMBER, "prefixlen", "secondary", "temporary", "deprecated", "tentative", "dadfailed", "dynamic"),
    **_all(_NUMBER, "nodad", "optimistic", "mngtmpaddr", "noprefixroute"),
    **_all(_NAME, "label", "dev"),
}
_IPROUTE2_LINK: Fields = {
    **_all(_NAME, "ifname", "link", "master"),
    **_all(_NUMBER, "ifindex", "link_index", "link_netnsid", "mtu", "promiscuity", "num_tx_queues", "num_rx_queues"),
    **_all(_WORD, "operstate", "link_type"),
    **_all(Holds.MAC, "address", "broadcast", "permaddr"),
    "flags": _WORDS,
    "altnames": _NAMES,
    "linkinfo": {
        **_all(_WORD, "info_kind", "info_slave_kind"),
        "info_data": {"id": _NUMBER, "mode": _WORD, "link": _NAME, "protocol": _WORD},
    },
    "addr_info": Each(_IPROUTE2_ADDRESS),
}
_HOP: Fields = {
    "dev": _NAME,
    "gateway": _ADDRESS,
    "via": {"family": _WORD, "host": _ADDRESS},
    "flags": _WORDS,
    "weight": _NUMBER,
}
_IPROUTE2_ROUTE: Fields = {
    **_HOP,
    **_all(_WORD, "type", "table", "protocol", "scope", "pref"),
    "dst": Holds.DESTINATION,
    "prefsrc": _ADDRESS,
    "metric": _NUMBER,
    "nexthops": Each(_HOP),
}
IPROUTE2_ADDRESSES: Shape = Each(_IPROUTE2_LINK)
IPROUTE2: Shape = {
    "schema_version": _NUMBER,
    "addr": IPROUTE2_ADDRESSES,
    "route": Each(_IPROUTE2_ROUTE),
    "route6": Each(_IPROUTE2_ROUTE),
}

_NAMED: Shape = Each({"name": _NAME})
_BASED: Fields = {"base-iface": _NAME, "parent": _NAME, "id": _NUMBER, "mode": _WORD}
_FAMILY: Fields = {
    **_all(_NUMBER, "enabled", "dhcp", "autoconf"),
    "address": Each({"ip": _ADDRESS, "prefix-length": _NUMBER}),
}
_MEMBER_KEYS = ("slaves", "port", "ports")
_BRIDGE_PORTS: Shape = Each({"name": _NAME, "link-aggregation": dict.fromkeys(_MEMBER_KEYS, _NAMED)})
_NMSTATE_LINK: Fields = {
    **_all(_NAME, "name", "controller", "master"),
    **_all(_WORD, "type", "state"),
    **_all(_NUMBER, "mtu", "min-mtu", "max-mtu", "accept-all-mac-addresses"),
    **_all(Holds.PRESENCE, "mptcp", "ethtool"),
    **dict.fromkeys(("vlan", "vxlan", "mac-vlan", "mac-vtap", "macsec", "ipvlan", "infiniband", "ip-tunnel"), _BASED),
    "mac-address": Holds.MAC,
    "ipv4": _FAMILY,
    "ipv6": _FAMILY,
    "ethernet": {"speed": _NUMBER, "auto-negotiation": _NUMBER, "duplex": _WORD},
    "link-aggregation": {"mode": _WORD, "ports-config": _NAMED, **dict.fromkeys(_MEMBER_KEYS, _NAMES)},
    "bridge": dict.fromkeys(_MEMBER_KEYS, _BRIDGE_PORTS),
    "team": dict.fromkeys(_MEMBER_KEYS, _NAMED),
    "vrf": {"route-table-id": _NUMBER, **dict.fromkeys(_MEMBER_KEYS, _NAMES)},
    "hsr": {"port1": _NAME, "port2": _NAME},
    "veth": {"peer": _NAME},
}
_NMSTATE_ROUTE: Fields = {
    "destination": Holds.LOOSE_DESTINATION,
    "next-hop-interface": _NAME,
    "next-hop-address": _ADDRESS,
    "metric": _NUMBER,
    "table-id": _NUMBER,
    "route-type": _WORD,
    "state": _WORD,
}
_RESOLVER: Shape = {"server": _ADDRESSES, "search": _NAMES}
NMSTATE: Shape = {
    "interfaces": Each(_NMSTATE_LINK),
    "routes": {"running": Each(_NMSTATE_ROUTE), "config": Each(_NMSTATE_ROUTE)},
    "dns-resolver": {"running": _RESOLVER, "config": _RESOLVER},
}

_ANSIBLE_ADDRESS: Fields = {
    **_all(_ADDRESS, "address", "network", "broadcast"),
    "prefix": _NUMBER,
    "netmask": Holds.NETMASK,
    "scope": _WORD,
}
ANSIBLE_LINK: Shape = {
    **_all(_NAME, "device", "pciid", "module"),
    **_all(_WORD, "type", "mode"),
    **_all(_NUMBER, "active", "mtu", "speed", "promisc"),
    "macaddress": Holds.MAC,
    "perm_macaddress": Holds.MAC,
    "slaves": _NAMES,
    "interfaces": _NAMES,
    "ipv4": _ANSIBLE_ADDRESS,
    "ipv4_secondaries": Each(_ANSIBLE_ADDRESS),
    "ipv6": Each(_ANSIBLE_ADDRESS),
}
_ANSIBLE_DEFAULT: Shape = {
    **_all(_NAME, "interface", "alias"),
    **_all(_ADDRESS, "gateway", "address"),
}
ANSIBLE_FACTS: Fields = {
    "default_ipv4": _ANSIBLE_DEFAULT,
    "default_ipv6": _ANSIBLE_DEFAULT,
    "all_ipv4_addresses": _ADDRESSES,
    "all_ipv6_addresses": _ADDRESSES,
}
