"""VDSM reports of hosts with new names and addresses, so that no engine can use a cached answer.

A host consists of units of four interfaces: two nics, a bond over them, and a vlan or a bridge on top. The first unit
contains the interfaces of the question; the others make the host larger. A seeded generator chooses names, addresses
and the position of the first unit, so all engines and all runs use the same hosts.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

import orjson
from msgspec import Struct, field

from benchmarks.peers.contest import Answer, Question

Entry = dict[str, object]
MAPS = ("nics", "bondings", "vlans", "bridges")
MANAGEMENT = "ovirtmgmt"


class Host(Struct):
    """A host while it is built."""

    dice: random.Random
    dual: bool
    maps: dict[str, dict[str, Entry]] = field(default_factory=lambda: {name: {} for name in MAPS})
    networks: dict[str, Entry] = field(default_factory=dict)

    def pair(self) -> tuple[str, ...]:
        """Return new addresses: IPv4, and IPv6 on a dual-stack host."""
        four = str(IPv4Address((10 << 24) + self.dice.randrange(1, 1 << 24)))
        if not self.dual:
            return (four,)
        return four, str(IPv6Address((0x20010DB8 << 96) + self.dice.getrandbits(64)))

    def add(self, kind: str, name: str, addresses: tuple[str, ...] = (), **more: object) -> str:
        """Add an interface with the fields that VDSM 4.50 writes; return its name."""
        four = [text for text in addresses if ":" not in text]
        self.maps[kind][name] = {
            "addr": four[0] if four else "",
            "dhcpv4": False,
            "dhcpv6": False,
            "gateway": "",
            **({"hwaddr": self.hardware()} if kind in ("nics", "bondings") else {}),
            "ipv4addrs": [f"{text}/24" for text in four],
            "ipv4defaultroute": False,
            "ipv6addrs": [f"{text}/64" for text in addresses if ":" in text],
            "ipv6autoconf": False,
            "ipv6gateway": "::",
            "mtu": 1500,
            "netmask": "255.255.255.0" if four else "",
            **more,
        }
        return name

    def hardware(self) -> str:
        """Return a link-layer address."""
        return f"52:54:{self.dice.getrandbits(32).to_bytes(4).hex(':')}"

    def bond(self, first: tuple[str, ...] = (), own: tuple[str, ...] = ()) -> str:
        """Add two nics, the first with addresses, under a bond."""
        base = f"ens{self.dice.randrange(1 << 20):x}f"
        slaves = [self.add("nics", f"{base}0", first), self.add("nics", f"{base}1")]
        mode = {"opts": {"miimon": "100", "mode": "4"}, "slaves": slaves, "active_slave": slaves[0]}
        return self.add("bondings", f"bond{base[3:-1]}", own, **mode)

    def vlan(self, base: str, addresses: tuple[str, ...]) -> str:
        """Add a vlan."""
        tag = self.dice.randrange(2, 4095)
        return self.add("vlans", f"{base}.{tag}", addresses, iface=base, vlanid=tag)

    def bridge(self, port: str, addresses: tuple[str, ...], network: str = "storage") -> str:
        """Add a bridge with a port, and the network that it carries."""
        name = network if network == MANAGEMENT else f"br{port[-8:]}"
        self.add("bridges", name, addresses, ports=[port], stp="off")
        self.networks[network] = {"bridged": True, "iface": name, "ports": [port], "mtu": 1500, "vlanid": 0}
        return name

    def text(self, size: int) -> bytes:
        """Return the report with this number of interfaces, in a random order."""
        while sum(map(len, self.maps.values())) + 4 <= size:
            self.vlan(self.bond(), self.pair())
        while sum(map(len, self.maps.values())) < size:
            self.add("nics", f"enp{self.dice.randrange(1 << 20):x}", self.pair())
        for name, entries in self.maps.items():
            self.maps[name] = dict(self.dice.sample(sorted(entries.items()), len(entries)))
        return orjson.dumps({**self.maps, "networks": self.networks, "nameservers": [], "supportsIPv6": True})


Asked = tuple[tuple[str, ...], Answer]


def nic(host: Host) -> Asked:
    """Ask for an address that one interface owns; no interface is above it."""
    own = host.pair()
    host.bond()
    return own, ("resolved", host.add("nics", f"eno{host.dice.randrange(1 << 16)}", own))


def stack(host: Host) -> Asked:
    """Ask for a vlan over a bond; a slave, two layers below, owns the address too."""
    own = host.pair()
    return own, ("resolved", host.vlan(host.bond(first=own), own))


def ambiguous(host: Host) -> Asked:
    """Ask for the addresses of two interfaces without any relation."""
    first, second = host.pair(), host.pair()
    host.add("nics", f"eno{host.dice.randrange(1 << 16)}", second)
    host.vlan(host.bond(), first)
    return (*first, *second), ("ambiguous", None)


def rejected(host: Host) -> Asked:
    """Ask for a bridge over a bond that carries another network."""
    own = host.pair()
    bridge = host.bridge(host.bond(), own)
    return own, ("rejected", bridge)


def none(host: Host) -> Asked:
    """Ask for an address that no interface owns."""
    host.vlan(host.bond(), host.pair())
    return host.pair(), ("no_match", None)


def carried(host: Host) -> Asked:
    """Ask for a bridge that already carries the management network."""
    own = host.pair()
    return own, ("resolved", host.bridge(host.bond(), own, MANAGEMENT))


def deep(host: Host) -> Asked:
    """Ask for a bridge; a slave, three layers below, owns the address too."""
    own = host.pair()
    return own, ("rejected", host.bridge(host.vlan(host.bond(first=own), ()), own))


def endpoints(host: Host) -> Asked:
    """Ask for different addresses of a vlan and its base: neither is discarded."""
    below, above = host.pair(), host.pair()
    host.vlan(host.bond(own=below), above)
    return (*below, *above), ("ambiguous", None)


def spelling(host: Host) -> Asked:
    """Ask for an IPv6 address that the report contains in a spelling that no kernel uses."""
    own = IPv6Address(host.pair()[1])
    name = host.vlan(host.bond(), ())
    host.maps["vlans"][name]["ipv6addrs"] = [f"{own.exploded.upper()}/64"]
    return (str(own),), ("resolved", name)


TIMED: tuple[Callable[[Host], Asked], ...] = (nic, stack, ambiguous, rejected, none)
CHECKED = (*TIMED, carried, deep, endpoints, spelling)
KINDS = tuple(kind.__name__ for kind in TIMED)


def question(kind: Callable[[Host], Asked], size: int, dual: bool, seed: int) -> Question:
    """Return one question about a new host."""
    host = Host(random.Random(f"{kind.__name__} {size} {dual} {seed}"), dual)
    own, expected = kind(host)
    data = host.text(size)
    return Question(kind.__name__, data.decode(), data, own, expected)


def pool(size: int, dual: bool, each: int) -> tuple[Question, ...]:
    """Return questions of every measured kind alternately, each about another host."""
    return tuple(question(kind, size, dual, seed) for seed in range(each) for kind in TIMED)


def checked(size: int, seed: int) -> tuple[Question, ...]:
    """Return a question of every kind that the engines must agree on, single-stack and dual-stack if possible."""
    return tuple(
        question(kind, size, dual, seed) for kind in CHECKED for dual in (False, True) if dual or kind is not spelling
    )
