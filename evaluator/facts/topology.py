"""Who stands on whom: the link-layer stack of one host, and its transitive closure.

An interface is above what it is built on: a bond above its slaves, a bridge above its ports, a vlan
above its base. A VRF is a routing domain, not a layer: it is not above its members. Reports may
contain cycles; inside one, nothing is above anything.

The closure is one integer per interface, used as a set of bits: with n interfaces it costs n²/8
bytes, three megabytes at five thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


class Topology:
    """The described interfaces by name and what is directly and transitively below each."""

    def __init__(self, lowers: Mapping[str, Iterable[str]]) -> None:
        """Take the names directly below each interface; names that are not described are left out."""
        self.names = tuple(sorted(lowers))
        self._index = {name: i for i, name in enumerate(self.names)}
        self._lowers = tuple(
            tuple(sorted({self._index[low] for low in lowers[name] if low in self._index})) for name in self.names
        )
        uppers: list[list[int]] = [[] for _ in self.names]
        for upper, below in enumerate(self._lowers):
            for lower in below:
                uppers[lower].append(upper)
        self._uppers = tuple(map(tuple, uppers))
        components = _components(self._lowers, self._uppers)
        self.cycles = tuple(
            sorted(
                tuple(sorted(self.names[i] for i in part))
                for part in components
                if len(part) > 1 or part[0] in self._lowers[part[0]]
            )
        )
        self._below = _closure(components, self._lowers)
        self._above = _closure(reversed(components), self._uppers)
        self.most_above = max((mask.bit_count() for mask in self._above), default=0)
        degrees = (len(neighbours) for edges in (self._lowers, self._uppers) for neighbours in edges)
        most_below = max((mask.bit_count() for mask in self._below), default=0)
        self.largest_stack = 1 + max(self.most_above, most_below, *degrees, 0)

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


def _closure(components: Iterable[list[int]], edges: tuple[tuple[int, ...], ...]) -> list[int]:
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


def _components(lowers: tuple[tuple[int, ...], ...], uppers: tuple[tuple[int, ...], ...]) -> list[list[int]]:
    """Return the strongly connected components, each after all that it can reach (Kosaraju's two passes)."""
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


def _finishing_order(edges: tuple[tuple[int, ...], ...]) -> list[int]:
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
