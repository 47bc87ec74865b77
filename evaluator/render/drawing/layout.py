"""Where each box of a layered drawing goes, and the way of each line. Knows nothing of interfaces.

The drawing is a pure function of boxes and lines in their given order: one decision, one picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from evaluator.render.drawing.crossings import neighbours, ordered
from evaluator.render.drawing.layers import Part, connected, layered

COLUMN_GAP, LAYER_GAP, PART_GAP = 24, 48, 44
_BEND_WIDTH = 14
_ALIGNMENTS = 8
Point = tuple[int, int]


class Box(Struct, frozen=True):
    """What is to be placed."""

    key: str
    width: int
    height: int


class Placed(Struct, frozen=True):
    """A box and its upper left corner."""

    key: str
    x: int
    y: int
    width: int
    height: int


class Line(Struct, frozen=True):
    """A line from an upper to a lower box, by points: the gaps between layers, each entered and left upright.

    `closes_circle` tells that it was turned round: its lower box stands on its upper one.
    """

    upper: str
    lower: str
    points: tuple[Point, ...]
    closes_circle: bool


class Layout(Struct, frozen=True):
    """A finished drawing."""

    boxes: tuple[Placed, ...]
    lines: tuple[Line, ...]
    width: int
    height: int


def lay_out(boxes: Sequence[Box], edges: Iterable[tuple[str, str]], most_width: int) -> Layout:
    """Place the boxes, each above those that it has an edge to; parts side by side up to `most_width`.

    Edges name boxes by key, upper first; one from a box to itself is not drawn.
    """
    index = {box.key: i for i, box in enumerate(boxes)}
    pairs = list(dict.fromkeys((index[a], index[b]) for a, b in edges if a != b))
    drawn = []
    for nodes in connected(len(boxes), pairs):
        local = {node: i for i, node in enumerate(nodes)}
        inside = [(local[a], local[b]) for a, b in pairs if a in local]
        drawn.append(_draw(layered(len(nodes), inside), [boxes[node] for node in nodes]))
    return _side_by_side(drawn, most_width)


def _draw(part: Part, boxes: Sequence[Box]) -> Layout:
    widths = dict.fromkeys((node for layer in part.layers for node in layer), _BEND_WIDTH)
    widths.update((node, box.width) for node, box in enumerate(boxes))
    layers = ordered(part)
    middle = _middles(part, layers, widths)
    bands = _bands(layers, boxes)
    band_of = {node: band for layer, band in zip(layers, bands, strict=True) for node in layer}
    placed = tuple(
        Placed(box.key, middle[node] - box.width // 2, band_of[node][1] - box.height, box.width, box.height)
        for node, box in enumerate(boxes)
    )
    lines = []
    for chain in part.chains:
        points = [(middle[node], y) for node in chain.nodes for y in band_of[node]][1:]
        upper, lower = placed[chain.nodes[0]], placed[chain.nodes[-1]]
        points[-1] = (points[-1][0], lower.y)
        lines.append(Line(upper.key, lower.key, tuple(points), chain.closes_circle))
    width = max(middle[node] + widths[node] // 2 for node in middle)
    return Layout(placed, tuple(lines), width + 1, bands[0][1])


def _bands(layers: Sequence[Sequence[int]], boxes: Sequence[Box]) -> list[tuple[int, int]]:
    """Return each layer's top and bottom; the last layer is drawn first."""
    bands, y = [], 0
    for layer in reversed(layers):
        height = max((boxes[node].height for node in layer if node < len(boxes)), default=0)
        bands.append((y, y + height))
        y += height + LAYER_GAP
    return bands[::-1]


def _middles(part: Part, layers: Sequence[Sequence[int]], widths: Mapping[int, int]) -> dict[int, int]:
    """Return each node's middle: as near to the middle of its neighbours as the order and the widths allow."""
    lowers, uppers = neighbours(part)
    middle: dict[int, float] = {}
    for layer in layers:
        x = 0.0
        for node in layer:
            middle[node] = x + widths[node] / 2
            x += widths[node] + COLUMN_GAP
    for turn in range(_ALIGNMENTS):
        beside, rows = (lowers, layers[1:]) if turn % 2 else (uppers, layers[-2::-1])
        for layer in rows:
            wanted = [_mean([middle[n] for n in beside[node]], middle[node]) for node in layer]
            middle.update(zip(layer, _apart(wanted, [widths[node] for node in layer]), strict=True))
    left = min(x - widths[node] / 2 for node, x in middle.items())
    return {node: round(x - left) for node, x in middle.items()}


def _mean(values: Sequence[float], without: float) -> float:
    return sum(values) / len(values) if values else without


def _apart(wanted: Sequence[float], widths: Sequence[int]) -> list[float]:
    """Return the middles nearest to those wanted (by least squares) that keep their order and do not overlap.

    Neighbours that would overlap are pooled into blocks which move as one.
    """
    offsets = [0.0]
    for left, right in pairwise(widths):
        offsets.append(offsets[-1] + (left + right) / 2 + COLUMN_GAP)
    blocks: list[tuple[float, int]] = []  # mean of what is wanted, less the offset; length
    for place, offset in zip(wanted, offsets, strict=True):
        mean, length = place - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, many = blocks.pop()
            mean, length = (mean * length + before * many) / (length + many), length + many
        blocks.append((mean, length))
    means = [mean for mean, length in blocks for _ in range(length)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _side_by_side(parts: Sequence[Layout], most_width: int) -> Layout:
    """Return the parts in rows, those of a row on one ground line."""
    rows: list[list[Layout]] = []
    x = most_width
    for part in parts:
        if x + part.width > most_width:
            rows.append([])
            x = 0
        rows[-1].append(part)
        x += part.width + PART_GAP
    boxes: list[Placed] = []
    lines: list[Line] = []
    width = y = 0
    for row in rows:
        x, ground = 0, y + max(part.height for part in row)
        for part in row:
            moved = _moved(part, x, ground - part.height)
            boxes.extend(moved.boxes)
            lines.extend(moved.lines)
            x += part.width + PART_GAP
        width, y = max(width, x - PART_GAP), ground + PART_GAP
    return Layout(tuple(boxes), tuple(lines), width, max(0, y - PART_GAP))


def _moved(part: Layout, dx: int, dy: int) -> Layout:
    boxes = (Placed(box.key, box.x + dx, box.y + dy, box.width, box.height) for box in part.boxes)
    lines = (
        Line(line.upper, line.lower, tuple((x + dx, y + dy) for x, y in line.points), line.closes_circle)
        for line in part.lines
    )
    return Layout(tuple(boxes), tuple(lines), part.width, part.height)
