"""Defines the statuses, the largest charts and tables, and the form of numbers on the pages about fleets."""

from __future__ import annotations

from evaluator.render.fleet_page.content import Series

STATUSES = (
    Series("resolved", "exactly one interface remains, and no rule rejects it"),
    Series("rejected", "exactly one interface remains, and a rule rejects it"),
    Series("ambiguous", "more than one interface remains"),
    Series("no_match", "no interface remains"),
    Series("unknown_host", "no address of the host is known, or some addresses may be missing"),
    Series("invalid", "the question is invalid"),
)
MOST_BARS = 12
MOST_LABELS = 12
_MOST_ROWS = 20_000  # in all tables of a page
_ROWS_OF_A_TABLE = (50, 1000)  # at least and at most


def rows_of_a_table(tables: int) -> int:
    """Return the largest number of rows of a table in a page with this number of tables."""
    least, most = _ROWS_OF_A_TABLE
    return max(least, min(most, _MOST_ROWS // max(tables, 1)))


def share_text(count: int, hosts: int) -> str:
    """Return a number of hosts with its share of all hosts."""
    return f"{count:,} ({percent_text(count, hosts)})"


def percent_text(count: int, hosts: int) -> str:
    """Return a share in percent with one decimal. A share that is not 0 or 100 % is never rounded to 0 or 100 %."""
    share = 100 * count / max(hosts, 1)
    if 0 < share < 0.1:
        return "< 0.1 %"
    if 99.9 < share < 100:
        return "> 99.9 %"
    return f"{share:.1f} %"
