"""One VDSM reply as facts: the host (`VdsmHost`), and its devices as links (`VdsmLink`).

The facts of a device are read from its entry when a rule or finding needs them. A link is created when its interface is
needed, because most decisions need only one interface. If two members contradict each other, one of them is used, and
`findings.py` reports the contradiction. For example, the VLAN ID is read from the entry of a VLAN, not from its name.
The mode of a bond is read from its `opts`, not from its ifcfg file.

VDSM describes devices in four maps, one for each kind, and logical networks in a fifth map. A fact of a device often
needs another map. For example, the networks of a port are the networks of its bridge. So all links of a reply share one
`VdsmHost`. The replies of VDSM 4.9 have no `bridges`. For these replies, the bridges are derived from the networks.

The indexes of a host are lazy: the networks on each interface (`placement`) and the contradictions between networks and
devices (`disagreements`) are computed on first use, because many decisions do not need them. The addresses of a device
are parsed once, when a fact or finding needs them. The owner index needs only their texts (`address_texts`).

VDSM does not report a routing table: `main_routes` has the default routes and the routes to the subnets. Ports named
`vnet*` belong to virtual machines, and VDSM never describes them.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from msgspec.structs import replace

from evaluator.base.cached_property import cached_property
from evaluator.base.text import escaped
from evaluator.facts.address import ADDRESS_FLAGS, Address, parse_cidr, subnets_of
from evaluator.facts.host import ReportedHost
from evaluator.facts.link import NO_LOWERS, Kind, Link, Lowers, Owned
from evaluator.facts.netmask import NETMASKS
from evaluator.facts.route import Route
from evaluator.report.owned import read_owned
from evaluator.report.vdsm.addresses import addr_conflict, entries_of
from evaluator.report.vdsm.entry import (
    KINDS,
    MAPS,
    base_of,
    bond_options,
    gateway_of,
    gateway_texts,
    mode_of,
    truth_of,
    vlan_id_of,
    whole_number,
)
from evaluator.report.vdsm.network import Disagreement, NetworkPlacement, disagreements, ports_of
from evaluator.report.vdsm.wire import Bond, Bridge, Device, Network, Nic, Parts, Vlan

# VDSM does not report the operational state, and it reports only four kinds
UNSUPPORTED_WORDS = (
    frozenset({"nic is up", "nic is down", "nic is carrier", "nic.altnames", "nic.alias", "address.label"})
    | frozenset(f"address is {flag}" for flag in ADDRESS_FLAGS)
    | frozenset(f"nic is {kind}" for kind in Kind if kind not in MAPS)
)
_DEFAULT_V4, _DEFAULT_V6 = (Route(parse_cidr(text)) for text in ("0.0.0.0/0", "::/0"))
_PLACES = (
    *(("slaves", "slaves"), ("ports", "ports"), ("vlan_id", "vlanid"), ("bond_mode", "opts"), ("gateways", "gateway")),
    *(("mtu", "mtu"), ("speed", "speed"), ("mac", "hwaddr"), ("base", "iface")),
)


class VdsmLink(Link, frozen=True, eq=False, gc=False):
    """A device of a VDSM reply. `entry` is its decoded entry. `host` has the other devices and the networks."""

    entry: Device
    host: VdsmHost

    def owned(self) -> Owned:
        """Return the parsed addresses of the device."""
        return self.host.owned(self.name, self.entry)

    @property
    def lowers(self) -> Lowers:
        """The members of a bond, the ports of a bridge, or the lower device of a VLAN."""
        return self.host.lowers(self.name)

    @property
    def missing(self) -> tuple[str, ...]:
        """The lower devices that the reply does not describe, except `vnet*` ports, which VDSM never describes."""
        lowers = self.lowers
        names = lowers.names
        if not names:
            return ()
        devices, ports = self.host.devices, frozenset(lowers.ports)
        return tuple(
            [name for name in names if name not in devices and not (name in ports and name.startswith("vnet"))]
        )

    @property
    def position(self) -> int:
        """The index of the device in the reply."""
        return self.host.positions[self.name]

    @property
    def source(self) -> object:
        """The parts of the reply that describe the device: its entry, and for a bridge, entries of networks."""
        return self.entry, self.host.other_entries(self.name)

    @property
    def networks(self) -> tuple[str, ...]:
        """The logical networks on the device."""
        return self.host.placement.networks_on(self.name) if self.host.network_entries else ()

    @property
    def conflicts(self) -> tuple[str, ...]:
        """The values that contradict each other.

        `addr`: the members `addr` and `ipv4addrs` differ. `network`: the entries of the device and of a network differ.
        """
        is_in_conflict = self.name in self.host.names_in_conflict
        return ("addr",) * bool(addr_conflict(self.name, self.entry)) + ("network",) * is_in_conflict

    @property
    def gateways(self) -> tuple[Address, ...]:
        """The gateways of the device."""
        return tuple(sorted({address for address in map(gateway_of, gateway_texts(self.entry).values()) if address}))

    @property
    def main_routes(self) -> tuple[Route, ...]:
        """The routes to the subnets, and the default routes; VDSM does not report a routing table."""
        families = {gateway.version for gateway in self.gateways}
        has_v4 = truth_of(self.entry.ipv4defaultroute)
        if has_v4 is None:
            has_v4 = 4 in families
        defaults = (_DEFAULT_V4,) * has_v4 + (_DEFAULT_V6,) * (6 in families)
        return (*map(Route, subnets_of(self.addresses)), *defaults)

    @property
    def vlan_id(self) -> int | None:
        """The VLAN ID in the entry; if it is missing, the VLAN ID in the name of the VLAN."""
        return vlan_id_of(self.name, self.entry) if isinstance(self.entry, Vlan) else 0

    @property
    def bond_mode(self) -> int | None:
        """The mode of a bond in `opts`; if it is missing, the mode in the ifcfg file."""
        if not isinstance(self.entry, Bond):
            return None
        current, configured = bond_options(self.entry)
        return mode_of({**configured, **current})

    @property
    def dhcp(self) -> bool:
        """Whether the device uses DHCP. Different versions of VDSM report this in different members."""
        entry = self.entry
        return bool(
            truth_of(entry.dhcpv4)
            or truth_of(entry.dhcpv6)
            or entry.bootproto4 == "dhcp"
            or ((entry.cfg or {}).get("BOOTPROTO") or "").lower() == "dhcp"
        )

    @property
    def dhcpv6(self) -> bool:
        """Whether the device uses DHCPv6. It is false for VDSM before 3.6, which does not report the family."""
        return truth_of(self.entry.dhcpv6) is True

    @property
    def mtu(self) -> int | None:
        """The MTU, which VDSM sends as text."""
        return whole_number(self.entry.mtu)

    @property
    def speed(self) -> int | None:
        """The speed."""
        speed = whole_number(getattr(self.entry, "speed", None)) or 0
        return speed if speed > 0 else None

    @property
    def mac(self) -> str | None:
        """The link-layer address."""
        text = getattr(self.entry, "hwaddr", None)  # for some kinds the schema allows any value
        return text.lower() or None if isinstance(text, str) else None

    @property
    def pointers(self) -> Mapping[str, str]:
        """The JSON Pointers to the facts of the device in the reply."""
        place, entry = self.host.pointer(self.name, self.entry), self.entry
        pointers = {word: f"{place}/{key}" for word, key in _PLACES if getattr(entry, key, None) is not None}
        if not entry.gateway and entry.ipv6gateway:
            pointers["gateways"] = f"{place}/ipv6gateway"
        return {"": place, **pointers}


class VdsmHost(ReportedHost):
    """The network part of a reply, and its path in the reply. `devices` has the entries of all interfaces by name.

    A reply of VDSM 4.9 has no `bridges`. In such a reply each network is a bridge over its ports, unless `bridged` is
    false. Several networks can have the same bridge. `networks_of_bridge` has the names of these networks: first the
    network with the name of the bridge, then the other networks, sorted. The facts of the bridge are read from the
    entry of the first network. But the bridge has the ports and the addresses of all its networks.
    """

    unsupported_words = UNSUPPORTED_WORDS

    def __init__(self, body: Parts, nics: Mapping[str, Nic], path: tuple[str, ...]) -> None:
        self.body = body
        self.path = path
        self.network_entries: Mapping[str, Network] = body.networks or {}
        self.networks_of_bridge: dict[str, list[str]] = {}
        bridges: Mapping[str, Bridge | Network] | None = body.bridges
        if bridges is None:
            bridges = dict(self._bridges_of_networks({*nics, *(body.vlans or ()), *(body.bondings or ())}))
        self.maps: tuple[Mapping[str, Device], ...] = (nics, body.vlans or {}, body.bondings or {}, bridges)
        self.devices: dict[str, Device] = {}
        for devices in self.maps:
            self.devices |= devices
        self.names = self.devices
        self._owned: dict[str, Owned] = {}

    def link(self, name: str) -> Link:
        """Return the link of a device."""
        entry = self.devices[name]
        return VdsmLink(name, KINDS[type(entry)], entry, self)

    def lowers(self, name: str) -> Lowers:
        """Return the members of a bond, the ports of a bridge, or the lower device of a VLAN."""
        entry = self.devices[name]
        if isinstance(entry, Nic):
            return NO_LOWERS
        if isinstance(entry, Vlan):
            return Lowers(base=base_of(name, entry))
        if isinstance(entry, Bond):
            return Lowers(slaves=tuple(sorted(set(entry.slaves)))) if entry.slaves else NO_LOWERS
        ports = ports_of(entry)
        return Lowers(ports=tuple(sorted(set(ports)))) if ports else NO_LOWERS

    def _bridges_of_networks(self, described: Container[str]) -> Iterator[tuple[str, Network]]:
        """Yield the bridges of a reply without `bridges`. `described` are the devices in the other maps.

        Each bridge gets the entry of its first network, with the ports of all its networks.
        """
        networks = self.network_entries
        for name, data in networks.items():
            bridge = data.iface or name
            is_bridged = data.bridged is None or data.bridged is True or str(data.bridged).lower() == "true"
            if is_bridged and bridge not in described:
                self.networks_of_bridge.setdefault(bridge, []).append(name)
        for bridge, names in self.networks_of_bridge.items():
            names.sort(key=lambda name: (name != bridge, name))
            ports = sorted({port for network in names for port in networks[network].ports or ()})
            yield bridge, replace(networks[names[0]], ports=ports)

    @cached_property
    def networks(self) -> tuple[str, ...]:
        """The logical networks on the host, sorted."""
        return tuple(sorted(self.network_entries))

    @cached_property
    def last_client_iface(self) -> str | None:
        """The interface through which the last client connected."""
        return self.body.lastClientIface or None

    @cached_property
    def pointers(self) -> Mapping[str, str]:
        """The JSON Pointers of the facts about the whole host."""
        place = f"/{self.path[0]}" if self.path else ""
        pointers = {} if self.body.networks is None else {"networks": f"{place}/networks"}
        if self.body.lastClientIface is not None:
            pointers["last_client_iface"] = f"{place}/lastClientIface"
        return pointers

    def other_entries(self, name: str) -> list[Network]:
        """Return the network entries of a bridge after the first entry, if the reply has no member `bridges`.

        The first entry is already used as the entry of the bridge itself.
        """
        return [self.network_entries[network] for network in self.networks_of_bridge.get(name, ())[1:]]

    def pointer(self, name: str, entry: Device) -> str:
        """Return the JSON Pointer of a device."""
        if name in self.networks_of_bridge:
            return self._place("networks", self.networks_of_bridge[name][0])
        return self._place(MAPS[KINDS[type(entry)]], name)

    def _place(self, key: str, name: str) -> str:
        return f"/{self.path[0]}/{key}/{escaped(name)}" if self.path else f"/{key}/{escaped(name)}"

    def owned(self, name: str, entry: Device) -> Owned:
        """Return the parsed addresses of a device. The addresses are parsed once and cached."""
        owned = self._owned.get(name)
        if owned is None:
            entries = entries_of(entry, self.pointer(name, entry))
            for network in self.networks_of_bridge.get(name, ())[1:]:
                entries += entries_of(self.network_entries[network], self._place("networks", network))
            owned = self._owned[name] = read_owned(name, entries)
        return owned

    def address_texts(self) -> list[tuple[str, Sequence[str], int]]:
        """Return the entries of the owner index: interface, address texts, and the prefix length of `netmask`."""
        entries: list[tuple[str, Sequence[str], int]] = []
        for name, entry in self.devices.items():
            listed, addr = entry.ipv4addrs, entry.addr
            if listed:
                entries.append((name, listed, -1))
            if addr and not (listed and listed[0].startswith(f"{addr}/")):  # VDSM lists `addr` first
                entries.append((name, (addr,), NETMASKS.get(entry.netmask or "", -1)))
            if entry.ipv6addrs:
                entries.append((name, entry.ipv6addrs, -1))
        for name in self.networks_of_bridge:
            for network in self.other_entries(name):
                texts = (*([network.addr] if network.addr else ()), *(network.ipv4addrs or ()))
                entries.append((name, (*texts, *(network.ipv6addrs or ())), NETMASKS.get(network.netmask or "", -1)))
        return entries

    def longest_list(self) -> int:
        """Return an upper limit for the number of networks, slaves or ports that an interface has."""
        most = max(2, len(self.network_entries))
        for bond in (self.body.bondings or {}).values():
            if bond.slaves is not None and len(bond.slaves) > most:
                most = len(bond.slaves)
        for bridge in self.maps[-1].values():
            most = max(most, len(ports_of(bridge)))
        return most

    def count_list_items(self) -> int:
        """Return an upper bound for the number of all networks, slaves, ports and default routes of the host."""
        placement = self.placement
        devices = self.devices.values()
        members = sum(len(getattr(device, key, None) or ()) for device in devices for key in ("slaves", "ports"))
        networks = sum(map(len, (*placement.own.values(), *placement.listed.values())))
        of_bridges = sum(len(placement.own[bridge]) for bridges in placement.bridges.values() for bridge in bridges)
        return members + networks + of_bridges + 4 * len(devices)

    @cached_property
    def placement(self) -> NetworkPlacement:
        """The index of the logical networks on each interface."""
        return NetworkPlacement.of(self.network_entries, self.devices)

    @cached_property
    def disagreements(self) -> tuple[Disagreement, ...]:
        """The contradictions between networks and devices.

        Each contradiction has the name of the device (can be empty), a message, and addresses.
        """
        return tuple(disagreements(self.network_entries, self.devices))

    @cached_property
    def names_in_conflict(self) -> frozenset[str]:
        """The names of the devices with an entry that contradicts the entry of a network."""
        return frozenset(name for name, _, _ in self.disagreements if name)
