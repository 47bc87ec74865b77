"""Reads the charts of a summary page from the result of `fleet decide`: by status, kind, code and label.

DuckDB copies the rows of the result into a table, because about a hundred queries follow: two for each bar. The memory
of DuckDB is limited, so DuckDB stores the rows of a large result on the disk (`summary.opened`). The number of bars and
the number of hosts of a bar are limited too, so that a browser opens the page quickly. The last bar of a chart counts
all values that have no bar of their own. For every bar, the page shows a query that lists all hosts of the bar. The
page computes the length of a bar with the same condition, so the length always agrees with the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
from msgspec import Struct

from evaluator.base.text import quote
from evaluator.fleet.page_limits import MOST_BARS, MOST_LABELS, STATUSES, percent_text, rows_of_a_table, share_text
from evaluator.fleet.sql import PROBLEM_CODES, STATUS, Grouping, hosts_query, label_grouping
from evaluator.fleet.summary import opened
from evaluator.render.fleet_page.content import Bar, Chart, FleetPage, HostRow, HostTable

GROUPINGS = (
    Grouping("status", STATUS),
    Grouping("kind", "kind"),
    Grouping("refusal", "refusals", is_list=True),
    Grouping("finding", "findings", is_list=True),
    Grouping("problem", PROBLEM_CODES, is_list=True),
)
_ROWS = f"""
CREATE TABLE hosts AS SELECT *, coalesce(status, 'invalid') = 'resolved' AS is_resolved, array_to_string(list_sort(
  list_distinct(list_concat(coalesce(refusals, []), coalesce(findings, []), coalesce({PROBLEM_CODES}, [])))), ', '
) AS codes FROM result
"""
_SELECT = """
SELECT coalesce(id, ''), coalesce(status, 'invalid') AS state, coalesce("hostActiveNic", ''), coalesce(kind, ''), codes
FROM hosts WHERE {condition} ORDER BY is_resolved, 1, 2, 3, 4, 5 LIMIT {most}
"""


class _Group(Struct, frozen=True):
    """The bars of a chart. Each of `values` has its own bar. `others` counts the values without a bar of their own."""

    grouping: Grouping
    values: tuple[str, ...]
    others: int


def summary_page(path: Path, pages: Mapping[str, str]) -> FleetPage:
    """Return the content of the page; `pages` maps the id of a host to the URL of its page.

    Raises QuestionError if the file is not the result of `fleet decide`.
    """
    with opened(path) as connection:
        connection.execute(_ROWS)
        labels, notes = _labels(connection)
        groups = [group for one in (*GROUPINGS, *labels) if (group := _group(connection, one)).values]
        most = rows_of_a_table(sum(len(group.values) + bool(group.others) for group in groups))
        ((hosts,),) = connection.execute("SELECT count(*) FROM hosts").fetchall()
        charts = tuple(_chart(connection, group, hosts, most, pages) for group in groups)
        digests = connection.execute("SELECT DISTINCT policy_sha256 FROM hosts ORDER BY 1").fetchall()
        statuses = _counts(connection, "true")
        if not connection.execute("SELECT count(findings) FROM hosts").fetchall()[0][0]:
            notes += ("The result has no findings. `activenic fleet decide --findings` adds them.",)
    return FleetPage(
        title=f"{hosts:,} host{'s' * (hosts != 1)}",
        tone="resolved" if statuses[0] == hosts else "ambiguous",
        sentences=tuple(_sentences(statuses, hosts)),
        facts=(("policy digest", tuple(digest for (digest,) in digests)),),
        series=STATUSES,
        charts=charts,
        notes=notes,
        heads=("host", "status", "interface", "kind", "codes"),
        order="beginning with hosts that are not resolved",
    )


def _labels(connection: duckdb.DuckDBPyConnection) -> tuple[list[Grouping], tuple[str, ...]]:
    """Return the groupings by label, and sentences about the labels that have no chart."""
    found = connection.execute(
        "SELECT label, count(*), count(DISTINCT value) FROM (SELECT entry.key AS label, entry.value AS value FROM "
        "(SELECT unnest(map_entries(labels)) AS entry FROM hosts)) GROUP BY label ORDER BY label"
    )
    groupings: list[Grouping] = []
    notes: list[str] = []
    left_out = 0
    while row := found.fetchone():
        label, hosts, values = row
        if hosts == values > MOST_BARS:
            notes.append(f"The label {quote(label)} has no chart: all of its {hosts:,} hosts have different values.")
        elif len(groupings) < MOST_LABELS:
            groupings.append(label_grouping(label))
        else:
            left_out += 1
    if left_out:
        notes.append(f"{left_out:,} more labels have no chart; `--output json` has all labels.")
    return groupings, tuple(notes)


def _group(connection: duckdb.DuckDBPyConnection, grouping: Grouping) -> _Group:
    """Return the most frequent values of a grouping."""
    named = f"FROM (SELECT {grouping.values} AS name FROM hosts) WHERE name IS NOT NULL"
    top = connection.execute(
        f"SELECT name {named} GROUP BY name ORDER BY count(*) DESC, name LIMIT {MOST_BARS + 1}"
    ).fetchall()
    values = tuple(name for (name,) in top)
    if len(values) <= MOST_BARS:
        return _Group(grouping, values, 0)
    ((distinct,),) = connection.execute(f"SELECT count(DISTINCT name) {named}").fetchall()
    return _Group(grouping, values[:MOST_BARS], distinct - MOST_BARS)


def _chart(
    connection: duckdb.DuckDBPyConnection, group: _Group, hosts: int, most: int, pages: Mapping[str, str]
) -> Chart:
    grouping = group.grouping
    conditions = [(value, grouping.has(value), False) for value in group.values]
    if group.others:
        conditions.append((f"{group.others:,} others", grouping.has_other(group.values), True))
    bars = []
    for value, condition, is_rest in conditions:
        counts = _counts(connection, condition)
        rows = connection.execute(_SELECT.format(condition=condition, most=most)).fetchall()
        table = HostTable(tuple(_row(row, pages) for row in rows), hosts_query(condition))
        bars.append(Bar(value, counts, share_text(sum(counts), hosts), table, is_rest))
    return Chart(grouping.subject, grouping.label, tuple(bars))


def _counts(connection: duckdb.DuckDBPyConnection, condition: str) -> tuple[int, ...]:
    """Count the hosts that meet a condition. Return one number for each status, and one for invalid questions."""
    found = connection.execute(f"SELECT {STATUS}, count(*) FROM hosts WHERE {condition} GROUP BY 1").fetchall()
    by_status = dict(found)
    return tuple(by_status.get(series.css_class, 0) for series in STATUSES)


def _row(row: Sequence[str], pages: Mapping[str, str]) -> HostRow:
    host, state, *cells = row
    return HostRow(host, state, tuple(cells), pages.get(host, ""))


def _sentences(statuses: Sequence[int], hosts: int) -> Iterator[str]:
    yield f"{statuses[0]:,} of {hosts:,} hosts are resolved, {percent_text(statuses[0], hosts)}."
    pairs = zip(STATUSES[1:], statuses[1:], strict=True)
    others = [f"{count:,} {series.css_class}" for series, count in pairs if count]
    if others:
        yield f"Not resolved: {', '.join(others)}."
