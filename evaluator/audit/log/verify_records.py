"""Every record of a log in the order of the chain, with its texts and with what it is found by.

Nothing is believed: each hash is made again from the envelope, each text from its stored form, and
what only repeats the envelope is compared with it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from evaluator.audit.log.chain import GENESIS, Head, entry_hash
from evaluator.audit.log.packing import LARGEST, unpack
from evaluator.audit.log.queries import COLUMNS, Row, codes_of, columns_of, is_hash, pruned_head
from evaluator.audit.log.signatures import SignatureCheck
from evaluator.audit.record import Json, read_envelope
from evaluator.diagnostic import Diagnostic, RecordCode
from evaluator.text import quote_all

_INDEX = ("decision_id", "timestamp", "host", "status", "interface", "policy")
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Walk:
    """What is known on the way along the chain; `named` are the texts that some record names."""

    signatures: SignatureCheck
    bodies: dict[int, tuple[str, int]] = field(default_factory=dict)
    named: set[int] = field(default_factory=set)
    before: Head = GENESIS
    records: int = 0
    signed: int = 0


def body_problems(connection: sqlite3.Connection, walk: Walk) -> Iterator[Diagnostic]:
    """Yield what is wrong with the stored texts, and note them all."""
    for number, digest, size, packed in connection.execute("SELECT id, sha256, size, packed FROM body"):
        try:
            text = unpack(packed, size)
            found = hashlib.sha256(text).digest()
            if found != digest or len(text) != size:
                raise ValueError("it is not what its digest was made of")
        except (ValueError, TypeError) as error:
            yield Diagnostic(RecordCode.BODY_ALTERED, f"text {number} was altered: {error}", order=number)
            walk.bodies[number] = ("", 0)
        else:
            walk.bodies[number] = (found.hex(), size)


def record_problems(connection: sqlite3.Connection, walk: Walk, progress: Progress) -> Iterator[Diagnostic]:
    """Yield what is wrong with the records and what stands beside them; the texts have been noted."""
    ((most,),) = connection.execute("SELECT count(*) FROM entry")
    walk.before = pruned_head(connection)
    findings = _Beside(connection, "SELECT seq, code FROM finding ORDER BY seq, code")
    labels = _Beside(connection, "SELECT seq, name, value FROM label ORDER BY seq, name")
    query = f"SELECT {COLUMNS}, {', '.join(_INDEX)} FROM entry ORDER BY seq"  # noqa: S608 -- of constants
    for row in connection.execute(query):
        yield from _record(row, walk, findings, labels)
        walk.records += 1
        progress(walk.records, most)
    for beside in (findings, labels):
        if beside.has_strays():
            yield Diagnostic(RecordCode.INDEX_ALTERED, "an index names records that are not there")
    yield from _unnamed(walk)


def _record(row: Row, walk: Walk, findings: _Beside, labels: _Beside) -> Iterator[Diagnostic]:
    seq, stored, signer, signature, packed, *bodies = row[:7]
    if seq <= walk.before.seq:
        yield _problem(RecordCode.RECORD_ALTERED, f"record {seq} stands before the log's beginning", seq)
        return
    if seq != walk.before.seq + 1:
        which = f"{walk.before.seq + 1}" if seq == walk.before.seq + 2 else f"{walk.before.seq + 1} to {seq - 1}"
        what = f"record {which} is missing" if "to" not in which else f"the records {which} are missing"
        yield _problem(RecordCode.RECORD_MISSING, what, seq)
        walk.before = Head(seq - 1, walk.before.hash)
    try:
        envelope = unpack(packed, LARGEST)
        if not (signer is None or is_hash(signer)):
            raise ValueError("its signer is no key")
        if entry_hash(walk.before, signer, envelope) != stored:
            raise ValueError("its hash is not made of it and the record before it")
        document = read_envelope(envelope)
    except ValueError as error:
        yield _problem(RecordCode.RECORD_ALTERED, f"record {seq} was altered, or put in another place: {error}", seq)
        findings.take(seq)
        labels.take(seq)
        walk.named.update(body for body in bodies if isinstance(body, int))
    else:
        walk.signed += signature is not None
        yield from walk.signatures.problems(f"record {seq}", seq, (stored, signer, signature))
        yield from _columns(seq, document, row[7:], findings.take(seq), labels.take(seq))
        yield from _bodies_of(seq, document, tuple(bodies), walk)
    walk.before = Head(seq, stored if is_hash(stored) else bytes(32))


def _columns(seq: int, document: Json, columns: Row, findings: list[Row], labels: list[Row]) -> Iterator[Diagnostic]:
    wanted = columns_of(document)
    wrong = [name for name, value in zip(_INDEX, columns, strict=True) if value != wanted[name]]
    if findings != [(code,) for code in codes_of(document)]:
        wrong.append("findings")
    if labels != sorted(document["labels"].items()):
        wrong.append("labels")
    if wrong:
        message = f"record {seq} is found by something else than it holds: {quote_all(wrong)}"
        yield _problem(RecordCode.INDEX_ALTERED, message, seq)


def _bodies_of(seq: int, document: Json, bodies: tuple[object, ...], walk: Walk) -> Iterator[Diagnostic]:
    for name, number in zip(("report", "policy"), bodies, strict=True):
        if number is None and f"/input/{name}" in document["erased"]:
            continue
        if not isinstance(number, int) or number not in walk.bodies:
            yield _problem(RecordCode.BODY_MISSING, f"the {name} of record {seq} is missing", seq)
            continue
        walk.named.add(number)
        digest, size = walk.bodies[number]
        named = document["input"][name]
        if digest and (digest, size) != (named["sha256"], named["size"]):
            message = f"the {name} of record {seq} is not the one it was made of"
            yield _problem(RecordCode.BODY_ALTERED, message, seq)


def _unnamed(walk: Walk) -> Iterator[Diagnostic]:
    for number in sorted(walk.bodies.keys() - walk.named):
        yield Diagnostic(RecordCode.BODY_UNNAMED, f"no record names text {number}", order=number)


def _problem(code: RecordCode, message: str, seq: int) -> Diagnostic:
    return Diagnostic(code, message, order=seq)


class _Beside:
    """The rows of a table that belongs to the records, read along with them."""

    def __init__(self, connection: sqlite3.Connection, query: str) -> None:
        self._rows = iter(connection.execute(query))
        self._next: Row | None = next(self._rows, None)
        self._has_strays = False

    def take(self, seq: int) -> list[Row]:
        """Return the rows of a record, without its number."""
        found: list[Row] = []
        while self._next is not None and isinstance(self._next[0], int) and self._next[0] <= seq:
            if self._next[0] == seq:
                found.append(self._next[1:])
            else:
                self._has_strays = True
            self._next = next(self._rows, None)
        return found

    def has_strays(self) -> bool:
        """Return whether rows belong to no record; asked at the end."""
        return self._has_strays or self._next is not None
