"""Crossing reduction, the third step of a Sugiyama drawing. It determines the order of the nodes in each layer.

An exact search for the order with the fewest crossings is NP-hard. So this module uses the barycenter heuristic:

1. The initial order is the order of a depth-first search from the top. With this order, a tree has no crossings.
2. Each sweep goes through the layers, alternately up and down. It sorts the nodes of a layer by their barycenter. The
   barycenter of a node is the mean position of its neighbours in the previous layer. If a node has no neighbours there,
   its barycenter is its own position. The sort is stable, so equal input gives equal drawings.
3. After each sweep the crossings are counted, in O(e log e) comparisons for each pair of layers. The best order of up
   to eight sweeps is used. An order without crossings ends the search.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from evaluator.render.drawing.layers import Component

_SWEEPS = 8
_Order = list[list[int]]
_Neighbours = Mapping[int, Sequence[int]]


def order_layers(component: Component) -> tuple[tuple[int, ...], ...]:
    """Return the layers of a component, the bottom layer first, each with its nodes from left to right."""
    lowers, uppers = adjacent_nodes(component)
    best = order = _depth_first_order(component, lowers)
    fewest = _count_crossings(best, lowers)
    upward = list(pairwise(range(len(order))))
    downward = list(pairwise(reversed(range(len(order)))))
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        order = _sweep(order, downward, uppers) if sweep % 2 else _sweep(order, upward, lowers)
        crossings = _count_crossings(order, lowers)
        if crossings < fewest:
            best, fewest = order, crossings
    return tuple(map(tuple, best))


def adjacent_nodes(component: Component) -> tuple[_Neighbours, _Neighbours]:
    """Return two maps. For each node, the first map has its neighbours in the layer below, the second those above."""
    lowers: dict[int, list[int]] = {node: [] for layer in component.layers for node in layer}
    uppers: dict[int, list[int]] = {node: [] for node in lowers}
    for edge in component.edges:
        for upper, lower in pairwise(edge.nodes):
            lowers[upper].append(lower)
            uppers[lower].append(upper)
    return lowers, uppers


def _depth_first_order(component: Component, lowers: _Neighbours) -> _Order:
    layer_of = {node: i for i, layer in enumerate(component.layers) for node in layer}
    order: _Order = [[] for _ in component.layers]
    visited: set[int] = set()
    # the end of this list is visited first: the first node of the top layer
    pending = [node for layer in component.layers for node in reversed(layer)]
    while pending:
        node = pending.pop()
        if node not in visited:
            visited.add(node)
            order[layer_of[node]].append(node)
            pending.extend(reversed(lowers[node]))
    return order


def _sweep(order: _Order, pairs: Iterable[tuple[int, int]], neighbours: _Neighbours) -> _Order:
    """Return the order after one sweep.

    Each pair contains a fixed layer and a layer to sort. The second layer is sorted by the positions in the first
    layer.
    """
    result = list(order)
    for fixed, moved in pairs:
        position = {node: i for i, node in enumerate(result[fixed])}
        barycenters = {
            node: _barycenter([position[neighbour] for neighbour in neighbours[node]], own)
            for own, node in enumerate(result[moved])
        }
        result[moved] = sorted(result[moved], key=barycenters.__getitem__)
    return result


def _barycenter(positions: Sequence[int], own: float) -> float:
    return sum(positions) / len(positions) if positions else own


def _count_crossings(order: _Order, lowers: _Neighbours) -> int:
    """Return the number of pairs of edges that cross between adjacent layers."""
    count = 0
    for below, above in pairwise(order):
        position = {node: i for i, node in enumerate(below)}
        passed: list[int] = []  # sorted lower ends of the edges that start further left
        for upper in above:
            ends = sorted(position[lower] for lower in lowers[upper])
            count += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return count
