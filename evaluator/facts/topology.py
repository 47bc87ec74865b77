"""Who stands on whom: the link-layer stack of one host, and its transitive closure.

An interface is above what it is built on: a bond above its slaves, a bridge above its ports, a vlan
above its base. A VRF is a routing domain, not a layer: it is not above its members. Reports may
contain cycles; inside one, nothing is above anything.

Only interfaces with neighbours are nodes, so that 200 000 unrelated network cards cost nothing here. The closure has
one integer for each node, used as a set of bits. Nodes that are connected in any way form a family, and the bits
count within a family, in topological order: what is below a vlan on a network card is one bit, whatever else the
host has. A closure is still quadratic at worst, for one stack of many layers: `octets` says how large it is before
it is built, so that the step budget can count it, and nothing outside the budget builds a large one.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from evaluator.facts.lists import Lists

_Edges = tuple[tuple[int, ...], ...]
_MOST_OCTETS = 32 * 1024 * 1024  # of a closure that is built for a few questions, which walks answer as well


class Topology:
    """What is directly and transitively below each interface, by name."""

    def __init__(self, described: Container[str], lowers: Mapping[str, Iterable[str]]) -> None:
        """Take the names directly below each interface that has any; names that are not described are left out."""
        known = {name: {lower for lower in below if lower in described} for name, below in lowers.items()}
        self.names = tuple(sorted({name for name, below in known.items() if below}.union(*known.values())))
        self._index = {name: i for i, name in enumerate(self.names)}
        index = self._index
        self._lowers: _Edges = tuple([_places(known.get(name, ()), index) for name in self.names])
        uppers: list[list[int]] = [[] for _ in self.names]
        for upper, below in enumerate(self._lowers):
            for lower in below:
                uppers[lower].append(upper)
        self._uppers: _Edges = tuple(map(tuple, uppers))

    @cached_property
    def _components(self) -> list[list[int]]:
        return _components(self._lowers, self._uppers)

    @cached_property
    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """The interfaces that stand on each other in a circle, or one on itself; all sorted."""
        circles = (part for part in self._components if len(part) > 1 or part[0] in self._lowers[part[0]])
        return tuple(sorted(tuple(sorted(self.names[i] for i in part)) for part in circles))

    @cached_property
    def _families(self) -> list[int]:
        return _families(self._lowers, self._uppers)

    @cached_property
    def _below(self) -> _Closure:
        return _Closure(self._components, self._lowers, self._families)

    @cached_property
    def _above(self) -> _Closure:
        return _Closure(self._components[::-1], self._uppers, self._families)

    @cached_property
    def octets(self) -> int:
        """The size of the closure, found without building it."""
        upwards = _bits_needed(self._components, self._lowers, self._families)
        downwards = _bits_needed(self._components[::-1], self._uppers, self._families)
        return (upwards + downwards) // 8

    @cached_property
    def pairs(self) -> int:
        """The number of pairs of which one interface is above the other."""
        return sum(mask.bit_count() for mask in self._below.masks)

    @cached_property
    def edges(self) -> int:
        """The number of pairs of which one interface is directly above the other."""
        return sum(map(len, self._lowers))

    @cached_property
    def neighbours(self) -> Lists:
        """How many interfaces are directly above or below one, at most and together."""
        return Lists.of(len(neighbours) for edges in (self._lowers, self._uppers) for neighbours in edges)

    @cached_property
    def most_above(self) -> int:
        """The number of interfaces above the one that has most above it."""
        return max((mask.bit_count() for mask in self._above.masks), default=0)

    @cached_property
    def largest_stack(self) -> int:
        """The most interfaces above one, below one, or next to one, and itself."""
        degrees = (len(neighbours) for edges in (self._lowers, self._uppers) for neighbours in edges)
        most_below = max((mask.bit_count() for mask in self._below.masks), default=0)
        return 1 + max(self.most_above, most_below, *degrees, 0)

    def lowers(self, name: str) -> tuple[str, ...]:
        """Return the described interfaces directly below, sorted."""
        return self._named(self._lowers[self._index[name]]) if name in self._index else ()

    def uppers(self, name: str) -> tuple[str, ...]:
        """Return the described interfaces directly above, sorted."""
        return self._named(self._uppers[self._index[name]]) if name in self._index else ()

    def is_above(self, upper: str, lower: str) -> bool:
        """Return whether one interface stands transitively above another, outside of any cycle."""
        one, other = self._index.get(upper), self._index.get(lower)
        if one is None or other is None or self._families[one] != self._families[other]:
            return False
        if self.octets > _MOST_OCTETS and "_below" not in vars(self):
            return other in self._reached(one, self._lowers, self._uppers)
        return bool(self._below.masks[one] >> self._below.places[other] & 1)

    def above(self, name: str) -> tuple[str, ...]:
        """Return everything transitively above, sorted."""
        return self._closed(name, "_above", self._uppers, self._lowers)

    def below(self, name: str) -> tuple[str, ...]:
        """Return everything transitively below, sorted."""
        return self._closed(name, "_below", self._lowers, self._uppers)

    def build(self) -> None:
        """Build the closure, whatever it costs."""
        _ = self._below, self._above

    def _closed(self, name: str, closure: str, edges: _Edges, back: _Edges) -> tuple[str, ...]:
        node = self._index.get(name)
        if node is None:
            return ()
        if self.octets > _MOST_OCTETS and closure not in vars(self):
            return self._named(self._reached(node, edges, back))
        known: _Closure = getattr(self, closure)
        return self._named(known.reached(node, self._families[node]))

    def _reached(self, node: int, edges: _Edges, back: _Edges) -> set[int]:
        """Return the same by a walk; what leads back is in a circle with the node."""
        return _walk(node, edges) - _walk(node, back) - {node}

    def _named(self, nodes: Iterable[int]) -> tuple[str, ...]:
        return tuple([self.names[i] for i in sorted(nodes)])


class _Closure:
    """For each node the set of all that its edges lead to, its own component left out, as bits.

    The components come in an order in which each stands behind all that it leads to. A node's bit is its `place`
    among the `members` of its family, so that the earlier ones of a small family need few bits.
    """

    def __init__(self, components: Iterable[list[int]], edges: _Edges, families: Sequence[int]) -> None:
        self.masks = [0] * len(edges)
        self.places = [0] * len(edges)
        self.members: dict[int, list[int]] = {}
        circles: dict[int, int] = {}
        for part in components:
            members = self.members.setdefault(families[part[0]], [])
            for i in part:
                self.places[i] = len(members)
                members.append(i)
            inside = sum(1 << self.places[i] for i in part) if len(part) > 1 else 1 << self.places[part[0]]
            reach = 0
            for neighbour in {n for i in part for n in edges[i]}:
                reach |= self.masks[neighbour] | circles.get(neighbour, 1 << self.places[neighbour])
            reach &= ~inside
            for i in part:
                self.masks[i] = reach
                if len(part) > 1:
                    circles[i] = inside

    def reached(self, node: int, family: int) -> Iterator[int]:
        """Yield what a node leads to."""
        members = self.members[family]
        return (members[place] for place in _bits(self.masks[node]))


def _bits_needed(components: Iterable[list[int]], edges: _Edges, families: Sequence[int]) -> int:
    """Return how many bits the closure has: of each node as many as the last place that it leads to."""
    sizes: dict[int, int] = {}
    last = [0] * len(edges)  # the places up to that of the last node of a component
    total = 0
    for part in components:
        size = sizes[families[part[0]]] = sizes.get(families[part[0]], 0) + len(part)
        for i in part:
            last[i] = size
        total += max((last[neighbour] for i in part for neighbour in edges[i]), default=0)
    return total


def _families(lowers: _Edges, uppers: _Edges) -> list[int]:
    """Return for each node the first node of its family: of all that are connected with it, by whatever way."""
    families = [-1] * len(lowers)
    for first in range(len(lowers)):
        if families[first] < 0:
            families[first] = first
            pending = [first]
            while pending:
                node = pending.pop()
                for neighbour in (*lowers[node], *uppers[node]):
                    if families[neighbour] < 0:
                        families[neighbour] = first
                        pending.append(neighbour)
    return families


def _walk(start: int, edges: _Edges) -> set[int]:
    met: set[int] = set()
    pending = [start]
    while pending:
        for neighbour in edges[pending.pop()]:
            if neighbour not in met:
                met.add(neighbour)
                pending.append(neighbour)
    return met


def _places(names: Iterable[str], index: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sorted({index[name] for name in names if name in index}))


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _components(lowers: _Edges, uppers: _Edges) -> list[list[int]]:
    """Return the strongly connected components, each after all that it can reach."""
    order = _laid_bare(lowers, uppers)
    return [[node] for node in order] if len(order) == len(lowers) else _with_cycles(lowers, uppers)


def _laid_bare(lowers: _Edges, uppers: _Edges) -> list[int]:
    """Return the nodes that stand on no cycle, nor above one, each after all that it can reach."""
    waits_for = list(map(len, lowers))
    order = [node for node, below in enumerate(lowers) if not below]
    for node in order:  # it grows meanwhile
        for upper in uppers[node]:
            waits_for[upper] -= 1
            if not waits_for[upper]:
                order.append(upper)
    return order


def _with_cycles(lowers: _Edges, uppers: _Edges) -> list[list[int]]:
    """Return the same of any graph (Kosaraju's two passes)."""
    components = []
    placed = [False] * len(lowers)
    for root in reversed(_finishing_order(lowers)):
        if placed[root]:
            continue
        part, pending = [], [root]
        placed[root] = True
        while pending:
            node = pending.pop()
            part.append(node)
            for upper in uppers[node]:
                if not placed[upper]:
                    placed[upper] = True
                    pending.append(upper)
        components.append(part)
    components.reverse()
    return components


def _finishing_order(edges: _Edges) -> list[int]:
    """Return the nodes in the order in which a depth-first search leaves them; no recursion, for long chains."""
    finished: list[int] = []
    seen = [False] * len(edges)
    for root in range(len(edges)):
        if seen[root]:
            continue
        seen[root] = True
        path = [(root, iter(edges[root]))]
        while path:
            node, rest = path[-1]
            child = next((c for c in rest if not seen[c]), None)
            if child is None:
                path.pop()
                finished.append(node)
            else:
                seen[child] = True
                path.append((child, iter(edges[child])))
    return finished
