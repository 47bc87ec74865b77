"""Defines the SQL queries on a log. They find records by index columns, and they find both ends of the hash chain.

The index columns only locate a record. The reader returns the envelope, after it has verified the hash
(`log_reader.py`).
"""

from __future__ import annotations

import sqlite3
from typing import Any, TypeGuard

from evaluator.audit.log.chain import GENESIS, HASH_LENGTH, Head, checkpoint_hash
from evaluator.audit.log.items import LogFilter, normalized_host
from evaluator.audit.log.schema import LogTables
from evaluator.audit.record import time_text
from evaluator.base import json_values as plain

_MAX_SEQ = 1 << 62
_SHA256_DIGITS = 64
Row = tuple[Any, ...]


def is_hash(value: object) -> TypeGuard[bytes]:
    """Return whether a stored value has the form of a hash or a public key: 32 octets."""
    return isinstance(value, bytes) and len(value) == HASH_LENGTH


def key_of(sha256: str) -> bytes:
    """Return the key of a stored text: the octets of its hexadecimal digest. It is empty if the digest is invalid."""
    try:
        return bytes.fromhex(sha256)
    except ValueError:
        return b""


def head_of(connection: sqlite3.Connection) -> Head:
    """Return the head of the log from its last row; the hash is empty if the stored hash is invalid."""
    last = connection.execute("SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
    if last is None:
        return pruned_head(connection)
    return Head(last[0], last[1] if is_hash(last[1]) else b"")


def pruned_head(connection: sqlite3.Connection) -> Head:
    """Return the head before the first record: the head of the last pruned record, or GENESIS if none was pruned.

    A checkpoint contains this head twice: in its columns and in its document. If the two heads differ and the hash of
    the document is correct, the result is the head in the document. If the hash is wrong, the result is the head in the
    columns. If neither head is readable, the result has an empty hash.
    """
    query = "SELECT id, last_seq, last_hash, hash, signer, document FROM stub ORDER BY id DESC LIMIT 1"
    row = connection.execute(query).fetchone()
    if row is None:
        return GENESIS
    number, seq, last, stored, signer, document = row
    in_columns = Head(seq, last) if type(seq) is int and 0 <= seq < _MAX_SEQ and is_hash(last) else None
    in_document = _head_in_document(document)
    if in_columns == in_document and in_columns is not None:
        return in_columns
    previous_row = connection.execute("SELECT hash FROM stub WHERE id = ?", (number - 1,)).fetchone()
    previous = previous_row[0] if previous_row and is_hash(previous_row[0]) else GENESIS.hash
    is_document_intact = (
        isinstance(document, bytes)
        and checkpoint_hash(previous, signer if is_hash(signer) else None, document) == stored
    )
    if in_document is not None and (is_document_intact or in_columns is None):
        return in_document
    return in_columns or Head(0, b"")


def _head_in_document(document: object) -> Head | None:
    """Return the head in the document of a checkpoint, None if it is unreadable."""
    try:
        checkpoint = plain.loads(document) if isinstance(document, bytes) else {}
        seq, last = checkpoint["last_seq"], bytes.fromhex(checkpoint["last_hash"])
    except (ValueError, KeyError, TypeError):
        return None
    return Head(seq, last) if type(seq) is int and 0 <= seq < _MAX_SEQ and is_hash(last) else None


def find_seqs(
    connection: sqlite3.Connection,
    layout: LogTables,
    log_filter: LogFilter,
    *,
    newest_first: bool,
    limit: int | None = None,
) -> list[int]:
    """Return the numbers of the records that match the filter, at most `limit` of them."""
    where, values = _where(layout, log_filter)
    order, row_limit = "DESC" if newest_first else "ASC", -1 if limit is None else limit
    key = "+seq" if where.startswith("WHERE timestamp") else "seq"  # `+` makes SQLite use the index of timestamps
    query = f"SELECT seq FROM entry {where} ORDER BY {key} {order} LIMIT {row_limit}"  # noqa: S608 -- constant texts
    return [seq for (seq,) in connection.execute(query, values)]


def count(connection: sqlite3.Connection, layout: LogTables, log_filter: LogFilter) -> int:
    """Return the number of records that match the filter."""
    where, values = _where(layout, log_filter)
    row = connection.execute(f"SELECT count(*) FROM entry {where}", values).fetchone()  # noqa: S608 -- constant texts
    return int(row[0])


def _where(layout: LogTables, log_filter: LogFilter) -> tuple[str, list[str]]:
    conditions, values = _conditions(layout, log_filter)
    return f"WHERE {' AND '.join(conditions)}" if conditions else "", values


def _conditions(layout: LogTables, log_filter: LogFilter) -> tuple[list[str], list[str]]:
    """Return the conditions and their values, the most selective first; only the first condition can use an index."""
    conditions: list[tuple[str, tuple[str, ...]]] = [
        ("seq IN (SELECT seq FROM label WHERE name = ? AND value = ?)", label) for label in log_filter.labels.items()
    ]
    if log_filter.finding is not None:
        conditions.append(("seq IN (SELECT seq FROM finding WHERE code = ?)", (log_filter.finding,)))
    if log_filter.host is not None:
        conditions.append(("host IN (?, ?)", (log_filter.host, normalized_host(log_filter.host))))
    conditions += _equal("interface", log_filter.interface)
    for moment, sign in ((log_filter.since, ">="), (log_filter.until, "<")):
        if moment is not None:
            conditions.append((f"timestamp {sign} ?", (time_text(moment),)))
    if log_filter.policy is not None and len(log_filter.policy) == _SHA256_DIGITS:
        conditions.append((layout.by_digest, (log_filter.policy,)))
    else:
        conditions += _equal("policy", log_filter.policy)
    conditions += _equal("status", log_filter.status)
    is_by_time = bool(conditions) and conditions[0][0].startswith("timestamp")
    without_index = "+"  # SQLite uses no index for an expression such as `+status`
    texts = [
        text if i == 0 or (is_by_time and text.startswith("timestamp")) else f"{without_index}{text}"
        for i, (text, _) in enumerate(conditions)
    ]
    return texts, [value for _, values in conditions for value in values]


def _equal(column: str, value: str | None) -> list[tuple[str, tuple[str, ...]]]:
    return [] if value is None else [(f"{column} = ?", (str(value),))]
