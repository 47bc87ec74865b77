"""The order within each layer of a drawing: so that few lines cross, and alike for alike input.

A first order by depth-first search leaves a tree without any crossing. Then each layer is sorted by
the middle of what its nodes are connected with in the layer beside it, up and down in turn; the best
order seen is kept.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from evaluator.render.drawing.layers import Part

_SWEEPS = 8
_Order = list[list[int]]
_Neighbours = Mapping[int, Sequence[int]]


def ordered(part: Part) -> tuple[tuple[int, ...], ...]:
    """Return the part's layers, bottom first, each from left to right."""
    lowers, uppers = neighbours(part)
    best = order = _by_search(part, lowers)
    fewest = _crossings(best, lowers)
    upward = list(pairwise(range(len(order))))
    downward = list(pairwise(reversed(range(len(order)))))
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        order = _swept(order, downward, uppers) if sweep % 2 else _swept(order, upward, lowers)
        crossings = _crossings(order, lowers)
        if crossings < fewest:
            best, fewest = order, crossings
    return tuple(map(tuple, best))


def neighbours(part: Part) -> tuple[_Neighbours, _Neighbours]:
    """Return for each node those that its lines lead to in the layer below it, and in the layer above it."""
    lowers: dict[int, list[int]] = {node: [] for layer in part.layers for node in layer}
    uppers: dict[int, list[int]] = {node: [] for node in lowers}
    for chain in part.chains:
        for upper, lower in pairwise(chain.nodes):
            lowers[upper].append(lower)
            uppers[lower].append(upper)
    return lowers, uppers


def _by_search(part: Part, lowers: _Neighbours) -> _Order:
    layer_of = {node: i for i, layer in enumerate(part.layers) for node in layer}
    found: _Order = [[] for _ in part.layers]
    seen: set[int] = set()
    pending = [node for layer in part.layers for node in reversed(layer)]  # the top layer's first is taken first
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            found[layer_of[node]].append(node)
            pending.extend(reversed(lowers[node]))
    return found


def _swept(order: _Order, pairs: Iterable[tuple[int, int]], beside: _Neighbours) -> _Order:
    """Sort the second layer of each pair by the first."""
    result = list(order)
    for fixed, sorted_ in pairs:
        place = {node: i for i, node in enumerate(result[fixed])}
        middles = {node: _middle([place[n] for n in beside[node]], own) for own, node in enumerate(result[sorted_])}
        result[sorted_] = sorted(result[sorted_], key=middles.__getitem__)
    return result


def _middle(places: Sequence[int], own: float) -> float:
    return sum(places) / len(places) if places else own


def _crossings(order: _Order, lowers: _Neighbours) -> int:
    count = 0
    for below, above in pairwise(order):
        place = {node: i for i, node in enumerate(below)}
        passed: list[int] = []
        for upper in above:
            ends = sorted(place[lower] for lower in lowers[upper])
            count += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return count
