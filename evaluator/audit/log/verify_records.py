"""Every record of a log in the order of the chain, with its texts and with what it is found by.

Nothing is believed: each hash is made again from the envelope, each text from its stored form, and
what only repeats the envelope is compared with it.
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

Texts = dict[int, tuple[str, int]]


class Walk(Struct):
    """What is known on the way along the chain.

    `bodies` holds digest and size of each stored text, an empty digest if it is damaged, `named` those that some record
    names. `before` is the number of the last record and `follows` the hashes that the next one may follow: the stored
    one and, if it is another, the one that its envelope has; none if nobody can know.
    """

    signatures: SignatureCheck
    bodies: Texts = field(default_factory=dict)
    named: set[int] = field(default_factory=set)
    before: int = 0
    follows: tuple[bytes, ...] = ()
    is_broken: bool = False
    records: int = 0
    signed: int = 0
    pruned: int = 0
    pruned_damaged: tuple[int, ...] = ()
    head: Head = GENESIS


def body_problems(connection: sqlite3.Connection, walk: Walk) -> Iterator[Diagnostic]:
    """Yield what is wrong with the stored texts, and note them all."""
    for number, sha256, size, packed in connection.execute("SELECT id, sha256, size, packed FROM body"):
        try:
            text = unpack(packed, size)
            found = hashlib.sha256(text).digest()
            if found != sha256 or len(text) != size:
                raise ValueError("its digest differs")
        except ValueError as error:
            yield Diagnostic(RecordCode.BODY_ALTERED, f"text {number} was altered: {error}", order=number)
            walk.bodies[number] = ("", 0)
        else:
            walk.bodies[number] = (found.hex(), size)


def record_problems(log: OpenLog, walk: Walk, progress: Progress) -> Iterator[Diagnostic]:
    """Yield what is wrong with the records and what stands beside them; the texts have been noted."""
    connection = log.connection
    ((most,),) = connection.execute("SELECT count(*) FROM entry")
    walk.head = pruned_head(connection)
    walk.before, walk.follows = walk.head.seq, (walk.head.hash,) if walk.head.hash else ()
    beside = _Tables(
        _Beside(connection, "SELECT seq, code FROM finding ORDER BY seq, code"),
        _Beside(connection, "SELECT seq, name, value FROM label ORDER BY seq, name"),
        _Beside(connection, log.layout.named),
    )
    columns = f"seq, hash, signer, signature, envelope, {', '.join(log.layout.index)}"
    for row in connection.execute(f"SELECT {columns} FROM entry NOT INDEXED ORDER BY seq"):  # noqa: S608 -- of constants
        yield from _record(row, walk, beside, log.layout.index)
        walk.records += 1
        progress(walk.records, most)
    if log.last > walk.before:
        yield _problem(RecordCode.RECORD_MISSING, _missing(walk.before + 1, log.last), log.last)
    if any(table.has_strays() for table in (beside.findings, beside.labels, beside.named)):
        yield Diagnostic(RecordCode.INDEX_ALTERED, "an index names records that are not there")
    yield from _unnamed(walk)


def _record(row: Row, walk: Walk, beside: _Tables, names: tuple[str, ...]) -> Iterator[Diagnostic]:
    seq, stored, signer, signature, packed = row[:5]
    rows = beside.take(seq)
    walk.named.update(row[1] for row in rows.named if isinstance(row[1], int))
    if seq <= walk.before:
        yield _problem(RecordCode.RECORD_ALTERED, f"record {seq} stands before the log's beginning", seq)
        return
    if seq != walk.before + 1:
        yield _problem(RecordCode.RECORD_MISSING, _missing(walk.before + 1, seq - 1), seq)
        walk.follows = ()
    hashes: list[bytes] = []
    try:
        text = unpack(packed, LARGEST)
        if not (signer is None or is_hash(signer)):
            raise ValueError("its signer is not a key")
        hashes = [entry_hash(Head(seq - 1, before), signer, text) for before in walk.follows]
        if hashes and stored not in hashes and not walk.is_broken:
            raise ValueError("its hash does not match it and the record before it")
        document = read_envelope(text)
    except ValueError as error:
        yield _problem(RecordCode.RECORD_ALTERED, f"record {seq} was altered, or put in another place: {error}", seq)
        walk.is_broken = True
    else:
        walk.is_broken = bool(hashes) and stored not in hashes
        walk.signed += signature is not None
        yield from walk.signatures.problems(f"record {seq}", seq, (stored, signer, signature))
        yield from _columns(seq, document, row[5:], names, rows)
        yield from _bodies_of(seq, document, rows.named, walk)
    walk.before, walk.head = seq, Head(seq, stored if is_hash(stored) else bytes(32))
    walk.follows = tuple(dict.fromkeys([*([stored] if is_hash(stored) else []), *hashes]))


def _columns(seq: int, document: Json, columns: Row, names: tuple[str, ...], rows: _Rows) -> Iterator[Diagnostic]:
    wanted = columns_of(document)
    wrong = [name for name, value in zip(names, columns, strict=True) if value != wanted[name]]
    if rows.findings != [(code,) for code in codes_of(document)]:
        wrong.append("findings")
    if rows.labels != sorted(document["labels"].items()):
        wrong.append("labels")
    if wrong:
        message = f"record {seq}: the index columns {quote_all(wrong)} differ from the record"
        yield _problem(RecordCode.INDEX_ALTERED, message, seq)


def _bodies_of(seq: int, document: Json, named: list[Row], walk: Walk) -> Iterator[Diagnostic]:
    """Yield which texts of a record are missing, or are others than it names."""
    numbers: dict[object, object] = {row[0]: row[1] for row in named}
    wanted = {place: body for place, body in enumerate(bodies_of(document)) if not is_erased(document, body)}
    for place, body in wanted.items():
        number = numbers.get(place)
        if not isinstance(number, int) or number not in walk.bodies:
            yield _problem(RecordCode.BODY_MISSING, f"the {body.what} of record {seq} is missing", seq)
        elif walk.bodies[number][0] not in ("", body.sha256):
            message = f"the {body.what} of record {seq} is not the one that it names"
            yield _problem(RecordCode.BODY_ALTERED, message, seq)
    if numbers.keys() - wanted.keys() or len(named) > len(numbers):
        yield _problem(RecordCode.INDEX_ALTERED, f"record {seq}: texts are listed that it does not name", seq)


def _unnamed(walk: Walk) -> Iterator[Diagnostic]:
    for number in sorted(walk.bodies.keys() - walk.named):
        yield Diagnostic(RecordCode.BODY_UNNAMED, f"no record names text {number}", order=number)


def _missing(first: int, last: int) -> str:
    return f"record {first} is missing" if first == last else f"the records {first} to {last} are missing"


def _problem(code: RecordCode, message: str, seq: int) -> Diagnostic:
    return Diagnostic(code, message, order=seq)


class _Rows(Struct, frozen=True):
    """What stands beside a record in the other tables."""

    findings: list[Row]
    labels: list[Row]
    named: list[Row]


class _Tables(Struct, frozen=True):
    """The tables that belong to the records, read along with them."""

    findings: _Beside
    labels: _Beside
    named: _Beside

    def take(self, seq: int) -> _Rows:
        """Return the rows of a record."""
        return _Rows(self.findings.take(seq), self.labels.take(seq), self.named.take(seq))


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
