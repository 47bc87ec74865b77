"""Defines the interface of all readers of records. So a log and an export are read with the same methods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from evaluator.audit.log.chain import Head
from evaluator.audit.log.items import SHORTEST_PREFIX, Damaged, Item, LogEntry, LogFilter
from evaluator.audit.log.verification import Verification
from evaluator.audit.record import Record
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError
from evaluator.base.text import quote, quote_all

Progress = Callable[[int, int], None]
_MAX_LISTED = 10


class Reader(Protocol):
    """Reads a log or an export. The methods raise no other error than RecordError, even for a damaged file."""

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """The problems of the file as a whole that are known so far. The problems of a record are in the record."""

    def items(self, log_filter: LogFilter, *, newest_first: bool, limit: int | None) -> Iterator[Item]:
        """Yield the matching records without bodies, and every damaged record that may match."""

    def records(self, log_filter: LogFilter) -> Iterator[Record | Damaged]:
        """Yield the records of `items` with bodies. A damaged body is None, and `damage` contains the reason."""

    def find(self, decision_id: str) -> Item:
        """Return the record with an id or a unique prefix of an id.

        Raises RecordError if no record or several records have this id or prefix.
        """

    def record(self, entry: LogEntry) -> Record:
        """Return an entry with its bodies. A damaged body is None, and `damage` contains the reason."""

    def count(self, log_filter: LogFilter) -> int:
        """Return the number of records that match the filter."""

    def codes(self) -> frozenset[str]:
        """Return the codes of all findings in the records."""

    def head(self) -> Head:
        """Return the head of the chain. Raises UnverifiedError if the last record is damaged."""

    def verify(self, public_keys: Iterable[bytes], head: Head | None, progress: Progress) -> Verification:
        """Verify the whole file. With `public_keys`, every record must be signed with one of these keys."""

    def close(self) -> None:
        """Close the file."""


def not_found(decision_id: str) -> RecordError:
    """Return the error for an id that does not exist in the log."""
    hint = "`activenic log list` shows the ids"
    if len(decision_id) < SHORTEST_PREFIX:
        hint += f"; {SHORTEST_PREFIX} characters are enough if they are unique"
    message = f"the log has no record of decision {quote(decision_id)}"
    return RecordError([Diagnostic(RecordCode.NOT_FOUND, message, hint=hint)])


def ambiguous(prefix: str, ids: Iterable[str]) -> RecordError:
    """Return the error for a text that is the beginning of several ids."""
    matches = list(ids)
    listed = quote_all(matches[:_MAX_LISTED]) + (" and more" if len(matches) > _MAX_LISTED else "")
    message = f"several ids begin with {quote(prefix)}: {listed}"
    return RecordError([Diagnostic(RecordCode.AMBIGUOUS, message, hint="give more characters of the id")])
