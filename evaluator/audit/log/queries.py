"""What is asked of a log: which records, by what the index columns say; and one record by its id.

The columns only find; what is handed on comes from the envelope, whose hash is compared at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evaluator.audit.log.chain import GENESIS, HASH_LENGTH, Head, entry_hash
from evaluator.audit.log.packing import LARGEST, unpack
from evaluator.audit.record import Json, Record, read_envelope, time_text, verified
from evaluator.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.facts.literal import parse_literal
from evaluator.text import quote

_MOST_RECORDS = 1 << 62
COLUMNS = "seq, hash, signer, signature, envelope, report_body, policy_body"
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which records are meant: those for which all that is given holds.

    `since` is the first moment that counts, `until` the first that does not; both know their time zone. A label
    must have its value.
    """

    host: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    status: str | None = None
    finding: str | None = None
    interface: str | None = None
    policy: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of a log: the envelope of a record, without its bodies, and how it is chained."""

    head: Head
    signer: bytes | None
    signature: bytes | None
    envelope: Json
    bodies: tuple[int | None, int | None]

    def to_dict(self) -> Json:
        """Return what a list shows of the record as JSON-ready data."""
        result = self.envelope["result"]
        return {
            "seq": self.head.seq,
            "hash": self.head.hash.hex(),
            "signed": self.signature is not None,
            "decision_id": self.envelope["decision_id"],
            "timestamp": self.envelope["timestamp"],
            "host": result["host"]["name"],
            "status": result["status"],
            "hostActiveNic": result["hostActiveNic"],
            "policy": result["policy"]["name"],
            "findings": codes_of(self.envelope),
            "labels": self.envelope["labels"],
        }


def codes_of(envelope: Json) -> list[str]:
    """Return the codes of a record's findings, each once, sorted."""
    return sorted({finding["code"] for finding in envelope["result"]["findings"]})


def columns_of(envelope: Json) -> dict[str, str | None]:
    """Return the values of the columns that repeat the envelope."""
    result = envelope["result"]
    return {
        "decision_id": envelope["decision_id"],
        "timestamp": envelope["timestamp"],
        "host": result["host"]["name"],
        "status": result["status"],
        "interface": result["hostActiveNic"],
        "policy": result["policy"]["name"],
    }


def head_of(connection: sqlite3.Connection) -> Head:
    """Return the end of the chain."""
    found = connection.execute("SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
    return _head(found) if found else pruned_head(connection)


def pruned_head(connection: sqlite3.Connection) -> Head:
    """Return the end of what was pruned: where the chain begins."""
    found = connection.execute("SELECT last_seq, last_hash FROM stub ORDER BY id DESC LIMIT 1").fetchone()
    return _head(found) if found else GENESIS


def _head(row: Row) -> Head:
    if type(row[0]) is not int or not 0 <= row[0] < _MOST_RECORDS or not is_hash(row[1]):
        raise _damaged("what a record follows is no place of a chain")
    return Head(*row)


def is_hash(value: object) -> bool:
    """Return whether a stored value can be a hash or a public key."""
    return isinstance(value, bytes) and len(value) == HASH_LENGTH


def find_seqs(
    connection: sqlite3.Connection, wanted: LogFilter, *, newest_first: bool, limit: int | None = None
) -> list[int]:
    """Return the numbers of the records that are meant, at most so many."""
    where, values = _where(wanted)
    order, most = "DESC" if newest_first else "ASC", -1 if limit is None else limit
    key = "+seq" if where.startswith("WHERE timestamp") else "seq"  # else all are read in order, to find a late one
    query = f"SELECT seq FROM entry {where} ORDER BY {key} {order} LIMIT {most}"  # noqa: S608 -- of the texts below
    return [seq for (seq,) in connection.execute(query, values)]


def count(connection: sqlite3.Connection, wanted: LogFilter) -> int:
    """Return how many records are meant."""
    where, values = _where(wanted)
    found = connection.execute(f"SELECT count(*) FROM entry {where}", values).fetchone()  # noqa: S608 -- as above
    return int(found[0])


def _where(wanted: LogFilter) -> tuple[str, list[str]]:
    conditions, values = _conditions(wanted)
    return f"WHERE {' AND '.join(conditions)}" if conditions else "", values


def _conditions(wanted: LogFilter) -> tuple[list[str], list[str]]:
    """Return the conditions and their values, what tells most first; only the first may choose the index."""
    found: list[tuple[str, tuple[str, ...]]] = [
        ("seq IN (SELECT seq FROM label WHERE name = ? AND value = ?)", label) for label in wanted.labels.items()
    ]
    if wanted.finding is not None:
        found.append(("seq IN (SELECT seq FROM finding WHERE code = ?)", (wanted.finding,)))
    if wanted.host is not None:
        found.append(("host IN (?, ?)", (wanted.host, _usual_spelling(wanted.host))))
    found += _equal(wanted, "interface")
    for moment, sign in ((wanted.since, ">="), (wanted.until, "<")):
        if moment is not None:
            found.append((f"timestamp {sign} ?", (time_text(moment),)))
    found += _equal(wanted, "policy", "status")
    is_by_time = bool(found) and found[0][0].startswith("timestamp")
    keeps_from_index = "+"
    conditions = [
        text if i == 0 or (is_by_time and text.startswith("timestamp")) else f"{keeps_from_index}{text}"
        for i, (text, _) in enumerate(found)
    ]
    return conditions, [value for _, values in found for value in values]


def _usual_spelling(host: str) -> str:
    """Return an address as decisions write it, a name in small letters without its final dot."""
    try:
        return str(parse_literal(host))
    except ValueError:
        return host.lower().removesuffix(".")


def _equal(wanted: LogFilter, *columns: str) -> list[tuple[str, tuple[str, ...]]]:
    given = ((column, getattr(wanted, column)) for column in columns)
    return [(f"{column} = ?", (str(value),)) for column, value in given if value is not None]


def entry_at(connection: sqlite3.Connection, seq: int) -> Entry | None:
    """Return the record of a number, compared with its hash; None where there is none any more."""
    query = f"SELECT {COLUMNS} FROM entry WHERE seq = ?"  # noqa: S608 -- of constants
    row = connection.execute(query, (seq,)).fetchone()
    return None if row is None else _entry(connection, row)


def entry_of(connection: sqlite3.Connection, decision_id: str) -> Entry:
    """Return the record of a decision, compared with its hash; RecordError where there is none."""
    query = f"SELECT {COLUMNS} FROM entry WHERE decision_id = ?"  # noqa: S608 -- of constants
    row = connection.execute(query, (decision_id,)).fetchone()
    if row is None:
        message = f"the log holds no decision {quote(decision_id)}"
        raise RecordError([Diagnostic(RecordCode.NOT_FOUND, message, hint="`activenic log list` names those it holds")])
    return _entry(connection, row)


def record_of(connection: sqlite3.Connection, entry: Entry) -> Record:
    """Return a record with its bodies; UnverifiedError if one is not what the envelope names."""
    bodies = [body_of(connection, number) for number in entry.bodies]
    return verified(Record(entry.envelope, *bodies))


def body_of(connection: sqlite3.Connection, number: int | None) -> bytes | None:
    """Return a stored text; None for one that was erased."""
    if number is None:
        return None
    row = connection.execute("SELECT size, packed FROM body WHERE id = ?", (number,)).fetchone()
    try:
        if row is None:
            raise ValueError("it is not there")
        return unpack(row[1], row[0])
    except (ValueError, TypeError) as error:
        raise _damaged(f"a text that a record names cannot be read: {error}") from None


def _entry(connection: sqlite3.Connection, row: Row) -> Entry:
    seq, stored, signer, signature, packed, *bodies = row
    before = pruned_head(connection)
    if seq != before.seq + 1:
        found = connection.execute("SELECT seq, hash FROM entry WHERE seq = ?", (seq - 1,)).fetchone()
        before = _head(found or (0, None))
    try:
        text = unpack(packed, LARGEST)
        if not (signer is None or is_hash(signer)) or entry_hash(before, signer, text) != stored:
            raise ValueError("it is not what its hash was made of")
        envelope = read_envelope(text)
    except ValueError as error:
        raise _damaged(f"record {seq} cannot be read: {error}") from None
    return Entry(Head(seq, stored), signer, signature, envelope, (bodies[0], bodies[1]))


def _damaged(message: str) -> UnverifiedError:
    hint = "`activenic log verify` lists every problem of the log"
    return UnverifiedError([Diagnostic(RecordCode.DAMAGED, message, hint=hint)])


def every_entry(connection: sqlite3.Connection, seqs: list[int]) -> Iterator[Entry]:
    """Yield the records of these numbers; one that was pruned meanwhile is left out."""
    for seq in seqs:
        entry = entry_at(connection, seq)
        if entry is not None:
            yield entry
