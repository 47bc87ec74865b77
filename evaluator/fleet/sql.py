"""SQL queries on a result, as texts. A user can run them with DuckDB in the folder of the file `result.parquet`.

The page of a summary has bar charts. For each bar, the page shows the query that selects the hosts of this bar. A query
contains names that come from hosts, and such a name can have any characters. If a character of a name is not printable,
the query has `chr(NUMBER)` in its place. So a query has only printable characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import groupby

from msgspec import Struct

from evaluator.base.text import visible

PROBLEM_CODES = "list_transform(error, lambda problem: problem.code)"
STATUS = "coalesce(status, 'invalid')"


class Grouping(Struct, frozen=True):
    """The SQL expression by which the hosts of a chart are grouped. Its value is one value or a list."""

    subject: str
    column: str
    is_list: bool = False
    label: str = ""

    @property
    def values(self) -> str:
        """The expression for the values of a row. If a list has a value twice, the value counts once."""
        return f"unnest(list_distinct({self.column}))" if self.is_list else self.column

    def has(self, value: str) -> str:
        """Return the condition for the rows that have this value."""
        return (
            f"list_contains({self.column}, {literal(value)})" if self.is_list else f"{self.column} = {literal(value)}"
        )

    def has_other(self, values: Iterable[str]) -> str:
        """Return the condition for the rows that have a value other than `values`."""
        listed = ", ".join(map(literal, values))
        return f"NOT list_has_all([{listed}], {self.column})" if self.is_list else f"{self.column} NOT IN ({listed})"


def label_grouping(label: str) -> Grouping:
    """Return the grouping by the values of a label."""
    return Grouping("label", f"labels[{literal(label)}]", label=label)


def hosts_query(condition: str) -> str:
    """Return the query for all hosts that meet a condition."""
    return f"SELECT id, status, \"hostActiveNic\", kind FROM 'result.parquet'\nWHERE {condition} ORDER BY id;"


def literal(text: str) -> str:
    """Return the SQL expression for a text."""
    parts = []
    for is_plain, characters in groupby(text, _is_plain):
        if is_plain:
            parts.append("'" + "".join(characters).replace("'", "''") + "'")
        else:
            parts.extend(f"chr({ord(char)})" for char in characters)
    return f"({' || '.join(parts)})" if len(parts) > 1 else "".join(parts) or "''"


def _is_plain(char: str) -> bool:
    return char == "\\" or (visible(char) == char and not unicodedata.category(char).startswith("M"))
