"""Draws a chart of horizontal stacked bars as SVG. The library pygal computes the positions of the bars.

Each row of the chart has a name and a number, and below them a bar. The bar has a part for each status, or for each
other group of hosts (`Series`). The whole row is a link to the table of the hosts. So even a very short bar, such as
one host of a hundred thousand, can be clicked and can be reached with the keyboard. The picture is narrow enough for a
telephone; wider windows have several pictures side by side.

Why pygal: it is written in Python (a wheel of 130 KB, and three small packages), it is maintained, and it gives its
drawing as a tree. vl-convert, which draws Vega-Lite, is a library of 88 MB with a JavaScript engine. matplotlib needs
numpy and has a wheel of 10 MB. matplotlib also writes colours into `style` attributes, which the page's
Content-Security-Policy forbids, and which a style sheet cannot change. plotly and bokeh need scripts in the page, or a
browser.

pygal's drawing is not used as it is. It contains scripts and a style sheet, which the page's Content-Security-Policy
forbids, and a comment with the date and a random id. So this module reads only the position and the width of each part
from pygal's drawing, and writes the SVG itself. The function `element` escapes all texts. The colours and patterns are
in `fleet.css`, so they follow the light or dark scheme.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

import pygal
from msgspec import Struct

from evaluator.base.text import visible
from evaluator.render.drawing.boxes import Style, text_line
from evaluator.render.drawing.markup import Attribute, Html, element
from evaluator.render.fleet_page.content import Bar, Chart, Series

# pygal adds a finder for plugins with maps, of a kind that Python 3.11 warns about at every later import
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

_WIDTH = 336
_ROW_HEIGHT = 44
_TEXT_BASELINE = 19  # from the top of the row
_BAR_CENTER = 32
_BAR_HEIGHT = 14
_BOX = 1.04  # pygal leaves 2 % of the width free at each end of the axis
_LEAST_WIDTH = 2.5  # a part with one host stays visible
_CELL = 8.0  # the width of a character of a name
_NOTE = Style("note", 18, 7.4, 20)


class _Part(Struct, frozen=True):
    """The horizontal position and width of one series in a bar."""

    series: int
    x: float
    width: float


def draw(chart: Chart, series: Sequence[Series], anchors: Sequence[str], label: str) -> Html:
    """Return the picture of a chart. `anchors` has the link target of each bar, or an empty text."""
    parts = _parts(chart.bars, len(series))
    height = _ROW_HEIGHT * len(chart.bars)
    longest = _longest(chart.bars)
    rows = []
    for number, bar in enumerate(chart.bars):
        name = (bar.words or visible(bar.name)) + (" (not to scale)" if _scale(bar, longest) < 1 else "")
        title = element("title", _description(bar, series))
        content = [title, *_row(number * _ROW_HEIGHT, name, bar, series, parts[number])]
        rows.append(_linked(content, anchors[number]))
    return element(
        "svg",
        *rows,
        viewBox=f"0 0 {_WIDTH} {height}",
        width=_WIDTH,
        height=height,
        role="group",
        class_="chart",
        aria_label=label,
    )


def _parts(bars: Sequence[Bar], series: int) -> list[list[_Part]]:
    """Return the parts of each bar, with the positions that pygal computes."""
    chart = pygal.HorizontalStackedBar(
        width=round(_WIDTH * _BOX),
        margin=0,
        spacing=0,
        show_legend=False,
        show_x_labels=False,
        show_y_labels=False,
        js=(),
    )
    longest = _longest(bars)
    for number in range(series):
        chart.add(str(number), [bar.hosts[number] * _scale(bar, longest) for bar in bars])
    tree = chart.render_tree()
    found = [
        [_Part(number, float(rect.attrib["x"]), float(rect.attrib.get("width", 0))) for rect in _rects(tree, number)]
        for number in range(series)
    ]
    zero = min(part.x for parts in found for part in parts)
    return [
        [_Part(parts[row].series, parts[row].x - zero, parts[row].width) for parts in found if parts[row].width]
        for row in range(len(bars))
    ]


def _longest(bars: Sequence[Bar]) -> int:
    """Return the number of hosts of the longest bar, without the rest bar."""
    return max((bar.total for bar in bars if not bar.is_rest), default=0)


def _scale(bar: Bar, longest: int) -> float:
    """Return the factor by which a bar is shortened; 1 if the bar has its full length.

    A chart has one bar for each frequent value, and a rest bar for all rare values together. Only the rest bar can be
    shortened: it is at most as long as the longest other bar.
    """
    return min(1, longest / bar.total) if bar.is_rest else 1


def _rects(tree: Element, series: int) -> list[Element]:
    """Return the rectangles of a series in pygal's tree, one for each bar."""
    css_class = f"series serie-{series} color-{series}"
    group = next(node for node in tree.iter("g") if node.attrib.get("class") == css_class)
    return list(group.iter("rect"))


def _row(top: int, name: str, bar: Bar, series: Sequence[Series], parts: Sequence[_Part]) -> Iterator[Html]:
    baseline = top + _TEXT_BASELINE
    yield element("rect", x=0, y=top, width=_WIDTH, height=_ROW_HEIGHT, class_="row")
    yield _text(name, _name_style(bar), 0, baseline, "label rest" if bar.words else "label")
    yield _text(bar.note, _NOTE, _WIDTH, baseline, "note")
    for part in reversed(parts):
        yield _rect(part, top, series[part.series].css_class)


def _linked(content: Sequence[Html], anchor: str) -> Html:
    if anchor:
        return element("a", *content, href=f"#{anchor}", class_="bar")
    return element("g", *content, class_="bar")


def _name_style(bar: Bar) -> Style:
    """Return the style of a bar's name. The name can use the space that the number beside it does not need."""
    free = _WIDTH - text_line(bar.note, _NOTE).width
    return Style("label", 18, _CELL, int(free / _CELL) - 1)


def _description(bar: Bar, series: Sequence[Series]) -> str:
    counts = (f"{hosts:,} {one.css_class}" for one, hosts in zip(series, bar.hosts, strict=True) if hosts)
    return f"{bar.words or visible(bar.name)}: {', '.join(counts)}"


def _rect(part: _Part, top: int, css_class: str) -> Html:
    """Return the rectangle of a part, which has at least a minimum width.

    A narrow part gets the missing width on its left side. There it covers the end of the previous part.
    """
    width = max(part.width, _LEAST_WIDTH)
    x = max(part.x + part.width - width, 0)
    y = top + _BAR_CENTER - _BAR_HEIGHT // 2
    return element(
        "rect", x=_rounded(x), y=y, width=_rounded(width), height=_BAR_HEIGHT, rx=1, class_=f"part {css_class}"
    )


def _text(text: str, style: Style, x: int, y: int, css_class: str) -> Html:
    line = text_line(text, style)
    fit: dict[str, Attribute] = {}
    if line.needs_fitting:
        fit = {"textLength": line.width, "lengthAdjust": "spacingAndGlyphs"}
    return element("text", line.text, x=x, y=y, class_=css_class, **fit)


def _rounded(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
