"""Reads a log: yields every intact record, and the reason why a record is damaged.

The hash of a record is verified against the record before it. One damaged record must not make the next record
unreadable. So the reader tries the stored hash of the previous record first. If this hash does not match, the reader
computes a hash from the envelope of the previous record. If the previous record is lost, only the checksum of the
record can be verified. The reader then returns the record, and `LogEntry.unproven` contains the reason.

If SQLite reports damage, the reader copies the rows from the file's pages and reads the copy (`salvage.py`). The reader
also makes this copy if a row is missing and SQLite's integrity check fails.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeGuard, TypeVar

from evaluator.audit.log.chain import Head, entry_hash
from evaluator.audit.log.file import OpenLog, open_salvaged, read_transaction, sqlite_as_record_errors
from evaluator.audit.log.items import SHORTEST_PREFIX, Damaged, Item, LogEntry, LogFilter, columns_of
from evaluator.audit.log.packing import LARGEST, beginning_of, damage_of, unpack
from evaluator.audit.log.queries import Row, count, find_seqs, head_of, is_hash, key_of, pruned_head
from evaluator.audit.log.reader import Progress, ambiguous, not_found
from evaluator.audit.log.verification import Verification
from evaluator.audit.log.verify import verify
from evaluator.audit.record import Body, Json, Record, bodies_of, body_damage, is_erased, read_envelope, with_bodies
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.base.digest import digest
from evaluator.base.text import quote_all

_Result = TypeVar("_Result")
_DAMAGE_CODES = frozenset({RecordCode.DAMAGED, RecordCode.NOT_A_LOG, RecordCode.UNWRITABLE})
_ENVELOPE_PREFIX = b'{"decision_id":"'
_LAST_CHARACTER = "\U0010ffff"
_COLUMNS = "seq, hash, signer, signature, envelope"


class _MaybeDamagedError(Exception):
    """A row is missing, and SQLite has not checked yet whether the file is damaged."""


class LogReader:
    """Reads an open log. Several threads may use the same reader."""

    def __init__(self, path: Path, opened: OpenLog, lock: threading.RLock) -> None:
        self._path = path
        self._file = opened
        self._lock = lock
        self._copy: OpenLog | None = opened if opened.is_salvaged else None
        self._is_examined = opened.is_salvaged

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """The problems of the whole file. A later read can add problems."""
        return self._file.problems if self._copy is None else self._copy.problems

    def items(self, log_filter: LogFilter, *, newest_first: bool = False, limit: int | None = None) -> Iterator[Item]:
        """Yield the matching records and all damaged records, except records that another process prunes meanwhile."""
        seqs = self.query_log(lambda log: self._matching_seqs(log, log_filter, newest_first=newest_first, limit=limit))
        body_problems: dict[str, str] = {}
        for seq in seqs:
            item = seq if isinstance(seq, Damaged) else self._item_at(seq, body_problems)
            if item is not None:
                yield item

    def records(self, log_filter: LogFilter) -> Iterator[Record | Damaged]:
        """Yield the records of `items` with bodies. A damaged body is None, and `damage` contains the reason."""
        for item in self.items(log_filter):
            yield item if isinstance(item, Damaged) else self.record(item)

    def find(self, decision_id: str) -> Item:
        """Return the record with this id. A prefix of at least six characters is enough if it is unique."""
        items: list[Item] = []
        for search in (_seqs_by_index, _seqs_by_column, _seqs_by_envelope):  # the index may be damaged
            items = items or self._items_with_id(search, decision_id)
        if not items:
            raise not_found(decision_id)
        exact = [item for item in items if item.decision_id == decision_id]
        if len(items) > 1 and not exact:
            raise ambiguous(decision_id, (item.name for item in items))
        return (exact or items)[0]

    def record(self, entry: LogEntry) -> Record:
        """Return an entry with its bodies. A damaged body is None, and `damage` contains the reason."""
        return self.query_log(lambda log: self._record(log.connection, entry.envelope))

    def count(self, log_filter: LogFilter) -> int:
        """Return the number of records whose index columns match."""
        return self.query_log(lambda log: count(log.connection, log.layout, log_filter))

    def codes(self) -> frozenset[str]:
        """Return the finding codes that the index of the log contains."""
        query = "SELECT DISTINCT code FROM finding"
        return self.query_log(lambda log: frozenset(str(code) for (code,) in log.connection.execute(query)))

    def head(self) -> Head:
        """Return the head of the log. Raises UnverifiedError if the last record is damaged."""
        head = self.query_log(lambda log: head_of(log.connection))
        last = self._item_at(head.seq, {})
        if isinstance(last, Damaged):
            raise UnverifiedError(last.problems)
        return head

    def verify(self, public_keys: Iterable[bytes], head: Head | None, progress: Progress) -> Verification:
        """Verify the whole log; problems of the log are returned, not raised."""
        with self._lock:
            return verify(self._path, self._file, public_keys, head, progress)

    def close(self) -> None:
        """Close the file and its copy in memory."""
        with self._lock:
            for log in {id(log): log for log in (self._file, self._copy) if log is not None}.values():
                log.connection.close()

    def forget(self) -> None:
        """Discard the copy in memory, because the file has changed."""
        self._copy = self._file if self._file.is_salvaged else None
        self._is_examined = self._file.is_salvaged

    def query_log(self, read: Callable[[OpenLog], _Result]) -> _Result:
        """Return the result of a function that reads the log.

        The function reads the log in one transaction, so it sees a single state of the log. If SQLite cannot read the
        log, the function reads a copy of the log in memory.
        """
        with self._lock:
            while True:
                log = self._copy or self._file
                try:
                    with sqlite_as_record_errors(self._path), read_transaction(log.connection):
                        return read(log)
                except _MaybeDamagedError:
                    self._examine()
                except RecordError as error:
                    if self._copy is not None or error.diagnostics[0].code not in _DAMAGE_CODES:
                        raise
                    self._copy = open_salvaged(self._path, self._file, (*self._file.problems, *error.diagnostics))

    def _items_with_id(self, search: Callable[[sqlite3.Connection, str], Iterator[int]], text: str) -> list[Item]:
        seqs = self.query_log(lambda log: list(search(log.connection, text)))
        return [item for item in (self._item_at(seq, {}) for seq in seqs) if _has_id(item, text)]

    def _item_at(self, seq: int, body_problems: dict[str, str]) -> Item | None:
        return self.query_log(lambda log: self._item(log, seq, body_problems))

    def _raise_if_unexamined(self) -> None:
        if not self._is_examined:
            raise _MaybeDamagedError

    def _examine(self) -> None:
        """Let SQLite check the file, unless this was done before. If the file is damaged, copy its rows to memory."""
        self._is_examined = True
        with sqlite_as_record_errors(self._path):
            try:
                messages = [str(text) for (text,) in self._file.connection.execute("PRAGMA integrity_check(1)")]
            except (sqlite3.Error, UnicodeDecodeError) as error:
                messages = [str(error)]
        if messages != ["ok"]:
            message = f"SQLite reports that the file is damaged: {' '.join(messages).lower()}"
            problems = (*self._file.problems, Diagnostic(RecordCode.DAMAGED, message))
            self._copy = open_salvaged(self._path, self._file, problems)

    def _matching_seqs(
        self, log: OpenLog, log_filter: LogFilter, *, newest_first: bool, limit: int | None
    ) -> list[int | Damaged]:
        """Return, in ascending order, the numbers of the matching records and of all missing records."""
        connection = log.connection
        pruned, head = pruned_head(connection), head_of(connection)
        gaps: list[Damaged] = []
        ((record_count,),) = connection.execute("SELECT count(*) FROM entry")
        all_seqs: list[int] | range = range(pruned.seq + 1, head.seq + 1)
        last = log.last_seq_known()
        if record_count != head.seq - pruned.seq or not pruned.hash or last > head.seq:
            self._raise_if_unexamined()
            all_seqs = [seq for (seq,) in connection.execute("SELECT seq FROM entry NOT INDEXED ORDER BY seq")]
            gaps = list(_missing_records(pruned, all_seqs, last))
        if log_filter.is_everything:
            seqs = list(all_seqs[::-1] if newest_first else all_seqs)[:limit]
        else:
            seqs = find_seqs(connection, log.layout, log_filter, newest_first=newest_first, limit=limit)
        return sorted([*seqs, *gaps], key=_seq_of, reverse=newest_first) if gaps else [*seqs]

    def _item(self, log: OpenLog, seq: int, body_problems: dict[str, str]) -> Item | None:
        """Return the record with this number; None if the record was pruned.

        `body_problems` is a cache of the problems of bodies. Its keys are digests.
        """
        connection = log.connection
        query = f"SELECT {_COLUMNS}, {', '.join(log.layout.index)} FROM entry WHERE seq = ?"  # noqa: S608 -- constant names
        row = connection.execute(query, (seq,)).fetchone()
        pruned = pruned_head(connection)
        if seq <= pruned.seq:
            return (
                None
                if row is None
                else _damaged_row(row, log.layout.index, "its number is smaller than the number of the first record")
            )
        if row is None:
            self._raise_if_unexamined()
            return missing(seq, seq)
        _, stored, signer, signature, packed = row[:5]
        try:
            text = unpack(packed, LARGEST)
            envelope = read_envelope(text)
            unproven = _unproven(connection, pruned, row, text)
        except ValueError as error:
            return _damaged_row(row, log.layout.index, str(error))
        problems = [
            *_column_problems(seq, envelope, row[5:], log.layout.index),
            *self._body_problems(connection, envelope, body_problems),
        ]
        public_key = signer if is_hash(signer) else None
        valid_signature = signature if isinstance(signature, bytes) else None
        return LogEntry(Head(seq, stored), public_key, valid_signature, envelope, tuple(problems), unproven)

    def _body_problems(
        self, connection: sqlite3.Connection, envelope: Json, reasons: dict[str, str]
    ) -> Iterator[Diagnostic]:
        """Yield the damaged bodies of a record. Only checksums are compared here; `_record` also compares digests."""
        for body in bodies_of(envelope):
            if is_erased(envelope, body):
                continue
            if body.sha256 not in reasons:
                row = self._body_row(connection, body)
                reasons[body.sha256] = "it is missing" if row is None else damage_of(row[1], row[0])
            if reasons[body.sha256]:
                yield body_damage(envelope, body, reasons[body.sha256])

    def _body_row(self, connection: sqlite3.Connection, body: Body) -> Row | None:
        query = "SELECT size, packed FROM body WHERE sha256 = ?"
        row: Row | None = connection.execute(query, (key_of(body.sha256),)).fetchone()
        if row is None:
            self._raise_if_unexamined()
        return row

    def _record(self, connection: sqlite3.Connection, envelope: Json) -> Record:
        contents: list[bytes | None] = []
        damage: list[Diagnostic] = []
        for body in bodies_of(envelope):
            try:
                contents.append(None if is_erased(envelope, body) else self._body_content(connection, body))
            except ValueError as error:
                contents.append(None)
                damage.append(body_damage(envelope, body, str(error)))
        return with_bodies(envelope, contents, damage)

    def _body_content(self, connection: sqlite3.Connection, body: Body) -> bytes:
        row = self._body_row(connection, body)
        if row is None:
            raise ValueError("it is missing")
        content = unpack(row[1], row[0])
        if digest(content) != body.sha256:
            raise ValueError("the digest differs")
        return content


def _seq_of(item: int | Damaged) -> int:
    return item.seq if isinstance(item, Damaged) else item


def missing(first: int, last: int) -> Damaged:
    """Return the `Damaged` value for one missing record, or for several consecutive missing records."""
    message = f"record {first} is missing" if first == last else f"records {first} to {last} are missing"
    return Damaged(first, "", (Diagnostic(RecordCode.RECORD_MISSING, message, order=first),))


def _missing_records(pruned: Head, seqs: Iterable[int], last: int) -> Iterator[Damaged]:
    """Yield the gaps between the records.

    If the checkpoint is damaged, a gap before the first record cannot be found.
    """
    previous_seq = pruned.seq
    if not pruned.hash:
        message = "the checkpoint of the last prune cannot be read"
        yield Damaged(0, "", (Diagnostic(RecordCode.STUB_ALTERED, message),))
        previous_seq = min(seqs, default=1) - 1
    for seq in seqs:
        if seq > previous_seq + 1:
            yield missing(previous_seq + 1, seq - 1)
        previous_seq = max(previous_seq, seq)
    if last > previous_seq:
        yield missing(previous_seq + 1, last)


def _damaged_row(row: Row, names: tuple[str, ...], reason: str) -> Damaged:
    seq, decision_id = row[0], row[5] if isinstance(row[5], str) else ""
    message = f"record {seq} cannot be read: {reason}"
    columns = dict(zip(names, row[5:], strict=True))
    timestamp, stored = columns["timestamp"], row[1] if is_hash(row[1]) else b""
    problem = Diagnostic(RecordCode.DAMAGED, message, order=seq)
    return Damaged(seq, decision_id, (problem,), timestamp if isinstance(timestamp, str) else "", stored)


def _column_problems(seq: int, envelope: Json, columns: Row, names: tuple[str, ...]) -> Iterator[Diagnostic]:
    """Yield one problem that lists the index columns that differ from the envelope."""
    expected = columns_of(envelope)
    wrong = [name for name, value in zip(names, columns, strict=True) if value != expected[name]]
    if wrong:
        message = f"record {seq}: the index columns {quote_all(wrong)} differ from the record"
        yield Diagnostic(RecordCode.INDEX_ALTERED, message, order=seq)


def _unproven(connection: sqlite3.Connection, pruned: Head, row: Row, text: bytes) -> str:
    """Return the reason why the chain cannot verify a record; empty if the chain verifies it.

    Raises ValueError if the hash does not match.
    """
    seq, stored, signer = row[:3]
    if not (signer is None or is_hash(signer)):
        raise ValueError("the signer is not a public key")

    def follows(previous: bytes) -> bool:
        return bool(entry_hash(Head(seq - 1, previous), signer, text) == stored)

    if seq - 1 == pruned.seq:
        if pruned.hash and not follows(pruned.hash):
            raise ValueError("its hash does not match")
        return "" if pruned.hash else "the checkpoint before the record cannot be read"
    query = "SELECT hash, signer, envelope FROM entry WHERE seq = ?"
    previous = connection.execute(query, (seq - 1,)).fetchone()
    if previous is None:
        return f"the previous record, {seq - 1}, is missing"
    if is_hash(previous[0]) and follows(previous[0]):
        return ""
    computed = _computed_hash(connection, pruned, seq - 1, previous)
    if computed is not None and follows(computed):
        return ""
    if computed is None or computed != previous[0]:
        return f"the previous record, {seq - 1}, is damaged"
    raise ValueError("its hash does not match")


def _computed_hash(connection: sqlite3.Connection, pruned: Head, seq: int, row: Row) -> bytes | None:
    """Compute the hash of a record from its envelope and from the hash of the previous record.

    Return None if the envelope or the hash of the previous record is unreadable.
    """
    _, signer, packed = row
    if seq - 1 == pruned.seq:
        previous = pruned.hash
    else:
        previous_row = connection.execute("SELECT hash FROM entry WHERE seq = ?", (seq - 1,)).fetchone()
        previous = previous_row[0] if previous_row and is_hash(previous_row[0]) else b""
    try:
        text = unpack(packed, LARGEST)
    except ValueError:
        return None
    return entry_hash(Head(seq - 1, previous), signer if is_hash(signer) else None, text) if previous else None


def _has_id(item: Item | None, text: str) -> TypeGuard[Item]:
    """Return whether `text` is the id of an item, or a prefix of the id that is long enough."""
    if item is None:
        return False
    return item.decision_id == text or (len(text) >= SHORTEST_PREFIX and item.decision_id.startswith(text))


def _seqs_by_index(connection: sqlite3.Connection, text: str) -> Iterator[int]:
    """Search the index for an id. If no record has the id, search for ids that begin with it. Yield record numbers."""
    rows = connection.execute("SELECT seq FROM entry WHERE decision_id = ?", (text,)).fetchall()
    if not rows and len(text) >= SHORTEST_PREFIX:
        query = "SELECT seq FROM entry WHERE decision_id >= ? AND decision_id < ? LIMIT 11"
        rows = connection.execute(query, (text, text + _LAST_CHARACTER)).fetchall()
    return (seq for (seq,) in rows)


def _seqs_by_column(connection: sqlite3.Connection, text: str) -> Iterator[int]:
    """Yield the numbers of the records whose id begins with a text. Do not use the index, because it can be damaged."""
    query = "SELECT seq FROM entry NOT INDEXED WHERE substr(decision_id, 1, ?) = ? LIMIT 11"
    return (seq for (seq,) in connection.execute(query, (len(text), text)))


def _seqs_by_envelope(connection: sqlite3.Connection, text: str) -> Iterator[int]:
    """Yield the numbers of the records whose envelope begins with an id. The id is the first member of an envelope."""
    prefix = _ENVELOPE_PREFIX + text.encode("utf-8", "replace")
    for seq, packed in connection.execute("SELECT seq, envelope FROM entry NOT INDEXED"):
        try:
            if beginning_of(packed, len(prefix)) == prefix:
                yield seq
        except (zlib.error, TypeError):
            continue
