"""The facts of one host, independent of the report format, and the queries that rules make on these facts.

`link` finds an interface by its name, and the owner index (`table.py`) finds the interfaces that own an address. A
query on addresses first searches the index. Then it reads all addresses of the irregular interfaces, which are not
completely in the index. A query on lower devices goes through the few interfaces below an interface. If a policy makes
many such queries, `Topology` answers them from sets that are computed once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from msgspec import Struct

from evaluator.base.cached_property import cached_property
from evaluator.facts.address import Address
from evaluator.facts.host_addresses import HostAddresses
from evaluator.facts.link import NO_LOWERS, Kind, Link, Lowers
from evaluator.facts.lists import Lists
from evaluator.facts.route import Route
from evaluator.facts.subnets import AddressIndex
from evaluator.facts.table import AddressTable, table_of
from evaluator.facts.topology import Topology

_NO_ROUTE = (1, 0)  # the rank of an unreachable destination: greater than the rank of every route
_FEW_WALKS = range(16)
_NO_POINTERS: Mapping[str, str] = {}


class ReportedHost:
    """One host as a report describes it: its interfaces, and the facts about the whole host.

    Each report format has a subclass, which holds the decoded report and reads a fact when it is first needed. The
    defaults mean "not reported".
    """

    unsupported_words: frozenset[str] = frozenset()
    """The words of the rule language that have no value in this format, such as `nic.speed` in the output of `ip`."""
    networks: tuple[str, ...] = ()
    """The logical networks on the host, sorted."""
    last_client_iface: str | None = None
    """The interface through which the last client connected (VDSM's `lastClientIface`), None if unknown."""
    absent_families: frozenset[int] = frozenset()
    """The address families (4, 6) that the reporting tool possibly left out: no interface has an address of them."""
    unrouted: frozenset[int] = frozenset()
    """The family (4 or 6) without routes, if the report has routes of the other family only."""
    blocked: tuple[Route, ...] = ()
    """The routes that drop or reject packets (types unreachable, blackhole, prohibit, throw), sorted."""
    pointers: Mapping[str, str] = _NO_POINTERS
    """The JSON Pointers of the facts about the whole host."""

    names: Collection[str] = ()
    """The names of the interfaces."""

    def link(self, name: str) -> Link:
        """Return the interface with this name, which must be in `names`."""
        raise NotImplementedError

    def lowers(self, name: str) -> Lowers:
        """Return the direct lower devices of an interface."""
        return self.link(name).lowers

    def longest_list(self) -> int | None:
        """Return a number such that no list of an interface is longer. Return None if the format does not provide it.

        Lists of addresses do not count, and routes that the reader computes from the addresses do not count.
        """
        return None

    def count_list_items(self) -> int:
        """Return an upper bound for the number of items in the lists of all interfaces together.

        The same lists count as in `longest_list`.
        """
        return 0

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """The index of each interface in report order (NICs, VLANs, bonds, bridges)."""
        return {name: position for position, name in enumerate(self.names)}


class ListedHost(ReportedHost):
    """A host whose links already exist."""

    def __init__(self, links: Mapping[str, Link]) -> None:
        self.names = links
        self._links = links

    def link(self, name: str) -> Link:
        """Return the interface with this name."""
        return self._links[name]


class HostFacts(Struct, frozen=True, dict=True, eq=False):
    """The facts of one host.

    `host` has the interfaces, and `table` has the addresses of the interfaces. Two hosts are equal if their facts are
    equal. Pointers and sizes are not compared.
    """

    host: ReportedHost
    table: AddressTable

    @classmethod
    def of(cls, links: Iterable[Link]) -> HostFacts:
        """Return the facts of a host with these links. The owner index is built from the addresses of the links."""
        by_name = {link.name: link for link in links}
        return cls(ListedHost(by_name), _table_of_links(by_name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HostFacts) and all(getattr(self, fact) == getattr(other, fact) for fact in _FACTS)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((frozenset(self.host.names), self.networks))

    @property
    def networks(self) -> tuple[str, ...]:
        """The logical networks on the host, sorted."""
        return self.host.networks

    @property
    def last_client_iface(self) -> str | None:
        """The interface through which the last client connected (VDSM's `lastClientIface`), None if unknown."""
        return self.host.last_client_iface

    @property
    def unsupported_words(self) -> frozenset[str]:
        """The words of the rule language that have no value in the report, such as `nic.speed` in output of `ip`."""
        return self.host.unsupported_words

    @property
    def kinds_left_out(self) -> tuple[Kind, ...]:
        """The kinds of interfaces that reports of this format leave out.

        Some formats report interfaces of every kind, but not the kind itself. For these formats, the result is empty.
        """
        return _kinds_left_out(self.unsupported_words)

    @property
    def missing_words(self) -> frozenset[str]:
        """The words whose values are unknown for all reported interfaces, because the format does not support them.

        If reports of this format leave out all interfaces of a kind, the result does not contain `nic is KIND`: this
        state is false for every reported interface, not unknown.
        """
        return without_left_out(self.unsupported_words)

    @property
    def absent_families(self) -> frozenset[int]:
        """The address families (4, 6) that the reporting tool possibly left out."""
        return self.host.absent_families

    @property
    def pointers(self) -> Mapping[str, str]:
        """The JSON Pointers of the facts about the whole host."""
        return self.host.pointers

    @cached_property
    def by_name(self) -> Mapping[str, Link]:
        """All interfaces by name. A query on few interfaces uses `link`, which creates only the links that it needs."""
        link = self.host.link
        return {name: link(name) for name in self.host.names}

    def link(self, name: str) -> Link:
        """Return the interface with this name, which the report must describe."""
        return self.host.link(name)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The interfaces, sorted by name (by code points)."""
        by_name = self.by_name
        return tuple([by_name[name] for name in sorted(by_name)])

    @cached_property
    def topology(self) -> Topology:
        """The lower and upper devices of all interfaces, with the transitive closure."""
        return Topology(self.host.names, {name: below.names for name, below in self.lower_devices.items()})

    @property
    def blocked(self) -> tuple[Route, ...]:
        """The routes that drop or reject packets (types unreachable, blackhole, prohibit, throw), sorted."""
        return self.host.blocked

    @cached_property
    def _walks(self) -> Iterator[int]:
        return iter(_FEW_WALKS)

    @cached_property
    def lower_devices(self) -> Mapping[str, Lowers]:
        """The direct lower devices by interface name; interfaces without lower devices are left out."""
        lowers_of = self.host.lowers
        return {name: lowers for name in self.host.names if (lowers := lowers_of(name)) is not NO_LOWERS}

    @cached_property
    def slaves(self) -> frozenset[str]:
        """The names of the members of bonds and teams."""
        return frozenset([name for below in self.lower_devices.values() for name in below.slaves])

    @cached_property
    def ports(self) -> frozenset[str]:
        """The names of the ports of bridges."""
        return frozenset([name for below in self.lower_devices.values() for name in below.ports])

    @cached_property
    def with_host_prefix(self) -> set[str]:
        """The names of the interfaces that can have an address of length /32, of length /128, or of unknown length."""
        return self.table.irregular | self.table.with_host_prefix()

    @cached_property
    def lists(self) -> Lists:
        """Upper bounds for the lists of the interfaces: for the longest list, and for all lists together.

        Examples are `nic.addresses` and `nic.networks`. Lists of interfaces such as `nic.slaves` are not counted.
        """
        longest = self.host.longest_list()
        if longest is None:
            return Lists.of(link.list_lengths + 2 for link in self.by_name.values())
        irregular = [len(self.link(name).addresses) for name in self.table.irregular]
        return Lists(
            max(self._most_addresses, longest) + 2,
            self.table.total + sum(irregular) + self.host.count_list_items() + 2 * self.size,
        )

    @cached_property
    def _most_addresses(self) -> int:
        """An upper bound for the number of addresses of one interface."""
        return self.table.most_rows() + max(
            [len(self.link(name).addresses) for name in self.table.irregular], default=0
        )

    @property
    def longest_name(self) -> int:
        """The length of the longest name of an interface or network."""
        return max(_longest(self.host.names), _longest(self.host.networks))

    def is_below(self, interfaces: int, bound: int) -> bool:
        """Return whether the host has fewer than `interfaces` interfaces, and all its lists and names are short.

        Short means: fewer than `bound` items or characters. For a host near the limit, the result can be False although
        all lists are short.
        """
        names, networks = self.host.names, self.host.networks
        if len(names) >= interfaces or _longest(names) >= bound:
            return False
        if networks and (len(networks) >= bound or _longest(networks) >= bound):
            return False
        longest = self.host.longest_list()
        if longest is None:
            return self.lists.most < bound
        return longest + 2 < bound and (self.table.total + 2 < bound or self._most_addresses + 2 < bound)

    @property
    def size(self) -> int:
        """The number of interfaces."""
        return len(self.host.names)

    def owned(self, host: HostAddresses) -> Mapping[str, frozenset[Address]]:
        """Return the interfaces that own a usable host address, sorted by name, each with its host addresses."""
        by_octets = {address.packed: address for address in host.usable}
        found: dict[str, list[Address]] = {}
        for name, packed, _ in self.table.rows:
            if packed in by_octets:
                found.setdefault(name, []).append(by_octets[packed])
        owned = {name: frozenset(found[name]) for name in sorted(found)}
        if not self.table.irregular:
            return owned
        owned |= {name: host.usable_set & self.link(name).address_set for name in self.table.irregular}
        return {name: owned[name] for name in sorted(owned) if owned[name]}

    def named(self, name: str | None) -> tuple[Link, ...]:
        """Return a tuple with the interface of this name; an empty tuple if the report does not describe it."""
        return (self.link(name),) if name is not None and name in self.host.names else ()

    def owning(self, address: Address | None) -> tuple[Link, ...]:
        """Return the interfaces that own an address, sorted by name."""
        return () if address is None else tuple(map(self.link, self.owners_of((address,))[address]))

    def owners_of(self, addresses: Collection[Address]) -> Mapping[Address, tuple[str, ...]]:
        """Return for each address the names of the interfaces that own this address, sorted."""
        names: dict[Address, list[str]] = {address: [] for address in addresses}
        if addresses:
            rows = self.table.owners({address.packed: address for address in addresses})
            for name in self.with_irregular(name for name, _ in rows):
                for address in names.keys() & self.link(name).address_set:
                    names[address].append(name)
        return {address: tuple(owners) for address, owners in names.items()}

    def near(self, addresses: Collection[Address]) -> tuple[Link, ...]:
        """Return the interfaces with a subnet that contains one of the addresses, sorted by name."""
        if not addresses:
            return ()
        index = AddressIndex(addresses)
        names = self.table.near(index)
        unsure = self.table.irregular | self.table.with_repeated_address(names)
        links = map(self.link, sorted(names | unsure))
        return tuple([link for link in links if link.name not in unsure or _is_near(link, index)])

    def with_irregular(self, names: Iterable[str]) -> list[str]:
        """Return `names` and the names of the interfaces that are not completely in the owner index, sorted."""
        return sorted({*names, *self.table.irregular})

    def is_above(self, upper: str, lower: str) -> bool:
        """Return whether `upper` is transitively above `lower`; False if both are in one cycle.

        The first few queries walk the lower devices. After these, the topology is built once and answers all further
        queries.
        """
        if next(self._walks, None) is None:
            return self.topology.is_above(upper, lower)
        return lower in self._reachable_below(upper) and upper not in self._reachable_below(lower)

    def below(self, name: str) -> Collection[str]:
        """Return the names of all interfaces transitively below an interface, in any order.

        Like in `is_above`, the first few queries walk and later queries use the topology. If the interface is in a
        cycle, the query always uses the topology.
        """
        if self.host.lowers(name) is NO_LOWERS:
            return ()
        names = None if next(self._walks, None) is None else self._reachable_below(name)
        return self.topology.below(name) if names is None or name in names else names

    def _reachable_below(self, name: str) -> set[str]:
        """Return all interfaces that a walk from `name` to lower devices reaches.

        The result contains `name` only if `name` is in a cycle.
        """
        reached: set[str] = set()
        pending = [name]
        for upper in pending:  # the list grows during the loop
            lowers = self.host.lowers(upper)
            for lower in () if lowers is NO_LOWERS else lowers.names:
                if lower not in reached and lower in self.host.names:
                    reached.add(lower)
                    pending.append(lower)
        return reached

    def route_to(self, address: Address) -> tuple[Link, ...]:
        """Return the links through which the host reaches an address, sorted by name.

        These are the links with the best route: the longest prefix, then the lowest metric. The result is empty if no
        route matches, or if the best routes include a route that drops or rejects packets.
        """
        ranks = {
            link.name: min(
                (route.rank for route in link.main_routes if address in route.destination), default=_NO_ROUTE
            )
            for link in self.links
        }
        blocking = min((route.rank for route in self.blocked if address in route.destination), default=_NO_ROUTE)
        best = min((blocking, *ranks.values()))
        if best in (blocking, _NO_ROUTE):
            return ()
        return tuple(link for link in self.links if ranks[link.name] == best)


def _longest(names: Iterable[str]) -> int:
    """Return the length of the longest name."""
    return max(map(len, names), default=0)


@lru_cache(64)
def _kinds_left_out(unsupported_words: frozenset[str]) -> tuple[Kind, ...]:
    kinds = [kind for kind in Kind if f"nic is {kind}" in unsupported_words]
    return tuple(kinds) if Kind.OTHER in kinds and Kind.PHYSICAL not in kinds else ()


@lru_cache(64)
def without_left_out(unsupported_words: frozenset[str]) -> frozenset[str]:
    """Return the unsupported words without `nic is KIND`, for each kind of interface that reports leave out."""
    return unsupported_words - {f"nic is {kind}" for kind in _kinds_left_out(unsupported_words)}


_FACTS = ("by_name", "networks", "last_client_iface", "blocked", "unsupported_words", "absent_families")


def _is_near(link: Link, addresses: AddressIndex) -> bool:
    """Return whether a subnet of the link contains one of the addresses."""
    networks = ((network.first, network.prefix) for network in link.subnets)
    return any(addresses.any_in(first.version, first.number, prefix) for first, prefix in networks)


def _table_of_links(links: Mapping[str, Link]) -> AddressTable:
    """Return the owner index, built from the addresses of the links."""
    return table_of(
        [
            (name, (str(owned.address),), -1 if owned.prefix is None else owned.prefix)
            for name, link in links.items()
            for owned in link.addresses
        ]
    )
