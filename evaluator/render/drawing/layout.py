"""Computes the coordinates of boxes and edges. If an interface has lower devices, its box is above their boxes.

The layout follows Sugiyama's method, separately for each connected component. `layers` breaks cycles and assigns
layers, `crossings` orders the nodes within the layers, and this module assigns coordinates:

- Vertical: a layer is as high as its highest box, with a fixed gap between layers. Boxes are aligned at the bottom of
  their layer.
- Horizontal: the ideal position of a node is the mean position of its neighbours in the adjacent layer. Eight passes,
  alternately down and up, move the nodes of one layer at a time. Within a layer the nodes must not change their order,
  and must not overlap. Isotonic regression finds the best positions that meet these two conditions: the sum of the
  squared distances from the ideal positions is as small as possible. Its algorithm is "pool adjacent violators": nodes
  that would overlap become one block, and the block moves to the mean of the ideal positions of its nodes.
- Edges: an edge is a straight vertical line inside a layer, and a curve in the gap between two layers. A dummy node is
  the point at which an edge passes a layer.

The last step puts the components side by side in rows.

The method makes no random choices and depends only on the order of boxes and edges. So the same decision always gives
the same drawing. This module knows nothing about interfaces: `topology_svg` decides which box is which interface.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from evaluator.render.drawing.crossings import adjacent_nodes, order_layers
from evaluator.render.drawing.layers import Component, assign_layers, connected_components

COLUMN_GAP, LAYER_GAP, COMPONENT_GAP = 24, 48, 44
_DUMMY_WIDTH = 14
_ALIGNMENT_PASSES = 8
Point = tuple[int, int]


class Box(Struct, frozen=True):
    """A box to be placed; sizes are in pixels."""

    key: str
    width: int
    height: int


class PlacedBox(Struct, frozen=True):
    """A box with its upper left corner at `x` and `y`."""

    key: str
    x: int
    y: int
    width: int
    height: int


class Line(Struct, frozen=True):
    """A line from an upper to a lower box.

    The line has two points in each gap between layers, listed from top to bottom.

    If `is_reversed` is true, the edge was reversed to break a cycle. In the report, the device of the lower box is
    above the device of the upper box.
    """

    upper: str
    lower: str
    points: tuple[Point, ...]
    is_reversed: bool


class Layout(Struct, frozen=True):
    """A finished drawing with its size."""

    boxes: tuple[PlacedBox, ...]
    lines: tuple[Line, ...]
    width: int
    height: int


def lay_out(boxes: Sequence[Box], edges: Iterable[tuple[str, str]], max_width: int) -> Layout:
    """Return the layout of boxes and edges. Components are side by side in rows of at most `max_width` pixels.

    An edge is a pair of keys, the upper box first. An edge from a box to itself is ignored. A component that is wider
    than `max_width` is alone in its row.
    """
    index = {box.key: i for i, box in enumerate(boxes)}
    pairs = list(dict.fromkeys((index[a], index[b]) for a, b in edges if a != b))
    layouts = []
    for nodes in connected_components(len(boxes), pairs):
        local = {node: i for i, node in enumerate(nodes)}
        local_pairs = [(local[a], local[b]) for a, b in pairs if a in local]
        layouts.append(_place(assign_layers(len(nodes), local_pairs), [boxes[node] for node in nodes]))
    return _side_by_side(layouts, max_width)


def _place(component: Component, boxes: Sequence[Box]) -> Layout:
    """Return the layout of one component; `boxes` are the boxes of its real nodes."""
    widths = dict.fromkeys((node for layer in component.layers for node in layer), _DUMMY_WIDTH)
    widths.update((node, box.width) for node, box in enumerate(boxes))
    layers = order_layers(component)
    center = _centers(component, layers, widths)
    bands = _bands(layers, boxes)
    band_of = {node: band for layer, band in zip(layers, bands, strict=True) for node in layer}
    placed = tuple(
        PlacedBox(box.key, center[node] - box.width // 2, band_of[node][1] - box.height, box.width, box.height)
        for node, box in enumerate(boxes)
    )
    lines = []
    for edge in component.edges:
        points = [(center[node], y) for node in edge.nodes for y in band_of[node]][1:]
        upper, lower = placed[edge.nodes[0]], placed[edge.nodes[-1]]
        points[-1] = (points[-1][0], lower.y)
        lines.append(Line(upper.key, lower.key, tuple(points), edge.is_reversed))
    width = max(center[node] + widths[node] // 2 for node in center)
    return Layout(placed, tuple(lines), width + 1, bands[0][1])


def _bands(layers: Sequence[Sequence[int]], boxes: Sequence[Box]) -> list[tuple[int, int]]:
    """Return the y coordinates of the top and bottom of each layer. The bottom layer is first in the list."""
    bands, y = [], 0
    for layer in reversed(layers):
        height = max((boxes[node].height for node in layer if node < len(boxes)), default=0)
        bands.append((y, y + height))
        y += height + LAYER_GAP
    return bands[::-1]


def _centers(component: Component, layers: Sequence[Sequence[int]], widths: Mapping[int, int]) -> dict[int, int]:
    """Return the horizontal center of each node.

    Each center is as near to the mean of its neighbours as is possible without overlap.
    """
    lowers, uppers = adjacent_nodes(component)
    center: dict[int, float] = {}
    for layer in layers:
        x = 0.0
        for node in layer:
            center[node] = x + widths[node] / 2
            x += widths[node] + COLUMN_GAP
    for turn in range(_ALIGNMENT_PASSES):
        neighbours, rows = (lowers, layers[1:]) if turn % 2 else (uppers, layers[-2::-1])
        for layer in rows:
            ideal = [_mean([center[n] for n in neighbours[node]], center[node]) for node in layer]
            center.update(zip(layer, _without_overlap(ideal, [widths[node] for node in layer]), strict=True))
    left = min(x - widths[node] / 2 for node, x in center.items())
    return {node: round(x - left) for node, x in center.items()}


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _without_overlap(ideal: Sequence[float], widths: Sequence[int]) -> list[float]:
    """Return centers that do not overlap and have the same order as the ideal centers.

    The sum of the squared distances from the ideal centers is as small as possible. There are three steps. First, each
    center is moved to the left by the width of the nodes and gaps before it. Then isotonic regression (pool adjacent
    violators) puts the moved centers in order. At last, each center is moved back to the right.
    """
    offsets = [0.0]
    for left, right in pairwise(widths):
        offsets.append(offsets[-1] + (left + right) / 2 + COLUMN_GAP)
    blocks: list[tuple[float, int]] = []  # mean of the ideal centers minus their offsets, and number of nodes
    for position, offset in zip(ideal, offsets, strict=True):
        mean, length = position - offset, 1
        while blocks and blocks[-1][0] > mean:
            previous_mean, previous_length = blocks.pop()
            total = length + previous_length
            mean, length = (mean * length + previous_mean * previous_length) / total, total
        blocks.append((mean, length))
    means = [mean for mean, length in blocks for _ in range(length)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _side_by_side(layouts: Sequence[Layout], max_width: int) -> Layout:
    """Return one layout with the components in rows. Each component is aligned at the bottom of its row."""
    rows: list[list[Layout]] = []
    x = max_width
    for layout in layouts:
        if x + layout.width > max_width:
            rows.append([])
            x = 0
        rows[-1].append(layout)
        x += layout.width + COMPONENT_GAP
    boxes: list[PlacedBox] = []
    lines: list[Line] = []
    width = y = 0
    for row in rows:
        x, bottom = 0, y + max(layout.height for layout in row)
        for layout in row:
            moved = _moved(layout, x, bottom - layout.height)
            boxes.extend(moved.boxes)
            lines.extend(moved.lines)
            x += layout.width + COMPONENT_GAP
        width, y = max(width, x - COMPONENT_GAP), bottom + COMPONENT_GAP
    return Layout(tuple(boxes), tuple(lines), width, max(0, y - COMPONENT_GAP))


def _moved(layout: Layout, dx: int, dy: int) -> Layout:
    boxes = (PlacedBox(box.key, box.x + dx, box.y + dy, box.width, box.height) for box in layout.boxes)
    lines = (
        Line(line.upper, line.lower, tuple((x + dx, y + dy) for x, y in line.points), line.is_reversed)
        for line in layout.lines
    )
    return Layout(tuple(boxes), tuple(lines), layout.width, layout.height)
