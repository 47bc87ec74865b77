"""The devices and networks of one VDSM reply, and what is asked of them many times, worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

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


class Carried(Struct, frozen=True):
    """Which logical networks interfaces carry.

    A network is on its device: the bridge of a bridged network, the interface of one without. A bridged network is also
    on the direct ports of its bridge. `own` has the networks by their devices, `listed` by the ports that they list
    themselves, and `bridges` the bridges by their ports. Many networks of a bridge with many ports are many pairs, so
    they are put together only for the interface that is asked about.
    """

    own: dict[str, list[str]]
    listed: dict[str, list[str]]
    bridges: dict[str, list[str]]

    def by(self, name: str) -> tuple[str, ...]:
        """Return the networks that an interface carries, sorted."""
        through = [network for bridge in self.bridges.get(name, ()) for network in self.own[bridge]]
        return tuple(sorted({*self.own.get(name, ()), *self.listed.get(name, ()), *through}))


class VdsmHost:
    """The network part of a reply, and the keys that lead to it.

    VDSM 4.9 has no `bridges`: there each network is a bridge over its ports, unless it says otherwise. If several
    networks name one bridge, the one of its name describes it, else the first by name; `told_by` has their names,
    that one first. The addresses of all of them are the bridge's.
    """

    def __init__(
        self, body: Parts, nics: Mapping[str, Nic], path: tuple[str, ...], find_disagreements: FindDisagreements
    ) -> None:
        self.body = body
        self._find_disagreements = find_disagreements
        self.nics = nics
        self.path = path
        self.networks: Mapping[str, Network] = body.networks or {}
        self.told_by: dict[str, list[str]] = {}
        known: Mapping[str, Bridge | Network] | None = body.bridges
        self.bridges = dict(self._bridges_of_networks()) if known is None else known
        self.maps: Mapping[Kind, Mapping[str, Device]] = {
            Kind.PHYSICAL: nics,
            Kind.VLAN: body.vlans or {},
            Kind.BOND: body.bondings or {},
            Kind.BRIDGE: self.bridges,
        }
        self._owned: dict[str, Owned] = {}

    def _bridges_of_networks(self) -> Iterator[tuple[str, Network]]:
        body, networks = self.body, self.networks
        described = {*self.nics, *(body.vlans or ()), *(body.bondings or ())}
        for name, data in networks.items():
            bridge = data.iface or name
            is_bridged = data.bridged is None or data.bridged is True or str(data.bridged).lower() == "true"
            if is_bridged and bridge not in described:
                self.told_by.setdefault(bridge, []).append(name)
        for bridge, names in self.told_by.items():
            names.sort(key=lambda name: (name != bridge, name))
            ports = sorted({port for one in names for port in networks[one].ports or ()})
            yield bridge, replace(networks[names[0]], ports=ports)

    def has(self, name: str) -> bool:
        """Return whether the reply describes an interface of this name."""
        return any(name in devices for devices in self.maps.values())

    def device(self, name: str) -> tuple[Kind, Device] | None:
        """Return an interface by its name."""
        return next(((kind, devices[name]) for kind, devices in self.maps.items() if name in devices), None)

    def also_told_by(self, name: str) -> list[Network]:
        """Return the entries of the networks that tell of a bridge beside the one that describes it."""
        return [self.networks[network] for network in self.told_by.get(name, ())[1:]]

    def pointer(self, name: str, kind: Kind) -> str:
        """Return where a device stands in the reply."""
        if name in self.told_by:
            return self._place("networks", self.told_by[name][0])
        return self._place(MAPS[kind], name)

    def _place(self, key: str, name: str) -> str:
        return f"/{self.path[0]}/{key}/{escaped(name)}" if self.path else f"/{key}/{escaped(name)}"

    def owned(self, name: str, kind: Kind, entry: Device) -> Owned:
        """Return what a device owns."""
        known = self._owned.get(name)
        if known is None:
            entries = entries_of(entry, self.pointer(name, kind))
            for network in self.told_by.get(name, ())[1:]:
                entries += entries_of(self.networks[network], self._place("networks", network))
            known = self._owned[name] = read_owned(name, entries)
        return known

    def address_texts(self) -> list[tuple[str, Sequence[str], int]]:
        """Return the lists of addresses of each device as the reply has them, with a length that stands apart."""
        found: list[tuple[str, Sequence[str], int]] = []
        for devices in self.maps.values():
            for name, entry in devices.items():
                listed, addr = entry.ipv4addrs, entry.addr
                if listed:
                    found.append((name, listed, -1))
                if addr and not (listed and listed[0].startswith(f"{addr}/")):  # VDSM lists it first
                    found.append((name, (addr,), NETMASKS.get(entry.netmask or "", -1)))
                if entry.ipv6addrs:
                    found.append((name, entry.ipv6addrs, -1))
        for name, told_by in self.told_by.items():
            for network in map(self.networks.__getitem__, told_by[1:]):
                texts = (*([network.addr] if network.addr else ()), *(network.ipv4addrs or ()))
                found.append((name, (*texts, *(network.ipv6addrs or ())), NETMASKS.get(network.netmask or "", -1)))
        return found

    def most_names(self) -> int:
        """Return a length that no list of networks, slaves or ports exceeds."""
        most = max(2, len(self.networks))
        for bond in (self.body.bondings or {}).values():
            if bond.slaves is not None and len(bond.slaves) > most:
                most = len(bond.slaves)
        for bridge in self.bridges.values():
            if bridge.ports is not None and len(bridge.ports) > most:
                most = len(bridge.ports)
        return most

    def count_lists(self) -> int:
        """Return how long the lists of networks, slaves, ports and default routes of all interfaces are together."""
        carried = self.carried
        devices = [device for devices in self.maps.values() for device in devices.values()]
        members = sum(len(getattr(device, key, None) or ()) for device in devices for key in ("slaves", "ports"))
        networks = sum(map(len, (*carried.own.values(), *carried.listed.values())))
        through = sum(len(carried.own[bridge]) for bridges in carried.bridges.values() for bridge in bridges)
        return members + networks + through + 4 * len(devices)

    @cached_property
    def carried(self) -> Carried:
        """The logical networks on each interface that carries any, as oVirt's engine sees it."""
        carried = Carried({}, {}, {})
        for name, network in self.networks.items():
            device_of_network = device_name(name, network)
            device = self.device(device_of_network)
            if device is None:
                continue
            carried.own.setdefault(device_of_network, []).append(name)
            if isinstance(device[1], Bridge | Network):
                for port in network.ports or ():
                    carried.listed.setdefault(port, []).append(name)
        for bridge in self.bridges.keys() & carried.own.keys():
            for port in self.bridges[bridge].ports or ():
                carried.bridges.setdefault(port, []).append(bridge)
        return carried

    @cached_property
    def disagreements(self) -> tuple[Disagreement, ...]:
        """Where networks and devices disagree: the device, empty if there is none, the message and the addresses."""
        return tuple(self._find_disagreements(self))

    @cached_property
    def names_in_conflict(self) -> frozenset[str]:
        """The devices with which a network disagrees."""
        return frozenset(name for name, _, _ in self.disagreements if name)


def device_name(name: str, network: Network) -> str:
    """Return the name of the device that a network is on."""
    return network.iface or network.interface or name
