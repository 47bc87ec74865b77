"""The devices and logical networks of one VDSM reply, with indexes that several facts need.

VDSM describes devices in four maps, one for each kind, and logical networks in a fifth map. A fact of a device often
needs another map. For example, the networks of a port are the networks of its bridge. So all links of a reply share one
`VdsmHost`.

The indexes are lazy: the networks on each interface (`placement`) and the contradictions between networks and devices
(`disagreements`) are computed on first use, because many decisions do not need them. The addresses of a device are
parsed once, when a fact or finding needs them. The owner index needs only their texts (`address_texts`).

As in oVirt's engine, a network is on its device and on the direct ports of its bridge. A network is not on devices
below these ports. The replies of VDSM 4.9 have no `bridges`. For these replies, the bridges are derived from the
networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.cached_property import cached_property
from evaluator.base.text import escaped
from evaluator.facts.address import Address
from evaluator.facts.link import Kind, Owned
from evaluator.facts.netmask import NETMASKS
from evaluator.report.owned import read_owned
from evaluator.report.vdsm.addresses import entries_of
from evaluator.report.vdsm.wire import Bridge, Device, Network, Nic, Parts

Disagreement = tuple[str, str, tuple[Address, ...]]
FindDisagreements = Callable[["VdsmHost"], Iterable[Disagreement]]
MAPS = {Kind.PHYSICAL: "nics", Kind.VLAN: "vlans", Kind.BOND: "bondings", Kind.BRIDGE: "bridges"}


class NetworkPlacement(Struct, frozen=True):
    """An index of the logical networks on each interface.

    A network is on its device: the bridge of a bridged network, otherwise an interface. A bridged network is also on
    the direct ports of its bridge. `own` has the networks of each device. `listed` has the networks of each port that a
    network's entry lists. `bridges` has the bridges of each port. A bridge can have many networks and many ports. So
    the networks of a port are combined only when the port is queried, and not in advance for all ports.
    """

    own: dict[str, list[str]]
    listed: dict[str, list[str]]
    bridges: dict[str, list[str]]

    def networks_on(self, name: str) -> tuple[str, ...]:
        """Return the networks on an interface, sorted."""
        of_bridges = [network for bridge in self.bridges.get(name, ()) for network in self.own[bridge]]
        return tuple(sorted({*self.own.get(name, ()), *self.listed.get(name, ()), *of_bridges}))


class VdsmHost:
    """The network part of a reply, and its path in the reply.

    A reply of VDSM 4.9 has no `bridges`. In such a reply each network is a bridge over its ports, unless `bridged` is
    false. If several networks have the same bridge, the network that has the same name as the bridge describes the
    bridge. If no network has this name, the first network by name describes the bridge. `networks_of_bridge` has the
    names of all networks of a bridge, first the network that describes the bridge. The bridge owns the addresses in the
    entries of all these networks.
    """

    def __init__(
        self, body: Parts, nics: Mapping[str, Nic], path: tuple[str, ...], find_disagreements: FindDisagreements
    ) -> None:
        self.body = body
        self._find_disagreements = find_disagreements
        self.nics = nics
        self.path = path
        self.networks: Mapping[str, Network] = body.networks or {}
        self.networks_of_bridge: dict[str, list[str]] = {}
        bridges: Mapping[str, Bridge | Network] | None = body.bridges
        self.bridges = dict(self._bridges_of_networks()) if bridges is None else bridges
        self.maps: Mapping[Kind, Mapping[str, Device]] = {
            Kind.PHYSICAL: nics,
            Kind.VLAN: body.vlans or {},
            Kind.BOND: body.bondings or {},
            Kind.BRIDGE: self.bridges,
        }
        self._owned: dict[str, Owned] = {}

    def _bridges_of_networks(self) -> Iterator[tuple[str, Network]]:
        """Yield the bridges of a reply without `bridges`.

        Each bridge has the entry of the network that describes it.
        """
        body, networks = self.body, self.networks
        described = {*self.nics, *(body.vlans or ()), *(body.bondings or ())}
        for name, data in networks.items():
            bridge = data.iface or name
            is_bridged = data.bridged is None or data.bridged is True or str(data.bridged).lower() == "true"
            if is_bridged and bridge not in described:
                self.networks_of_bridge.setdefault(bridge, []).append(name)
        for bridge, names in self.networks_of_bridge.items():
            names.sort(key=lambda name: (name != bridge, name))
            ports = sorted({port for network in names for port in networks[network].ports or ()})
            yield bridge, replace(networks[names[0]], ports=ports)

    def has(self, name: str) -> bool:
        """Return whether the reply describes an interface of this name."""
        return any(name in devices for devices in self.maps.values())

    def device(self, name: str) -> tuple[Kind, Device] | None:
        """Return the kind and the entry of an interface; None if the reply does not describe the interface."""
        return next(((kind, devices[name]) for kind, devices in self.maps.items() if name in devices), None)

    def other_entries(self, name: str) -> list[Network]:
        """Return the entries of the networks of a bridge, except the entry that describes the bridge."""
        return [self.networks[network] for network in self.networks_of_bridge.get(name, ())[1:]]

    def pointer(self, name: str, kind: Kind) -> str:
        """Return the JSON Pointer of a device."""
        if name in self.networks_of_bridge:
            return self._place("networks", self.networks_of_bridge[name][0])
        return self._place(MAPS[kind], name)

    def _place(self, key: str, name: str) -> str:
        return f"/{self.path[0]}/{key}/{escaped(name)}" if self.path else f"/{key}/{escaped(name)}"

    def owned(self, name: str, kind: Kind, entry: Device) -> Owned:
        """Return the parsed addresses of a device. The addresses are parsed once and cached."""
        owned = self._owned.get(name)
        if owned is None:
            entries = entries_of(entry, self.pointer(name, kind))
            for network in self.networks_of_bridge.get(name, ())[1:]:
                entries += entries_of(self.networks[network], self._place("networks", network))
            owned = self._owned[name] = read_owned(name, entries)
        return owned

    def address_texts(self) -> list[tuple[str, Sequence[str], int]]:
        """Return the entries of the owner index: interface, address texts, and the prefix length of `netmask`."""
        entries: list[tuple[str, Sequence[str], int]] = []
        for devices in self.maps.values():
            for name, entry in devices.items():
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

    def most_names(self) -> int:
        """Return a number. No interface has more networks, more slaves or more ports than this number."""
        most = max(2, len(self.networks))
        for bond in (self.body.bondings or {}).values():
            if bond.slaves is not None and len(bond.slaves) > most:
                most = len(bond.slaves)
        for bridge in self.bridges.values():
            if bridge.ports is not None and len(bridge.ports) > most:
                most = len(bridge.ports)
        return most

    def count_lists(self) -> int:
        """Return how many networks, slaves, ports and default routes all interfaces together have at most."""
        placement = self.placement
        devices = [device for devices in self.maps.values() for device in devices.values()]
        members = sum(len(getattr(device, key, None) or ()) for device in devices for key in ("slaves", "ports"))
        networks = sum(map(len, (*placement.own.values(), *placement.listed.values())))
        of_bridges = sum(len(placement.own[bridge]) for bridges in placement.bridges.values() for bridge in bridges)
        return members + networks + of_bridges + 4 * len(devices)

    @cached_property
    def placement(self) -> NetworkPlacement:
        """The index of the logical networks on each interface, by the rules of oVirt's engine."""
        placement = NetworkPlacement({}, {}, {})
        for name, network in self.networks.items():
            device_of_network = device_name(name, network)
            device = self.device(device_of_network)
            if device is None:
                continue
            placement.own.setdefault(device_of_network, []).append(name)
            if isinstance(device[1], Bridge | Network):
                for port in network.ports or ():
                    placement.listed.setdefault(port, []).append(name)
        for bridge in self.bridges.keys() & placement.own.keys():
            for port in self.bridges[bridge].ports or ():
                placement.bridges.setdefault(port, []).append(bridge)
        return placement

    @cached_property
    def disagreements(self) -> tuple[Disagreement, ...]:
        """The contradictions between networks and devices.

        Each contradiction has the name of the device (can be empty), a message, and addresses.
        """
        return tuple(self._find_disagreements(self))

    @cached_property
    def names_in_conflict(self) -> frozenset[str]:
        """The names of the devices with an entry that contradicts the entry of a network."""
        return frozenset(name for name, _, _ in self.disagreements if name)


def device_name(name: str, network: Network) -> str:
    """Return the name of the device that a network is on."""
    return network.iface or network.interface or name
