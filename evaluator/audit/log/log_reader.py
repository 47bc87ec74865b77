"""Reads a log: every part that is intact, and why the others are not.

Only the chain proves a record, and it proves each one by the record before it. So that one damaged record does not
hide the next, the hash before a record is taken from the stored hash or, if that does not fit, from the envelope
before it. A record whose predecessor is lost has only its own checksum; it is given, and says so (`Entry.unproven`).

What SQLite cannot read is read from a copy of the pages (`salvage.py`). The copy is made when SQLite reports damage, or
when something is missing and SQLite finds its own file damaged.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeGuard, TypeVar

from evaluator.audit.log.chain import Head, entry_hash
from evaluator.audit.log.file import OpenLog, as_record_errors, reading, rescued
from evaluator.audit.log.items import SHORTEST_PREFIX, Damaged, Entry, Item, LogFilter, columns_of
from evaluator.audit.log.packing import LARGEST, beginning_of, damage_of, unpack
from evaluator.audit.log.queries import Row, count, find_seqs, head_of, is_hash, key_of, pruned_head
from evaluator.audit.log.reader import Progress, ambiguous, not_found
from evaluator.audit.log.verification import Verification
from evaluator.audit.log.verify import verify
from evaluator.audit.record import Body, Json, Record, bodies_of, body_damage, is_erased, read_envelope, with_bodies
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.base.digest import digest
from evaluator.base.text import quote_all

_Answer = TypeVar("_Answer")
_MAY_BE_DAMAGE = frozenset({RecordCode.DAMAGED, RecordCode.NOT_A_LOG, RecordCode.UNWRITABLE})
_IN_ENVELOPE = b'{"decision_id":"'
_AFTER_ANY = "\U0010ffff"
_COLUMNS = "seq, hash, signer, signature, envelope"


class _SuspectError(Exception):
    """Something is missing that should be there: is the file damaged?"""


class LogReader:
    """Reads the log that a connection is open on; may be shared between threads."""

    def __init__(self, path: Path, opened: OpenLog, lock: threading.RLock) -> None:
        self._path = path
        self._file = opened
        self._lock = lock
        self._copy: OpenLog | None = opened if opened.is_salvaged else None
        self._is_examined = opened.is_salvaged

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """What is known to be wrong with the file as a whole."""
        return self._file.problems if self._copy is None else self._copy.problems

    def items(self, wanted: LogFilter, *, newest_first: bool = False, limit: int | None = None) -> Iterator[Item]:
        """Yield the records that are meant and the damaged places; one that is pruned meanwhile is left out."""
        places = self.ask(lambda log: self._places(log, wanted, newest_first=newest_first, limit=limit))
        bodies: dict[str, str] = {}
        for place in places:
            item = place if isinstance(place, Damaged) else self._item_at(place, bodies)
            if item is not None:
                yield item

    def records(self, wanted: LogFilter) -> Iterator[Record | Damaged]:
        """Yield the same with the bodies of each record; those that are damaged are left out and marked."""
        for item in self.items(wanted):
            yield item if isinstance(item, Damaged) else self.record(item)

    def find(self, decision_id: str) -> Item:
        """Return the record of an id, or of a prefix of six or more characters that only one id has."""
        by_index, *by_all = (_seqs_by_index, _seqs_by_column, _seqs_by_envelope)
        items = self._with_id(by_index, decision_id)
        for look in by_all:  # what the index does not find may be there: the index may be damaged
            items = items or self._with_id(look, decision_id)
        if not items:
            raise not_found(decision_id)
        exact = [item for item in items if item.decision_id == decision_id]
        if len(items) > 1 and not exact:
            raise ambiguous(decision_id, (item.name for item in items))
        return (exact or items)[0]

    def record(self, entry: Entry) -> Record:
        """Return an entry with its bodies; those that are damaged are left out and marked."""
        return self.ask(lambda log: self._record(log.connection, entry.envelope))

    def count(self, wanted: LogFilter) -> int:
        """Return how many records are meant, as the index columns say."""
        return self.ask(lambda log: count(log.connection, log.layout, wanted))

    def codes(self) -> frozenset[str]:
        """Return the codes of all findings, as the index says."""
        query = "SELECT DISTINCT code FROM finding"
        return self.ask(lambda log: frozenset(str(code) for (code,) in log.connection.execute(query)))

    def head(self) -> Head:
        """Return where the chain ends; UnverifiedError if the last record is damaged."""
        head = self.ask(lambda log: head_of(log.connection))
        last = self._item_at(head.seq, {})
        if isinstance(last, Damaged):
            raise UnverifiedError(last.problems)
        return head

    def verify(self, public_keys: Iterable[bytes], head: Head | None, progress: Progress) -> Verification:
        """Compare everything in the log with everything else; never raises for what is wrong in it."""
        with self._lock:
            return verify(self._path, self._file, public_keys, head, progress)

    def close(self) -> None:
        """Close the file and its copy."""
        with self._lock:
            for one in {id(log): log for log in (self._file, self._copy) if log is not None}.values():
                one.connection.close()

    def forget(self) -> None:
        """Read the file itself again: something was written to it."""
        self._copy = self._file if self._file.is_salvaged else None
        self._is_examined = self._file.is_salvaged

    def ask(self, question: Callable[[OpenLog], _Answer]) -> _Answer:
        """Return the answer to a question about one state of the log; if SQLite cannot read it, about its copy."""
        with self._lock:
            while True:
                log = self._copy or self._file
                try:
                    with as_record_errors(self._path), reading(log.connection):
                        return question(log)
                except _SuspectError:
                    self._examine()
                except RecordError as error:
                    if self._copy is not None or error.diagnostics[0].code not in _MAY_BE_DAMAGE:
                        raise
                    self._copy = rescued(self._path, self._file, (*self._file.problems, *error.diagnostics))

    def _with_id(self, look: Callable[[sqlite3.Connection, str], Iterator[int]], text: str) -> list[Item]:
        numbers = self.ask(lambda log: list(look(log.connection, text)))
        return [item for item in (self._item_at(seq, {}) for seq in numbers) if _has_id(item, text)]

    def _item_at(self, seq: int, bodies: dict[str, str]) -> Item | None:
        return self.ask(lambda log: self._item(log, seq, bodies))

    def _suspect(self) -> None:
        if not self._is_examined:
            raise _SuspectError

    def _examine(self) -> None:
        """Find out whether the file is damaged, once."""
        self._is_examined = True
        with as_record_errors(self._path):
            try:
                found = [str(text) for (text,) in self._file.connection.execute("PRAGMA integrity_check(1)")]
            except (sqlite3.Error, UnicodeDecodeError) as error:
                found = [str(error)]
        if found != ["ok"]:
            message = f"SQLite finds the file damaged: {' '.join(found).lower()}"
            problems = (*self._file.problems, Diagnostic(RecordCode.DAMAGED, message))
            self._copy = rescued(self._path, self._file, problems)

    def _places(self, log: OpenLog, wanted: LogFilter, *, newest_first: bool, limit: int | None) -> list[int | Damaged]:
        """Return the numbers of the records that are meant, and the gaps in the chain."""
        connection = log.connection
        pruned, head = pruned_head(connection), head_of(connection)
        gaps: list[Damaged] = []
        ((records,),) = connection.execute("SELECT count(*) FROM entry")
        every: list[int] | range = range(pruned.seq + 1, head.seq + 1)
        last = log.last_known()
        if records != head.seq - pruned.seq or not pruned.hash or last > head.seq:
            self._suspect()
            every = [seq for (seq,) in connection.execute("SELECT seq FROM entry NOT INDEXED ORDER BY seq")]
            gaps = list(_gaps(pruned, every, last))
        if wanted.is_everything:
            numbers = list(every[::-1] if newest_first else every)[:limit]
        else:
            numbers = find_seqs(connection, log.layout, wanted, newest_first=newest_first, limit=limit)
        return sorted([*numbers, *gaps], key=_number, reverse=newest_first) if gaps else [*numbers]

    def _item(self, log: OpenLog, seq: int, bodies: dict[str, str]) -> Item | None:
        """Return what stands at a number; None if it was pruned. `bodies` says which texts are damaged, by digest."""
        connection = log.connection
        query = f"SELECT {_COLUMNS}, {', '.join(log.layout.index)} FROM entry WHERE seq = ?"  # noqa: S608 -- of constants
        row = connection.execute(query, (seq,)).fetchone()
        pruned = pruned_head(connection)
        if seq <= pruned.seq:
            return None if row is None else _damaged(row, log.layout.index, "it stands before the beginning of the log")
        if row is None:
            self._suspect()
            return missing(seq, seq)
        _, stored, signer, signature, packed = row[:5]
        try:
            text = unpack(packed, LARGEST)
            envelope = read_envelope(text)
            unproven = _unproven(connection, pruned, row, text)
        except ValueError as error:
            return _damaged(row, log.layout.index, str(error))
        problems = [
            *_columns(seq, envelope, row[5:], log.layout.index),
            *self._bodies(connection, envelope, bodies),
        ]
        key = signer if is_hash(signer) else None
        sign = signature if isinstance(signature, bytes) else None
        return Entry(Head(seq, stored), key, sign, envelope, tuple(problems), unproven)

    def _bodies(self, connection: sqlite3.Connection, envelope: Json, known: dict[str, str]) -> Iterator[Diagnostic]:
        """Yield which bodies of a record are damaged, by their checksums; their digests are for `record`."""
        for body in bodies_of(envelope):
            if is_erased(envelope, body):
                continue
            if body.sha256 not in known:
                row = self._stored(connection, body)
                known[body.sha256] = "it is missing" if row is None else damage_of(row[1], row[0])
            if known[body.sha256]:
                yield body_damage(envelope, body, known[body.sha256])

    def _stored(self, connection: sqlite3.Connection, body: Body) -> Row | None:
        query = "SELECT size, packed FROM body WHERE sha256 = ?"
        row: Row | None = connection.execute(query, (key_of(body.sha256),)).fetchone()
        if row is None:
            self._suspect()
        return row

    def _record(self, connection: sqlite3.Connection, envelope: Json) -> Record:
        contents: list[bytes | None] = []
        damage: list[Diagnostic] = []
        for body in bodies_of(envelope):
            try:
                contents.append(None if is_erased(envelope, body) else self._content(connection, body))
            except ValueError as error:
                contents.append(None)
                damage.append(body_damage(envelope, body, str(error)))
        return with_bodies(envelope, contents, damage)

    def _content(self, connection: sqlite3.Connection, body: Body) -> bytes:
        row = self._stored(connection, body)
        if row is None:
            raise ValueError("it is missing")
        content = unpack(row[1], row[0])
        if digest(content) != body.sha256:
            raise ValueError("its digest differs")
        return content


def _number(place: int | Damaged) -> int:
    return place.seq if isinstance(place, Damaged) else place


def missing(first: int, last: int) -> Damaged:
    """Return the place of records that are not there."""
    message = f"record {first} is missing" if first == last else f"the records {first} to {last} are missing"
    return Damaged(first, "", (Diagnostic(RecordCode.RECORD_MISSING, message, order=first),))


def _gaps(pruned: Head, seqs: Iterable[int], last: int) -> Iterator[Damaged]:
    """Yield what is missing between the records; if nobody knows where the log begins, the first one begins it."""
    before = pruned.seq
    if not pruned.hash:
        message = "the checkpoint of the last prune cannot be read"
        yield Damaged(0, "", (Diagnostic(RecordCode.STUB_ALTERED, message),))
        before = min(seqs, default=1) - 1
    for seq in seqs:
        if seq > before + 1:
            yield missing(before + 1, seq - 1)
        before = max(before, seq)
    if last > before:
        yield missing(before + 1, last)


def _damaged(row: Row, names: tuple[str, ...], reason: str) -> Damaged:
    seq, name = row[0], row[5] if isinstance(row[5], str) else ""
    message = f"record {seq} cannot be read: {reason}"
    columns = dict(zip(names, row[5:], strict=True))
    made, stored = columns["timestamp"], row[1] if is_hash(row[1]) else b""
    problem = Diagnostic(RecordCode.DAMAGED, message, order=seq)
    return Damaged(seq, name, (problem,), made if isinstance(made, str) else "", stored)


def _columns(seq: int, envelope: Json, columns: Row, names: tuple[str, ...]) -> Iterator[Diagnostic]:
    """Yield which columns by which a record is found differ from it."""
    wanted = columns_of(envelope)
    wrong = [name for name, value in zip(names, columns, strict=True) if value != wanted[name]]
    if wrong:
        message = f"record {seq}: the index columns {quote_all(wrong)} differ from the record"
        yield Diagnostic(RecordCode.INDEX_ALTERED, message, order=seq)


def _unproven(connection: sqlite3.Connection, pruned: Head, row: Row, text: bytes) -> str:
    """Return why the chain cannot prove a record, if it cannot; ValueError if the chain refutes it."""
    seq, stored, signer = row[:3]
    if not (signer is None or is_hash(signer)):
        raise ValueError("its signer is not a key")

    def follows(before: bytes) -> bool:
        return bool(entry_hash(Head(seq - 1, before), signer, text) == stored)

    if seq - 1 == pruned.seq:
        if pruned.hash and not follows(pruned.hash):
            raise ValueError("its hash does not match")
        return "" if pruned.hash else "the checkpoint before it cannot be read"
    query = "SELECT hash, signer, envelope FROM entry WHERE seq = ?"
    before = connection.execute(query, (seq - 1,)).fetchone()
    if before is None:
        return f"record {seq - 1}, which it follows, is missing"
    if is_hash(before[0]) and follows(before[0]):
        return ""
    again = _hash_again(connection, pruned, seq - 1, before)
    if again is not None and follows(again):
        return ""
    if again is None or again != before[0]:
        return f"record {seq - 1}, which it follows, is damaged"
    raise ValueError("its hash does not match")


def _hash_again(connection: sqlite3.Connection, pruned: Head, seq: int, row: Row) -> bytes | None:
    """Return the hash that a record should have; None if its envelope, or the hash before it, cannot be read."""
    _, signer, packed = row
    if seq - 1 == pruned.seq:
        before = pruned.hash
    else:
        found = connection.execute("SELECT hash FROM entry WHERE seq = ?", (seq - 1,)).fetchone()
        before = found[0] if found and is_hash(found[0]) else b""
    try:
        text = unpack(packed, LARGEST)
    except ValueError:
        return None
    return entry_hash(Head(seq - 1, before), signer if is_hash(signer) else None, text) if before else None


def _has_id(item: Item | None, text: str) -> TypeGuard[Item]:
    """Return whether an item has an id, or one that begins with it."""
    if item is None:
        return False
    return item.decision_id == text or (len(text) >= SHORTEST_PREFIX and item.decision_id.startswith(text))


def _seqs_by_index(connection: sqlite3.Connection, text: str) -> Iterator[int]:
    """Yield the numbers of the records with an id, or else those whose id begins with it, by the index."""
    found = connection.execute("SELECT seq FROM entry WHERE decision_id = ?", (text,)).fetchall()
    if not found and len(text) >= SHORTEST_PREFIX:
        query = "SELECT seq FROM entry WHERE decision_id >= ? AND decision_id < ? LIMIT 11"
        found = connection.execute(query, (text, text + _AFTER_ANY)).fetchall()
    return (seq for (seq,) in found)


def _seqs_by_column(connection: sqlite3.Connection, text: str) -> Iterator[int]:
    """Yield the same by the column, whatever the index says."""
    query = "SELECT seq FROM entry NOT INDEXED WHERE substr(decision_id, 1, ?) = ? LIMIT 11"
    return (seq for (seq,) in connection.execute(query, (len(text), text)))


def _seqs_by_envelope(connection: sqlite3.Connection, text: str) -> Iterator[int]:
    """Yield the numbers of the records whose envelope begins with an id; it stands first in canonical JSON."""
    wanted = _IN_ENVELOPE + text.encode("utf-8", "replace")
    for seq, packed in connection.execute("SELECT seq, envelope FROM entry NOT INDEXED"):
        try:
            if beginning_of(packed, len(wanted)) == wanted:
                yield seq
        except (zlib.error, TypeError):
            continue
