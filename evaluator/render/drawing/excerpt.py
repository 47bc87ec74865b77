"""Which interfaces of a host its drawing shows: all of a small host, of a large one the stacks that matter.

What matters is what was a candidate, owns a host address or nearly does, with what stands above and
below it. A bridge with hundreds of ports shows a few of them and counts the rest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from evaluator.decision.decision import Decision
from evaluator.decision.trace import Explanation, InterfaceReasons
from evaluator.render.drawing.roles import Part, Role
from evaluator.render.drawing.stacks import Neighbours, lowers_of, reached, uppers_of

_MOST_WHOLE = 16  # interfaces of a host that is drawn whole
_MOST_WHOLE_BESIDE = 7  # as many as stand side by side in a page
_MOST_PLAYERS = 16
_MOST_BESIDE = 3  # of the direct neighbours, above or below, that join no players
_MOST_DRAWN = 40
_MOST_ADDRESSES = 12


class Excerpt(Struct, frozen=True):
    """What is drawn: interfaces, names that the report does not describe, host addresses with all their owners.

    `hidden_above` and `hidden_below` hold, for each interface drawn, the neighbours that are not, and
    `hidden_owners` the same for each address; `left_out` are the interfaces that are not drawn, and
    `players_left_out` counts those among them that played a part, `addresses_left_out` the addresses.
    `matched` are all usable host addresses.
    """

    interfaces: tuple[InterfaceReasons, ...]
    undescribed: tuple[str, ...]
    hidden_above: Neighbours
    hidden_below: Neighbours
    hidden_owners: Neighbours
    owners: Neighbours
    matched: tuple[str, ...]
    left_out: tuple[InterfaceReasons, ...]
    players_left_out: int
    addresses_left_out: int


def excerpt(decision: Decision, explanation: Explanation, roles: Mapping[str, Role]) -> Excerpt:
    """Choose what to draw; the interfaces come with the most telling first, then by name."""
    described = {interface.name: interface for interface in explanation.interfaces}
    lowers = lowers_of(explanation.interfaces)
    uppers = uppers_of(lowers)
    by_weight = sorted(described, key=lambda name: (roles[name].rank, name))
    players = [name for name in by_weight if roles[name].part is not Part.NONE][:_MOST_PLAYERS]
    around = _whole(lowers) if _is_small(lowers, uppers) else _around(players, lowers, uppers)
    owners = _owners(decision, explanation)
    shown = sorted(owners, key=lambda address: not owners[address])[:_MOST_ADDRESSES]
    shown_owners = {address: owners[address] for address in owners if address in set(shown)}
    return Excerpt(
        interfaces=tuple(described[name] for name in by_weight if name in around.drawn),
        undescribed=tuple(sorted(around.drawn - described.keys())),
        hidden_above=_hidden(uppers, around.drawn, around.seen_upwards),
        hidden_below=_hidden(lowers, around.drawn, around.seen_downwards),
        hidden_owners=_hidden(owners, around.drawn, shown),
        owners=shown_owners,
        matched=tuple(owners),
        left_out=tuple(described[name] for name in by_weight if name not in around.drawn),
        players_left_out=sum(roles[name].part is not Part.NONE for name in described if name not in around.drawn),
        addresses_left_out=len(owners) - len(shown),
    )


class _Around(Struct, frozen=True):
    """The names that are drawn, and those from which was looked for others below and above."""

    drawn: set[str] = field(default_factory=set)
    seen_downwards: set[str] = field(default_factory=set)
    seen_upwards: set[str] = field(default_factory=set)


def _is_small(*sides: Neighbours) -> bool:
    most = max((len(beside) for side in sides for beside in side.values()), default=0)
    return len(sides[0]) <= _MOST_WHOLE and most <= _MOST_WHOLE_BESIDE


def _whole(lowers: Neighbours) -> _Around:
    return _Around({*lowers, *(low for below in lowers.values() for low in below)})


def _around(players: Sequence[str], lowers: Neighbours, uppers: Neighbours) -> _Around:
    """Return the players and what stands around them, nearest first, until there is enough.

    From what joins two players it goes on in both directions, from anything else only onwards.
    """
    found = _Around(set(players))
    downwards, upwards = (lowers, found.seen_downwards), (uppers, found.seen_upwards)
    joining = reached(players, lowers) & reached(players, uppers)
    pending = deque((name, (downwards, upwards)) for name in players)
    while pending:
        name, directions = pending.popleft()
        for direction in directions:
            side, seen = direction
            seen.add(name)
            for neighbour in _nearest(side.get(name, ()), joining | found.drawn, lowers):
                if neighbour not in found.drawn and len(found.drawn) < _MOST_DRAWN:
                    found.drawn.add(neighbour)
                    both = (downwards, upwards)
                    pending.append((neighbour, both if neighbour in joining else (direction, direction)))
    return found


def _nearest(beside: Sequence[str], wanted: set[str], lowers: Neighbours) -> list[str]:
    """Return the wanted neighbours and a few others: what stands on something, then by name."""
    first = [name for name in beside if name in wanted]
    others = sorted((name for name in beside if name not in wanted), key=lambda name: (not lowers.get(name), name))
    room = max(0, _MOST_BESIDE - len(first))
    return first + (others if len(others) <= room + 1 else others[:room])


def _hidden(beside: Neighbours, drawn: set[str], of: Iterable[str]) -> Neighbours:
    """Return for each of some keys the neighbours that are not drawn, where there are any."""
    hidden = {key: tuple(name for name in beside.get(key, ()) if name not in drawn) for key in sorted(of)}
    return {key: names for key, names in hidden.items() if names}


def _owners(decision: Decision, explanation: Explanation) -> dict[str, tuple[str, ...]]:
    owners: dict[str, list[str]] = {str(address): [] for address in decision.host.usable}
    for interface in explanation.interfaces:
        for address in interface.addresses:
            if address in owners:
                owners[address].append(interface.name)
    return {address: tuple(names) for address, names in owners.items()}
