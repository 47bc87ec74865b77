"""Who stands on whom, by the names that an explanation gives: seen from either end, and all the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evaluator.decision.trace import InterfaceReasons

Neighbours = Mapping[str, Sequence[str]]


def lowers_of(interfaces: Iterable[InterfaceReasons]) -> Neighbours:
    """Return what each interface stands on directly, described in the report or not."""
    return {interface.name: interface.lowers for interface in interfaces}


def uppers_of(lowers: Neighbours) -> Neighbours:
    """Return what stands directly on each name."""
    uppers: dict[str, list[str]] = {}
    for upper, below in lowers.items():
        for lower in below:
            uppers.setdefault(lower, []).append(upper)
    return uppers


def reached(start: Iterable[str], side: Neighbours) -> set[str]:
    """Return the names to start with and all that lead on from them, on one side."""
    found = set(start)
    pending = list(found)
    while pending:
        for neighbour in side.get(pending.pop(), ()):
            if neighbour not in found:
                found.add(neighbour)
                pending.append(neighbour)
    return found
