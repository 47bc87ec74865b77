"""What a host reports: the facts of its interfaces, whatever the format, and the queries on them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from evaluator.facts.address import Address
from evaluator.facts.host_addresses import HostAddresses
from evaluator.facts.link import NO_LOWERS, Kind, Link, Lowers
from evaluator.facts.lists import Lists
from evaluator.facts.route import Route
from evaluator.facts.subnets import Inhabitants
from evaluator.facts.table import AddressTable, table_of
from evaluator.facts.topology import Topology

if TYPE_CHECKING:
    pass

_NOWHERE = (1, 0)
_FEW_WALKS = range(16)
_NO_POINTERS: Mapping[str, str] = {}


class Told(Struct, frozen=True):
    """What a report states about the host itself, and what reports of its kind never state.

    `networks` are the logical networks on the host, sorted. `lacking` holds the words of the rule language, such as
    `nic is up`, that the report's format can never supply. `absent_families` (4, 6) are those of which no link has an
    address, if the reporting tool can leave a family out; `unrouted` those whose routes are not in the report although
    it has the other family's. `pointers` maps a fact of the host to its JSON Pointer.
    `other_lists` is a length that no list of one link exceeds, that of its addresses and of the routes that these give
    apart, and `all_lists` counts the elements of all of them; None if nobody has counted.
    """

    networks: tuple[str, ...] = ()
    last_client_iface: str | None = None
    lacking: frozenset[str] = frozenset()
    absent_families: frozenset[int] = frozenset()
    unrouted: frozenset[int] = frozenset()
    pointers: Mapping[str, str] = _NO_POINTERS
    other_lists: int | None = None
    all_lists: Callable[[], int] | None = None


_NOTHING_TOLD = Told()


class HostFacts(Struct, frozen=True, dict=True, eq=False):
    """One host as its report describes it; `by_name` are its interfaces, `table` has their addresses."""

    by_name: Mapping[str, Link]
    table: AddressTable
    told: Told = _NOTHING_TOLD
    find_blocked: Callable[[], tuple[Route, ...]] = tuple

    @classmethod
    def of(cls, links: Iterable[Link]) -> HostFacts:
        """Return the facts of links that have their addresses already."""
        by_name = {link.name: link for link in links}
        return cls(by_name, _read_in_full(by_name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HostFacts) and all(getattr(self, fact) == getattr(other, fact) for fact in _FACTS)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((frozenset(self.by_name), self.networks))

    @property
    def networks(self) -> tuple[str, ...]:
        """The logical networks on the host, sorted."""
        return self.told.networks

    @property
    def last_client_iface(self) -> str | None:
        """The interface by which the last client came."""
        return self.told.last_client_iface

    @property
    def lacking(self) -> frozenset[str]:
        """The words that reports of this kind can never supply."""
        return self.told.lacking

    @property
    def kinds_left_out(self) -> tuple[Kind, ...]:
        """The kinds of which reports of this format have no interfaces; none if it only cannot tell kinds apart."""
        return _kinds_left_out(self.lacking)

    @property
    def missing(self) -> frozenset[str]:
        """The words that it lacks about its interfaces: that one is of a kind that is left out is known to be false."""
        return _without_left_out(self.lacking)

    @property
    def absent_families(self) -> frozenset[int]:
        """The families that the report may have left out."""
        return self.told.absent_families

    @property
    def pointers(self) -> Mapping[str, str]:
        """The JSON Pointers of the host's own facts."""
        return self.told.pointers

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The interfaces, sorted by name (code points)."""
        by_name = self.by_name
        return tuple([by_name[name] for name in sorted(by_name)])

    @cached_property
    def topology(self) -> Topology:
        """Who stands on whom."""
        return Topology(self.by_name, {name: below.names for name, below in self.standing.items()})

    @cached_property
    def blocked(self) -> tuple[Route, ...]:
        """The routes that lead nowhere (unreachable, blackhole, prohibit)."""
        return self.find_blocked()

    @cached_property
    def _walks(self) -> Iterator[int]:
        return iter(_FEW_WALKS)

    @cached_property
    def standing(self) -> Mapping[str, Lowers]:
        """What is directly below each interface that is on top of anything."""
        lowers = [(name, link.lowers) for name, link in self.by_name.items()]
        return {name: below for name, below in lowers if below is not NO_LOWERS}

    @cached_property
    def slaves(self) -> frozenset[str]:
        """The names that stand in some bond or team."""
        return frozenset([name for below in self.standing.values() for name in below.slaves])

    @cached_property
    def ports(self) -> frozenset[str]:
        """The names that stand in some bridge."""
        return frozenset([name for below in self.standing.values() for name in below.ports])

    @cached_property
    def with_host_prefix(self) -> set[str]:
        """The names of the interfaces that may have an address with a prefix as long as the address."""
        return self.table.odd | self.table.with_host_prefix()

    @cached_property
    def lists(self) -> Lists:
        """How long the lists of one link and of all links are at most, lists of interfaces apart."""
        told = self.told
        if told.other_lists is None or told.all_lists is None:
            return Lists.of(link.list_lengths + 2 for link in self.by_name.values())
        odd = [len(self.by_name[name].addresses) for name in self.table.odd]
        return Lists(
            max(self._most_addresses, told.other_lists) + 2,
            self.table.total + sum(odd) + told.all_lists() + 2 * self.size,
        )

    @cached_property
    def _most_addresses(self) -> int:
        """A number of addresses that no interface exceeds."""
        return self.table.most() + max([len(self.by_name[name].addresses) for name in self.table.odd], default=0)

    @property
    def longest_name(self) -> int:
        """The length of the longest name of an interface or network."""
        return max(map(len, (*self.by_name, *self.networks)), default=0)

    def is_below(self, interfaces: int, bound: int) -> bool:
        """Return whether the interfaces are fewer, and all lists of each link and all names shorter than the bound."""
        if len(self.by_name) >= interfaces or len(self.networks) >= bound or self.longest_name >= bound:
            return False
        known = self.told.other_lists
        if known is None:
            return self.lists.most < bound
        return known + 2 < bound and (self.table.total + 2 < bound or self._most_addresses + 2 < bound)

    @property
    def size(self) -> int:
        """The number of interfaces."""
        return len(self.by_name)

    def owned(self, host: HostAddresses) -> Mapping[str, frozenset[Address]]:
        """Return the interfaces that own usable host addresses, and which."""
        wanted = {address.packed: address for address in host.usable}
        found: dict[str, set[Address]] = {}
        for name, packed in self.table.owners(wanted):
            found.setdefault(name, set()).add(wanted[packed])
        usable = host.usable_set if self.table.odd else frozenset()
        for name in self.table.odd:
            found[name] = set(usable & self.by_name[name].address_set)
        return {name: frozenset(found[name]) for name in sorted(found) if found[name]}

    def named(self, name: str | None) -> tuple[Link, ...]:
        """Return the described interface of a name, if there is one."""
        return (self.by_name[name],) if name is not None and name in self.by_name else ()

    def owning(self, address: Address | None) -> tuple[Link, ...]:
        """Return the interfaces that own an address, sorted by name."""
        return () if address is None else tuple(map(self.by_name.__getitem__, self.owners_of((address,))[address]))

    def owners_of(self, addresses: Collection[Address]) -> Mapping[Address, tuple[str, ...]]:
        """Return the names of the interfaces that own each of several addresses, sorted."""
        names: dict[Address, list[str]] = {address: [] for address in addresses}
        if addresses:
            for name in self.odd_and(name for name, _ in self.table.owners({one.packed: one for one in addresses})):
                for address in names.keys() & self.by_name[name].address_set:
                    names[address].append(name)
        return {address: tuple(owners) for address, owners in names.items()}

    def near(self, addresses: Collection[Address]) -> tuple[Link, ...]:
        """Return the interfaces in one of whose subnets one of the addresses is, sorted by name."""
        if not addresses:
            return ()
        wanted = Inhabitants(addresses)
        names = self.table.near(wanted)
        unsure = self.table.odd | self.table.doubled(names)
        links = [self.by_name[name] for name in sorted(names | unsure)]
        return tuple([link for link in links if link.name not in unsure or _is_near(link, wanted)])

    def odd_and(self, names: Iterable[str]) -> list[str]:
        """Return these names and those of the interfaces that the table does not know in full, sorted."""
        return sorted({*names, *self.table.odd})

    def is_above(self, upper: str, lower: str) -> bool:
        """Return whether one interface stands transitively above another.

        A few times by a walk: for a policy that asks it of every pair all stacks are worked out once.
        """
        if next(self._walks, None) is None:
            return self.topology.is_above(upper, lower)
        return lower in self._met_below(upper) and upper not in self._met_below(lower)

    def below(self, name: str) -> Collection[str]:
        """Return everything transitively below an interface, found in the same way."""
        if self.by_name[name].lowers is NO_LOWERS:
            return ()
        met = None if next(self._walks, None) is None else self._met_below(name)
        return self.topology.below(name) if met is None or name in met else met

    def _met_below(self, name: str) -> set[str]:
        """Return all that a walk down from one interface meets: in a circle itself, too."""
        met: set[str] = set()
        pending = [name]
        for one in pending:  # it grows meanwhile
            for lower in self.by_name[one].lowers.names:
                if lower not in met and lower in self.by_name:
                    met.add(lower)
                    pending.append(lower)
        return met

    def route_to(self, address: Address) -> tuple[Link, ...]:
        """Return the links by which the host reaches an address: longest prefix, then least metric; sorted by name."""
        reached = {
            link.name: min((way.rank for way in link.ways if address in way.destination), default=_NOWHERE)
            for link in self.links
        }
        stopped = min((way.rank for way in self.blocked if address in way.destination), default=_NOWHERE)
        best = min((stopped, *reached.values()))
        if best in (stopped, _NOWHERE):
            return ()
        return tuple(link for link in self.links if reached[link.name] == best)


@lru_cache(64)
def _kinds_left_out(lacking: frozenset[str]) -> tuple[Kind, ...]:
    kinds = [kind for kind in Kind if f"nic is {kind}" in lacking]
    return tuple(kinds) if Kind.OTHER in kinds and Kind.PHYSICAL not in kinds else ()


@lru_cache(64)
def _without_left_out(lacking: frozenset[str]) -> frozenset[str]:
    return lacking - {f"nic is {kind}" for kind in _kinds_left_out(lacking)}


_FACTS = ("by_name", "networks", "last_client_iface", "blocked", "lacking", "absent_families")


def _is_near(link: Link, wanted: Inhabitants) -> bool:
    networks = ((network.first, network.prefix) for network in link.subnets)
    return any(wanted.has(first.version, first.number, prefix) for first, prefix in networks)


def _read_in_full(links: Mapping[str, Link]) -> AddressTable:
    """Return the table of links that have their addresses already."""
    return table_of(
        [
            (name, (str(owned.address),), -1 if owned.prefix is None else owned.prefix)
            for name, link in links.items()
            for owned in link.addresses
        ]
    )
