"""Random hosts, written as each tool would report them: few addresses, so that interfaces collide."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

V4 = [f"10.0.{subnet}.{host}" for subnet in range(2) for host in range(1, 5)]
V6 = [f"2001:db8::{host}" for host in range(1, 4)]
ASKED = [*V4, *V6, "203.0.113.9"]
FLAGS = ["deprecated", "temporary", "dynamic", "tentative"]
TOOLS = ["vdsm", "iproute2", "nmstate", "ansible"]


@dataclass
class Device:
    name: str
    kind: str
    lowers: list[str] = field(default_factory=list)
    v4: list[str] = field(default_factory=list)
    v6: list[str] = field(default_factory=list)
    vlan: int = 0
    gateway: str = ""
    up: bool = True
    altnames: list[str] = field(default_factory=list)
    alias: str = ""
    flags: dict[str, list[str]] = field(default_factory=dict)  # by address
    dhcpv6: bool = False


def devices(rng: random.Random) -> list[Device]:
    """Draw cards, a bond, vlans and bridges on top of each other, each with some addresses."""
    made = [Device(f"ens{i}", "card") for i in range(1, rng.randint(2, 4))]
    free = [one.name for one in made]
    if rng.random() < 0.5:
        slaves = rng.sample(free, rng.randint(1, len(free)))
        made.append(Device("bond0", "bond", slaves))
        free = [name for name in free if name not in slaves] + ["bond0"]
    for base in rng.sample(free, min(len(free), rng.randint(0, 2))):
        number = rng.randint(2, 4000)
        made.append(Device(f"{base}.{number}", "vlan", [base], vlan=number))
        free.append(f"{base}.{number}")
    for name in rng.sample(["br0", "ovirtmgmt"], rng.randint(0, 2)):
        ports = rng.sample(free, 1) if free else []
        made.append(Device(name, "bridge", ports))
        free = [one for one in free if one not in ports]
    for one in made:
        one.v4 = rng.sample(V4, rng.choice([0, 0, 1, 1, 2]))
        one.v6 = rng.sample(V6, rng.choice([0, 0, 0, 1, 2]))
        one.up = rng.random() < 0.8
        one.altnames = [f"enx{one.name}", "uplink"] if rng.random() < 0.2 else []
        one.alias = rng.choice(["", "", "uplink A"])
        one.flags = {address: rng.sample(FLAGS, rng.choice([0, 0, 1, 2])) for address in (*one.v4, *one.v6)}
        one.dhcpv6 = rng.random() < 0.2
    if rng.random() < 0.6:
        rng.choice(made).gateway = "10.0.0.254"
    rng.shuffle(made)
    return made


def write(tool: str, made: list[Device], rng: random.Random) -> Any:
    """Return the report of a tool."""
    return {"vdsm": _vdsm, "iproute2": _iproute2, "nmstate": _nmstate, "ansible": _ansible}[tool](made, rng)


def _vdsm(made: list[Device], rng: random.Random) -> dict[str, Any]:
    report: dict[str, Any] = {"nics": {}, "bondings": {}, "vlans": {}, "bridges": {}, "networks": {}}
    maps = {"card": "nics", "bond": "bondings", "vlan": "vlans", "bridge": "bridges"}
    for one in made:
        entry: dict[str, Any] = {
            "addr": one.v4[0] if one.v4 else "",
            "netmask": "255.255.255.0" if one.v4 else "",
            "ipv4addrs": [f"{address}/24" for address in one.v4],
            "ipv6addrs": [f"{address}/64" for address in one.v6],
            "gateway": one.gateway,
            "dhcpv6": one.dhcpv6,
            "ipv4defaultroute": bool(one.gateway),
        }
        if one.kind == "bond":
            entry["slaves"] = one.lowers
        elif one.kind == "bridge":
            entry["ports"] = one.lowers
        elif one.kind == "vlan":
            entry |= {"iface": one.lowers[0], "vlanid": one.vlan}
        report[maps[one.kind]][one.name] = entry
    for network in rng.sample(["ovirtmgmt", "storage"], rng.randint(0, 2)):
        device = rng.choice(made)
        report["networks"][network] = {"iface": device.name, "bridged": device.kind == "bridge"}
    if rng.random() < 0.5:
        report["lastClientIface"] = rng.choice(made).name
    if rng.random() < 0.2 and not any(one.kind == "bridge" for one in made):
        del report["bridges"]
        report["networks"] = {name: {**data, "bridged": False} for name, data in report["networks"].items()}
    return rng.choice([report, {"result": report}])


def _iproute2(made: list[Device], rng: random.Random) -> Any:
    master = {lower: one for one in made if one.kind in ("bond", "bridge") for lower in one.lowers}
    with_details = rng.random() < 0.8
    entries: list[dict[str, Any]] = [{"ifname": "lo", "flags": ["LOOPBACK", "UP"], "link_type": "loopback"}]
    entries[0]["addr_info"] = [{"family": "inet", "local": rng.choice(["127.0.0.1", *V4]), "prefixlen": 8}]
    for one in made:
        entry: dict[str, Any] = {"ifname": one.name, "flags": ["BROADCAST", *["UP"] * one.up], "link_type": "ether"}
        entry["operstate"] = "UP" if one.up else "DOWN"
        entry["flags"] += ["LOWER_UP"] * (one.up and rng.random() < 0.8)
        if one.altnames:
            entry["altnames"] = one.altnames
        info: dict[str, Any] = {}
        if one.kind != "card":
            info["info_kind"] = one.kind
        if one.kind == "vlan":
            entry["link"] = one.lowers[0]
            info["info_data"] = {"id": one.vlan}
        if one.name in master:
            entry["master"] = master[one.name].name
            info["info_slave_kind"] = master[one.name].kind
        if with_details:
            entry |= {"promiscuity": 0, "ifalias": one.alias, **({"linkinfo": info} if info else {})}
        entry["addr_info"] = [
            {"family": family, "local": address, "prefixlen": length, **dict.fromkeys(one.flags[address], True)}
            for family, length, addresses in (("inet", 24, one.v4), ("inet6", 64, one.v6))
            for address in addresses
        ]
        for address in entry["addr_info"][: len(one.v4)]:
            address["label"] = rng.choice([one.name, f"{one.name}:1"])
        entries.append(entry)
    if rng.random() < 0.5:
        return entries
    routes = [{"dst": "default", "gateway": one.gateway, "dev": one.name} for one in made if one.gateway]
    return {"addr": entries, "route": routes, "route6": []}


def _nmstate(made: list[Device], rng: random.Random) -> dict[str, Any]:
    types = {"card": "ethernet", "bond": "bond", "vlan": "vlan", "bridge": "linux-bridge"}
    is_new = rng.random() < 0.5
    entries: list[dict[str, Any]] = [{"name": "lo", "type": "unknown", "state": "up"}]
    for one in made:
        entry: dict[str, Any] = {"name": one.name, "type": types[one.kind], "state": "up" if one.up else "down"}
        if is_new:
            entry["min-mtu"] = 68
            entry["alt-names"] = [{"name": name} for name in one.altnames]
        if one.up or is_new:
            for family, length, addresses in (("ipv4", 24, one.v4), ("ipv6", 64, one.v6)):
                listed = [{"ip": a, "prefix-length": length, **_lifetimes(one.flags[a], is_new)} for a in addresses]
                entry[family] = {"enabled": True, "address": listed}
            entry["ipv6"]["dhcp"] = one.dhcpv6
        if one.kind == "bond":
            entry["link-aggregation"] = {"mode": "active-backup", "port" if is_new else "slaves": one.lowers}
        elif one.kind == "bridge":
            entry["bridge"] = {"port": [{"name": name} for name in one.lowers]}
        elif one.kind == "vlan":
            entry["vlan"] = {"base-iface": one.lowers[0], "id": one.vlan}
        entries.append(entry)
    routes = [
        {"destination": "0.0.0.0/0", "next-hop-interface": one.name, "next-hop-address": one.gateway, "table-id": 254}
        for one in made
        if one.gateway
    ]
    return {"interfaces": entries, "routes": {"running": routes, "config": []}}


def _lifetimes(flags: list[str], is_new: bool) -> dict[str, str]:
    times = {"dynamic": {"valid-life-time": "60sec"}, "deprecated": {"preferred-life-time": "0sec"}}
    return {key: text for flag in flags if is_new for key, text in times.get(flag, {}).items()}


def _ansible(made: list[Device], rng: random.Random) -> dict[str, Any]:
    facts: dict[str, Any] = {"ansible_interfaces": [one.name for one in made]}
    facts["ansible_all_ipv4_addresses"] = [address for one in made for address in one.v4]
    facts["ansible_all_ipv6_addresses"] = [address for one in made for address in one.v6]
    for one in made:
        entry: dict[str, Any] = {"device": one.name, "active": one.up, "type": "ether"}
        if one.kind == "card":
            entry["pciid"] = "0000:00:03.0"
        elif one.kind == "bond":
            entry |= {"type": "bonding", "slaves": one.lowers, "mode": "active-backup"}
        elif one.kind == "bridge":
            entry |= {"type": "bridge", "interfaces": one.lowers, "id": "8000.0", "stp": False}
        v4 = [{"address": address, "prefix": "24", "netmask": "255.255.255.0"} for address in one.v4]
        if v4:
            entry["ipv4"] = v4[0]
        if v4[1:]:
            entry["ipv4_secondaries"] = v4[1:]
        if one.v6:
            entry["ipv6"] = [{"address": address, "prefix": "64", "scope": "global"} for address in one.v6]
        facts[f"ansible_{one.name.replace('-', '_')}"] = entry
        if one.gateway:
            facts["ansible_default_ipv4"] = {"interface": one.name, "gateway": one.gateway}
    return {"ansible_facts": facts} if rng.random() < 0.5 else facts
