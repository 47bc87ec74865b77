"""Ordinary hosts: what administrators set up, with the interfaces that other software adds, in each tool's report.

Nothing is wrong with them: the management address is on a network card, a bond or a VLAN, and each other interface has
subnets of its own. Containers, virtual machines, tunnels and clouds leave their usual traces: bridges without carrier,
addresses on the loopback link, addresses of /32 by DHCP.
"""

from __future__ import annotations

import random
from typing import Any, NamedTuple

TOOLS = ("vdsm", "iproute2", "nmstate", "ansible")
_VLAN = {"vdsm", "iproute2", "nmstate"}  # Ansible does not report what a VLAN is


class Owned(NamedTuple):
    """An address; `dynamic` if DHCP or a router advertisement gave it."""

    text: str
    length: int
    dynamic: bool = False

    @property
    def is_v6(self) -> bool:
        return ":" in self.text


class Device(NamedTuple):
    """An interface as the kernel has it."""

    name: str
    kind: str
    addresses: tuple[Owned, ...] = ()
    lowers: tuple[str, ...] = ()
    vlan: int = 0
    up: bool = True


class Host(NamedTuple):
    """The devices and the addresses that the host is asked by."""

    devices: tuple[Device, ...]
    asked: tuple[str, ...]


def host(rng: random.Random, tool: str) -> Host:
    """Draw a host."""
    cards = [Device(f"{rng.choice(['eno', 'ens', 'enp3s0f'])}{i}", "card") for i in range(rng.randint(2, 5))]
    main = _management(rng, cards, with_vlan=tool in _VLAN)
    rest = [card._replace(addresses=_addresses(rng, 10 + i, rng.random() < 0.5)) for i, card in enumerate(cards)]
    used = {name for device in main for name in (device.name, *device.lowers)}
    devices = [*main, *(card if card.name not in used else card._replace(addresses=()) for card in rest)]
    by_name = {device.name: device for device in reversed(devices)}
    devices = [*by_name.values(), *_of_software(rng, tool)]
    rng.shuffle(devices)
    asked = [owned.text for owned in main[0].addresses if not owned.text.startswith("fe80:")]
    return Host(tuple(devices), tuple(rng.sample(asked, rng.randint(1, len(asked)))))


def _management(rng: random.Random, cards: list[Device], *, with_vlan: bool) -> list[Device]:
    """Return the management interface, and what is below it."""
    addresses = _addresses(rng, 0, True)
    if rng.random() < 0.1:  # a cloud gives an address without a subnet
        addresses = (Owned("10.128.0.9", 32, True), Owned("fe80::1", 64))
    shape = rng.choice(["card", "bond", "vlan", "bond with vlan"] if with_vlan else ["card", "bond"])
    base = cards[0]
    if "bond" in shape:
        base = Device("bond0", "bond", (), (cards[0].name, cards[1].name))
    if "vlan" in shape:
        number = rng.randint(2, 4000)
        return [Device(f"{base.name}.{number}", "vlan", addresses, (base.name,), number), base]
    return [base._replace(addresses=addresses)]


def _addresses(rng: random.Random, net: int, has_some: bool) -> tuple[Owned, ...]:
    """Return the addresses of an interface in subnets of its own."""
    link_local = (Owned(f"fe80::{net + 1:x}", 64),) if rng.random() < 0.7 else ()
    if not has_some:
        return link_local
    dynamic = rng.random() < 0.3
    found = [Owned(f"10.20.{net}.{rng.randint(2, 99)}", 24, dynamic)]
    if rng.random() < 0.4:
        found.append(Owned(f"2001:db8:{net:x}::{rng.randint(2, 99):x}", 64, dynamic))
    if rng.random() < 0.2:
        found.append(Owned(f"10.20.{net}.{rng.randint(100, 200)}", 24))
    return (*found, *link_local)


def _of_software(rng: random.Random, tool: str) -> list[Device]:
    """Return what container engines, libvirt and VPNs add; VDSM reports bridges only."""
    bridges = [
        Device("docker0", "bridge", (Owned("172.17.0.1", 16),), (), 0, False),
        Device("virbr0", "bridge", (Owned("192.168.122.1", 24),), (), 0, False),
        Device("cni0", "bridge", (Owned("10.244.1.1", 24), Owned("fe80::c", 64)), ("veth0",)),
    ]
    others = [
        Device("veth0", "veth"),
        Device("wg0", "wireguard", (Owned("10.99.0.3", 32),)),
        Device("dummy0", "dummy", (), (), 0, False),
        Device("kube-ipvs0", "dummy", (Owned("10.96.0.1", 32), Owned("10.96.0.10", 32)), (), 0, False),
        Device("vxlan0", "vxlan", (Owned("10.244.1.0", 32),)),
    ]
    chosen = [one for one in bridges if rng.random() < 0.4]
    if tool == "vdsm":
        return chosen
    is_with_cni = any(one.name == "cni0" for one in chosen)
    return chosen + [one for one in others if (is_with_cni if one.name == "veth0" else rng.random() < 0.3)]


def write(tool: str, host: Host, rng: random.Random) -> Any:
    """Return the report of a tool."""
    return {"vdsm": _vdsm, "iproute2": _iproute2, "nmstate": _nmstate, "ansible": _ansible}[tool](host, rng)


def _vdsm(host: Host, rng: random.Random) -> dict[str, Any]:
    maps = {"card": "nics", "bond": "bondings", "vlan": "vlans", "bridge": "bridges"}
    report: dict[str, Any] = {name: {} for name in (*maps.values(), "networks")}
    for device in host.devices:
        v4 = [owned for owned in device.addresses if not owned.is_v6]
        first = v4[0] if v4 else None
        entry: dict[str, Any] = {
            "addr": first.text if first else "",
            "netmask": _netmask(first.length) if first else "",
            "ipv4addrs": [f"{owned.text}/{owned.length}" for owned in v4],
            "ipv6addrs": [
                f"{o.text}/{o.length}" for o in device.addresses if o.is_v6 and not o.text.startswith("fe80:")
            ],
            "dhcpv4": any(owned.dynamic for owned in v4),
            "dhcpv6": False,
            "mtu": "1500",
        }
        entry |= {"bond": {"slaves": list(device.lowers)}, "bridge": {"ports": list(device.lowers)}}.get(
            device.kind, {}
        )
        if device.kind == "vlan":
            entry |= {"iface": device.lowers[0], "vlanid": device.vlan}
        report[maps[device.kind]][device.name] = entry
    return rng.choice([report, {"result": report}])


def _netmask(length: int) -> str:
    number = 0xFFFFFFFF << (32 - length) & 0xFFFFFFFF
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def _iproute2(host: Host, rng: random.Random) -> Any:
    master = {low: one for one in host.devices if one.kind in ("bond", "bridge") for low in one.lowers}
    entries: list[dict[str, Any]] = [
        {"ifname": "lo", "flags": ["LOOPBACK", "UP"], "link_type": "loopback", "promiscuity": 0, "operstate": "UNKNOWN"}
    ]
    entries[0]["addr_info"] = [{"family": "inet", "local": "127.0.0.1", "prefixlen": 8, "scope": "host"}]
    if rng.random() < 0.2:  # a service address, routed to the host
        entries[0]["addr_info"].append({"family": "inet", "local": "10.189.20.54", "prefixlen": 32, "scope": "global"})
    for one in host.devices:
        entry: dict[str, Any] = {"ifname": one.name, "flags": ["UP"], "link_type": "ether", "promiscuity": 0}
        entry["operstate"] = "UP" if one.up else "DOWN"
        info: dict[str, Any] = {} if one.kind == "card" else {"info_kind": one.kind}
        if one.kind == "vlan":
            entry["link"] = one.lowers[0]
            info["info_data"] = {"id": one.vlan}
        if one.name in master:
            entry["master"] = master[one.name].name
            info["info_slave_kind"] = master[one.name].kind
        entry |= {"linkinfo": info} if info else {}
        entry["addr_info"] = [
            {"family": "inet6" if o.is_v6 else "inet", "local": o.text, "prefixlen": o.length}
            | ({"dynamic": True} if o.dynamic else {})
            for o in one.addresses
        ]
        entries.append(entry)
    if rng.random() < 0.5:
        return entries
    return {"addr": entries, "route": [{"dst": "default", "gateway": "10.20.0.1", "dev": host.devices[0].name}]}


def _nmstate(host: Host, rng: random.Random) -> dict[str, Any]:
    types = {"card": "ethernet", "bridge": "linux-bridge"}
    entries: list[dict[str, Any]] = [{"name": "lo", "type": "loopback", "state": "up"}]
    for one in host.devices:
        entry: dict[str, Any] = {"name": one.name, "type": types.get(one.kind, one.kind), "min-mtu": 68}
        entry["state"] = "up" if one.up else "down"
        for family, is_v6 in (("ipv4", False), ("ipv6", True)):
            listed = [_nmstate_address(o) for o in one.addresses if o.is_v6 is is_v6]
            dhcp = any(o.dynamic for o in one.addresses if o.is_v6 is is_v6)
            entry[family] = {"enabled": bool(listed), "dhcp": dhcp, "address": listed}
        if one.kind == "bond":
            entry["link-aggregation"] = {"mode": "802.3ad", "port": list(one.lowers)}
        if one.kind == "bridge":
            entry["bridge"] = {"port": [{"name": name} for name in one.lowers]}
        if one.kind == "vlan":
            entry["vlan"] = {"base-iface": one.lowers[0], "id": one.vlan}
        entries.append(entry)
    routes: dict[str, Any] = {"routes": {"running": [], "config": []}} if rng.random() < 0.5 else {}
    return {"interfaces": entries, **routes}


def _nmstate_address(owned: Owned) -> dict[str, Any]:
    lifetimes = {"valid-life-time": "3600sec", "preferred-life-time": "1800sec"} if owned.dynamic else {}
    return {"ip": owned.text, "prefix-length": owned.length, **lifetimes}


def _ansible(host: Host, rng: random.Random) -> dict[str, Any]:
    facts: dict[str, Any] = {"ansible_interfaces": ["lo", *(one.name for one in host.devices)]}
    facts["ansible_lo"] = {"device": "lo", "type": "loopback", "active": True}
    for one in host.devices:
        v4 = [owned for owned in one.addresses if not owned.is_v6]
        entry: dict[str, Any] = {"device": one.name, "active": one.up, "mtu": 1500}
        entry["type"] = {"bond": "bonding", "bridge": "bridge"}.get(one.kind, "ether")
        if one.kind == "card":
            entry["pciid"] = "0000:01:00.0"
        entry |= {"bond": {"slaves": list(one.lowers)}, "bridge": {"interfaces": list(one.lowers)}}.get(one.kind, {})
        if v4:
            entry["ipv4"] = {"address": v4[0].text, "netmask": _netmask(v4[0].length)}
            entry["ipv4_secondaries"] = [{"address": o.text, "netmask": _netmask(o.length)} for o in v4[1:]]
        entry["ipv6"] = [{"address": o.text, "prefix": str(o.length)} for o in one.addresses if o.is_v6]
        facts[f"ansible_{one.name.replace('-', '_')}"] = entry
    listed = [o.text for one in host.devices for o in one.addresses]
    facts["ansible_all_ipv4_addresses"] = [text for text in listed if ":" not in text]
    return facts
