"""Layer assignment: the first two steps of a Sugiyama drawing, on nodes that are numbers.

A Sugiyama drawing of a directed graph has four steps: break cycles, assign layers, order the nodes within each layer,
and assign coordinates. This module does the first two for one connected component:

1. Cycles are broken by reversing edges. Only a wrong report has a cycle. A depth-first search finds the edges that lead
   back to a node of the current path. Without these edges the graph has no cycle. The reversed edges are marked, so
   that the drawing can show them.
2. Each node gets its layer by longest path. A node without lower nodes is in layer 0. Any other node is one layer above
   its highest lower node. So every edge leads down.

An edge over more than one layer is split: the edge gets a dummy node in each layer between its ends. The later steps
treat dummy nodes as narrow boxes. So the edge has space between the real boxes.

The number of a dummy node is `Component.count` or higher.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

Pair = tuple[int, int]


class Edge(Struct, frozen=True):
    """One edge: its upper end, its dummy nodes and its lower end, in this order.

    If `is_reversed` is true, the edge was reversed to break a cycle: the drawing shows the two ends in the opposite
    order of the report.
    """

    nodes: tuple[int, ...]
    is_reversed: bool


class Component(Struct, frozen=True):
    """A connected component with `count` real nodes. `layers` has the nodes of each layer, the bottom layer first."""

    count: int
    layers: tuple[tuple[int, ...], ...]
    edges: tuple[Edge, ...]


def connected_components(count: int, pairs: Iterable[Pair]) -> list[list[int]]:
    """Return the sorted nodes (0 to `count` - 1) of each component. Components are sorted by their first nodes."""
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for a, b in pairs:
        neighbours[a].append(b)
        neighbours[b].append(a)
    visited = [False] * count
    components = []
    for start in range(count):
        pending, component = [start], []
        while pending:
            node = pending.pop()
            if not visited[node]:
                visited[node] = True
                component.append(node)
                pending.extend(neighbours[node])
        if component:
            components.append(sorted(component))
    return components


def assign_layers(count: int, pairs: Sequence[Pair]) -> Component:
    """Return one component with its layers. Each pair is an edge from an upper node to a different, lower node."""
    reversed_pairs = _back_edges(count, pairs)
    downward = [(b, a) if (a, b) in reversed_pairs else (a, b) for a, b in pairs]
    layer_of = _longest_paths(count, downward)
    layers: list[list[int]] = [[] for _ in range(max(layer_of) + 1)]
    for node, layer in enumerate(layer_of):
        layers[layer].append(node)
    edges, next_dummy = [], count
    for pair, (upper, lower) in zip(pairs, downward, strict=True):
        between = range(layer_of[upper] - 1, layer_of[lower], -1)
        dummies = range(next_dummy, next_dummy + len(between))
        next_dummy += len(between)
        for layer, dummy in zip(between, dummies, strict=True):
            layers[layer].append(dummy)
        edges.append(Edge((upper, *dummies, lower), pair in reversed_pairs))
    return Component(count, tuple(map(tuple, layers)), tuple(edges))


def _back_edges(count: int, pairs: Sequence[Pair]) -> set[Pair]:
    """Return the edges that close a cycle. In a depth-first search, such an edge leads back to a node of the path."""
    lowers: list[list[int]] = [[] for _ in range(count)]
    for a, b in pairs:
        lowers[a].append(b)
    visited, on_path = [False] * count, [False] * count
    back_edges = set()
    for root in range(count):
        path = [] if visited[root] else [(root, iter(lowers[root]))]
        visited[root] = on_path[root] = True
        while path:
            node, remaining = path[-1]
            lower = next(remaining, None)
            if lower is None:
                on_path[node] = False
                path.pop()
            elif on_path[lower]:
                back_edges.add((node, lower))
            elif not visited[lower]:
                visited[lower] = on_path[lower] = True
                path.append((lower, iter(lowers[lower])))
        on_path[root] = False
    return back_edges


def _longest_paths(count: int, downward: Iterable[Pair]) -> list[int]:
    """Return the layer of each node: the length of the longest path to a lower node.

    `nodes` must be in topological order.
    """
    uppers: list[list[int]] = [[] for _ in range(count)]
    open_lowers = [0] * count
    for upper, lower in downward:
        uppers[lower].append(upper)
        open_lowers[upper] += 1
    layer_of = [0] * count
    ready = [node for node in range(count) if not open_lowers[node]]
    for node in ready:  # this list grows during the loop
        for upper in uppers[node]:
            layer_of[upper] = max(layer_of[upper], layer_of[node] + 1)
            open_lowers[upper] -= 1
            if not open_lowers[upper]:
                ready.append(upper)
    return layer_of
