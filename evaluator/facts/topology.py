"""Who stands on whom: the link-layer stack of one host, and its transitive closure.

An interface is above what it is built on: a bond above its slaves, a bridge above its ports, a vlan
above its base. A VRF is a routing domain, not a layer: it is not above its members. Reports may
contain cycles; inside one, nothing is above anything.

The closure is one integer per interface, used as a set of bits: with n interfaces it costs n²/8
bytes, three megabytes at five thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

_Edges = tuple[tuple[int, ...], ...]


class Topology:
    """The described interfaces by name and what is directly and transitively below each."""

    def __init__(self, lowers: Mapping[str, Iterable[str]]) -> None:
        """Take the names directly below each interface; names that are not described are left out."""
        self.names = tuple(sorted(lowers))
        self._index = {name: i for i, name in enumerate(self.names)}
        index = self._index
        self._lowers: _Edges = tuple([_places(lowers[name], index) if lowers[name] else () for name in self.names])
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
    def _below(self) -> list[int]:
        return _closure(self._components, self._lowers)

    @cached_property
    def _above(self) -> list[int]:
        return _closure(reversed(self._components), self._uppers)

    @cached_property
    def most_above(self) -> int:
        """The number of interfaces above the one that has most above it."""
        return max((mask.bit_count() for mask in self._above), default=0)

    @cached_property
    def largest_stack(self) -> int:
        """The most interfaces above one, below one, or next to one, and itself."""
        degrees = (len(neighbours) for edges in (self._lowers, self._uppers) for neighbours in edges)
        most_below = max((mask.bit_count() for mask in self._below), default=0)
        return 1 + max(self.most_above, most_below, *degrees, 0)

    def lowers(self, name: str) -> tuple[str, ...]:
        """Return the described interfaces directly below, sorted."""
        return tuple(self.names[i] for i in self._lowers[self._index[name]])

    def uppers(self, name: str) -> tuple[str, ...]:
        """Return the described interfaces directly above, sorted."""
        return tuple(self.names[i] for i in self._uppers[self._index[name]])

    def is_above(self, upper: str, lower: str) -> bool:
        """Return whether one interface stands transitively above another, outside of any cycle."""
        return bool(self._below[self._index[upper]] >> self._index[lower] & 1)

    def above(self, name: str) -> tuple[str, ...]:
        """Return everything transitively above, sorted."""
        return tuple(self.names[i] for i in _bits(self._above[self._index[name]]))

    def below(self, name: str) -> tuple[str, ...]:
        """Return everything transitively below, sorted."""
        return tuple(self.names[i] for i in _bits(self._below[self._index[name]]))


def most_together(edges: Iterable[tuple[str, str]]) -> int:
    """Return how many names hang together at most, by whatever way; 1 where there are no edges."""
    above: dict[str, str] = {}  # a forest: names that hang together have one root
    sizes: dict[str, int] = {}

    def root_of(name: str) -> str:
        while name in above:
            name = above[name]
        return name

    for ends in edges:
        less, more = sorted(map(root_of, ends), key=lambda root: sizes.get(root, 1))
        if less != more:
            above[less] = more
            sizes[more] = sizes.get(less, 1) + sizes.get(more, 1)
    return max(sizes.values(), default=1)


def _places(names: Iterable[str], index: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sorted({index[name] for name in names if name in index}))


def _closure(components: Iterable[list[int]], edges: _Edges) -> list[int]:
    """Return for each node the set of all that its edges lead to, its own component left out.

    The components come in an order in which each stands behind all that it leads to.
    """
    closure = [0] * len(edges)
    with_own = [0] * len(edges)  # the same with the component itself, for those that lead to it
    for part in components:
        inside = sum(1 << i for i in part)
        reach = 0
        for neighbour in {n for i in part for n in edges[i]}:
            reach |= (1 << neighbour) | with_own[neighbour]
        for i in part:
            closure[i] = reach & ~inside
            with_own[i] = reach | inside
    return closure


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
