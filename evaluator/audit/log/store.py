"""The decision log: records kept in one SQLite file that only grows, each chained to the one before.

Several processes and threads may write at once. What `append` has returned for is on the disk and
outlives a crash of the program and a loss of power (WAL, synchronous=FULL). Open it anew after a fork.
"""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from msgspec.structs import replace

from evaluator import __version__
from evaluator.audit.log.chain import Head, entry_hash
from evaluator.audit.log.checkpoint import Checkpoint, leave, older_than
from evaluator.audit.log.export import ExportReader, is_export
from evaluator.audit.log.file import OpenLog, as_record_errors, open_to_read, open_to_write, writing
from evaluator.audit.log.items import Damaged, Entry, Item, LogFilter, codes_of, columns_of
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
from evaluator.decision.decision import Decision

_PATIENCE = 30.0
_ALL = LogFilter()
_LARGEST_SAFE = (1 << 53) - 1  # of what canonical JSON can hold
_OF_FILE = frozenset({RecordCode.DAMAGED, RecordCode.SCHEMA_ALTERED})
_NO_LABELS: Mapping[str, str] = MappingProxyType({})


def _now() -> datetime:
    return datetime.now(UTC)


def _random_id() -> str:
    return str(uuid.uuid4())


class DecisionLog:
    """A log of decisions, or for reading an export of one. Get it with `DecisionLog.open`.

    It may be shared between threads, not across a fork. Whatever the file holds, nothing but RecordError is raised.
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
        timeout: float = _PATIENCE,
    ) -> DecisionLog:
        """Return the log of a file; if there is none it is made, for its owner alone.

        With `read_only` the file may be a log of any version, a damaged one, or an export; neither then nor without
        `create` is anything made. `signer` signs what is written: the path of a private key's file, or an object that
        can. `timeout` is how many seconds to wait while other processes write. `warnings` say if others can write the
        log or read the key. Raises RecordError if the file is not a log, was written by a newer version, or must not
        be written; it is left as it was.
        """
        path = Path(path)
        if read_only:
            return cls(path, *_reading(path, timeout))
        signing = read_signer(Path(signer)) if isinstance(signer, str | Path) else signer
        warnings = key_warnings(Path(signer)) if isinstance(signer, str | Path) else ()
        connection, lock = open_to_write(path, create=create, timeout=timeout), threading.RLock()
        reader = LogReader(path, OpenLog(connection, CURRENT), lock)
        return cls(path, reader, _Writer(path, connection, lock, reader, signing, clock, new_id), warnings)

    def append(self, decision: Decision, labels: Mapping[str, str] = _NO_LABELS) -> str:
        """Append a decision and return its id, when it is on the disk.

        RecordError if it cannot be written, and then it is not there; ReportError if the report's text has a key twice.
        """
        writer = self._writing()
        return writer.append(make_record(decision, writer.new_id(), writer.clock(), labels, __version__))

    def append_record(self, record: Record) -> str:
        """Append a record made elsewhere, as `append` does."""
        return self._writing().append(checked(record))

    def get(self, decision_id: str) -> Record:
        """Return a record by its id, or a unique prefix of six or more characters of it.

        Bodies that are damaged are left out, and `damage` of the record says so. RecordError if there is no such
        record, or it is damaged itself.
        """
        return self.record_of(self.entry(decision_id))

    def entry(self, decision_id: str) -> Entry:
        """Return a record without its bodies, with its place in the chain; RecordError as `get`."""
        item = self.find(decision_id)
        if isinstance(item, Damaged):
            raise UnverifiedError(item.problems)
        return item

    def find(self, decision_id: str) -> Item:
        """Return the record of an id or a unique prefix, or its damaged place; RecordError if there is none."""
        return self._reader.find(decision_id)

    def record_of(self, entry: Entry) -> Record:
        """Return an entry with its bodies; those that are damaged are left out and marked in `damage`."""
        return self._reader.record(entry)

    def records(self, wanted: LogFilter = _ALL) -> Iterator[Record]:
        """Yield every record that is meant and intact, in the order of the chain.

        If places were damaged, UnverifiedError names them all when everything else has been given.
        """
        problems: list[Diagnostic] = []
        for found in self.places(wanted):
            if isinstance(found, Damaged):
                problems += found.problems
            else:
                yield found
        if problems:
            raise UnverifiedError(problems)

    def places(self, wanted: LogFilter = _ALL) -> Iterator[Record | Damaged]:
        """Yield the records that are meant, with damage marked, and the damaged places as values between them."""
        return self._reader.records(wanted)

    def items(
        self, wanted: LogFilter = _ALL, *, newest_first: bool = False, limit: int | None = None
    ) -> Iterator[Item]:
        """Yield the records that are meant without their bodies, and the damaged places as values between them."""
        return self._reader.items(wanted, newest_first=newest_first, limit=limit)

    def entries(
        self, wanted: LogFilter = _ALL, *, newest_first: bool = False, limit: int | None = None
    ) -> Iterator[Entry]:
        """Yield the records that are meant and intact, without bodies; at the end UnverifiedError as `records`."""
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
        """What reading has found wrong with the file as a whole, up to now."""
        return self._reader.problems

    def count(self, wanted: LogFilter = _ALL) -> int:
        """Return how many records are meant."""
        return self._reader.count(wanted)

    def codes(self) -> frozenset[str]:
        """Return the codes of all findings in the records."""
        return self._reader.codes()

    def head(self) -> Head:
        """Return where the chain ends now; noted elsewhere, it shows later that the tail is still there."""
        return self._reader.head()

    def verify(
        self,
        public_keys: Iterable[bytes] = (),
        head: Head | None = None,
        progress: Progress = lambda done, of: None,
    ) -> Verification:
        """Compare everything with everything else; never raises for what is wrong in it.

        With `public_keys` (raw, 32 octets) every record must be signed with one of them. `head` is one noted
        earlier. `progress` is told how many records of how many are done.
        """
        return self._reader.verify(public_keys, head, progress)

    def prune(self, before: datetime) -> Checkpoint | None:
        """Remove the records up to the first that is not older than `before`; None if there is none.

        A checkpoint is left, from which the log still verifies; it names the damaged records that were removed.
        RecordError if the file itself is damaged, or if every record is signed and the checkpoint would not be.
        """
        return self._writing().prune(before)

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def __enter__(self) -> DecisionLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"DecisionLog({str(self._path)!r})"

    def _writing(self) -> _Writer:
        if self._writer is None:
            message = f"{quote_path(self._path)} was opened for reading only"
            raise RecordError([Diagnostic(RecordCode.UNWRITABLE, message)])
        return self._writer


def _reading(path: Path, timeout: float) -> tuple[Reader, None, tuple[Diagnostic, ...]]:
    """Return what reads a file, and the warning if others can write it."""
    with as_record_errors(path):
        risk = log_risk(path)
        warnings = () if risk is None else (replace(risk, severity=Severity.WARNING),)
        try:
            return LogReader(path, open_to_read(path, timeout), threading.RLock()), None, warnings
        except UnverifiedError:
            if is_export(path):  # looked at only now: opening a log by other means would drop SQLite's locks
                return ExportReader(path), None, warnings
            raise


class _Writer:
    """Appends to a log and prunes it."""

    def __init__(  # noqa: PLR0913, PLR0917 -- what `open` was given
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

    def append(self, record: Record) -> str:
        """Append a record and return its id, when it is on the disk."""
        envelope = record.canonical()
        packed = pack(envelope)
        with self._lock, as_record_errors(self._path), writing(self._connection):
            before = head_of(self._connection)
            if not is_hash(before.hash):
                raise _damaged(self._path, "nothing can follow its last record")
            key = None if self._signer is None else self._signer.public_key
            chained = entry_hash(before, key, envelope)
            self._refuse_known(record.decision_id)
            self._insert(before.seq + 1, record, (chained, key, signature_of(chained, self._signer), packed))
        self._reader.forget()
        return record.decision_id

    def prune(self, before: datetime) -> Checkpoint | None:
        """Remove the oldest records and leave a checkpoint."""
        found = self._reader.verify((), None, lambda done, of: None)
        of_file = [problem for problem in found.problems if problem.code in _OF_FILE]
        if of_file:
            hint = "`activenic log export --skip-damaged` gives what is intact, for a new log"
            raise UnverifiedError(replace(problem, hint=problem.hint or hint) for problem in of_file)
        if self._signer is None and 0 < found.records == found.signed:
            message = f"the log {quote_path(self._path)} is signed, and the checkpoint would not be"
            hint = "give the private key; `log verify --key` would refuse the log for ever"
            raise RecordError([Diagnostic(RecordCode.SIGNATURE_MISSING, message, hint=hint)])
        while True:
            began = self._reader.ask(lambda log: pruned_head(log.connection))
            checkpoint = older_than(self._reader.items(_ALL), began, before)
            if checkpoint is not None and checkpoint.last.seq > _LARGEST_SAFE:
                raise _damaged(self._path, "its records have numbers that no log reaches")
            if checkpoint is None or self._leave(checkpoint, began):
                self._reader.forget()
                return checkpoint

    def _leave(self, checkpoint: Checkpoint, began: Head) -> bool:
        """Remove what is before the checkpoint; False if another process has pruned meanwhile."""
        with self._lock, as_record_errors(self._path):
            self._connection.execute("PRAGMA secure_delete=ON")
            with writing(self._connection):
                if pruned_head(self._connection) != began:
                    return False
                leave(self._connection, checkpoint, self.clock(), self._signer)
            self._connection.execute("PRAGMA incremental_vacuum").fetchall()
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return True

    def _refuse_known(self, decision_id: str) -> None:
        if self._connection.execute("SELECT 1 FROM entry WHERE decision_id = ?", (decision_id,)).fetchone():
            message = f"the log holds a decision {quote(decision_id)} already"
            raise RecordError([Diagnostic(RecordCode.ID_TWICE, message, hint="an id is given once")])

    def _insert(self, seq: int, record: Record, chained: tuple[bytes, bytes | None, bytes | None, bytes]) -> None:
        columns = columns_of(record.envelope)
        digest_, key, signature, packed = chained
        values = (seq, digest_, key, signature, *columns.values(), packed)
        query = f"INSERT INTO entry VALUES ({', '.join('?' * len(values))})"  # noqa: S608 -- of question marks
        self._connection.execute(query, values)
        named = [
            (seq, place, self._body(content))
            for place, content in enumerate((record.report, *record.texts))
            if content is not None
        ]
        self._connection.executemany("INSERT INTO named VALUES (?, ?, ?)", named)
        findings = [(code, seq) for code in codes_of(record.envelope)]
        self._connection.executemany("INSERT INTO finding VALUES (?, ?)", findings)
        labels = [(name, value, seq) for name, value in record.envelope["labels"].items()]
        self._connection.executemany("INSERT INTO label VALUES (?, ?, ?)", labels)

    def _body(self, body: bytes) -> int | None:
        """Return the number of a stored text, which is stored now if it is new."""
        name = key_of(digest(body))
        row = self._connection.execute("SELECT id FROM body WHERE sha256 = ?", (name,)).fetchone()
        if row:
            return int(row[0])
        insert = "INSERT INTO body (sha256, size, packed) VALUES (?, ?, ?)"
        return self._connection.execute(insert, (name, len(body), pack(body))).lastrowid


def _damaged(path: Path, what: str) -> UnverifiedError:
    message, hint = f"the log {quote_path(path)} is damaged: {what}", "`activenic log verify` lists every problem"
    return UnverifiedError([Diagnostic(RecordCode.DAMAGED, message, hint=hint)])
