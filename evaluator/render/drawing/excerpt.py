"""Select the interfaces that the drawing of a host shows. If the host is large, the drawing shows only a part.

For a large host, the drawing first shows the involved interfaces. An interface is involved if it was a candidate, owns
a host address or has a near miss. Then the drawing adds the upper and lower devices of the involved interfaces, nearest
first, up to a limit. If an interface has many neighbours, such as the ports of a bridge, a few neighbours are drawn,
and one more box shows the number of the other neighbours.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from evaluator.decision.decision import Decision, Explanation
from evaluator.decision.trace import InterfaceReasons
from evaluator.render.drawing.roles import Role, RoleKind
from evaluator.render.drawing.stacks import Neighbours, lowers_of, reachable, uppers_of

_SMALL_HOST = 16  # interfaces of a host that is drawn completely
_MOST_NEIGHBOURS_OF_SMALL_HOST = 7  # boxes that fit side by side in a page
_MOST_INVOLVED = 16
_MOST_NEIGHBOURS = 3  # direct neighbours, above or below, that connect no involved interfaces
_MOST_DRAWN = 40
_MOST_ADDRESSES = 12


class Excerpt(Struct, frozen=True):
    """The content of a drawing.

    `interfaces` are the drawn interfaces. `undescribed` are further drawn names; the report contains these names but
    does not describe them. `hidden_above` and `hidden_below` list, for each drawn interface, the neighbours that are
    not drawn. `hidden_owners` lists, for each drawn host address, the owners that are not drawn. `owners` are all
    owners of each drawn host address. `matched` are all usable host addresses. `left_out` are the interfaces that are
    not drawn. `involved_left_out` is the number of involved interfaces in `left_out`. `addresses_left_out` is the
    number of host addresses that are not drawn.
    """

    interfaces: tuple[InterfaceReasons, ...]
    undescribed: tuple[str, ...]
    hidden_above: Neighbours
    hidden_below: Neighbours
    hidden_owners: Neighbours
    owners: Neighbours
    matched: tuple[str, ...]
    left_out: tuple[InterfaceReasons, ...]
    involved_left_out: int
    addresses_left_out: int


def excerpt(decision: Decision, explanation: Explanation, roles: Mapping[str, Role]) -> Excerpt:
    """Return the content of the drawing. Interfaces are sorted by the importance of their roles, then by name."""
    described = {interface.name: interface for interface in explanation.interfaces}
    lowers = lowers_of(explanation.interfaces)
    uppers = uppers_of(lowers)
    by_importance = sorted(described, key=lambda name: (roles[name].rank, name))
    involved = [name for name in by_importance if roles[name].kind is not RoleKind.NONE][:_MOST_INVOLVED]
    selection = _select_all(lowers) if _is_small(lowers, uppers) else _select_near(involved, lowers, uppers)
    owners = _owners(decision, explanation)
    addresses = sorted(owners, key=lambda address: not owners[address])[:_MOST_ADDRESSES]
    drawn_owners = {address: owners[address] for address in owners if address in set(addresses)}
    return Excerpt(
        interfaces=tuple(described[name] for name in by_importance if name in selection.drawn),
        undescribed=tuple(sorted(selection.drawn - described.keys())),
        hidden_above=_hidden(uppers, selection.drawn, selection.followed_up),
        hidden_below=_hidden(lowers, selection.drawn, selection.followed_down),
        hidden_owners=_hidden(owners, selection.drawn, addresses),
        owners=drawn_owners,
        matched=tuple(owners),
        left_out=tuple(described[name] for name in by_importance if name not in selection.drawn),
        involved_left_out=sum(
            roles[name].kind is not RoleKind.NONE for name in described if name not in selection.drawn
        ),
        addresses_left_out=len(owners) - len(addresses),
    )


class _Selection(Struct, frozen=True):
    """The names to draw. The search adds the lower or upper devices of an interface to these names.

    `followed_down` are the interfaces whose lower devices the search has looked at, and `followed_up` are those whose
    upper devices it has looked at.
    """

    drawn: set[str] = field(default_factory=set)
    followed_down: set[str] = field(default_factory=set)
    followed_up: set[str] = field(default_factory=set)


def _is_small(lowers: Neighbours, uppers: Neighbours) -> bool:
    most = max(map(len, (*lowers.values(), *uppers.values())), default=0)
    return len(lowers) <= _SMALL_HOST and most <= _MOST_NEIGHBOURS_OF_SMALL_HOST


def _select_all(lowers: Neighbours) -> _Selection:
    return _Selection({*lowers, *itertools.chain.from_iterable(lowers.values())})


def _select_near(involved: Sequence[str], lowers: Neighbours, uppers: Neighbours) -> _Selection:
    """Return the involved interfaces and their neighbours, nearest first, up to the limit.

    This is a breadth-first search over upper and lower devices. It starts at the involved interfaces in both
    directions. From an interface that connects two involved interfaces, the search continues in both directions. From
    any other interface, the search continues only in the direction in which it reached this interface.
    """
    selection = _Selection(set(involved))
    down, up = (lowers, selection.followed_down), (uppers, selection.followed_up)
    connecting = reachable(involved, lowers) & reachable(involved, uppers)
    pending = deque((name, (down, up)) for name in involved)
    while pending:
        name, directions = pending.popleft()
        for direction in directions:
            neighbours, followed = direction
            followed.add(name)
            for neighbour in _choose(neighbours.get(name, ()), connecting | selection.drawn, lowers):
                if neighbour not in selection.drawn and len(selection.drawn) < _MOST_DRAWN:
                    selection.drawn.add(neighbour)
                    both = (down, up)
                    pending.append((neighbour, both if neighbour in connecting else (direction, direction)))
    return selection


def _choose(neighbours: Sequence[str], preferred: set[str], lowers: Neighbours) -> list[str]:
    """Return the preferred neighbours and a few other neighbours.

    The other neighbours are sorted: neighbours with lower devices come first, and each of the two groups is sorted by
    name.
    """
    first = [name for name in neighbours if name in preferred]
    others = [name for name in neighbours if name not in preferred]
    others.sort(key=lambda name: (not lowers.get(name), name))
    count = max(0, _MOST_NEIGHBOURS - len(first))
    return first + (others if len(others) <= count + 1 else others[:count])


def _hidden(neighbours: Neighbours, drawn: set[str], keys: Iterable[str]) -> Neighbours:
    """Return, for each key, the neighbours that are not drawn. A key without such neighbours is left out."""
    hidden = {key: tuple(name for name in neighbours.get(key, ()) if name not in drawn) for key in sorted(keys)}
    return {key: names for key, names in hidden.items() if names}


def _owners(decision: Decision, explanation: Explanation) -> dict[str, tuple[str, ...]]:
    owners: dict[str, list[str]] = {str(address): [] for address in decision.host.usable}
    for interface in explanation.interfaces:
        for address in interface.addresses:
            if address in owners:
                owners[address].append(interface.name)
    return {address: tuple(names) for address, names in owners.items()}
