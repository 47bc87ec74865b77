"""Finds the upper and lower devices of each interface in an explanation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evaluator.decision.trace import InterfaceReasons

Neighbours = Mapping[str, Sequence[str]]


def lowers_of(interfaces: Iterable[InterfaceReasons]) -> Neighbours:
    """Return the direct lower devices of each interface, including devices that the report does not describe."""
    return {interface.name: interface.lowers for interface in interfaces}


def uppers_of(lowers: Neighbours) -> Neighbours:
    """Return the direct upper devices of each name. Names without upper devices are left out."""
    uppers: dict[str, list[str]] = {}
    for upper, below in lowers.items():
        for lower in below:
            uppers.setdefault(lower, []).append(upper)
    return uppers


def reachable(start: Iterable[str], neighbours: Neighbours) -> set[str]:
    """Return the names in `start`, and all names that are reachable from these names in one direction."""
    visited = set(start)
    pending = list(visited)
    while pending:
        for neighbour in neighbours.get(pending.pop(), ()):
            if neighbour not in visited:
                visited.add(neighbour)
                pending.append(neighbour)
    return visited
