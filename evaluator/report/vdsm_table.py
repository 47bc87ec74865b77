"""A VDSM reply as a decision looks at it: what is asked for is found in the decoded entries, the rest when needed.

The facts are those of `vdsm.py`: what is worked out here is worked out by the same functions, and whatever is asked
beyond that comes from there. An engine that asks for a name has no use for the subnets of a thousand interfaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    edges_of,
    length_of,
    lowers_in,
    networks_by_carrier,
    texts_that_begin,
    texts_with_numbers,
)
from evaluator.schema_types import LONGEST_LIST

_LONGEST = 2 * LONGEST_LIST + 8
_FEW_WALKS = 16
_FACTS = frozenset(field.name for field in fields(HostFacts))
_LINK_FACTS = frozenset(field.name for field in fields(Link))


class VdsmTable(HostFacts):
    """The facts of a host, each worked out when it is first asked for."""

    __slots__ = ("_carried", "_entries", "_kinds", "_networks", "_text", "_together", "_walks", "positions", "report")
    _text: bytes
    _entries: Entries
    _kinds: Kinds
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
        fill = object.__setattr__
        fill(self, "_text", text)
        fill(self, "_entries", entries)
        fill(self, "_kinds", kinds)
        fill(self, "_networks", networks)
        fill(self, "networks", tuple(sorted(networks)))
        fill(self, "last_client_iface", client)
        fill(self, "_walks", iter(range(_FEW_WALKS)))

    def __getattr__(self, name: str) -> object:
        value = self._work_out(name)
        object.__setattr__(self, name, value)
        return value

    def _work_out(self, name: str) -> object:
        match name:
            case "report":
                from evaluator.report.vdsm import read  # noqa: PLC0415 -- where more is asked than who is the answer

                return read(parse_json(self._text))
            case "positions":
                return {entry: at for at, entry in enumerate(self._entries)}
            case "_carried":
                return networks_by_carrier(self._networks, self._entries, self._kinds)
            case "topology":
                return Topology({name: self.link(name).lowers.names for name in self._entries})
            case "_together":
                return most_together(edges_of(self._entries, self._kinds))
        if name not in _FACTS:
            raise AttributeError(f"a host has no {name!r}")
        return getattr(self.report.facts, name)

    @property
    def size(self) -> int:
        """The number of interfaces."""
        return len(self._entries)

    @property
    def list_bound(self) -> int:
        """A length that no list of one link exceeds: all addresses, two default routes, and as much again to spare."""
        return max(_LONGEST, len(self._networks) + 2)

    def close_list_bound(self) -> int:
        """Return such a length that is near to the longest list's, though it takes a look at each link."""
        longest = max([length_of(entry) for entry in self._entries.values()], default=0)
        return max(longest + 5, len(self._networks) + 2)

    def stack_bound(self) -> int:
        """Return a number that no stack's size exceeds: that of the most interfaces that hang together, and one."""
        return self._together + 1

    def link(self, name: str) -> VdsmLink:
        """Return a described interface by its name."""
        entry = self._entries[name]
        return VdsmLink(self, name, self._kinds[type(entry)], entry)

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
        find = texts_with_numbers if spelt.has_v6 else texts_that_begin
        found: dict[str, frozenset[Address]] = {}
        for name, text in find(self._entries, spelt.begins):
            meant = spelt.meant_by(text)
            if meant is not None:
                found[name] = found[name] | meant if name in found else meant
        return found

    def is_above(self, upper: str, lower: str) -> bool:
        """Return whether one interface stands transitively above another, outside of any cycle.

        A few times by a walk: for a policy that asks it of every pair all stacks are worked out once.
        """
        if next(self._walks, None) is None:
            return self.topology.is_above(upper, lower)
        return lower in self._below(upper) and upper not in self._below(lower)

    def carried(self, name: str) -> tuple[str, ...]:
        """Return the logical networks on an interface, sorted."""
        return self._carried.get(name, ())

    def _below(self, name: str) -> set[str]:
        """Return the described interfaces that a walk down from one meets; itself where it stands in a cycle."""
        met: set[str] = set()
        pending = [name]
        while pending:
            upper = pending.pop()
            entry = self._entries[upper]
            for lower in lowers_in(upper, entry, self._kinds[type(entry)]):
                if lower not in met and lower in self._entries:
                    met.add(lower)
                    pending.append(lower)
        return met


class VdsmLink(Link):
    """One interface, each fact worked out when it is first asked for."""

    __slots__ = ("_entry", "_table")
    _table: VdsmTable
    _entry: Any

    def __init__(self, table: VdsmTable, name: str, kind: Kind, entry: Any) -> None:  # noqa: ANN401 -- as above
        fill = object.__setattr__
        fill(self, "_table", table)
        fill(self, "_entry", entry)
        fill(self, "name", name)
        fill(self, "kind", kind)
        if not table.networks:
            fill(self, "networks", ())

    @property
    def device(self) -> Device:
        """The entry as `vdsm_device.py` takes it, without its place."""
        return Device(self.name, self.kind, 0, Entry(self._entry), "")

    def __getattr__(self, name: str) -> object:
        if name not in _LINK_FACTS:
            raise AttributeError(f"an interface has no {name!r}")
        value = self._work_out(name)
        object.__setattr__(self, name, value)
        return value

    def _work_out(self, name: str) -> object:
        match name:
            case "networks":
                return self._table.carried(self.name)
            case "vlan_id":
                return vlan_id_of(self.device)
            case "lowers":
                return lowers_of(self.device)
            case "addresses":
                return read_owned(self.name, entries_of(self.device.data, "")).addresses
            case "address_set":
                return frozenset([owned.address for owned in self.addresses])
            case "position":
                return self._table.positions[self.name]
        return getattr(self._table.report.facts.by_name[self.name], name)
