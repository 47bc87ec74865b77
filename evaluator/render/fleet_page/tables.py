"""The tables of hosts: one for each bar, folded, with the first hosts and the query that lists all of them.

A page can have many thousands of rows. So a row has few elements, and the style of a row comes from CSS only.
"""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.render.drawing.markup import Html, element, joined, lines, name
from evaluator.render.fleet_page.content import Bar, FleetPage, HostRow, HostTable
from evaluator.render.html.parts import badge, folded, plural


def hosts_of(page: FleetPage, bar: Bar, table: HostTable, anchor: str, chart_anchor: str) -> Html:
    """Return the hosts of a bar.

    `anchor` is the link target of the hosts, and `chart_anchor` is the link target of the chart.
    """
    value = element("i", bar.words) if bar.words else name(bar.name)
    summary = joined([value, " ", element("span", plural(bar.total, "host"), class_="kind")])
    content = [element("p", element("a", "Back to the chart", href=f"#{chart_anchor}"), class_="about")]
    if len(table.rows) < bar.total:
        content.append(_shown(table, bar.total, page.order))
    content.append(_table(page.heads, table.rows))
    if table.query:
        content.append(element("p", "All of these hosts:", class_="about"))
        content.append(lines(table.query))
    return folded(summary, element("div", *content, id=anchor), css_class="bar-hosts")


def _shown(table: HostTable, total: int, order: str) -> Html:
    return element("p", f"The first {len(table.rows):,} of {total:,} hosts, {order}.", class_="about")


def _table(heads: Sequence[str], rows: Sequence[HostRow]) -> Html:
    head = element("tr", *(element("th", text, scope="col") for text in heads))
    return element("table", element("thead", head), element("tbody", *map(_row, rows)), class_="hosts")


def _row(row: HostRow) -> Html:
    host = name(row.id)
    if row.page:
        host = element("a", host, href=row.page)
    cells = (element("td", name(cell) if cell else "") for cell in row.cells)
    return element("tr", element("th", host, scope="row"), element("td", badge(row.state)), *cells)
