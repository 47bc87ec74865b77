"""What is asked of the tables of a log: which records, by what the index columns say, and where the chain stands.

The columns only find; what is handed on comes from the envelope, whose hash is compared at once (`reader.py`).
"""

from __future__ import annotations

import sqlite3
from typing import Any, TypeGuard

from evaluator.audit.log.chain import GENESIS, HASH_LENGTH, Head, stub_hash
from evaluator.audit.log.items import LogFilter, usual_spelling
from evaluator.audit.log.schema import Layout
from evaluator.audit.record import time_text
from evaluator.base import json_values as plain

_MOST_RECORDS = 1 << 62
_SHA256 = 64
Row = tuple[Any, ...]


def is_hash(value: object) -> TypeGuard[bytes]:
    """Return whether a stored value can be a hash or a public key."""
    return isinstance(value, bytes) and len(value) == HASH_LENGTH


def key_of(sha256: str) -> bytes:
    """Return the octets of a digest that an envelope names; one that is not hexadecimal names no text."""
    try:
        return bytes.fromhex(sha256)
    except ValueError:
        return b""


def head_of(connection: sqlite3.Connection) -> Head:
    """Return the end of the chain, as the last row says; a hash that is not one becomes an empty one."""
    last = connection.execute("SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
    if last is None:
        return pruned_head(connection)
    return Head(last[0], last[1] if is_hash(last[1]) else b"")


def pruned_head(connection: sqlite3.Connection) -> Head:
    """Return the end of what was pruned: where the chain begins.

    A checkpoint says it twice, in its columns and in its document. If they differ, the document counts if its hash is
    right. The hash is empty if neither can be read.
    """
    query = "SELECT id, last_seq, last_hash, hash, signer, document FROM stub ORDER BY id DESC LIMIT 1"
    row = connection.execute(query).fetchone()
    if row is None:
        return GENESIS
    number, seq, last, stored, signer, document = row
    in_columns = Head(seq, last) if type(seq) is int and 0 <= seq < _MOST_RECORDS and is_hash(last) else None
    in_document = _pruned_by(document)
    if in_columns == in_document and in_columns is not None:
        return in_columns
    before = connection.execute("SELECT hash FROM stub WHERE id = ?", (number - 1,)).fetchone()
    previous = before[0] if before and is_hash(before[0]) else GENESIS.hash
    is_right = (
        isinstance(document, bytes) and stub_hash(previous, signer if is_hash(signer) else None, document) == stored
    )
    if in_document is not None and (is_right or in_columns is None):
        return in_document
    return in_columns or Head(0, b"")


def _pruned_by(document: object) -> Head | None:
    """Return the end of what was pruned, as the document of a checkpoint says."""
    try:
        checkpoint = plain.loads(document) if isinstance(document, bytes) else {}
        seq, last = checkpoint["last_seq"], bytes.fromhex(checkpoint["last_hash"])
    except (ValueError, KeyError, TypeError):
        return None
    return Head(seq, last) if type(seq) is int and 0 <= seq < _MOST_RECORDS and is_hash(last) else None


def find_seqs(
    connection: sqlite3.Connection,
    layout: Layout,
    wanted: LogFilter,
    *,
    newest_first: bool,
    limit: int | None = None,
) -> list[int]:
    """Return the numbers of the records that are meant, at most so many."""
    where, values = _where(layout, wanted)
    order, most = "DESC" if newest_first else "ASC", -1 if limit is None else limit
    key = "+seq" if where.startswith("WHERE timestamp") else "seq"  # else all are read in order, to find a late one
    query = f"SELECT seq FROM entry {where} ORDER BY {key} {order} LIMIT {most}"  # noqa: S608 -- of the texts below
    return [seq for (seq,) in connection.execute(query, values)]


def count(connection: sqlite3.Connection, layout: Layout, wanted: LogFilter) -> int:
    """Return how many records are meant."""
    where, values = _where(layout, wanted)
    row = connection.execute(f"SELECT count(*) FROM entry {where}", values).fetchone()  # noqa: S608 -- as above
    return int(row[0])


def _where(layout: Layout, wanted: LogFilter) -> tuple[str, list[str]]:
    conditions, values = _conditions(layout, wanted)
    return f"WHERE {' AND '.join(conditions)}" if conditions else "", values


def _conditions(layout: Layout, wanted: LogFilter) -> tuple[list[str], list[str]]:
    """Return the conditions and their values, what tells most first; only the first may choose the index."""
    conditions: list[tuple[str, tuple[str, ...]]] = [
        ("seq IN (SELECT seq FROM label WHERE name = ? AND value = ?)", label) for label in wanted.labels.items()
    ]
    if wanted.finding is not None:
        conditions.append(("seq IN (SELECT seq FROM finding WHERE code = ?)", (wanted.finding,)))
    if wanted.host is not None:
        conditions.append(("host IN (?, ?)", (wanted.host, usual_spelling(wanted.host))))
    conditions += _equal("interface", wanted.interface)
    for moment, sign in ((wanted.since, ">="), (wanted.until, "<")):
        if moment is not None:
            conditions.append((f"timestamp {sign} ?", (time_text(moment),)))
    if wanted.policy is not None and len(wanted.policy) == _SHA256:
        conditions.append((layout.by_digest, (wanted.policy,)))
    else:
        conditions += _equal("policy", wanted.policy)
    conditions += _equal("status", wanted.status)
    is_by_time = bool(conditions) and conditions[0][0].startswith("timestamp")
    keeps_from_index = "+"
    texts = [
        text if i == 0 or (is_by_time and text.startswith("timestamp")) else f"{keeps_from_index}{text}"
        for i, (text, _) in enumerate(conditions)
    ]
    return texts, [value for _, values in conditions for value in values]


def _equal(column: str, value: str | None) -> list[tuple[str, tuple[str, ...]]]:
    return [] if value is None else [(f"{column} = ?", (str(value),))]
