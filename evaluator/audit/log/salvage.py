"""A damaged log becomes a readable one: a copy in memory of every row that its pages still hold.

The copy has the tables of the current version, whatever version the file has, and what only repeats an envelope is made
again from the envelope. So everything that reads a log reads the copy, too, with the same queries. A row whose envelope
cannot be read is copied as it is, so that it is named as damaged.
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

_ENTRIES, _BODIES, _STUBS = frozenset({12, 13}), 4, 7  # how many columns the tables have, in every version
_APPLICATION_ID = slice(68, 72)
_SEQ, _HASH, _SIGNER, _SIGNATURE, _ID = range(5)
_LARGEST_INTEGER = (1 << 63) - 1


def salvaged(path: Path, connection: sqlite3.Connection | None) -> sqlite3.Connection | None:
    """Return the copy of a log; None if nothing of a log is in the file. Without a connection its pages are read."""
    found: dict[int, list[Row]] = {}
    for image in _images(path, connection):
        for number, values in rows(image, _ENTRIES | {_BODIES, _STUBS}):
            found.setdefault(len(values), []).append((number, values))
    copy = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    copy.executescript(CURRENT.tables)
    copy.execute("BEGIN")
    _put_bodies(copy, found.get(_BODIES, ()))
    _put_stubs(copy, found.get(_STUBS, ()))
    _put_entries(copy, [row for columns in _ENTRIES for row in found.get(columns, ())])
    copy.execute("COMMIT")
    ((confirmed,),) = copy.execute("SELECT (SELECT count(*) FROM named) + (SELECT count(*) FROM stub)")
    if confirmed:
        return copy
    copy.close()
    return None


def begins_like_a_log(head: bytes) -> bool:
    """Return whether a file that SQLite does not know may be a log whose beginning is damaged."""
    mark = APPLICATION_ID.to_bytes(4, "big")
    return head.startswith(MAGIC) or head[_APPLICATION_ID] == mark or (len(head) > 0 and not any(head))


def _images(path: Path, connection: sqlite3.Connection | None) -> Iterator[bytes]:
    """Yield the file as SQLite sees it, with what others have written; and as it is, if SQLite sees less."""
    seen = 0
    if connection is not None:
        with suppress(sqlite3.Error):
            image = connection.serialize()
            seen = len(image)
            yield image
    if seen < path.stat().st_size:
        waiting = path.with_name(f"{path.name}-wal")
        yield with_wal(path.read_bytes(), waiting.read_bytes() if waiting.is_file() else b"")


def _put_bodies(copy: sqlite3.Connection, found: Iterable[Row]) -> None:
    """Put in the texts under the digests that they have; those that cannot be read under the digest that they had."""
    damaged = []
    for number, (_, sha256, size, packed) in found:
        try:
            text = unpack(packed, LARGEST)
        except ValueError:
            damaged.append((number, _octets(sha256), _integer(size), _octets(packed)))
        else:
            values = (number, bytes.fromhex(digest(text)), len(text), packed)
            copy.execute("INSERT OR IGNORE INTO body VALUES (?, ?, ?, ?)", values)
    copy.executemany("INSERT OR IGNORE INTO body VALUES (?, ?, ?, ?)", damaged)


def _put_stubs(copy: sqlite3.Connection, found: Iterable[Row]) -> None:
    for number, (_, last, *values, document) in found:
        if isinstance(document, bytes) and document.startswith(b"{"):
            row = (number, _integer(last), *values, document)
            with suppress(sqlite3.Error):
                copy.execute("INSERT OR IGNORE INTO stub VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def _put_entries(copy: sqlite3.Connection, found: Iterable[Row]) -> None:
    """Put in the records, those that can be read first: of the others a copy may be a stale one."""
    damaged = []
    for number, values in found:
        try:
            envelope = read_envelope(unpack(values[-1], LARGEST))
        except ValueError:
            damaged.append((number, values))
        else:
            _put_entry(copy, (number, values), columns_of(envelope), envelope)
    for number, values in damaged:
        name = values[_ID]
        columns: dict[str, str | None] = dict.fromkeys(CURRENT.index, "")
        columns["decision_id"] = name if isinstance(name, str) and name else f"record {number}"
        if isinstance(values[_HASH], bytes) and isinstance(values[-1], bytes):
            _put_entry(copy, (number, values), columns, None)


def _put_entry(copy: sqlite3.Connection, found: Row, columns: dict[str, str | None], envelope: Json | None) -> None:
    number, values = found
    row = (number, values[_HASH], values[_SIGNER], values[_SIGNATURE], *columns.values(), values[-1])
    try:
        done = copy.execute(f"INSERT OR IGNORE INTO entry VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
    except sqlite3.Error:
        return
    if envelope is None or not done.rowcount:
        return
    copy.executemany("INSERT OR IGNORE INTO finding VALUES (?, ?)", [(code, number) for code in codes_of(envelope)])
    labels = [(name, value, number) for name, value in envelope["labels"].items()]
    copy.executemany("INSERT OR IGNORE INTO label VALUES (?, ?, ?)", labels)
    named = "INSERT OR IGNORE INTO named VALUES (?, ?, coalesce((SELECT id FROM body WHERE sha256 = ?), 0))"
    bodies = [body for body in enumerate(bodies_of(envelope)) if not is_erased(envelope, body[1])]
    copy.executemany(named, [(number, place, key_of(body.sha256)) for place, body in bodies])


def _octets(value: Value) -> bytes:
    return value if isinstance(value, bytes) else b""


def _integer(value: Value) -> int:
    return value if isinstance(value, int) else -1
