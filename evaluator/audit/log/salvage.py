"""Recovers the rows of a damaged log: copies every row that the file's pages still contain to a new log in memory.

**Why.** SQLite reads a table through a tree of pages. One damaged page near the root of the tree hides every row below
this page, although the rows are intact. A damaged file header hides the whole file. So the pages are searched for rows
without SQLite's trees (`pages.py`).

**How.** The number of columns of a row shows its table: a record has 12 or 13 columns, a text 4, and a checkpoint 7.
Each row is then checked by its content. A text is stored under its computed digest. Index columns, findings, labels and
references to texts only repeat the envelope of a record, so they are derived from the envelope. A row whose envelope
cannot be read is copied unchanged, so that the readers report it as damaged. The pages may also contain old copies of a
row. So the readable rows are inserted first, and a row is ignored if the copy already has a row with the same key.

**Invariants.** The copy always has the tables of the current version, even if the file has an older version. So every
reader uses the same queries on the copy. Nothing here decides whether a record is genuine: hashes, checksums and
signatures are verified on the copy exactly as on the file. The file itself is never changed.

**Limits.** Only the pages of the file and of its write-ahead log are searched. If a row uses overflow pages and one of
these pages is lost, the checksum of the text or envelope fails, and the row counts as damaged.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from evaluator.audit.log.items import codes_of, columns_of
from evaluator.audit.log.packing import LARGEST, unpack
from evaluator.audit.log.pages import MAGIC, Row, Value, rows, with_wal
from evaluator.audit.log.queries import key_of
from evaluator.audit.log.schema import APPLICATION_ID, CURRENT
from evaluator.audit.record import Json, bodies_of, is_erased, read_envelope
from evaluator.base.digest import digest

_ENTRIES, _BODIES, _CHECKPOINTS = frozenset({12, 13}), 4, 7  # numbers of columns in all versions
_APPLICATION_ID = slice(68, 72)
_SEQ, _HASH, _SIGNER, _SIGNATURE, _ID = range(5)


def salvage_rows(path: Path, connection: sqlite3.Connection | None) -> sqlite3.Connection | None:
    """Return the copy of a log in memory; None if the file contains no readable record and no checkpoint.

    `connection` is a connection to the file, None if SQLite cannot open it.
    """
    rows_by_columns: dict[int, list[Row]] = {}
    for image in _images(path, connection):
        for number, values in rows(image, _ENTRIES | {_BODIES, _CHECKPOINTS}):
            rows_by_columns.setdefault(len(values), []).append((number, values))
    copy = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    copy.executescript(CURRENT.tables)
    copy.execute("BEGIN")
    _insert_bodies(copy, rows_by_columns.get(_BODIES, ()))
    _insert_checkpoints(copy, rows_by_columns.get(_CHECKPOINTS, ()))
    _insert_entries(copy, [row for columns in _ENTRIES for row in rows_by_columns.get(columns, ())])
    copy.execute("COMMIT")
    ((rows_in_use,),) = copy.execute("SELECT (SELECT count(*) FROM named) + (SELECT count(*) FROM stub)")
    if rows_in_use:
        return copy
    copy.close()
    return None


def begins_like_a_log(head: bytes) -> bool:
    """Return whether a file may be a log with a damaged header; `head` is the first 100 octets of the file."""
    application_id = APPLICATION_ID.to_bytes(4, "big")
    return head.startswith(MAGIC) or head[_APPLICATION_ID] == application_id or (len(head) > 0 and not any(head))


def _images(path: Path, connection: sqlite3.Connection | None) -> Iterator[bytes]:
    """Yield the octets of the database that SQLite reads.

    If SQLite reads less than the size of the file, then also yield the octets of the file with its write-ahead log.
    """
    size = 0
    if connection is not None:
        with suppress(sqlite3.Error):
            image = connection.serialize()
            size = len(image)
            yield image
    if size < path.stat().st_size:
        wal = path.with_name(f"{path.name}-wal")
        yield with_wal(path.read_bytes(), wal.read_bytes() if wal.is_file() else b"")


def _insert_bodies(copy: sqlite3.Connection, body_rows: Iterable[Row]) -> None:
    """Insert texts with their computed digests. If a text is unreadable, the digest that its row contains is used."""
    damaged = []
    for number, (_, sha256, size, packed) in body_rows:
        try:
            text = unpack(packed, LARGEST)
        except ValueError:
            damaged.append((number, _octets(sha256), _integer(size), _octets(packed)))
        else:
            values = (number, bytes.fromhex(digest(text)), len(text), packed)
            copy.execute("INSERT OR IGNORE INTO body VALUES (?, ?, ?, ?)", values)
    copy.executemany("INSERT OR IGNORE INTO body VALUES (?, ?, ?, ?)", damaged)


def _insert_checkpoints(copy: sqlite3.Connection, checkpoint_rows: Iterable[Row]) -> None:
    for number, (_, last, *values, document) in checkpoint_rows:
        if isinstance(document, bytes) and document.startswith(b"{"):
            row = (number, _integer(last), *values, document)
            with suppress(sqlite3.Error):
                copy.execute("INSERT OR IGNORE INTO stub VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def _insert_entries(copy: sqlite3.Connection, entry_rows: Iterable[Row]) -> None:
    """Insert the readable records first, then the unreadable ones.

    An unreadable row can be an old copy of a readable row.
    """
    damaged = []
    for number, values in entry_rows:
        try:
            envelope = read_envelope(unpack(values[-1], LARGEST))
        except ValueError:
            damaged.append((number, values))
        else:
            _insert_entry(copy, (number, values), columns_of(envelope), envelope)
    for number, values in damaged:
        decision_id = values[_ID]
        columns: dict[str, str | None] = dict.fromkeys(CURRENT.index, "")
        columns["decision_id"] = decision_id if isinstance(decision_id, str) and decision_id else f"record {number}"
        if isinstance(values[_HASH], bytes) and isinstance(values[-1], bytes):
            _insert_entry(copy, (number, values), columns, None)


def _insert_entry(
    copy: sqlite3.Connection, entry_row: Row, columns: dict[str, str | None], envelope: Json | None
) -> None:
    """Insert a record.

    If its envelope is readable, also insert the rows of the other tables that repeat the envelope.
    """
    number, values = entry_row
    row = (number, values[_HASH], values[_SIGNER], values[_SIGNATURE], *columns.values(), values[-1])
    try:
        inserted = copy.execute(f"INSERT OR IGNORE INTO entry VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 -- question marks only
    except sqlite3.Error:
        return
    if envelope is None or not inserted.rowcount:
        return
    copy.executemany("INSERT OR IGNORE INTO finding VALUES (?, ?)", [(code, number) for code in codes_of(envelope)])
    labels = [(name, value, number) for name, value in envelope["labels"].items()]
    copy.executemany("INSERT OR IGNORE INTO label VALUES (?, ?, ?)", labels)
    insert_named = "INSERT OR IGNORE INTO named VALUES (?, ?, coalesce((SELECT id FROM body WHERE sha256 = ?), 0))"
    bodies = [body for body in enumerate(bodies_of(envelope)) if not is_erased(envelope, body[1])]
    copy.executemany(insert_named, [(number, place, key_of(body.sha256)) for place, body in bodies])


def _octets(value: Value) -> bytes:
    return value if isinstance(value, bytes) else b""


def _integer(value: Value) -> int:
    return value if isinstance(value, int) else -1
