"""A VDSM reply as a decision looks at it: what is asked for is found in the decoded entries, the rest when needed.

The facts are those of `vdsm.py`: what is worked out here is worked out by the same functions, and whatever is asked
beyond that comes from there. An engine that asks for a name has no use for the subnets of a thousand interfaces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from evaluator.facts.address import Address
from evaluator.facts.host import HostAddresses, HostFacts
from evaluator.facts.link import Kind, Link
from evaluator.facts.spelt import Spelt
from evaluator.facts.topology import Topology, most_together
from evaluator.frozen import fields
from evaluator.report.json_text import parse_json
from evaluator.report.owned import read_owned
from evaluator.report.reading import Report
from evaluator.report.vdsm_addresses import entries_of
from evaluator.report.vdsm_device import Device, lowers_of, vlan_id_of
from evaluator.report.vdsm_entries import (
    Entries,
    Entry,
    Kinds,
    carried_by,
    edges_of,
    length_of,
    lowers_in,
    networks_by_carrier,
    texts_that_begin,
    texts_that_begin_or_hold,
)
from evaluator.schema_types import LONGEST_LIST

_LONGEST = 2 * LONGEST_LIST + 8
_WALKS = range(16)
_FEW_NETWORKS = 8
_FACTS = frozenset(field.name for field in fields(HostFacts))
_LINK_FACTS = frozenset(field.name for field in fields(Link))


class VdsmTable(HostFacts):
    """The facts of a host, each worked out when it is first asked for."""

    __slots__ = (
        *("_carried", "_entries", "_kinds", "_links", "_networks", "_text", "_together", "_walks"),
        *("positions", "report"),
    )
    _text: bytes
    _entries: Entries
    _kinds: Kinds
    _links: dict[str, VdsmLink]
    _networks: Entries
    _carried: Mapping[str, tuple[str, ...]]
    _together: int
    _walks: Iterator[int]
    positions: Mapping[str, int]
    report: Report

    def __init__(self, text: bytes, entries: Entries, kinds: Kinds, networks: Entries, client: str | None) -> None:
        """Take a reply's text, its interfaces and networks as they were decoded, and its `lastClientIface`.

        `kinds` tells what an interface is by the type of its entry.
        """
        _put_text(self, text)
        _put_entries(self, entries)
        _put_kinds(self, kinds)
        _put_networks_in(self, networks)
        _put_networks(self, tuple(sorted(networks)) if networks else ())
        _put_client(self, client)
        _put_walks(self, iter(_WALKS))

    def __getattr__(self, name: str) -> object:
        if name in _MADE_LATE:
            value = _MADE_LATE[name](self)
        elif name in _FACTS:
            value = getattr(self.report.facts, name)
        else:
            raise AttributeError(f"a host has no {name!r}")
        object.__setattr__(self, name, value)
        return value

    def _whole(self) -> Report:
        from evaluator.report.vdsm import read  # noqa: PLC0415 -- where more is asked than who is the answer

        return read(parse_json(self._text))

    def _topology(self) -> Topology:
        return Topology({name: self._link(name).lowers.names for name in self._entries})

    @property
    def size(self) -> int:
        """The number of interfaces."""
        return len(self._entries)

    @property
    def list_bound(self) -> int:
        """A length that no list of one link exceeds: all addresses, two default routes, and as much again to spare."""
        return max(_LONGEST, len(self._networks) + 2)

    def is_below(self, bound: int) -> bool:
        """Return whether the interfaces are fewer, and all lists of each link shorter; where in doubt, not."""
        return bound > _LONGEST and len(self._entries) < bound and len(self._networks) + 2 < bound

    def close_list_bound(self) -> int:
        """Return such a length that is near to the longest list's, though it takes a look at each link."""
        longest = max([length_of(entry) for entry in self._entries.values()], default=0)
        return max(longest + 5, len(self._networks) + 2)

    def stack_bound(self) -> int:
        """Return a number that no stack's size exceeds: that of the most interfaces that hang together, and one."""
        return self._together + 1

    def link(self, name: str) -> VdsmLink:
        """Return a described interface by its name: always the same, which keeps what was worked out of it."""
        link = self._links.get(name)
        return self._links.setdefault(name, self._link(name)) if link is None else link

    def _link(self, name: str) -> VdsmLink:
        entry = self._entries[name]
        return VdsmLink(self, name, self._kinds[type(entry)], entry)

    def owners(self, names: Iterable[str]) -> tuple[Link, ...]:
        """Return the interfaces of these names, sorted by name; most decisions ask for no others."""
        return tuple(map(self._link, sorted(names)))

    def named(self, name: str | None) -> tuple[Link, ...]:
        """Return the described interface of a name, if there is one."""
        return (self.link(name),) if name is not None and name in self._entries else ()

    def owned(self, host: HostAddresses) -> Mapping[str, frozenset[Address]]:
        """Return the interfaces that own usable host addresses, and which."""
        return self._owned(host.spelt) if host.usable else {}

    def owning(self, address: Address | None) -> tuple[Link, ...]:
        """Return the interfaces that own an address, sorted by name."""
        if address is None or address.unusable:
            return ()
        return tuple([self.link(name) for name in sorted(self._owned(Spelt((address,))))])

    def _owned(self, spelt: Spelt) -> dict[str, frozenset[Address]]:
        if spelt.tails:
            texts = texts_that_begin_or_hold(self._entries, spelt.begins, spelt.tails)
        else:
            texts = texts_that_begin(self._entries, spelt.begins)
        found: dict[str, frozenset[Address]] = {}
        for name, text in texts:
            meant = spelt.meant_by(text)
            if meant is not None:
                known = found.get(name, meant)
                found[name] = meant if known is meant else known | meant
        return found

    def is_above(self, upper: str, lower: str) -> bool:
        """Return whether one interface stands transitively above another, outside of any cycle.

        A few times by a walk: for a policy that asks it of every pair all stacks are worked out once.
        """
        if next(self._walks, None) is None:
            return self.topology.is_above(upper, lower)
        return self._leads(upper, lower) and not self._leads(lower, upper)

    def carried(self, name: str) -> tuple[str, ...]:
        """Return the logical networks on an interface, sorted; where they are few, without asking who else has any."""
        if len(self._networks) <= _FEW_NETWORKS:
            return carried_by(name, self._networks, self._entries, self._kinds)
        return self._carried.get(name, ())

    def _leads(self, name: str, wanted: str) -> bool:
        """Return whether a walk down from one interface meets another, or itself again."""
        met: set[str] = set()
        pending = [name]
        while pending:
            upper = pending.pop()
            entry = self._entries[upper]
            for lower in lowers_in(upper, entry, self._kinds[type(entry)]):
                if lower == wanted:
                    return True
                if lower not in met and lower in self._entries:
                    met.add(lower)
                    pending.append(lower)
        return False


class VdsmLink(Link):
    """One interface, each fact worked out when it is first asked for."""

    __slots__ = ("_entry", "_table")
    _table: VdsmTable
    _entry: Any

    def __init__(self, table: VdsmTable, name: str, kind: Kind, entry: Any) -> None:  # noqa: ANN401 -- as above
        _put_table(self, table)
        _put_entry(self, entry)
        _put_name(self, name)
        _put_kind(self, kind)
        if not table.networks:
            _put_carried(self, ())

    @property
    def device(self) -> Device:
        """The entry as `vdsm_device.py` takes it, without its place."""
        return Device(self.name, self.kind, 0, Entry(self._entry), "")

    def __getattr__(self, name: str) -> object:
        if name in _LINK_MADE_LATE:
            value = _LINK_MADE_LATE[name](self)
        elif name in _LINK_FACTS:
            value = getattr(self._table.report.facts.by_name[self.name], name)
        else:
            raise AttributeError(f"an interface has no {name!r}")
        object.__setattr__(self, name, value)
        return value


_MADE_LATE: Mapping[str, Callable[[VdsmTable], object]] = {
    "report": VdsmTable._whole,
    "positions": lambda table: {entry: at for at, entry in enumerate(table._entries)},
    "topology": VdsmTable._topology,
    "_carried": lambda table: networks_by_carrier(table._networks, table._entries, table._kinds),
    "_links": lambda _: {},
    "_together": lambda table: most_together(edges_of(table._entries, table._kinds)),
}
_LINK_MADE_LATE: Mapping[str, Callable[[VdsmLink], object]] = {
    "networks": lambda link: link._table.carried(link.name),
    "vlan_id": lambda link: vlan_id_of(link.device),
    "lowers": lambda link: lowers_of(link.device),
    "addresses": lambda link: read_owned(link.name, entries_of(link.device.data, "")).addresses,
    "address_set": lambda link: frozenset([owned.address for owned in link.addresses]),
    "position": lambda link: link._table.positions[link.name],
}
# the quickest way to fill what is frozen: an engine makes these for each decision
_put_text, _put_entries, _put_kinds, _put_networks_in, _put_networks, _put_client, _put_walks = (
    getattr(VdsmTable, slot).__set__
    for slot in ("_text", "_entries", "_kinds", "_networks", "networks", "last_client_iface", "_walks")
)
_put_table, _put_entry, _put_name, _put_kind, _put_carried = (
    getattr(VdsmLink, slot).__set__ for slot in ("_table", "_entry", "name", "kind", "networks")
)
