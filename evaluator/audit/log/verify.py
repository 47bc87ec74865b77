"""Whether a log is what was written: file, stubs, texts, records and the head noted earlier, all problems told."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from evaluator.audit.log.chain import GENESIS, Head
from evaluator.audit.log.checkpoint import stub_problems
from evaluator.audit.log.queries import head_of, pruned_head
from evaluator.audit.log.schema import schema_of, schema_wanted
from evaluator.audit.log.signatures import SignatureCheck
from evaluator.audit.log.verify_records import Progress, Walk, body_problems, record_problems
from evaluator.diagnostic import Diagnostic, RecordCode, RecordError
from evaluator.text import quote_all

MOST_PROBLEMS = 100
_MOST_OF_SQLITE = 10


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of a verification: nothing in `problems` where the log is sound.

    `problems` are the first hundred, `others` how many more there are. `records` were read, `pruned`
    is the number of the last one that is gone. Of the `signed` ones the signatures were checked if
    `signatures_checked`.
    """

    problems: tuple[Diagnostic, ...]
    others: int
    records: int
    pruned: int
    head: Head
    signed: int
    signatures_checked: bool

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(
    connection: sqlite3.Connection,
    public_keys: Iterable[bytes] = (),
    noted: Head | None = None,
    progress: Progress = lambda done, of: None,
) -> Verification:
    """Look at everything in one state of the log; the caller holds a transaction.

    With `public_keys` each record must be signed with one of them. `noted` is a head noted earlier.
    """
    walk = Walk(SignatureCheck(frozenset(public_keys)))
    kept: list[Diagnostic] = []
    others = 0
    for problem in _guarded(connection, walk, noted, progress):
        if len(kept) < MOST_PROBLEMS:
            kept.append(problem)
        else:
            others += 1
    checked = walk.signatures.is_possible
    try:
        pruned = pruned_head(connection).seq
    except (RecordError, sqlite3.Error):
        pruned = 0
    return Verification(tuple(kept), others, walk.records, pruned, walk.before, walk.signed, checked)


def _guarded(
    connection: sqlite3.Connection, walk: Walk, noted: Head | None, progress: Progress
) -> Iterator[Diagnostic]:
    """Yield every problem; where SQLite can read no further, that is one, and the next part is looked at."""
    parts: tuple[Callable[[], Iterator[Diagnostic]], ...] = (
        lambda: _pages(connection),
        lambda: stub_problems(connection, walk.signatures),
        lambda: body_problems(connection, walk),
        lambda: record_problems(connection, walk, progress),
        lambda: _head(connection, noted),
    )
    for part in parts:
        try:
            yield from part()
        except sqlite3.Error as error:
            yield Diagnostic(RecordCode.DAMAGED, f"the file cannot be read any further: {str(error).lower()}")
        except RecordError as error:
            yield from error.diagnostics


def _pages(connection: sqlite3.Connection) -> Iterator[Diagnostic]:
    for (said,) in connection.execute(f"PRAGMA integrity_check({_MOST_OF_SQLITE})"):
        if said != "ok":
            yield Diagnostic(RecordCode.DAMAGED, f"SQLite finds the file damaged: {said.lower()}")
    wanted, found = schema_wanted(), schema_of(connection)
    different = sorted(name for name in {**wanted, **found} if wanted.get(name) != found.get(name))
    if different:
        message = f"not as this program makes them: {quote_all(different)}"
        yield Diagnostic(RecordCode.SCHEMA_ALTERED, message)


def _head(connection: sqlite3.Connection, noted: Head | None) -> Iterator[Diagnostic]:
    if noted is None or noted == GENESIS:
        return
    last, pruned = head_of(connection), pruned_head(connection)
    if noted.seq > last.seq:
        message = f"the log ends with record {last.seq}, but record {noted.seq} was there: its tail was cut"
        yield Diagnostic(RecordCode.HEAD_CUT, message)
    elif noted.seq < pruned.seq:
        message = f"record {noted.seq} was pruned, with all up to {pruned.seq}, and cannot be compared"
        yield Diagnostic(RecordCode.HEAD_PRUNED, message, hint="note the head again after each prune")
    else:
        row = connection.execute("SELECT hash FROM entry WHERE seq = ?", (noted.seq,)).fetchone()
        found = pruned.hash if noted.seq == pruned.seq else row[0] if row else b""
        if found != noted.hash:
            message = f"record {noted.seq} is not the one whose hash was noted: the log was made anew"
            yield Diagnostic(RecordCode.HEAD_DIFFERS, message)
