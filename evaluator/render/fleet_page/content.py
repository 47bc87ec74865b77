"""The content of a fleet's page as plain values: charts with bars, and the hosts of each bar.

Names, ids and codes are foreign texts. The modules that draw the page escape them.
"""

from __future__ import annotations

from msgspec import Struct


class Series(Struct, frozen=True):
    """The hosts that have one colour in all charts: the class in the style sheet, and the words in the legend."""

    css_class: str
    meaning: str


class HostRow(Struct, frozen=True):
    """One host. `state` is the class of its series, `page` the relative URL of its own page (empty without a page)."""

    id: str
    state: str
    cells: tuple[str, ...]
    page: str = ""


class HostTable(Struct, frozen=True):
    """The first hosts of a bar, and a text that lists all of them: a query or a command."""

    rows: tuple[HostRow, ...]
    query: str


class Bar(Struct, frozen=True):
    """A bar of a chart. `hosts` has a number for each series of the page.

    `is_rest` is true for the bar of all values without a bar of their own; `name` is then a word of this project. The
    table is None if the hosts are not known.
    """

    name: str
    hosts: tuple[int, ...]
    note: str
    table: HostTable | None
    is_rest: bool = False

    @property
    def words(self) -> str:
        """The words for the bar if `name` is not a foreign name but a word of this project; otherwise empty."""
        return self.name if self.is_rest else ("" if self.name else "(empty)")

    @property
    def total(self) -> int:
        """The number of hosts."""
        return sum(self.hosts)


class Chart(Struct, frozen=True):
    """A chart. `subject` names what a bar is, such as `status`; `label` is the name of the label, or empty."""

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
