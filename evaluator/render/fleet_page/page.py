"""Print the counts of a fleet as one HTML page: first the result, then the charts, then the hosts of each bar.

The page is a function of its content and loads nothing (`render/html/frame.py`). It works without scripts: a bar is a
link to its table, and a browser opens a folded table if a link leads into it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evaluator.render.drawing.markup import Html, element, joined, name
from evaluator.render.fleet_page.chart import draw
from evaluator.render.fleet_page.content import Chart, FleetPage, Series
from evaluator.render.fleet_page.tables import hosts_of
from evaluator.render.html.frame import html_document, style_sheet
from evaluator.render.html.parts import names, section, terms

_MOST_NAMES = 6
_STRIPES = 6  # the size of a pattern in pixels
_PATTERNS = {
    "rejected": "M-1 1L1 -1M0 6L6 0M5 7L7 5",
    "ambiguous": "M0 0L6 6M0 6L6 0",
    "no_match": "M3 0V6",
    "unknown_host": "M0 3H6",
    "invalid": "M1 1H2M4 4H5",
    "gone": "M-1 1L1 -1M0 6L6 0M5 7L7 5",
}


def page(content: FleetPage) -> str:
    """Return the page."""
    anchors = _anchors(content.charts)
    results = [number for number, chart in enumerate(content.charts) if not chart.label]
    labels = [number for number, chart in enumerate(content.charts) if chart.label]
    main = element(
        "main",
        _patterns(),
        _head(content),
        section("Charts", "charts", _legend(content), _cards(content, results, anchors)),
        *([section("Labels", "labels", _cards(content, labels, anchors))] if labels else []),
        *(element("p", note, class_="about") for note in content.notes),
        section("Hosts", "hosts", *_tables(content, anchors)),
    )
    style = style_sheet() + style_sheet("evaluator.render.fleet_page", "fleet.css")
    return html_document(f"{content.title} - activenic", main, style)


def _anchors(charts: Sequence[Chart]) -> tuple[tuple[str, ...], ...]:
    """Return the link target of each bar of each chart. It is empty for a bar without a table."""
    return tuple(
        tuple("" if bar.table is None else f"hosts-{number}-{row}" for row, bar in enumerate(chart.bars))
        for number, chart in enumerate(charts)
    )


def _head(content: FleetPage) -> Html:
    facts = ((term, names(values, _MOST_NAMES)) for term, values in content.facts)
    return element(
        "header",
        element("h1", content.title),
        *(element("p", sentence, class_="lead") for sentence in content.sentences),
        terms(facts),
        class_=content.tone,
    )


def _legend(content: FleetPage) -> Html:
    used = [
        series
        for number, series in enumerate(content.series)
        if any(bar.hosts[number] for chart in content.charts for bar in chart.bars)
    ]
    return element("ul", *map(_key, used), class_="keys")


def _key(series: Series) -> Html:
    rect = element("rect", x=0, y=0, width=28, height=16, class_=f"part {series.css_class}")
    picture = element("svg", rect, viewBox="0 0 28 16", width=28, height=16, class_="chart", aria_hidden="true")
    return element("li", picture, element("b", series.css_class), element("span", series.meaning))


def _cards(content: FleetPage, numbers: Sequence[int], anchors: Sequence[Sequence[str]]) -> Html:
    return element("div", *(_card(content, number, anchors[number]) for number in numbers), class_="cards")


def _card(content: FleetPage, number: int, anchors: Sequence[str]) -> Html:
    chart = content.charts[number]
    heading = f"chart-{number}"
    picture = draw(chart, content.series, anchors, f"hosts by {chart.subject}")
    return element(
        "section",
        element("h3", "By ", _subject(chart), id=heading),
        element("div", picture, class_="picture", role="region", aria_labelledby=heading, tabindex=0),
        aria_labelledby=heading,
        class_="card",
    )


def _subject(chart: Chart) -> Html:
    """Return the subject of a chart: for example `status`, or `label` and the name of the label."""
    return joined([chart.subject, " ", name(chart.label)]) if chart.label else joined([chart.subject])


def _tables(content: FleetPage, anchors: Sequence[Sequence[str]]) -> Iterator[Html]:
    yield element("p", "Open a line to see its hosts, or select a bar of a chart.")
    for number, chart in enumerate(content.charts):
        tables = [
            hosts_of(content, bar, bar.table, anchor, f"chart-{number}")
            for bar, anchor in zip(chart.bars, anchors[number], strict=True)
            if bar.table is not None
        ]
        if tables:
            yield element("h3", "By ", _subject(chart))
            yield from tables


def _patterns() -> Html:
    """Return the patterns with which the style sheet fills the parts of bars. They help readers who see no colours."""
    return element(
        "svg",
        element("defs", *(_pattern(css_class, path) for css_class, path in _PATTERNS.items())),
        width=0,
        height=0,
        class_="patterns",
        aria_hidden="true",
    )


def _pattern(css_class: str, path: str) -> Html:
    return element(
        "pattern",
        element("rect", width=_STRIPES, height=_STRIPES, class_=f"ground {css_class}"),
        element("path", d=path, class_="stripe"),
        id=f"pattern-{css_class}",
        width=_STRIPES,
        height=_STRIPES,
        patternUnits="userSpaceOnUse",
    )
