"""A small host whose facts are chosen when a rule first reads them.

`LazyHost`, `LazyLink` and `LazyAddress` answer the same queries as the facts of a report that was read. But every fact
except the topology and the owners is a choice (`choices.py`). So a run of a policy chooses only the facts that it
reads, and all runs together cover all values of the space (`space.py`).

The facts are those that a VDSM report can state, and they obey the rules of VDSM. The interfaces are in the order NICs,
VLANs, bonds and bridges. An interface has at most one primary address of each family. A network is on one device; if
this device is a bridge, the network is also on its ports. `state_host.py` writes the chosen facts as a report.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from itertools import pairwise
from typing import TypeVar, cast

from msgspec import Struct

from evaluator.facts.address import Address, Cidr, OwnedAddress, parse_address, parse_cidr, subnets_of
from evaluator.facts.host import HostFacts, ListedHost
from evaluator.facts.link import Kind, Link, Lowers
from evaluator.facts.route import Route
from evaluator.facts.table import AddressTable
from evaluator.facts.topology import Topology as Devices
from evaluator.verify.choices import Choices, chosen
from evaluator.verify.shape import ORDER, Places, Shape
from evaluator.verify.space import AnswerSet, Space
from evaluator.verify.topologies import Device

USUAL_PREFIX = {4: 24, 6: 64}
GATEWAY = parse_address("192.0.2.1")
_DEFAULT_ROUTE = Route(parse_cidr("0.0.0.0/0"))
_SEPARATE_KINDS = (Kind.PHYSICAL, Kind.BOND, Kind.BRIDGE)
_BOOLEANS = (False, True)
NOT_DESCRIBED = "added"  # the name of an interface that a report does not describe, or that is added to it
_CLIENT = ("last_client_iface",)
KIND_OF_SEPARATE = ("kind of separate",)  # a key of `Choices.computed`
_BITS_OF_A_KIND = 40  # of a relative position: each choice of a place takes one bit
Owners = tuple[tuple[Address, ...], ...]
_NO_PLACE: Places = frozenset({None})
_Option = TypeVar("_Option")


class LazyAddress(OwnedAddress, frozen=True, eq=False):
    """An address of an interface. Its prefix length, and whether it is primary, are choices."""

    link: LazyLink | None = None

    @property
    def _link(self) -> LazyLink:
        if self.link is None:
            raise TypeError("the address has no interface, so its prefix cannot be chosen")
        return self.link

    def _prefix(self) -> int:
        link, version, prefixes = self._link, self.address.version, self._link.host.space.prefixes[self.address.version]
        if not prefixes:
            return USUAL_PREFIX[version]
        return link.host.choices.choose(("prefix", link.index, self.address), prefixes)

    def _primary(self) -> bool:
        """Return whether the report lists the address first in its family. Only one address of a family is primary."""
        link = self._link
        choices = link.host.choices
        for address in link.own_addresses.of_same_family[self.address]:
            if choices.made.get(("primary", link.index, address)):
                return False
        return choices.choose(("primary", link.index, self.address), _BOOLEANS[::-1])

    prefix = chosen(_prefix)
    primary = chosen(_primary)


class LazyLink(Link, frozen=True, eq=False):
    """An interface with chosen facts. `owns` are the host addresses that it owns."""

    index: int
    owns: tuple[Address, ...]
    host: LazyHost

    def _position(self) -> int:
        """Return the position in the report. The interfaces are in the order of their kinds.

        If no condition compares a position with a number, the search chooses only the order of the interfaces. It does
        this when a rule first reads the position. Other interfaces of the same kind can have a position already. The
        new position is before them, between two of them, or after them.
        """
        return self._index_in_report() if self.host.space.has_exact_positions else self._relative_position()

    def _relative_position(self) -> int:
        host, number = self.host, ORDER.index(self.kind)
        made, least, greatest = host.choices.made, number << _BITS_OF_A_KIND, (number + 1) << _BITS_OF_A_KIND
        if self.index == host.separate:
            return greatest - 1
        group = host.shape.groups[number]
        if len(group) == 1:
            return least
        ranks = (made.get(("rank", index)) for index in group)
        borders = [least, *sorted(rank for rank in ranks if isinstance(rank, int)), greatest]
        places = tuple([(low + high) // 2 for low, high in pairwise(borders)])
        return host.choices.choose(("rank", self.index), places)

    def _index_in_report(self) -> int:
        host, number = self.host, ORDER.index(self.kind)
        host.note_kind_of_separate()
        groups = host.shape.groups
        before = sum(map(len, groups[:number]))
        group = [index for index in groups[number] if index != host.separate]
        if self.index == host.separate:
            return before + len(group)
        taken = {host.choices.made.get(("rank", index)) for index in group if index != self.index}
        free = tuple(rank for rank in range(len(group)) if rank not in taken)
        return before + host.choices.choose(("rank", self.index), free)

    position = chosen(_position)

    @property
    def chosen_name(self) -> str:
        """The name of the interface in the report. `name` is only the key of the interface in the search."""
        host = self.host
        if not host.space.names.globs:
            return self.name
        options = host.space.names.options(self.name, host.used_names())
        if self.index == host.separate and isinstance(host.choices.made.get(_CLIENT), str):
            options = (cast("str", host.choices.made[_CLIENT]), *options)  # it can be this interface
        return host.choices.choose(("name", self.index), options)

    @property
    def own_addresses(self) -> OwnAddresses:
        """The host addresses that the interface owns, and a chosen set of other addresses."""
        others, made = self._others(), self.host.own_addresses
        key = self.index, others
        if key not in made:
            made[key] = OwnAddresses.of(self, tuple(sorted((*self.owns, *others))))
        return made[key]

    @property
    def addresses(self) -> tuple[OwnedAddress, ...]:
        """The addresses of the interface, with chosen prefix lengths."""
        return self.own_addresses.owned

    @property
    def address_set(self) -> frozenset[Address]:
        """The addresses of the interface, as a set."""
        return self.own_addresses.numbers

    def _others(self) -> AnswerSet:
        return self._choose("others", self.host.space.others)

    @property
    def lowers(self) -> Lowers:
        """The direct lower devices of the interface in the topology."""
        return self.host.shape.lowers[self.index]

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks on the interface itself, and the networks on a bridge that has the interface as a port."""
        host, places = self.host, self.host.shape.places[self.index]
        return tuple([name for name in host.space.networks if host.is_on(name, places)])

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
        """The gateway of a default route.

        An interface with an address of `Space.beside_targets` has no default route: it has a direct route to the
        target, and a default route, whose prefix is shorter, would change nothing.
        """
        has_direct_route = any(address in self.host.space.beside_targets for address in self._others())
        return () if has_direct_route else (GATEWAY,) * self._choose("gateway", _BOOLEANS)

    @property
    def subnets(self) -> tuple[Cidr, ...]:
        """The subnets of the interface's addresses."""
        return _subnets_of(tuple([(owned.address, owned.prefix) for owned in self.addresses]))

    @property
    def main_routes(self) -> tuple[Route, ...]:
        """The routes to the subnets, and a default route if there is a gateway."""
        return _routes_of(self.subnets, bool(self.gateways))

    @property
    def routes(self) -> tuple[Cidr, ...]:
        """The destinations of the interface's routes, sorted."""
        return _destinations_of(self.main_routes)

    def _choose(self, fact: str, options: tuple[_Option, ...]) -> _Option:
        return options[0] if len(options) == 1 else self.host.choices.choose((fact, self.index), options)


class OwnAddresses(Struct, frozen=True):
    """The addresses of an interface, for one choice of the addresses that are not host addresses.

    `owned` are the addresses with their prefix lengths, and `numbers` the addresses alone. `of_same_family` has for
    each address the other addresses of its family.
    """

    owned: tuple[OwnedAddress, ...]
    numbers: frozenset[Address]
    of_same_family: Mapping[Address, tuple[Address, ...]]

    @classmethod
    def of(cls, link: LazyLink, addresses: tuple[Address, ...]) -> OwnAddresses:
        """Return the addresses of an interface."""
        families = {
            address: tuple(other for other in addresses if other.version == address.version and other != address)
            for address in addresses
        }
        owned = tuple(LazyAddress(address, link=link) for address in addresses)
        return cls(owned, frozenset(addresses), families)


class SeparateLink(LazyLink, frozen=True, eq=False):
    """An interface that is added to a host. If its kind is read, the host notes this."""

    def _kind(self) -> Kind:
        self.host.note_kind_of_separate()
        return self.host.shape.devices[self.index].kind

    kind = chosen(_kind)


@cache
def _subnets_of(addresses: tuple[tuple[Address, int], ...]) -> tuple[Cidr, ...]:
    return subnets_of(OwnedAddress(address, prefix) for address, prefix in addresses)


@cache
def _routes_of(subnets: tuple[Cidr, ...], has_gateway: bool) -> tuple[Route, ...]:
    return (*map(Route, subnets), *((_DEFAULT_ROUTE,) if has_gateway else ()))


@cache
def _destinations_of(routes: tuple[Route, ...]) -> tuple[Cidr, ...]:
    return tuple(sorted({route.destination for route in routes}))


class LazyHost(HostFacts, frozen=True, dict=True, eq=False, kw_only=True):
    """The facts of a small host. No query uses the owner index, because every interface counts as irregular.

    `separate` is None, unless this host is a copy of another host with one more interface. Then `separate` is the index
    of this interface. The copy has the same choices as the other host. The added interface has no host address and no
    network, and it is the last interface of its kind.
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
        host = cls(ListedHost(by_name), table, shape=shape, space=space, choices=choices, separate=separate)
        for index, (device, name, owns) in enumerate(zip(shape.devices, shape.names, owners, strict=True)):
            kind_of_link = SeparateLink if index == separate else LazyLink
            by_name[name] = kind_of_link(name, device.kind, index, owns, host)
        return host

    @cached_property
    def own_addresses(self) -> dict[tuple[int, AnswerSet], OwnAddresses]:
        """The addresses of each interface. They are added when they are first read.

        A key has two parts: the index of the interface, and the addresses of the interface that are not host addresses.
        """
        return {}

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

    def note_kind_of_separate(self) -> None:
        """Record that this run reads the kind of the added interface, or a fact that depends on this kind."""
        self.choices.computed[KIND_OF_SEPARATE] = True

    @cached_property
    def _places(self) -> Places:
        """The possible places of a network: each device except the added device, and None.

        The place None means that the host does not have the network.
        """
        return frozenset({None, *(index for index in range(len(self.shape.devices)) if index != self.separate)})

    def is_on(self, network: str, places: Places) -> bool:
        """Return whether a network is in one of these places.

        The run chooses only "yes" or "no", not the exact place. So if no condition distinguishes two places, the search
        needs only one run for both places.
        """
        made = self.choices.made
        possible = cast("Places", made.get(("places", network), self._places))
        inside = possible & places
        if not inside or len(inside) == len(possible):
            return bool(inside)
        options = _BOOLEANS[::-1] if None in places else _BOOLEANS  # first that the host does not have the network
        is_inside = self.choices.choose(("network", network, places), options)
        made["places", network] = inside if is_inside else possible - places
        return is_inside

    def place_of(self, network: str) -> int | None:
        """Return the place of a network according to the choices of the run.

        Several places can be possible. If the host may be without the network, the result is None. Otherwise the result
        is the first possible place.
        """
        places = cast("Places", self.choices.made.get(("places", network), _NO_PLACE))
        return min((place for place in places if place is not None), default=None) if None not in places else None

    @property
    def networks(self) -> tuple[str, ...]:
        """The logical networks that the host has."""
        return tuple([name for name in self.space.networks if not self.is_on(name, _NO_PLACE)])

    @property
    def last_client_iface(self) -> str | None:
        """The interface of the last client: unknown, one of the interfaces, or one that is not in the report."""
        indices = [index for index in range(len(self.shape.devices)) if index != self.separate]
        names = self.space.names.options(NOT_DESCRIBED, self.used_names())
        client = self.choices.choose(_CLIENT, (None, *indices, *names))
        return self.link_at(client).chosen_name if isinstance(client, int) else client

    def used_names(self) -> set[object]:
        """Return the interface names that were chosen in this run."""
        made = self.choices.made
        names = {made.get(("name", index)) for index in range(len(self.shape.devices))}
        return {*names, made.get(_CLIENT)}

    def link_at(self, index: int) -> LazyLink:
        """Return the interface of the device with this index."""
        return cast("LazyLink", self.by_name[self.shape.names[index]])

    @property
    def topology(self) -> Devices:
        """The upper and lower devices of each interface."""
        return self.shape.graph

    @property
    def with_host_prefix(self) -> set[str]:
        """The names of all interfaces. In a search, each interface can have an address with prefix length 32 or 128."""
        return set(self.shape.names)

    def owning(self, address: Address | None) -> tuple[Link, ...]:
        """Return the interfaces that own an address, sorted by name."""
        return () if address is None else tuple([link for link in self.links if address in link.address_set])

    def is_above(self, upper: str, lower: str) -> bool:
        """Return whether `upper` is transitively above `lower`."""
        return self.shape.graph.is_above(upper, lower)

    def is_below(self, interfaces: int, bound: int) -> bool:
        """Return true: the host is always so small that no steps need to be counted."""
        return True

    def owned_addresses(self) -> Mapping[str, frozenset[Address]]:
        """Return the owners with their host addresses, sorted by name."""
        links = (link for link in self.links if isinstance(link, LazyLink) and link.owns)
        return {link.name: frozenset(link.owns) for link in links}
