"""The decision log: records kept in one SQLite file that only grows, each chained to the one before.

Several processes and threads may write at once. What `append` has returned for is on the disk and
outlives a crash of the program and a loss of power (WAL, synchronous=FULL). Open it anew after a fork.
"""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from evaluator import __version__
from evaluator.audit.log.chain import Head, entry_hash
from evaluator.audit.log.checkpoint import Stub, leave_stub
from evaluator.audit.log.file import open_log, reading, telling, writing
from evaluator.audit.log.packing import pack
from evaluator.audit.log.queries import (
    Entry,
    LogFilter,
    codes_of,
    columns_of,
    count,
    entry_at,
    entry_of,
    find_seqs,
    head_of,
    record_of,
)
from evaluator.audit.log.signing import Signer, read_signer, signature_of
from evaluator.audit.log.verify import Verification, verify
from evaluator.audit.log.verify_records import Progress
from evaluator.audit.record import Record, checked, make_record
from evaluator.decision import Decision
from evaluator.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.digest import digest
from evaluator.text import quote, quote_path

_PATIENCE = 30.0
_ALL = LogFilter()
_NO_LABELS: Mapping[str, str] = MappingProxyType({})


def _now() -> datetime:
    return datetime.now(UTC)


def _random_id() -> str:
    return str(uuid.uuid4())


class DecisionLog:
    """A log of decisions. Get one with `DecisionLog.open`; it may be shared between threads, not across a fork."""

    __slots__ = ("_clock", "_connection", "_lock", "_new_id", "_path", "_signer")

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        signer: Signer | None,
    ) -> None:
        self._path = path
        self._connection = connection
        self._clock = clock
        self._new_id = new_id
        self._signer = signer
        self._lock = threading.RLock()

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
        """Return the log of a file; one that is not there is made, for its owner alone.

        Neither with `read_only` nor without `create` is anything made. `signer` signs what is written: the path
        of a private key's file, or an object that can. `timeout` is how many seconds to wait while other
        processes write. Raises RecordError where the file is no log, was written by a newer version, or cannot
        be opened; it is left as it was.
        """
        path = Path(path)
        found = read_signer(Path(signer)) if isinstance(signer, str | Path) else signer
        connection = open_log(path, read_only=read_only, create=create and not read_only, timeout=timeout)
        return cls(path, connection, clock, new_id, found)

    def append(self, decision: Decision, labels: Mapping[str, str] = _NO_LABELS) -> str:
        """Keep a decision and return its id, when it is on the disk.

        RecordError where it cannot be written, and then it is not there; ReportError where the report's text
        has a key twice.
        """
        return self._append(make_record(decision, self._new_id(), self._clock(), labels, __version__))

    def append_record(self, record: Record) -> str:
        """Keep a record made elsewhere, as `append` does."""
        return self._append(checked(record))

    def _append(self, record: Record) -> str:
        envelope = record.canonical()
        packed = pack(envelope)
        with self._lock, telling(self._path), writing(self._connection):
            before = head_of(self._connection)
            key = None if self._signer is None else self._signer.public_key
            chained = entry_hash(before, key, envelope)
            self._refuse_known(record.decision_id)
            self._insert(before.seq + 1, record, (chained, key, signature_of(chained, self._signer), packed))
        return record.decision_id

    def get(self, decision_id: str) -> Record:
        """Return a record by its id; RecordError where there is none, or it is damaged."""
        with self._read():
            return record_of(self._connection, entry_of(self._connection, decision_id))

    def entry(self, decision_id: str) -> Entry:
        """Return a record without its bodies, with its place in the chain; RecordError as `get`."""
        with self._read():
            return entry_of(self._connection, decision_id)

    def records(self, wanted: LogFilter = _ALL) -> Iterator[Record]:
        """Yield the records that are meant, in the order of the chain."""
        for number in self.numbers(wanted):
            record = self.record_at(number)
            if record is not None:
                yield record

    def numbers(self, wanted: LogFilter = _ALL) -> list[int]:
        """Return the numbers of the records that are meant, in the order of the chain."""
        with self._read():
            return find_seqs(self._connection, wanted, newest_first=False)

    def record_at(self, number: int) -> Record | None:
        """Return the record of a number, None if it was pruned; UnverifiedError if it is damaged."""
        with self._read():
            entry = entry_at(self._connection, number)
            return None if entry is None else record_of(self._connection, entry)

    def entries(
        self, wanted: LogFilter = _ALL, *, newest_first: bool = False, limit: int | None = None
    ) -> Iterator[Entry]:
        """Yield the records that are meant without their bodies; one that is pruned meanwhile is left out."""
        with self._read():
            seqs = find_seqs(self._connection, wanted, newest_first=newest_first, limit=limit)
        for seq in seqs:
            with self._read():
                entry = entry_at(self._connection, seq)
            if entry is not None:
                yield entry

    def count(self, wanted: LogFilter = _ALL) -> int:
        """Return how many records are meant."""
        with self._read():
            return count(self._connection, wanted)

    def head(self) -> Head:
        """Return where the chain ends now; noted elsewhere, it shows later that the tail is still there."""
        with self._read():
            return head_of(self._connection)

    def verify(
        self,
        public_keys: Iterable[bytes] = (),
        head: Head | None = None,
        progress: Progress = lambda done, of: None,
    ) -> Verification:
        """Compare everything in the log with everything else; never raises for what is wrong in it.

        With `public_keys` (raw, 32 octets) every record must be signed with one of them. `head` is one noted
        earlier. `progress` is told how many records of how many are done.
        """
        with self._read():
            return verify(self._connection, public_keys, head, progress)

    def prune(self, before: datetime) -> Stub | None:
        """Remove the records up to the first that is not older than `before`; None where there is none.

        A stub is left, from which the log still verifies. RecordError where it does not verify now: what was
        altered must not vanish. So, too, where every record is signed and the stub would not be.
        """
        found = self.verify()
        if not found.is_sound:
            message = f"the log {quote_path(self._path)} does not verify, and is not pruned"
            hint = "`activenic log verify` says what is wrong"
            raise UnverifiedError([Diagnostic(RecordCode.UNVERIFIED, message, hint=hint)])
        if self._signer is None and 0 < found.records == found.signed:
            message = f"the log {quote_path(self._path)} is signed, and the stub would not be"
            hint = "give the private key; `log verify --key` would refuse the log for ever"
            raise RecordError([Diagnostic(RecordCode.SIGNATURE_MISSING, message, hint=hint)])
        with self._lock, telling(self._path):
            self._connection.execute("PRAGMA secure_delete=ON")
            with writing(self._connection):
                stub = leave_stub(self._connection, before, self._clock(), self._signer)
            self._connection.execute("PRAGMA incremental_vacuum").fetchall()
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return stub

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> DecisionLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"DecisionLog({str(self._path)!r})"

    @contextmanager
    def _read(self) -> Iterator[None]:
        with self._lock, telling(self._path), reading(self._connection):
            yield

    def _refuse_known(self, decision_id: str) -> None:
        if self._connection.execute("SELECT 1 FROM entry WHERE decision_id = ?", (decision_id,)).fetchone():
            message = f"the log holds a decision {quote(decision_id)} already"
            raise RecordError([Diagnostic(RecordCode.ID_TWICE, message, hint="an id is given once")])

    def _insert(self, seq: int, record: Record, chained: tuple[bytes, bytes | None, bytes | None, bytes]) -> None:
        bodies = [self._body(body) for body in (record.report, record.policy)]
        columns = columns_of(record.envelope)
        digest_, key, signature, packed = chained
        self._connection.execute(
            "INSERT INTO entry (seq, hash, signer, signature, report_body, policy_body, envelope,"
            " decision_id, timestamp, host, status, interface, policy) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (seq, digest_, key, signature, *bodies, packed, *columns.values()),
        )
        findings = [(code, seq) for code in codes_of(record.envelope)]
        self._connection.executemany("INSERT INTO finding VALUES (?, ?)", findings)
        labels = [(name, value, seq) for name, value in record.envelope["labels"].items()]
        self._connection.executemany("INSERT INTO label VALUES (?, ?, ?)", labels)

    def _body(self, body: bytes | None) -> int | None:
        """Return the number of a stored text, which is stored now if it is new."""
        if body is None:
            return None
        name = bytes.fromhex(digest(body))
        row = self._connection.execute("SELECT id FROM body WHERE sha256 = ?", (name,)).fetchone()
        if row:
            return int(row[0])
        insert = "INSERT INTO body (sha256, size, packed) VALUES (?, ?, ?)"
        return self._connection.execute(insert, (name, len(body), pack(body))).lastrowid
