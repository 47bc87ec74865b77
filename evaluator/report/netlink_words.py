"""Messages of rtnetlink (RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE) in the words of `ip -j`.

Only what a decision or its reader looks at. The numbers are those of the kernel's if.h, if_arp.h,
if_addr.h and rtnetlink.h; a number that has no word here is shown in brackets, as iproute2 does.
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


def words_of_link(message: Mapping[str, Any], names: Mapping[int, object]) -> dict[str, object]:
    """Return a link as `ip -j -d addr` has it, without its addresses; `names` gives other links' names by index."""
    attrs = _attributes(message)
    link_type = LINK_TYPES.get(message["ifi_type"], f"[{message['ifi_type']}]")
    found: dict[str, object] = {
        "ifindex": message["index"],
        **_below(attrs, names),
        "ifname": _name(attrs.get("IFLA_IFNAME", "")),
        "flags": list(_link_flags(message["flags"])),
        "mtu": attrs.get("IFLA_MTU", 0),
        "operstate": str(attrs.get("IFLA_OPERSTATE", "UNKNOWN")),
        "link_type": link_type,
    }
    if "IFLA_MASTER" in attrs:
        found["master"] = names.get(attrs["IFLA_MASTER"], f"if{attrs['IFLA_MASTER']}")
    if "IFLA_ADDRESS" in attrs:
        found["address"] = _link_address(attrs["IFLA_ADDRESS"], link_type)
    is_elsewhere = "IFLA_LINK_NETNSID" in attrs
    info = _link_info(_attributes(attrs.get("IFLA_LINKINFO")), {} if is_elsewhere else names)
    if info:
        found["linkinfo"] = info
    if "IFLA_IFALIAS" in attrs:
        found["ifalias"] = _name(attrs["IFLA_IFALIAS"])
    altnames = [_name(value) for value in _attributes(attrs.get("IFLA_PROP_LIST"), several=True).values()]
    return {**found, "promiscuity": attrs.get("IFLA_PROMISCUITY", 0), **({"altnames": altnames} if altnames else {})}


def words_of_address(message: Mapping[str, Any]) -> dict[str, object]:
    """Return an address as `ip -j addr` has it."""
    attrs = _attributes(message)
    is_ipv6 = message["family"] == _INET6
    local = attrs.get("IFA_LOCAL", attrs.get("IFA_ADDRESS", ""))
    found: dict[str, object] = {"family": "inet6" if is_ipv6 else "inet", "local": local}
    if attrs.get("IFA_ADDRESS", local) != local:
        found["address"] = attrs["IFA_ADDRESS"]
    found["prefixlen"] = message["prefixlen"]
    found["scope"] = _SCOPES.get(message["scope"], str(message["scope"]))
    flags = attrs.get("IFA_FLAGS", message["flags"])
    if flags & _SECONDARY:
        found["temporary" if is_ipv6 else "secondary"] = True
    found.update({word: True for bit, word in _ADDRESS_FLAGS.items() if flags & bit})
    if not flags & _PERMANENT:
        found["dynamic"] = True
    if "IFA_LABEL" in attrs:
        found["label"] = _name(attrs["IFA_LABEL"])
    return found


def words_of_route(message: Mapping[str, Any], names: Mapping[int, object]) -> dict[str, object]:
    """Return a route as `ip -j route` has it."""
    attrs = _attributes(message)
    found: dict[str, object] = {}
    if message["type"] != _UNICAST:
        found["type"] = ROUTE_TYPES.get(message["type"], str(message["type"]))
    found["dst"] = _destination(attrs.get("RTA_DST"), message)
    found.update(_hop(attrs, names, message["flags"]))
    found["protocol"] = _PROTOCOLS.get(message["proto"], str(message["proto"]))
    if "RTA_PREFSRC" in attrs:
        found["prefsrc"] = attrs["RTA_PREFSRC"]
    if "RTA_PRIORITY" in attrs:
        found["metric"] = attrs["RTA_PRIORITY"]
    if "RTA_PREF" in attrs:
        found["pref"] = _PREFERENCES.get(attrs["RTA_PREF"], "medium")
    hops = attrs.get("RTA_MULTIPATH") or ()
    if hops:
        found["nexthops"] = [_hop({"RTA_OIF": hop["oif"], **_attributes(hop)}, names, hop["flags"]) for hop in hops]
    return found


def _attributes(message: object, *, several: bool = False) -> dict[Any, Any]:
    """Return a message's attributes by name; by place where one name may come several times."""
    pairs = message.get("attrs", ()) if isinstance(message, Mapping) else ()
    known = [(pair[0], pair[1]) for pair in pairs if pair[0] != "UNKNOWN"]
    return dict(enumerate(value for _, value in known)) if several else dict(known)


def _name(value: object) -> str:
    """Return a name; pyroute2 gives octets where they are no UTF-8."""
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
    """Return a link-layer address; that of a tunnel is an IP address."""
    octets = bytes.fromhex(text.replace(":", "")) if link_type not in ("ether", "loopback", "infiniband") else b""
    return str(_ADDRESS_SIZES[len(octets)](octets)) if len(octets) in _ADDRESS_SIZES else text


def _link_info(attrs: Mapping[str, Any], names: Mapping[int, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    if "IFLA_INFO_KIND" in attrs:
        kind = found["info_kind"] = _name(attrs["IFLA_INFO_KIND"])
        data = _settings(kind, _attributes(attrs.get("IFLA_INFO_DATA")), names)
        if data:
            found["info_data"] = data
    if "IFLA_INFO_SLAVE_KIND" in attrs:
        found["info_slave_kind"] = _name(attrs["IFLA_INFO_SLAVE_KIND"])
    return found


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
    found: dict[str, object] = {}
    if "RTA_GATEWAY" in attrs:
        found["gateway"] = attrs["RTA_GATEWAY"]
    via = attrs.get("RTA_VIA")
    if isinstance(via, Mapping) and "addr" in via:
        found["via"] = {"host": str(via["addr"])}
    if "RTA_OIF" in attrs:
        found["dev"] = names.get(attrs["RTA_OIF"], f"if{attrs['RTA_OIF']}")
    found["flags"] = [word for bit, word in _ROUTE_FLAGS.items() if flags & bit]
    return found
