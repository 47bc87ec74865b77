"""The one way to read records: a log and an export answer the same questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from evaluator.audit.log.chain import Head
from evaluator.audit.log.items import SHORTEST_PREFIX, Damaged, Entry, Item, LogFilter
from evaluator.audit.log.verification import Verification
from evaluator.audit.record import Record
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError
from evaluator.base.text import quote, quote_all

Progress = Callable[[int, int], None]
_MOST_MATCHES = 10


class Reader(Protocol):
    """Reads a log or an export. Nothing raises anything but RecordError, whatever the file holds."""

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """What is known to be wrong with the file as a whole; what is wrong with a record stands with the record."""

    def items(self, wanted: LogFilter, *, newest_first: bool, limit: int | None) -> Iterator[Item]:
        """Yield the records that are meant, and every damaged place that may be one of them."""

    def records(self, wanted: LogFilter) -> Iterator[Record | Damaged]:
        """Yield the same with the bodies of each record; those that are damaged are left out and marked."""

    def find(self, decision_id: str) -> Item:
        """Return the record of an id or of a unique prefix; RecordError if there is none, or there are several."""

    def record(self, entry: Entry) -> Record:
        """Return an entry with its bodies; those that are damaged are left out and marked."""

    def count(self, wanted: LogFilter) -> int:
        """Return how many records are meant."""

    def codes(self) -> frozenset[str]:
        """Return the codes of all findings."""

    def head(self) -> Head:
        """Return where the chain ends; UnverifiedError if the end is damaged."""

    def verify(self, public_keys: Iterable[bytes], head: Head | None, progress: Progress) -> Verification:
        """Compare everything with everything else."""

    def close(self) -> None:
        """Close the file."""


def not_found(decision_id: str) -> RecordError:
    """Return the error for an id that names no record."""
    hint = "`activenic log list` shows the ids"
    if len(decision_id) < SHORTEST_PREFIX:
        hint += f"; {SHORTEST_PREFIX} characters are enough if they are unique"
    message = f"the log holds no decision {quote(decision_id)}"
    return RecordError([Diagnostic(RecordCode.NOT_FOUND, message, hint=hint)])


def ambiguous(prefix: str, ids: Iterable[str]) -> RecordError:
    """Return the error for a prefix that several ids begin with."""
    found = list(ids)
    shown = quote_all(found[:_MOST_MATCHES]) + (" and more" if len(found) > _MOST_MATCHES else "")
    message = f"several ids begin with {quote(prefix)}: {shown}"
    return RecordError([Diagnostic(RecordCode.AMBIGUOUS, message, hint="give more characters of the id")])
