"""Verifies every record of a log in the order of the chain, with its texts, index columns and signature.

No stored hash or digest is trusted: each hash is computed again from the envelope, and each digest from the text.
Values that repeat the envelope are compared with the envelope.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator

from msgspec import Struct, field

from evaluator.audit.log.chain import GENESIS, Head, entry_hash
from evaluator.audit.log.file import OpenLog
from evaluator.audit.log.items import codes_of, columns_of
from evaluator.audit.log.packing import LARGEST, unpack
from evaluator.audit.log.queries import Row, is_hash, pruned_head
from evaluator.audit.log.reader import Progress
from evaluator.audit.log.signatures import SignatureCheck
from evaluator.audit.record import Json, bodies_of, is_erased, read_envelope
from evaluator.base.diagnostic import Diagnostic, RecordCode
from evaluator.base.text import quote_all

Texts = dict[int, tuple[str, int]]  # digest and size by the number of a stored text


class Walk(Struct):
    """The state of a verification that reads the chain record after record.

    `bodies` contains the digest and size of each stored text, with an empty digest if it is damaged. `named` are the
    numbers of the texts that a record refers to. `previous_seq` is the number of the previous record. `follows` are the
    two hashes that the next record may follow: the stored hash of the previous record, and the hash computed from its
    envelope. `follows` is empty if the previous record is missing. `is_broken` is true if the previous record was
    altered.
    """

    signatures: SignatureCheck
    bodies: Texts = field(default_factory=dict)
    named: set[int] = field(default_factory=set)
    previous_seq: int = 0
    follows: tuple[bytes, ...] = ()
    is_broken: bool = False
    records: int = 0
    signed: int = 0
    pruned: int = 0
    pruned_damaged: tuple[int, ...] = ()
    head: Head = GENESIS


def body_problems(connection: sqlite3.Connection, walk: Walk) -> Iterator[Diagnostic]:
    """Yield the problems of damaged texts, and store the digest and size of every text in `walk.bodies`."""
    for number, sha256, size, packed in connection.execute("SELECT id, sha256, size, packed FROM body"):
        try:
            text = unpack(packed, size)
            computed = hashlib.sha256(text).digest()
            if computed != sha256 or len(text) != size:
                raise ValueError("the digest differs")
        except ValueError as error:
            yield Diagnostic(RecordCode.BODY_ALTERED, f"text {number} was altered: {error}", order=number)
            walk.bodies[number] = ("", 0)
        else:
            walk.bodies[number] = (computed.hex(), size)


def record_problems(log: OpenLog, walk: Walk, progress: Progress) -> Iterator[Diagnostic]:
    """Yield the problems of all records and of the tables that repeat the records.

    The caller must call `body_problems` first.
    """
    connection = log.connection
    ((record_count,),) = connection.execute("SELECT count(*) FROM entry")
    walk.head = pruned_head(connection)
    walk.previous_seq, walk.follows = walk.head.seq, (walk.head.hash,) if walk.head.hash else ()
    tables = _Tables(
        _RowsBySeq(connection, "SELECT seq, code FROM finding ORDER BY seq, code"),
        _RowsBySeq(connection, "SELECT seq, name, value FROM label ORDER BY seq, name"),
        _RowsBySeq(connection, log.layout.named),
    )
    columns = f"seq, hash, signer, signature, envelope, {', '.join(log.layout.index)}"
    for row in connection.execute(f"SELECT {columns} FROM entry NOT INDEXED ORDER BY seq"):  # noqa: S608 -- constant names
        yield from _verify_record(row, walk, tables, log.layout.index)
        walk.records += 1
        progress(walk.records, record_count)
    if log.last > walk.previous_seq:
        yield _problem(RecordCode.RECORD_MISSING, _missing(walk.previous_seq + 1, log.last), log.last)
    if any(table.has_unmatched() for table in (tables.findings, tables.labels, tables.named)):
        yield Diagnostic(RecordCode.INDEX_ALTERED, "an index refers to records that do not exist")
    yield from _unused_text_problems(walk)


def _verify_record(row: Row, walk: Walk, tables: _Tables, names: tuple[str, ...]) -> Iterator[Diagnostic]:
    seq, stored, signer, signature, packed = row[:5]
    rows = tables.take(seq)
    walk.named.update(row[1] for row in rows.named if isinstance(row[1], int))
    if seq <= walk.previous_seq:
        yield _problem(
            RecordCode.RECORD_ALTERED, f"record {seq} has a smaller number than the first record of the log", seq
        )
        return
    if seq != walk.previous_seq + 1:
        yield _problem(RecordCode.RECORD_MISSING, _missing(walk.previous_seq + 1, seq - 1), seq)
        walk.follows = ()
    hashes: list[bytes] = []
    try:
        text = unpack(packed, LARGEST)
        if not (signer is None or is_hash(signer)):
            raise ValueError("the signer is not a public key")
        hashes = [entry_hash(Head(seq - 1, previous), signer, text) for previous in walk.follows]
        if hashes and stored not in hashes and not walk.is_broken:
            raise ValueError("the hash differs from the hash that is computed from this record and the previous hash")
        document = read_envelope(text)
    except ValueError as error:
        yield _problem(RecordCode.RECORD_ALTERED, f"record {seq} was altered or moved: {error}", seq)
        walk.is_broken = True
    else:
        walk.is_broken = bool(hashes) and stored not in hashes
        walk.signed += signature is not None
        yield from walk.signatures.problems(f"record {seq}", seq, (stored, signer, signature))
        yield from _column_problems(seq, document, row[5:], names, rows)
        yield from _record_body_problems(seq, document, rows.named, walk)
    walk.previous_seq, walk.head = seq, Head(seq, stored if is_hash(stored) else bytes(32))
    walk.follows = tuple(dict.fromkeys([*([stored] if is_hash(stored) else []), *hashes]))


def _column_problems(
    seq: int, document: Json, columns: Row, names: tuple[str, ...], rows: _Rows
) -> Iterator[Diagnostic]:
    expected = columns_of(document)
    wrong = [name for name, value in zip(names, columns, strict=True) if value != expected[name]]
    if rows.findings != [(code,) for code in codes_of(document)]:
        wrong.append("findings")
    if rows.labels != sorted(document["labels"].items()):
        wrong.append("labels")
    if wrong:
        message = f"record {seq}: the index columns {quote_all(wrong)} differ from the record"
        yield _problem(RecordCode.INDEX_ALTERED, message, seq)


def _record_body_problems(seq: int, document: Json, named: list[Row], walk: Walk) -> Iterator[Diagnostic]:
    """Yield the texts of a record that are missing or differ from the digest in its envelope."""
    numbers: dict[object, object] = {row[0]: row[1] for row in named}
    expected = {place: body for place, body in enumerate(bodies_of(document)) if not is_erased(document, body)}
    for place, body in expected.items():
        number = numbers.get(place)
        if not isinstance(number, int) or number not in walk.bodies:
            yield _problem(RecordCode.BODY_MISSING, f"the {body.name} of record {seq} is missing", seq)
        elif walk.bodies[number][0] not in ("", body.sha256):
            reason = "its digest differs from the digest in the record"
            message = f"the {body.name} of record {seq} was altered or replaced: {reason}"
            yield _problem(RecordCode.BODY_ALTERED, message, seq)
    if numbers.keys() - expected.keys() or len(named) > len(numbers):
        yield _problem(RecordCode.INDEX_ALTERED, f"record {seq}: the index lists texts that are not in the record", seq)


def _unused_text_problems(walk: Walk) -> Iterator[Diagnostic]:
    for number in sorted(walk.bodies.keys() - walk.named):
        yield Diagnostic(RecordCode.BODY_UNNAMED, f"no record refers to text {number}", order=number)


def _missing(first: int, last: int) -> str:
    return f"record {first} is missing" if first == last else f"records {first} to {last} are missing"


def _problem(code: RecordCode, message: str, seq: int) -> Diagnostic:
    return Diagnostic(code, message, order=seq)


class _Rows(Struct, frozen=True):
    """The rows of one record in the tables that repeat its envelope."""

    findings: list[Row]
    labels: list[Row]
    named: list[Row]


class _Tables(Struct, frozen=True):
    """Reads the tables that repeat the envelopes, in parallel with the records."""

    findings: _RowsBySeq
    labels: _RowsBySeq
    named: _RowsBySeq

    def take(self, seq: int) -> _Rows:
        """Return the rows of record number `seq`, from each table."""
        return _Rows(self.findings.take(seq), self.labels.take(seq), self.named.take(seq))


class _RowsBySeq:
    """Reads the rows of a table, sorted by record number, in parallel with the records."""

    def __init__(self, connection: sqlite3.Connection, query: str) -> None:
        self._rows = iter(connection.execute(query))
        self._next: Row | None = next(self._rows, None)
        self._has_unmatched = False

    def take(self, seq: int) -> list[Row]:
        """Return the rows of record number `seq`, without the column that contains this number."""
        rows: list[Row] = []
        while self._next is not None and isinstance(self._next[0], int) and self._next[0] <= seq:
            if self._next[0] == seq:
                rows.append(self._next[1:])
            else:
                self._has_unmatched = True
            self._next = next(self._rows, None)
        return rows

    def has_unmatched(self) -> bool:
        """Return whether a row belongs to a record that does not exist. Call this method after the last record."""
        return self._has_unmatched or self._next is not None
