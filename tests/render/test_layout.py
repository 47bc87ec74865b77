"""Layered drawings: nothing overlaps, everything is above what it stands on, circles end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evaluator.render.drawing.layout import Box, Layout, lay_out

WIDTH = 400
boxes_of = st.lists(st.tuples(st.integers(10, 200), st.integers(10, 90)), min_size=1, max_size=14)


@st.composite
def drawings(draw: st.DrawFn) -> tuple[list[Box], list[tuple[str, str]]]:
    boxes = [Box(str(i), width, height) for i, (width, height) in enumerate(draw(boxes_of))]
    keys = st.sampled_from([box.key for box in boxes])
    return boxes, draw(st.lists(st.tuples(keys, keys), max_size=24))


@given(drawings())
def test_every_drawing(drawing: tuple[list[Box], list[tuple[str, str]]]) -> None:
    boxes, edges = drawing
    layout = lay_out(boxes, edges, WIDTH)
    assert layout == lay_out(boxes, edges, WIDTH)
    assert {(box.key, box.width, box.height) for box in layout.boxes} == {(b.key, b.width, b.height) for b in boxes}
    _nothing_overlaps(layout)
    _lines_lead_down(layout)
    drawn = {(line.lower, line.upper) if line.is_reversed else (line.upper, line.lower) for line in layout.lines}
    assert drawn == {(a, b) for a, b in edges if a != b}


def _nothing_overlaps(layout: Layout) -> None:
    for box in layout.boxes:
        assert 0 <= box.x <= box.x + box.width <= layout.width
        assert 0 <= box.y <= box.y + box.height <= layout.height
        for other in layout.boxes:
            beside = box.x + box.width <= other.x or other.x + other.width <= box.x
            apart = box.y + box.height <= other.y or other.y + other.height <= box.y
            assert box is other or beside or apart


def _lines_lead_down(layout: Layout) -> None:
    by_key = {box.key: box for box in layout.boxes}
    for line in layout.lines:
        upper, lower = by_key[line.upper], by_key[line.lower]
        assert upper.y + upper.height < lower.y
        assert line.points[0][1] == upper.y + upper.height
        assert line.points[-1][1] == lower.y
        heights = [y for _, y in line.points]
        assert heights == sorted(heights)


def test_a_tree_has_no_crossing_and_stands_in_the_middle() -> None:
    boxes = [Box(key, 100, 40) for key in ("bond0", "ens1", "ens2", "br0")]
    layout = lay_out(boxes, [("br0", "bond0"), ("bond0", "ens1"), ("bond0", "ens2")], 1000)
    place = {box.key: box for box in layout.boxes}
    assert place["ens1"].x < place["bond0"].x == place["br0"].x < place["ens2"].x
    assert place["bond0"].x * 2 == place["ens1"].x + place["ens2"].x
    assert place["ens1"].y == place["ens2"].y


def test_crossings_are_undone() -> None:
    boxes = [Box(key, 60, 30) for key in ("a", "b", "c", "x", "y", "z")]
    layout = lay_out(boxes, [("a", "z"), ("b", "y"), ("c", "x"), ("a", "y"), ("c", "y")], 1000)
    place = {box.key: box.x for box in layout.boxes}
    assert (place["a"] < place["b"] < place["c"]) == (place["z"] < place["y"] < place["x"])


def test_parts_wrap() -> None:
    layout = lay_out([Box(str(i), 150, 40) for i in range(5)], [], WIDTH)
    assert layout.width <= WIDTH
    assert len({box.y for box in layout.boxes}) == 3
