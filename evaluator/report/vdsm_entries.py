"""What a decision reads straight from the decoded entries of a VDSM reply: the loops that go through all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evaluator.facts.link import Kind
from evaluator.report.vdsm_device import base_of
from evaluator.schema_types import UNSET

Entries = Mapping[str, Any]  # structs by name, made from the schema


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
        if entry.addr and entry.addr.startswith(begins):
            found.append((name, entry.addr))
        for text in entry.ipv4addrs:
            if text.startswith(begins):
                found.append((name, text))
        for text in entry.ipv6addrs:
            if text.startswith(begins):
                found.append((name, text))
    return found


def texts_with_numbers(entries: Entries, begins: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the address texts that begin so or are IPv6, of which only the number tells what they mean."""
    return [
        (name, text)
        for name, entry in entries.items()
        for text in (entry.addr, *entry.ipv4addrs, *entry.ipv6addrs)
        if ":" in text or text.startswith(begins)
    ]


def edges_of(entries: Entries, kinds: Mapping[type, Kind]) -> Iterator[tuple[str, str]]:
    """Yield who stands on whom, described or not."""
    for name, entry in entries.items():
        kind = kinds[type(entry)]
        if kind is Kind.BOND:
            yield from ((name, slave) for slave in entry.slaves)
        elif kind is Kind.BRIDGE:
            yield from ((name, port) for port in entry.ports)
        elif kind is Kind.VLAN:
            base = base_of(name, entry.iface)
            if base is not None:
                yield name, base
