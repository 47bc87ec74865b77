"""Counts the rows of a fleet's result: by status, kind, refusal, finding, problem and label, with DuckDB.

DuckDB reads the table as a stream, so its size does not matter. Only the counts are in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from msgspec import Struct, to_builtins

from evaluator.base.diagnostic import Diagnostic, QuestionError
from evaluator.base.processes import available_processors
from evaluator.base.text import quote_path, visible
from evaluator.fleet.rows import RESULT
from evaluator.fleet.sql import PROBLEM_CODES, literal

SCHEMA_VERSION = 1
_MOST_LINES = 20
_MEMORY = "256MB"
_MOST_THREADS = 4  # each needs memory
_COLUMNS = ", ".join(f'"{name}"' for name in RESULT.names)
_VALUES = """
SELECT name, count(*) AS hosts FROM ({values}) WHERE name IS NOT NULL GROUP BY name ORDER BY hosts DESC, name
"""
_COLUMN = "SELECT {column} AS name FROM result"
_LIST = "SELECT unnest(list_distinct({column})) AS name FROM result"
_QUERIES = {
    "statuses": _COLUMN.format(column="status"),
    "kinds": _COLUMN.format(column="kind"),
    "refusals": _LIST.format(column="refusals"),
    "findings": _LIST.format(column="findings"),
    "problems": _LIST.format(column=PROBLEM_CODES),
}
_LABELS = """
SELECT entry.key AS label, entry.value AS value, coalesce(status, 'invalid') AS status, count(*) AS hosts
FROM (SELECT unnest(map_entries(labels)) AS entry, status FROM result)
GROUP BY ALL ORDER BY label, value, hosts DESC, status
"""


class Count(Struct, frozen=True):
    """A value, such as the status `resolved` or the code of a finding, and the number of hosts that have this value."""

    name: str
    hosts: int


class LabelCount(Struct, frozen=True):
    """The number of hosts that have this value of a label, and also this status.

    An invalid question counts as a host with the status `invalid`.
    """

    label: str
    value: str
    status: str
    hosts: int


class Summary(Struct, frozen=True):
    """The counts of a result. A host with several findings of one code is counted once for this code."""

    schema_version: int
    hosts: int
    invalid: int
    policies: tuple[str, ...]
    statuses: tuple[Count, ...]
    kinds: tuple[Count, ...]
    refusals: tuple[Count, ...]
    findings: tuple[Count, ...]
    problems: tuple[Count, ...]
    labels: tuple[LabelCount, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the summary as JSON-ready data (`schemas/fleet-summary.schema.json`)."""
        document: dict[str, object] = to_builtins(self)
        return document


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a result as the view `result` of a new connection. A result is a Parquet file or a folder of Parquet files.

    The memory of the connection is limited. DuckDB reads the result through a symbolic link, because some characters in
    a path would be a pattern for DuckDB. Raises QuestionError if `fleet decide` did not write the result. DuckDB reads
    most of the result during the queries in the `with` block, so this error can occur in the block too.
    """
    with TemporaryDirectory(prefix="activenic-") as folder:
        link = Path(folder) / "result.parquet"
        try:
            if not path.is_dir():
                path.open("rb").close()
            link.symlink_to(path.absolute())
            files = link / "*.parquet" if path.is_dir() else link
            with duckdb.connect() as connection:
                connection.execute(f"SET memory_limit = '{_MEMORY}'")
                connection.execute(f"SET threads = {min(_MOST_THREADS, available_processors())}")
                connection.execute(f"SET temp_directory = {literal(folder)}")
                connection.execute(f"CREATE VIEW result AS SELECT {_COLUMNS} FROM {literal(str(files))}")
                yield connection
        except (OSError, duckdb.Error) as error:
            reason = str(error).partition("\n")[0].replace(str(link), path.name)
            message = f"{quote_path(path)} is not a result of `activenic fleet decide`: {reason}"
            raise QuestionError([Diagnostic("FLEET_RESULT_INVALID", message)]) from None


def summarize(path: Path) -> Summary:
    """Return the counts of a result file. Raises QuestionError if the file is not the result of `fleet decide`."""
    with opened(path) as connection:
        return _summary(connection)


def _summary(connection: duckdb.DuckDBPyConnection) -> Summary:
    ((hosts, invalid),) = connection.execute("SELECT count(*), count(*) - count(status) FROM result").fetchall()
    policies = connection.execute("SELECT DISTINCT policy_sha256 FROM result ORDER BY 1").fetchall()
    counts = {
        name: tuple(Count(*row) for row in connection.execute(_VALUES.format(values=query)).fetchall())
        for name, query in _QUERIES.items()
    }
    labels = tuple(LabelCount(*row) for row in connection.execute(_LABELS).fetchall())
    names = tuple(name for (name,) in policies)
    return Summary(SCHEMA_VERSION, hosts, invalid, names, **counts, labels=labels)


def as_text(summary: Summary) -> Iterator[str]:
    """Yield the lines of a summary for a terminal; at most twenty lines for each part."""
    yield f"{summary.hosts} hosts, {summary.invalid} invalid questions"
    for title, counts in (
        ("status", summary.statuses),
        ("kind", summary.kinds),
        ("refusal", summary.refusals),
        ("finding", summary.findings),
        ("problem", summary.problems),
    ):
        yield from part_as_text(title, [(count.name, count.hosts) for count in counts])
    yield from part_as_text(
        "label", [(f"{count.label}={count.value} {count.status}", count.hosts) for count in summary.labels]
    )


def part_as_text(title: str, counts: list[tuple[str, int]]) -> Iterator[str]:
    """Yield the title of one part and a line for each name with its number of hosts. Empty counts give no line."""
    if counts:
        yield f"\n{title}:"
    for name, hosts in counts[:_MOST_LINES]:
        yield f"  {hosts:>9}  {visible(name)}"
    if len(counts) > _MOST_LINES:
        yield f"  … and {len(counts) - _MOST_LINES} more (`--output json` prints all of them)"
