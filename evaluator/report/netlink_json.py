"""Converts rtnetlink messages (RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE) to the JSON objects that `ip -j` prints.

Only members that a decision or a reader of the report needs are converted. The numbers are from the kernel's if.h,
if_arp.h, if_addr.h and rtnetlink.h. If iproute2 has no word for a number, the number is written in the form that
iproute2 prints.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from evaluator.facts.link import BOND_MODES
from evaluator.report.kernel_names import readable, readable_octets
from evaluator.report.kernel_numbers import LINK_TYPES, ROUTE_TYPES

_LINK_FLAGS = {
    0x8: "LOOPBACK",
    0x2: "BROADCAST",
    0x10: "POINTOPOINT",
    0x1000: "MULTICAST",
    0x80: "NOARP",
    0x200: "ALLMULTI",
    0x100: "PROMISC",
    0x400: "MASTER",
    0x800: "SLAVE",
    0x1: "UP",
    0x10000: "LOWER_UP",
    0x20000: "DORMANT",
}
_UP, _RUNNING = 0x1, 0x40
_ADDRESS_FLAGS = {
    0x2: "nodad",
    0x4: "optimistic",
    0x8: "dadfailed",
    0x10: "home",
    0x20: "deprecated",
    0x40: "tentative",
    0x100: "mngtmpaddr",
    0x200: "noprefixroute",
}
_SECONDARY, _PERMANENT = 0x1, 0x80
_SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
_UNICAST = 1
_ROUTE_FLAGS = {0x1: "dead", 0x2: "pervasive", 0x4: "onlink", 0x8: "offload", 0x10: "linkdown"}
_PROTOCOLS = {1: "redirect", 2: "kernel", 3: "boot", 4: "static", 9: "ra", 16: "dhcp"}
_PREFERENCES = {0: "medium", 1: "high", 3: "low"}
_ADDRESS_SIZES = {4: ipaddress.IPv4Address, 16: ipaddress.IPv6Address}
_INET6 = 10


def link_to_json(message: Mapping[str, Any], names: Mapping[int, object]) -> dict[str, object]:
    """Return a link as `ip -j -d addr` prints it, but without its addresses. `names` has the link names by index."""
    attrs = _attributes(message)
    link_type = LINK_TYPES.get(message["ifi_type"], f"[{message['ifi_type']}]")
    link: dict[str, object] = {
        "ifindex": message["index"],
        **_below(attrs, names),
        "ifname": _name(attrs.get("IFLA_IFNAME", "")),
        "flags": list(_link_flags(message["flags"])),
        "mtu": attrs.get("IFLA_MTU", 0),
        "operstate": str(attrs.get("IFLA_OPERSTATE", "UNKNOWN")),
        "link_type": link_type,
    }
    if "IFLA_MASTER" in attrs:
        link["master"] = names.get(attrs["IFLA_MASTER"], f"if{attrs['IFLA_MASTER']}")
    if "IFLA_ADDRESS" in attrs:
        link["address"] = _link_address(attrs["IFLA_ADDRESS"], link_type)
    is_elsewhere = "IFLA_LINK_NETNSID" in attrs
    info = _link_info(_attributes(attrs.get("IFLA_LINKINFO")), {} if is_elsewhere else names)
    if info:
        link["linkinfo"] = info
    if "IFLA_IFALIAS" in attrs:
        link["ifalias"] = _name(attrs["IFLA_IFALIAS"])
    altnames = [_name(value) for value in _attributes(attrs.get("IFLA_PROP_LIST"), several=True).values()]
    return {**link, "promiscuity": attrs.get("IFLA_PROMISCUITY", 0), **({"altnames": altnames} if altnames else {})}


def address_to_json(message: Mapping[str, Any]) -> dict[str, object]:
    """Return an address as `ip -j addr` prints it."""
    attrs = _attributes(message)
    is_ipv6 = message["family"] == _INET6
    local = attrs.get("IFA_LOCAL", attrs.get("IFA_ADDRESS", ""))
    address: dict[str, object] = {"family": "inet6" if is_ipv6 else "inet", "local": local}
    if attrs.get("IFA_ADDRESS", local) != local:
        address["address"] = attrs["IFA_ADDRESS"]
    address["prefixlen"] = message["prefixlen"]
    address["scope"] = _SCOPES.get(message["scope"], str(message["scope"]))
    flags = attrs.get("IFA_FLAGS", message["flags"])
    if flags & _SECONDARY:
        address["temporary" if is_ipv6 else "secondary"] = True
    address.update({word: True for bit, word in _ADDRESS_FLAGS.items() if flags & bit})
    if not flags & _PERMANENT:
        address["dynamic"] = True
    if "IFA_LABEL" in attrs:
        address["label"] = _name(attrs["IFA_LABEL"])
    return address


def route_to_json(message: Mapping[str, Any], names: Mapping[int, object]) -> dict[str, object]:
    """Return a route as `ip -j route` prints it. `names` has the link names by index."""
    attrs = _attributes(message)
    route: dict[str, object] = {}
    if message["type"] != _UNICAST:
        route["type"] = ROUTE_TYPES.get(message["type"], str(message["type"]))
    route["dst"] = _destination(attrs.get("RTA_DST"), message)
    route.update(_hop(attrs, names, message["flags"]))
    route["protocol"] = _PROTOCOLS.get(message["proto"], str(message["proto"]))
    if "RTA_PREFSRC" in attrs:
        route["prefsrc"] = attrs["RTA_PREFSRC"]
    if "RTA_PRIORITY" in attrs:
        route["metric"] = attrs["RTA_PRIORITY"]
    if "RTA_PREF" in attrs:
        route["pref"] = _PREFERENCES.get(attrs["RTA_PREF"], "medium")
    hops = attrs.get("RTA_MULTIPATH") or ()
    if hops:
        route["nexthops"] = [_hop({"RTA_OIF": hop["oif"], **_attributes(hop)}, names, hop["flags"]) for hop in hops]
    return route


def _attributes(message: object, *, several: bool = False) -> dict[Any, Any]:
    """Return the attributes of a message by name, or by index if a name may occur several times."""
    pairs = message.get("attrs", ()) if isinstance(message, Mapping) else ()
    attributes = [(pair[0], pair[1]) for pair in pairs if pair[0] != "UNKNOWN"]
    return dict(enumerate(value for _, value in attributes)) if several else dict(attributes)


def _name(value: object) -> str:
    """Return a name as readable text. If the name is not valid UTF-8, pyroute2 returns bytes."""
    return readable_octets(value) if isinstance(value, bytes) else readable(str(value))


def _below(attrs: Mapping[str, Any], names: Mapping[int, object]) -> dict[str, object]:
    if "IFLA_LINK" not in attrs:
        return {}
    index = attrs["IFLA_LINK"]
    if "IFLA_LINK_NETNSID" in attrs:
        return {"link_index": index, "link_netnsid": attrs["IFLA_LINK_NETNSID"]}
    return {"link": names.get(index, f"if{index}") if index else None}


def _link_flags(flags: int) -> Iterator[str]:
    if flags & _UP and not flags & _RUNNING:
        yield "NO-CARRIER"
    yield from (word for bit, word in _LINK_FLAGS.items() if flags & bit)


def _link_address(text: str, link_type: str) -> str:
    """Return a link-layer address as iproute2 prints it. The link-layer address of a tunnel is an IP address."""
    octets = bytes.fromhex(text.replace(":", "")) if link_type not in ("ether", "loopback", "infiniband") else b""
    return str(_ADDRESS_SIZES[len(octets)](octets)) if len(octets) in _ADDRESS_SIZES else text


def _link_info(attrs: Mapping[str, Any], names: Mapping[int, object]) -> dict[str, object]:
    info: dict[str, object] = {}
    if "IFLA_INFO_KIND" in attrs:
        kind = info["info_kind"] = _name(attrs["IFLA_INFO_KIND"])
        data = _settings(kind, _attributes(attrs.get("IFLA_INFO_DATA")), names)
        if data:
            info["info_data"] = data
    if "IFLA_INFO_SLAVE_KIND" in attrs:
        info["info_slave_kind"] = _name(attrs["IFLA_INFO_SLAVE_KIND"])
    return info


def _settings(kind: str, data: Mapping[str, Any], names: Mapping[int, object]) -> dict[str, object]:
    if kind == "vlan" and "IFLA_VLAN_ID" in data:
        return {"id": data["IFLA_VLAN_ID"]}
    if kind == "vxlan" and data.get("IFLA_VXLAN_LINK") in names:
        return {"link": names[data["IFLA_VXLAN_LINK"]]}
    mode = data.get("IFLA_BOND_MODE")
    if kind == "bond" and isinstance(mode, int) and mode < len(BOND_MODES):
        return {"mode": BOND_MODES[mode]}
    return {}


def _destination(text: str | None, message: Mapping[str, Any]) -> str:
    length = message["dst_len"]
    if text is None:
        return "default" if length == 0 else f"?/{length}"
    return text if length == (128 if message["family"] == _INET6 else 32) else f"{text}/{length}"


def _hop(attrs: Mapping[str, Any], names: Mapping[int, object], flags: int) -> dict[str, object]:
    hop: dict[str, object] = {}
    if "RTA_GATEWAY" in attrs:
        hop["gateway"] = attrs["RTA_GATEWAY"]
    via = attrs.get("RTA_VIA")
    if isinstance(via, Mapping) and "addr" in via:
        hop["via"] = {"host": str(via["addr"])}
    if "RTA_OIF" in attrs:
        hop["dev"] = names.get(attrs["RTA_OIF"], f"if{attrs['RTA_OIF']}")
    hop["flags"] = [word for bit, word in _ROUTE_FLAGS.items() if flags & bit]
    return hop
