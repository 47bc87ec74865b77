"""The decision log: an append-only SQLite file of records. A hash chain connects each record to the previous record.

Several processes and threads may write at the same time. When `append` returns, the record is on the disk and survives
a crash of the program and a loss of power (WAL mode, synchronous=FULL). After a fork, open the log again.
"""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from msgspec.structs import replace

from evaluator.audit.log.chain import Head, entry_hash
from evaluator.audit.log.checkpoint import Checkpoint, next_checkpoint, write_checkpoint
from evaluator.audit.log.export import ExportReader, is_export
from evaluator.audit.log.file import OpenLog, open_to_read, open_to_write, sqlite_as_record_errors, write_transaction
from evaluator.audit.log.items import Damaged, Item, LogEntry, LogFilter, codes_of, columns_of
from evaluator.audit.log.log_reader import LogReader
from evaluator.audit.log.ownership import key_warnings, log_risk
from evaluator.audit.log.packing import pack
from evaluator.audit.log.queries import head_of, is_hash, key_of, pruned_head
from evaluator.audit.log.reader import Progress, Reader
from evaluator.audit.log.schema import CURRENT
from evaluator.audit.log.signing import Signer, read_signer, signature_of
from evaluator.audit.log.verification import Verification
from evaluator.audit.record import Record, checked, make_record
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError, Severity, UnverifiedError
from evaluator.base.digest import digest
from evaluator.base.text import quote, quote_path
from evaluator.base.version import __version__
from evaluator.decision.decision import Decision

_DEFAULT_TIMEOUT = 30.0
_ALL = LogFilter()
_MAX_SEQ = (1 << 53) - 1  # the largest integer in canonical JSON
_FILE_CODES = frozenset({RecordCode.DAMAGED, RecordCode.SCHEMA_ALTERED})
_NO_LABELS: Mapping[str, str] = MappingProxyType({})


def _now() -> datetime:
    return datetime.now(UTC)


def _random_id() -> str:
    return str(uuid.uuid4())


class DecisionLog:
    """A decision log, or an export of a log. An export can only be read. Create an object with `DecisionLog.open`.

    Threads may share the object, but a process must not use the object after a fork. If a file is damaged, the methods
    that read the file raise RecordError, and no other error.
    """

    __slots__ = ("_path", "_reader", "_writer", "warnings")

    def __init__(
        self,
        path: Path,
        reader: Reader,
        writer: _Writer | None,
        warnings: tuple[Diagnostic, ...],
    ) -> None:
        self._path = path
        self._reader = reader
        self._writer = writer
        self.warnings = warnings

    @classmethod
    def open(  # noqa: PLR0913 -- each has a default
        cls,
        path: str | Path,
        *,
        clock: Callable[[], datetime] = _now,
        new_id: Callable[[], str] = _random_id,
        signer: Signer | str | Path | None = None,
        read_only: bool = False,
        create: bool = True,
        timeout: float = _DEFAULT_TIMEOUT,
    ) -> DecisionLog:
        """Return the log of a file; create the file (mode 0600) if it does not exist.

        With `read_only`, the file may be a log of any version, a damaged log or an export. With `read_only` or without
        `create`, no file is created. `signer` signs records and checkpoints: the path of a private key, or an object
        with `public_key` and `sign`. `clock` returns the time of a record and `new_id` its id. `timeout` is the number
        of seconds to wait while other processes write. The member `warnings` of the returned log reports whether other
        users can write the log or read the key. Raises RecordError if the file is not a log, was written by a newer
        version of activenic, or must not be written. The file is then unchanged.
        """
        path = Path(path)
        if read_only:
            reader, warnings = _open_reader(path, timeout)
            return cls(path, reader, None, warnings)
        signing = read_signer(Path(signer)) if isinstance(signer, str | Path) else signer
        warnings = key_warnings(Path(signer)) if isinstance(signer, str | Path) else ()
        connection, lock = open_to_write(path, create=create, timeout=timeout), threading.RLock()
        reader = LogReader(path, OpenLog(connection, CURRENT), lock)
        return cls(path, reader, _Writer(path, connection, lock, reader, signing, clock, new_id), warnings)

    def append(self, decision: Decision, labels: Mapping[str, str] = _NO_LABELS) -> str:
        """Append a decision and return its id when the record is on the disk.

        Raises RecordError if the record cannot be written; the log is then unchanged. Raises ReportError if an object
        in the report contains the same key twice.
        """
        writer = self._require_writer()
        record = make_record(decision, writer.new_id(), writer.clock(), labels, __version__)
        writer.append((record,))
        return record.decision_id

    def append_record(self, record: Record) -> str:
        """Append an existing record, such as a record of an export, and return its id."""
        self.append_records((record,))
        return record.decision_id

    def append_records(self, records: Iterable[Record]) -> None:
        """Append existing records, all or none of them, and return when they are on the disk.

        Many records take hardly more time than one, because the log is synchronized with the disk only once. Raises
        RecordError if a record cannot be written; the log is then unchanged.
        """
        writer = self._require_writer()
        writer.append([checked(record) for record in records])

    def get(self, decision_id: str) -> Record:
        """Return the record with this id. A prefix of at least six characters is enough if it is unique.

        If a body is damaged, it is None, and `damage` contains the reason. Raises RecordError if no record has the id,
        or if the envelope is damaged.
        """
        return self.record_of(self.entry(decision_id))

    def entry(self, decision_id: str) -> LogEntry:
        """Return a record without bodies, with its position in the chain.

        Raises RecordError in the same cases as `get`.
        """
        item = self.find(decision_id)
        if isinstance(item, Damaged):
            raise UnverifiedError(item.problems)
        return item

    def find(self, decision_id: str) -> Item:
        """Return the record with an id or a unique prefix, even if it is damaged.

        Raises RecordError if no record has this id.
        """
        return self._reader.find(decision_id)

    def record_of(self, entry: LogEntry) -> Record:
        """Return an entry with its bodies. A damaged body is None, and `damage` contains the reason."""
        return self._reader.record(entry)

    def records(self, wanted: LogFilter = _ALL) -> Iterator[Record]:
        """Yield every intact record that matches the filter `wanted`, in the order of the chain.

        If records are damaged, raises UnverifiedError after all intact records were yielded. The error contains all
        problems.
        """
        problems: list[Diagnostic] = []
        for record in self.places(wanted):
            if isinstance(record, Damaged):
                problems += record.problems
            else:
                yield record
        if problems:
            raise UnverifiedError(problems)

    def places(self, wanted: LogFilter = _ALL) -> Iterator[Record | Damaged]:
        """Yield the records that match the filter `wanted`, and the damaged records as `Damaged`, in order."""
        return self._reader.records(wanted)

    def items(
        self, wanted: LogFilter = _ALL, *, newest_first: bool = False, limit: int | None = None
    ) -> Iterator[Item]:
        """Yield the same records as `places`, but without their bodies, and at most `limit` records."""
        return self._reader.items(wanted, newest_first=newest_first, limit=limit)

    def entries(
        self, wanted: LogFilter = _ALL, *, newest_first: bool = False, limit: int | None = None
    ) -> Iterator[LogEntry]:
        """Yield the intact matching records without bodies.

        If a matching record is damaged, raises UnverifiedError after all intact records were yielded, like `records`.
        """
        problems: list[Diagnostic] = []
        for item in self.items(wanted, newest_first=newest_first, limit=limit):
            if isinstance(item, Damaged):
                problems += item.problems
            else:
                yield item
        if problems:
            raise UnverifiedError(problems)

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """The problems of the file as a whole that reading has found so far."""
        return self._reader.problems

    def count(self, wanted: LogFilter = _ALL) -> int:
        """Return the number of records that match the filter `wanted`."""
        return self._reader.count(wanted)

    def codes(self) -> frozenset[str]:
        """Return the codes of all findings in the records."""
        return self._reader.codes()

    def head(self) -> Head:
        """Return the head of the chain. With a copy of the head, `verify` detects a truncated log."""
        return self._reader.head()

    def verify(
        self,
        public_keys: Iterable[bytes] = (),
        head: Head | None = None,
        progress: Progress = lambda done, of: None,
    ) -> Verification:
        """Verify the whole log; problems of the log are returned, not raised.

        With `public_keys` (raw, 32 octets), every record must be signed with one of these keys. `head` is a head that
        was noted earlier. `progress` is called with the number of verified records and the number of all records.
        """
        return self._reader.verify(public_keys, head, progress)

    def prune(self, before: datetime) -> Checkpoint | None:
        """Remove the records that are older than `before`, and return the checkpoint; None if no record was removed.

        Only the oldest records are removed: the prune ends at the first record that is not older than `before`. The
        checkpoint is also written to the log, so the rest of the log stays verifiable. The checkpoint lists the damaged
        records that were removed. Raises RecordError if the file is damaged. Also raises RecordError if the records are
        signed but the log was opened without a signer, because the checkpoint must then be signed too.
        """
        return self._require_writer().prune(before)

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def __enter__(self) -> DecisionLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"DecisionLog({str(self._path)!r})"

    def _require_writer(self) -> _Writer:
        if self._writer is None:
            message = f"{quote_path(self._path)} was opened read-only"
            raise RecordError([Diagnostic(RecordCode.UNWRITABLE, message)])
        return self._writer


def _open_reader(path: Path, timeout: float) -> tuple[Reader, tuple[Diagnostic, ...]]:
    """Open a log or an export for reading. Return the reader, and a warning if other users can write the file."""
    with sqlite_as_record_errors(path):
        risk = log_risk(path)
        warnings = () if risk is None else (replace(risk, severity=Severity.WARNING),)
        try:
            return LogReader(path, open_to_read(path, timeout), threading.RLock()), warnings
        except UnverifiedError:
            if is_export(path):  # only now: closing a descriptor of a log would release SQLite's locks
                return ExportReader(path), warnings
            raise


class _Writer:
    """Appends records to a log, and prunes the log."""

    def __init__(  # noqa: PLR0913, PLR0917 -- the arguments of `open`
        self,
        path: Path,
        connection: sqlite3.Connection,
        lock: threading.RLock,
        reader: LogReader,
        signer: Signer | None,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._path = path
        self._connection = connection
        self._lock = lock
        self._reader = reader
        self._signer = signer
        self.clock = clock
        self.new_id = new_id

    def append(self, records: Sequence[Record]) -> None:
        """Append records in one transaction, and return when they are on the disk."""
        texts = [record.canonical() for record in records]
        packed = [pack(text) for text in texts]
        key = None if self._signer is None else self._signer.public_key
        with self._lock, sqlite_as_record_errors(self._path), write_transaction(self._connection):
            previous = head_of(self._connection)
            if not is_hash(previous.hash):
                raise _damaged_log(self._path, "the hash of the last record cannot be read")
            for record, text, packed_text in zip(records, texts, packed, strict=True):
                hash_ = entry_hash(previous, key, text)
                self._refuse_known_id(record.decision_id)
                stored = (hash_, key, signature_of(hash_, self._signer), packed_text)
                self._insert(previous.seq + 1, record, stored)
                previous = Head(previous.seq + 1, hash_)
        self._reader.forget()

    def prune(self, before: datetime) -> Checkpoint | None:
        """Remove the oldest records and write a checkpoint."""
        verification = self._reader.verify((), None, lambda done, of: None)
        file_problems = [problem for problem in verification.problems if problem.code in _FILE_CODES]
        if file_problems:
            hint = "start a new log; `activenic log export --skip-damaged` exports the intact records"
            raise UnverifiedError(replace(problem, hint=problem.hint or hint) for problem in file_problems)
        if self._signer is None and 0 < verification.records == verification.signed:
            message = f"the log {quote_path(self._path)} is signed, but no key was given to sign the checkpoint"
            hint = "give the private key with `--sign-key`; without a signature, `log verify --key` would always fail"
            raise RecordError([Diagnostic(RecordCode.SIGNATURE_MISSING, message, hint=hint)])
        while True:
            pruned = self._reader.query_log(lambda log: pruned_head(log.connection))
            checkpoint = next_checkpoint(self._reader.items(_ALL), pruned, before)
            if checkpoint is not None and checkpoint.last.seq > _MAX_SEQ:
                raise _damaged_log(self._path, "a record number is too large")
            if checkpoint is None or self._prune_to(checkpoint, pruned):
                self._reader.forget()
                return checkpoint

    def _prune_to(self, checkpoint: Checkpoint, pruned: Head) -> bool:
        """Write the checkpoint and remove the records that it covers; False if another process has pruned meanwhile."""
        with self._lock, sqlite_as_record_errors(self._path):
            self._connection.execute("PRAGMA secure_delete=ON")
            with write_transaction(self._connection):
                if pruned_head(self._connection) != pruned:
                    return False
                write_checkpoint(self._connection, checkpoint, self.clock(), self._signer)
            self._connection.execute("PRAGMA incremental_vacuum").fetchall()
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return True

    def _refuse_known_id(self, decision_id: str) -> None:
        if self._connection.execute("SELECT 1 FROM entry WHERE decision_id = ?", (decision_id,)).fetchone():
            message = f"the log already has a record of decision {quote(decision_id)}"
            raise RecordError([Diagnostic(RecordCode.ID_TWICE, message, hint="each record needs a new id")])

    def _insert(self, seq: int, record: Record, stored: tuple[bytes, bytes | None, bytes | None, bytes]) -> None:
        """Insert a record; `stored` are its hash, public key, signature and packed envelope."""
        columns = columns_of(record.envelope)
        hash_, key, signature, packed = stored
        values = (seq, hash_, key, signature, *columns.values(), packed)
        query = f"INSERT INTO entry VALUES ({', '.join('?' * len(values))})"  # noqa: S608 -- question marks
        self._connection.execute(query, values)
        named = [
            (seq, place, self._body_id(content))
            for place, content in enumerate((record.report, *record.texts))
            if content is not None
        ]
        self._connection.executemany("INSERT INTO named VALUES (?, ?, ?)", named)
        findings = [(code, seq) for code in codes_of(record.envelope)]
        self._connection.executemany("INSERT INTO finding VALUES (?, ?)", findings)
        labels = [(name, value, seq) for name, value in record.envelope["labels"].items()]
        self._connection.executemany("INSERT INTO label VALUES (?, ?, ?)", labels)

    def _body_id(self, body: bytes) -> int | None:
        """Return the number of a stored text; store the text if it is new."""
        sha256 = key_of(digest(body))
        row = self._connection.execute("SELECT id FROM body WHERE sha256 = ?", (sha256,)).fetchone()
        if row:
            return int(row[0])
        insert = "INSERT INTO body (sha256, size, packed) VALUES (?, ?, ?)"
        return self._connection.execute(insert, (sha256, len(body), pack(body))).lastrowid


def _damaged_log(path: Path, reason: str) -> UnverifiedError:
    message, hint = f"the log {quote_path(path)} is damaged: {reason}", "`activenic log verify` lists every problem"
    return UnverifiedError([Diagnostic(RecordCode.DAMAGED, message, hint=hint)])
