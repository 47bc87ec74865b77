"""What a decision reads straight from the decoded entries of a VDSM reply: the loops that go through all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from evaluator.facts.link import Kind
from evaluator.report.vdsm_device import base_of
from evaluator.schema_types import UNSET

Entries = Mapping[str, Any]  # structs by name, made from the schema
Kinds = Mapping[type, Kind]  # what an interface is, by the type of its struct


class Entry(Mapping[str, Any]):
    """A decoded entry under the keys of the reply."""

    __slots__ = ("_struct",)

    def __init__(self, struct: Any) -> None:  # noqa: ANN401 -- made from the schema
        self._struct = struct

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 -- a value of the reply
        value = getattr(self._struct, key, UNSET)
        if value is UNSET:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._struct.__struct_fields__ if getattr(self._struct, key) is not UNSET)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def length_of(entry: Any) -> int:  # noqa: ANN401 -- made from the schema
    """Return how many addresses, or interfaces that may be missing, an entry lists."""
    lowers = getattr(entry, "slaves", ()) or getattr(entry, "ports", ())
    return max(len(entry.ipv4addrs) + len(entry.ipv6addrs), len(lowers))


def texts_that_begin(entries: Entries, begins: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the address texts that begin so, by their interfaces: the loop that costs a decision most."""
    found = []
    for name, entry in entries.items():
        addr = entry.addr
        if addr and addr.startswith(begins):
            found.append((name, addr))
        for text in entry.ipv4addrs:
            if text.startswith(begins):
                found.append((name, text))
        for text in entry.ipv6addrs:
            if text.startswith(begins):
                found.append((name, text))
    return found


def texts_that_begin_or_hold(
    entries: Entries, begins: tuple[str, ...], tails: tuple[str, ...]
) -> list[tuple[str, str]]:
    """Return the address texts that begin so, and the IPv6 ones that may mean an address with such a tail."""
    found = []
    for name, entry in entries.items():
        addr = entry.addr
        if addr and (addr.startswith(begins) or ":" in addr):
            found.append((name, addr))
        for text in entry.ipv4addrs:
            if text.startswith(begins) or ":" in text:
                found.append((name, text))
        for text in entry.ipv6addrs:
            lower = text.lower()
            for tail in tails:
                if tail in lower:
                    found.append((name, text))
                    break
            else:
                if "." in text or text.startswith(begins):
                    found.append((name, text))
    return found


def lowers_in(name: str, entry: Any, kind: Kind) -> Iterable[str]:  # noqa: ANN401 -- as above
    """Return the names directly below an interface, described or not (`vdsm_device.lowers_of`)."""
    if kind is Kind.BOND:
        return cast("list[str]", entry.slaves)
    if kind is Kind.BRIDGE:
        return cast("list[str]", entry.ports)
    base = base_of(name, entry.iface) if kind is Kind.VLAN else None
    return () if base is None else (base,)


def edges_of(entries: Entries, kinds: Kinds) -> Iterator[tuple[str, str]]:
    """Yield who stands on whom, described or not."""
    for name, entry in entries.items():
        for lower in lowers_in(name, entry, kinds[type(entry)]):
            yield name, lower


def networks_by_carrier(networks: Entries, entries: Entries, kinds: Kinds) -> dict[str, tuple[str, ...]]:
    """Return the logical networks on each interface that carries any, sorted (`vdsm_network.carried_networks`)."""
    found: dict[str, set[str]] = {}
    for name, network in networks.items():
        device = network.iface or network.interface or name
        holder = entries.get(device)
        if holder is None:
            continue
        found.setdefault(device, set()).add(name)
        if kinds[type(holder)] is Kind.BRIDGE:
            for port in (*holder.ports, *network.ports):
                found.setdefault(port, set()).add(name)
    return {carrier: tuple(sorted(names)) for carrier, names in found.items()}


def carried_by(name: str, networks: Entries, entries: Entries, kinds: Kinds) -> tuple[str, ...]:
    """Return the logical networks on one interface, sorted: its part of `networks_by_carrier`."""
    found = []
    for network, entry in networks.items():
        device = entry.iface or entry.interface or network
        holder = entries.get(device)
        if holder is None:
            continue
        if device == name or (kinds[type(holder)] is Kind.BRIDGE and (name in holder.ports or name in entry.ports)):
            found.append(network)
    return tuple(sorted(found)) if len(found) > 1 else tuple(found)
