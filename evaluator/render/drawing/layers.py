"""The layers of a drawing in which boxes stand on each other: circles broken, long lines given bends.

Each box gets the layer above the highest that it stands on; a line over several layers gets a bend
in each of those between, so that room is kept for it. Knows nothing of interfaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

Pair = tuple[int, int]


class Chain(Struct, frozen=True):
    """One line by its nodes, from the upper box over the bends to the lower one.

    `closes_circle` tells that it was turned round: its lower box stands on its upper one.
    """

    nodes: tuple[int, ...]
    closes_circle: bool


class Part(Struct, frozen=True):
    """Boxes that are connected. `layers` holds nodes, bottom first: those from `count` on are bends of lines."""

    count: int
    layers: tuple[tuple[int, ...], ...]
    chains: tuple[Chain, ...]


def connected(count: int, pairs: Iterable[Pair]) -> list[list[int]]:
    """Return the nodes 0 to `count` - 1 by connected part, each sorted, in the order of their first nodes."""
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for a, b in pairs:
        neighbours[a].append(b)
        neighbours[b].append(a)
    seen = [False] * count
    parts = []
    for start in range(count):
        pending, part = [start], []
        while pending:
            node = pending.pop()
            if not seen[node]:
                seen[node] = True
                part.append(node)
                pending.extend(neighbours[node])
        if part:
            parts.append(sorted(part))
    return parts


def layered(count: int, pairs: Sequence[Pair]) -> Part:
    """Return the layers of one part; a pair names the upper node first and never one node twice."""
    closing = _closing(count, pairs)
    down = [(b, a) if (a, b) in closing else (a, b) for a, b in pairs]
    rank = _ranks(count, down)
    layers: list[list[int]] = [[] for _ in range(max(rank) + 1)]
    for node, layer in enumerate(rank):
        layers[layer].append(node)
    chains, next_bend = [], count
    for pair, (upper, lower) in zip(pairs, down, strict=True):
        between = range(rank[upper] - 1, rank[lower], -1)
        bends = range(next_bend, next_bend + len(between))
        next_bend += len(between)
        for layer, bend in zip(between, bends, strict=True):
            layers[layer].append(bend)
        chains.append(Chain((upper, *bends, lower), pair in closing))
    return Part(count, tuple(map(tuple, layers)), tuple(chains))


def _closing(count: int, pairs: Sequence[Pair]) -> set[Pair]:
    """Return the pairs that lead a depth-first search back onto its own path: without them there is no circle."""
    lowers: list[list[int]] = [[] for _ in range(count)]
    for a, b in pairs:
        lowers[a].append(b)
    seen, on_path = [False] * count, [False] * count
    closing = set()
    for root in range(count):
        path = [] if seen[root] else [(root, iter(lowers[root]))]
        seen[root] = on_path[root] = True
        while path:
            node, rest = path[-1]
            lower = next(rest, None)
            if lower is None:
                on_path[node] = False
                path.pop()
            elif on_path[lower]:
                closing.add((node, lower))
            elif not seen[lower]:
                seen[lower] = on_path[lower] = True
                path.append((lower, iter(lowers[lower])))
        on_path[root] = False
    return closing


def _ranks(count: int, down: Iterable[Pair]) -> list[int]:
    """Return each node's layer: 0 where it stands on nothing, else one more than the highest below it."""
    uppers: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for upper, lower in down:
        uppers[lower].append(upper)
        waiting[upper] += 1
    rank = [0] * count
    ready = [node for node in range(count) if not waiting[node]]
    for node in ready:  # grows while it is read
        for upper in uppers[node]:
            rank[upper] = max(rank[upper], rank[node] + 1)
            waiting[upper] -= 1
            if not waiting[upper]:
                ready.append(upper)
    return rank
