"""The parts of a small host that follow from its topology: names, lower devices, and the order in the report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from evaluator.facts.link import NO_LOWERS, Kind, Lowers
from evaluator.facts.topology import Topology as Devices
from evaluator.verify.topologies import Topology

ORDER = (Kind.PHYSICAL, Kind.VLAN, Kind.BOND, Kind.BRIDGE)
_NAMES = {Kind.PHYSICAL: "nic", Kind.VLAN: "vlan", Kind.BOND: "bond", Kind.BRIDGE: "bridge"}
Places = frozenset[int | None]


class Shape(Struct, frozen=True):
    """The parts of a host that follow from its topology."""

    devices: Topology
    names: tuple[str, ...]
    lowers: tuple[Lowers, ...]
    graph: Devices
    groups: tuple[tuple[int, ...], ...]  # the devices of each kind, in the order of a report
    places: tuple[Places, ...]  # for each device, the devices whose networks it carries: itself and its bridges

    @classmethod
    @cache
    def of(cls, topology: Topology, names: tuple[str, ...] = ()) -> Shape:
        """Return the shape of a topology. By default, a name is the kind of the device and its number."""
        names = names or tuple(f"{_NAMES[device.kind]}{index}" for index, device in enumerate(topology))
        lowers = []
        for device in topology:
            below = tuple(sorted(names[lower] for lower in device.lowers))
            match device.kind:
                case Kind.BOND:
                    lowers.append(Lowers(slaves=below))
                case Kind.BRIDGE:
                    lowers.append(Lowers(ports=below))
                case Kind.VLAN:
                    lowers.append(Lowers(base=below[0]))
                case _:
                    lowers.append(NO_LOWERS)
        graph = Devices(names, {name: below.names for name, below in zip(names, lowers, strict=True)})
        groups = tuple(tuple(at for at, device in enumerate(topology) if device.kind is kind) for kind in ORDER)
        return cls(topology, names, tuple(lowers), graph, groups, tuple(_places(topology)))


def _places(topology: Topology) -> Iterator[Places]:
    for index in range(len(topology)):
        bridges = (at for at, device in enumerate(topology) if device.kind is Kind.BRIDGE and index in device.lowers)
        yield frozenset({index, *bridges})
