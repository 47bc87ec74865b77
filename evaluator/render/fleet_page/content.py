"""The content of a fleet's page as plain values: charts with bars, and the hosts of each bar.

Names, ids and codes are texts from the inputs, which can be hostile. The modules that draw the page escape them.
"""

from __future__ import annotations

from msgspec import Struct


class Series(Struct, frozen=True):
    """A group of hosts that has the same colour in all charts.

    `css_class` is the CSS class of the group. `meaning` is the text of the group in the legend.
    """

    css_class: str
    meaning: str


class HostRow(Struct, frozen=True):
    """One host. `state` is the CSS class of its series. `page` is the relative URL of its page, or empty."""

    id: str
    state: str
    cells: tuple[str, ...]
    page: str = ""


class HostTable(Struct, frozen=True):
    """The first hosts of a bar, and a query that lists all hosts of the bar. The query can be empty."""

    rows: tuple[HostRow, ...]
    query: str


class Bar(Struct, frozen=True):
    """A bar of a chart. `hosts` has the number of hosts for each series of the page.

    A chart has a bar for each frequent value, and a rest bar for all rare values together. For the rest bar, `is_rest`
    is true, and `name` is not a value from the inputs, but a text that activenic wrote. If only the numbers of hosts
    are known, `table` is None.
    """

    name: str
    hosts: tuple[int, ...]
    note: str
    table: HostTable | None
    is_rest: bool = False

    @property
    def words(self) -> str:
        """The text of the bar, if activenic wrote the text: `(empty)` if `name` is empty, or `name` of the rest bar.

        For every other bar, the result is empty. The page then shows `name`, which is a value from the inputs.
        """
        return self.name if self.is_rest else ("" if self.name else "(empty)")

    @property
    def total(self) -> int:
        """The number of hosts."""
        return sum(self.hosts)


class Chart(Struct, frozen=True):
    """A chart. `subject` names the property of the hosts that the bars count, such as `status`.

    If the bars count the values of a label, `label` is the name of this label; otherwise it is empty.
    """

    subject: str
    label: str
    bars: tuple[Bar, ...]


class FleetPage(Struct, frozen=True):
    """The page. `heads` are the column heads of all tables of hosts; the second column is the state of the host."""

    title: str
    tone: str
    sentences: tuple[str, ...]
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    series: tuple[Series, ...]
    charts: tuple[Chart, ...]
    notes: tuple[str, ...]
    heads: tuple[str, ...]
    order: str
