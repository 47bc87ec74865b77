"""Verifies a whole log and reports every problem of the file, checkpoints, texts, records and signatures.

If a user has noted a head of the log, the log must still contain this head.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from evaluator.audit.log.chain import GENESIS, Head
from evaluator.audit.log.checkpoint import checkpoint_problems, pruned_damaged_seqs
from evaluator.audit.log.file import OpenLog, open_salvaged, read_transaction, schema_problems, sqlite_as_record_errors
from evaluator.audit.log.queries import head_of, pruned_head
from evaluator.audit.log.reader import Progress
from evaluator.audit.log.schema import schema_of
from evaluator.audit.log.signatures import SignatureCheck
from evaluator.audit.log.verification import Verification, first_problems
from evaluator.audit.log.verify_records import Walk, body_problems, record_problems
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError

_MAX_SQLITE_PROBLEMS = 10
_MISSING = frozenset({RecordCode.RECORD_MISSING, RecordCode.BODY_MISSING})


def verify(
    path: Path, log: OpenLog, public_keys: Iterable[bytes], noted_head: Head | None, progress: Progress
) -> Verification:
    """Verify the whole log.

    If SQLite cannot read the whole file, the rows are recovered from the pages of the file, and this copy is verified.

    With `public_keys`, each record must be signed with one of these keys. `noted_head` is a head that was noted
    earlier: the log must still contain this head. `progress` is called with the number of verified records and the
    number of all records.
    """
    keys = frozenset(public_keys)
    file_problems = list(dict.fromkeys([*log.problems, *(() if log.is_salvaged else _file_problems(log))]))
    try:
        walk, problems = _walk_log(path, log, keys, noted_head, progress)
        is_complete = (
            not file_problems or log.is_salvaged or not _MISSING.intersection(problem.code for problem in problems)
        )
    except RecordError as error:
        file_problems, is_complete = [*file_problems, *error.diagnostics], False
    if not is_complete:
        log = open_salvaged(path, log, tuple(file_problems))
        try:
            walk, problems = _walk_log(path, log, keys, noted_head, progress)
        finally:
            log.connection.close()
    first, others = first_problems(chain(file_problems, problems))
    return Verification(
        first,
        others,
        walk.records,
        walk.pruned,
        walk.pruned_damaged,
        walk.head,
        walk.signed,
        walk.signatures.is_possible,
    )


def _walk_log(
    path: Path, log: OpenLog, keys: frozenset[bytes], noted_head: Head | None, progress: Progress
) -> tuple[Walk, list[Diagnostic]]:
    walk, connection = Walk(SignatureCheck(keys)), log.connection
    with sqlite_as_record_errors(path), read_transaction(connection):
        problems = [
            *checkpoint_problems(connection, walk.signatures),
            *body_problems(connection, walk),
            *record_problems(log, walk, progress),
            *_head_problems(connection, noted_head),
        ]
        walk.pruned, walk.pruned_damaged = pruned_head(connection).seq, pruned_damaged_seqs(connection)
    return walk, problems


def _file_problems(log: OpenLog) -> Iterator[Diagnostic]:
    """Yield the problems that SQLite's integrity check reports, and altered tables, indexes and triggers."""
    try:
        yield from schema_problems(schema_of(log.connection), log.layout.version)
        for (message,) in log.connection.execute(f"PRAGMA integrity_check({_MAX_SQLITE_PROBLEMS})"):
            if message != "ok":
                yield Diagnostic(RecordCode.DAMAGED, f"SQLite reports that the file is damaged: {str(message).lower()}")
    except (sqlite3.Error, UnicodeDecodeError) as error:
        yield Diagnostic(RecordCode.DAMAGED, f"SQLite cannot read the file: {str(error).lower()}")


def _head_problems(connection: sqlite3.Connection, noted_head: Head | None) -> Iterator[Diagnostic]:
    if noted_head is None or noted_head == GENESIS:
        return
    last, pruned = head_of(connection), pruned_head(connection)
    if noted_head.seq < pruned.seq:
        message = f"the given head cannot be compared with the log: record {noted_head.seq} was pruned"
        yield Diagnostic(RecordCode.HEAD_PRUNED, message, hint="store a copy of the head again after each prune")
        return
    row = connection.execute("SELECT hash FROM entry WHERE seq = ?", (noted_head.seq,)).fetchone()
    stored = row[0] if row else b""
    yield from head_problems(noted_head, last.seq, pruned.hash if noted_head.seq == pruned.seq else stored)


def head_problems(noted_head: Head, last: int, stored: object) -> Iterator[Diagnostic]:
    """Yield the problem if the chain does not contain the head that the caller noted earlier.

    `last` is the number of the last record, and `stored` the hash of the record that has the noted number.
    """
    if noted_head.seq > last:
        message = f"the log was truncated: it ends with record {last}, but record {noted_head.seq} existed"
        yield Diagnostic(RecordCode.HEAD_CUT, message)
    elif stored != noted_head.hash:
        message = f"the hash of record {noted_head.seq} differs from the hash in the given head: the log was replaced"
        yield Diagnostic(RecordCode.HEAD_DIFFERS, message)
