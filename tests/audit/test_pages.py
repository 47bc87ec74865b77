"""Rows read from the pages of an SQLite file without its trees: all that SQLite wrote, of every size and type."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from evaluator.audit.log.pages import rows, with_wal
from evaluator.audit.log.schema import PAGE

COLUMNS = frozenset({4})
NUMBERS = (None, 0, 1, -1, 5, -300, 70_000, -9_000_000, 2**40, -(2**62), 0.5, -1e300)
# with and without further pages; of some lengths with further pages, more than usual stands in the first page
LENGTHS = (0, 1, 40, *range(PAGE - 60, PAGE + 60, 7), *range(PAGE + 60, 3 * PAGE, 97))


def _written(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA page_size = {PAGE}")
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.execute("CREATE TABLE kept (number, text, octets, more)")
    for at, length in enumerate(LENGTHS):
        octets = bytes(i % 251 for i in range(length))
        connection.execute(
            "INSERT INTO kept VALUES (?, ?, ?, ?)", (NUMBERS[at % len(NUMBERS)], f"é{at}", octets, at - 9)
        )
    connection.execute("DELETE FROM kept WHERE rowid = 7")
    connection.execute("INSERT INTO kept (rowid, number) VALUES (-4, 1)")
    return connection


def _of_sqlite(connection: sqlite3.Connection) -> dict[int, tuple[object, ...]]:
    return {number: tuple(values) for number, *values in connection.execute("SELECT rowid, * FROM kept")}


def test_every_row_is_read(tmp_path: Path) -> None:
    with closing(_written(tmp_path / "file", "DELETE")) as connection:
        wanted = _of_sqlite(connection)
    found = dict(rows((tmp_path / "file").read_bytes(), COLUMNS))
    assert {number: found.get(number) for number in wanted} == wanted


def test_rows_in_the_write_ahead_log_are_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with closing(_written(path, "WAL")) as connection:
        wanted = _of_sqlite(connection)
        image, wal = path.read_bytes(), (tmp_path / "file-wal").read_bytes()
    found = dict(rows(with_wal(image, wal), COLUMNS))
    assert {number: found.get(number) for number in wanted} == wanted
    other_salt = wal[:16] + bytes(8) + wal[24:]
    assert with_wal(image, other_salt) == image
