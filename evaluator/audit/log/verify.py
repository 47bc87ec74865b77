"""Whether a log is what was written: file, checkpoints, texts, records and a head noted earlier; all problems named."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from evaluator.audit.log.chain import GENESIS, Head
from evaluator.audit.log.checkpoint import checkpoint_problems, damaged_before
from evaluator.audit.log.file import OpenLog, as_record_errors, reading, rescued, schema_problems
from evaluator.audit.log.queries import head_of, pruned_head
from evaluator.audit.log.reader import Progress
from evaluator.audit.log.schema import schema_of
from evaluator.audit.log.signatures import SignatureCheck
from evaluator.audit.log.verification import Verification, first_problems
from evaluator.audit.log.verify_records import Walk, body_problems, record_problems
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError

_MOST_OF_SQLITE = 10
_MISSING = frozenset({RecordCode.RECORD_MISSING, RecordCode.BODY_MISSING})


def verify(
    path: Path, log: OpenLog, public_keys: Iterable[bytes], noted: Head | None, progress: Progress
) -> Verification:
    """Examine everything; what SQLite cannot read, or does not find in a damaged file, is read from the pages.

    With `public_keys` each record must be signed with one of them. `noted` is a head noted earlier.
    """
    keys = frozenset(public_keys)
    of_file = list(dict.fromkeys([*log.problems, *(() if log.is_salvaged else _of_file(log))]))
    try:
        walk, problems = _walked(path, log, keys, noted, progress)
        is_whole = not of_file or log.is_salvaged or not _MISSING.intersection(problem.code for problem in problems)
    except RecordError as error:
        of_file, is_whole = [*of_file, *error.diagnostics], False
    if not is_whole:
        log = rescued(path, log, tuple(of_file))
        try:
            walk, problems = _walked(path, log, keys, noted, progress)
        finally:
            log.connection.close()
    shown, others = first_problems(chain(of_file, problems))
    return Verification(
        shown,
        others,
        walk.records,
        walk.pruned,
        walk.pruned_damaged,
        walk.head,
        walk.signed,
        walk.signatures.is_possible,
    )


def _walked(
    path: Path, log: OpenLog, keys: frozenset[bytes], noted: Head | None, progress: Progress
) -> tuple[Walk, list[Diagnostic]]:
    walk, connection = Walk(SignatureCheck(keys)), log.connection
    with as_record_errors(path), reading(connection):
        problems = [
            *checkpoint_problems(connection, walk.signatures),
            *body_problems(connection, walk),
            *record_problems(log, walk, progress),
            *_head(connection, noted),
        ]
        walk.pruned, walk.pruned_damaged = pruned_head(connection).seq, damaged_before(connection)
    return walk, problems


def _of_file(log: OpenLog) -> Iterator[Diagnostic]:
    """Yield what SQLite finds wrong with its own file, and how its tables differ from those of a log."""
    try:
        yield from schema_problems(schema_of(log.connection), log.layout.version)
        for (said,) in log.connection.execute(f"PRAGMA integrity_check({_MOST_OF_SQLITE})"):
            if said != "ok":
                yield Diagnostic(RecordCode.DAMAGED, f"SQLite finds the file damaged: {str(said).lower()}")
    except (sqlite3.Error, UnicodeDecodeError) as error:
        yield Diagnostic(RecordCode.DAMAGED, f"SQLite cannot read the file: {str(error).lower()}")


def _head(connection: sqlite3.Connection, noted: Head | None) -> Iterator[Diagnostic]:
    if noted is None or noted == GENESIS:
        return
    last, pruned = head_of(connection), pruned_head(connection)
    if noted.seq < pruned.seq:
        message = f"record {noted.seq} was pruned, with all up to {pruned.seq}, and cannot be compared"
        yield Diagnostic(RecordCode.HEAD_PRUNED, message, hint="note the head again after each prune")
        return
    row = connection.execute("SELECT hash FROM entry WHERE seq = ?", (noted.seq,)).fetchone()
    yield from compared_head(noted, last.seq, pruned.hash if noted.seq == pruned.seq else row[0] if row else b"")


def compared_head(noted: Head, last: int, found: object) -> Iterator[Diagnostic]:
    """Yield how the record of a noted number differs from it; `last` is the number of the last record."""
    if noted.seq > last:
        message = f"the log ends with record {last}, but record {noted.seq} was there: its tail was cut"
        yield Diagnostic(RecordCode.HEAD_CUT, message)
    elif found != noted.hash:
        message = f"record {noted.seq} is not the one whose hash was noted: the log was made anew"
        yield Diagnostic(RecordCode.HEAD_DIFFERS, message)
