"""A small host whose facts are chosen when a rule first reads them.

`LazyHost`, `LazyLink` and `LazyAddress` answer the same queries as the facts of a report that was read. But every fact
except the topology and the owners is a choice (`choices.py`). So a run of a policy chooses only the facts that it
reads, and all runs together cover all values of the space (`space.py`).

The facts are those that a VDSM report can state, and they obey the rules of VDSM. The interfaces are in the order NICs,
VLANs, bonds and bridges. An interface has at most one primary address of each family. A network is on one device; if
this device is a bridge, the network is also on its ports. `state_host.py` writes the chosen facts as a report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import TypeVar, cast

from msgspec import Struct

from evaluator.facts.address import Address, OwnedAddress, parse_address, parse_cidr
from evaluator.facts.host import HostFacts
from evaluator.facts.link import NO_LOWERS, Kind, Link, Lowers
from evaluator.facts.route import Route
from evaluator.facts.table import AddressTable
from evaluator.facts.topology import Topology as Devices
from evaluator.verify.choices import Choices
from evaluator.verify.space import Space
from evaluator.verify.topologies import Device, Topology

ORDER = (Kind.PHYSICAL, Kind.VLAN, Kind.BOND, Kind.BRIDGE)
IPV6_EXTRA = 96  # a prefix length of IPv6 minus the one of IPv4 with as many host bits
GATEWAY = parse_address("192.0.2.1")
_NAMES = {Kind.PHYSICAL: "nic", Kind.VLAN: "vlan", Kind.BOND: "bond", Kind.BRIDGE: "bridge"}
_DEFAULT_ROUTE = Route(parse_cidr("0.0.0.0/0"))
_SEPARATE_KINDS = (Kind.PHYSICAL, Kind.BOND, Kind.BRIDGE)
_BOOLEANS = (False, True)
NOT_DESCRIBED = "added"  # the name of an interface that a report does not describe, or that is added to it
Owners = tuple[tuple[Address, ...], ...]
_Option = TypeVar("_Option")


class Shape(Struct, frozen=True):
    """The parts of a host that follow from its topology."""

    devices: Topology
    names: tuple[str, ...]
    lowers: tuple[Lowers, ...]
    graph: Devices
    groups: tuple[tuple[int, ...], ...]  # the devices of each kind, in the order of a report
    places: tuple[frozenset[int], ...]  # for each device, the devices whose networks it carries: itself and its bridges

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


def _places(topology: Topology) -> Iterator[frozenset[int]]:
    for index in range(len(topology)):
        bridges = (at for at, device in enumerate(topology) if device.kind is Kind.BRIDGE and index in device.lowers)
        yield frozenset({index, *bridges})


class LazyAddress(OwnedAddress, frozen=True, eq=False):
    """An address of an interface, with a chosen prefix length. It is chosen whether the address is primary."""

    link: LazyLink | None = None

    @property
    def _link(self) -> LazyLink:
        if self.link is None:
            raise TypeError("a lazy address belongs to an interface")
        return self.link

    @property  # type: ignore[misc]  # a choice replaces the field
    def prefix(self) -> int:
        """The prefix length."""
        host = self._link.host
        extra = IPV6_EXTRA * (self.address.version == 6)
        return extra + host.choices.choose(("prefix", self._link.index, self.address), host.space.prefixes)

    @property  # type: ignore[misc]  # a choice replaces the field
    def primary(self) -> bool:
        """Whether the report lists the address first in its family. At most one address of a family is primary."""
        made, link = self._link.host.choices.made, self._link
        family = [entry.address for entry in link.addresses if entry.address.version == self.address.version]
        if any(made.get(("primary", link.index, address)) for address in family if address != self.address):
            return False
        return link.host.choices.choose(("primary", link.index, self.address), _BOOLEANS[::-1])


class LazyLink(Link, frozen=True, eq=False):
    """An interface with chosen facts. `owns` are the host addresses that it owns."""

    index: int
    owns: tuple[Address, ...]
    host: LazyHost

    @property  # type: ignore[misc]  # a choice replaces the field
    def position(self) -> int:
        """The position in the report: the number of interfaces of earlier kinds, plus the rank among its own kind."""
        host, number = self.host, ORDER.index(self.kind)
        groups = host.shape.groups
        before = sum(map(len, groups[:number]))
        group = [index for index in groups[number] if index != host.separate]
        if self.index == host.separate:
            return before + len(group)
        taken = {host.choices.made.get(("rank", index)) for index in group if index != self.index}
        free = tuple(rank for rank in range(len(group)) if rank not in taken)
        return before + host.choices.choose(("rank", self.index), free)

    @property
    def addresses(self) -> tuple[OwnedAddress, ...]:
        """The host addresses that the interface owns, and a chosen set of other addresses."""
        others = self._choose("others", self.host.space.others)
        return tuple(sorted((LazyAddress(address, link=self) for address in (*self.owns, *others)), key=_number))

    @property
    def lowers(self) -> Lowers:
        """The direct lower devices, as the topology has them."""
        return self.host.shape.lowers[self.index]

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks on the interface itself, or on a bridge that has it as a port."""
        host, places = self.host, self.host.shape.places[self.index]
        return tuple([name for name in host.space.networks if host.place_of(name) in places])

    @property
    def vlan_id(self) -> int | None:
        """The ID of a VLAN."""
        return self._choose("vlan_id", self.host.space.integers["vlan_id"]) if self.kind is Kind.VLAN else 0

    @property
    def bond_mode(self) -> int | None:
        """The mode of a bond."""
        return self._choose("bond_mode", self.host.space.integers["bond_mode"]) if self.kind is Kind.BOND else None

    @property
    def mtu(self) -> int | None:
        """The MTU."""
        return self._choose("mtu", self.host.space.integers["mtu"])

    @property
    def speed(self) -> int | None:
        """The speed."""
        return self._choose("speed", self.host.space.integers["speed"])

    @property
    def dhcp(self) -> bool:
        """Whether the interface uses DHCP. DHCPv6 counts as DHCP."""
        return bool(self.host.choices.made.get(("dhcpv6", self.index))) or self._choose("dhcp", _BOOLEANS)

    @property
    def dhcpv6(self) -> bool:
        """Whether the interface uses DHCPv6."""
        return self.host.choices.made.get(("dhcp", self.index)) is not False and self._choose("dhcpv6", _BOOLEANS)

    @property
    def gateways(self) -> tuple[Address, ...]:
        """The gateway of a default route. An interface with other addresses than host addresses has no gateway.

        Another address would be in the same subnet as an address in `route_to(…)`. The route to this subnet is longer
        than the default route, so the default route would not matter.
        """
        has_others = bool(self._choose("others", self.host.space.others))
        return () if has_others else (GATEWAY,) * self._choose("gateway", _BOOLEANS)

    @property
    def main_routes(self) -> tuple[Route, ...]:
        """The routes to the subnets, and a default route if there is a gateway."""
        return (*map(Route, self.subnets), *((_DEFAULT_ROUTE,) if self.gateways else ()))

    def _choose(self, fact: str, options: tuple[_Option, ...]) -> _Option:
        return self.host.choices.choose((fact, self.index), options)


class LazyHost(HostFacts, frozen=True, dict=True, eq=False, kw_only=True):
    """The facts of a small host. No query uses the owner index, because every interface counts as irregular.

    `separate` is the index of an interface if this host is a copy of another host with this interface added; otherwise
    it is None. The copy has the same choices. The added interface has no host address and no network, and it is the
    last one of its kind.
    """

    shape: Shape
    space: Space
    choices: Choices
    separate: int | None = None

    @classmethod
    def with_owners(
        cls, shape: Shape, owners: Owners, space: Space, choices: Choices, separate: int | None = None
    ) -> LazyHost:
        """Return the host of a shape; `owners` are the host addresses of each device."""
        by_name: dict[str, Link] = {}
        table = AddressTable([], set(shape.names), 0)
        host = cls(by_name, table, shape=shape, space=space, choices=choices, separate=separate)
        for index, (device, name, owns) in enumerate(zip(shape.devices, shape.names, owners, strict=True)):
            by_name[name] = LazyLink(name, device.kind, 0, index, owns, host)
        return host

    @cached_property
    def with_separate(self) -> tuple[LazyHost, ...]:
        """Copies of this host with one more interface that has no upper and no lower device, one copy for each kind.

        A copy has the same choices as this host. Only kinds that need no lower device are added.
        """
        number = len(self.shape.devices)
        names = (*self.shape.names, NOT_DESCRIBED)
        shapes = (Shape.of((*self.shape.devices, Device(kind)), names) for kind in _SEPARATE_KINDS)
        owners = tuple(link.owns for link in self.by_name.values() if isinstance(link, LazyLink))
        return tuple(LazyHost.with_owners(shape, (*owners, ()), self.space, self.choices, number) for shape in shapes)

    def place_of(self, network: str) -> int | None:
        """Return the device of a network, None if the host does not have the network."""
        key = "network", network
        made = self.choices.made
        if key in made:
            return cast("int | None", made[key])
        indices = (index for index in range(len(self.shape.devices)) if index != self.separate)
        return self.choices.choose(key, (None, *indices))

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks on the host."""
        return tuple(name for name in self.space.networks if self.place_of(name) is not None)

    @property
    def last_client_iface(self) -> str | None:
        """The interface of the last client: unknown, one of the interfaces, or one that is not in the report."""
        names = (name for index, name in enumerate(self.shape.names) if index != self.separate)
        return self.choices.choose(("last_client_iface",), (None, *names, NOT_DESCRIBED))

    @property
    def topology(self) -> Devices:
        """The upper and lower devices."""
        return self.shape.graph

    @property
    def with_host_prefix(self) -> set[str]:
        """The names of the interfaces that can have an address with /32 or /128. They are all interfaces."""
        return set(self.shape.names)

    def is_above(self, upper: str, lower: str) -> bool:
        """Return whether `upper` is transitively above `lower`."""
        return self.shape.graph.is_above(upper, lower)

    def is_below(self, interfaces: int, bound: int) -> bool:
        """Return whether the host is so small that no steps need to be counted. It always is."""
        return True

    def owned_addresses(self) -> Mapping[str, frozenset[Address]]:
        """Return the owners with their host addresses, sorted by name."""
        links = (link for link in self.links if isinstance(link, LazyLink) and link.owns)
        return {link.name: frozenset(link.owns) for link in links}


def _number(owned: OwnedAddress) -> Address:
    return owned.address
