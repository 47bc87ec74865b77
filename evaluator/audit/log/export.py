"""Exports records as JSON lines with a separate hash chain, and reads such files.

A masked record differs from the record in the log, so the chain of the log cannot cover the masked record. Each line
contains the hash of the line before it (`chain.previous`), so a line can be verified without the other lines. The chain
of an export has the same limits as the chain of an unsigned log (docs/log.md). The line of a damaged record has the
member `record` with the value null.

An export is read line by line. A line can be as long as the largest record. This module also reads a file with the
output of `log show --output json`. Such a file contains one record on several lines and has no chain.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import rfc8785
from msgspec import Struct

from evaluator.audit.log.chain import GENESIS, Head, entry_hash
from evaluator.audit.log.items import SHORTEST_PREFIX, Damaged, Item, LogEntry, LogFilter, codes_of, matches
from evaluator.audit.log.reader import Progress, ambiguous, not_found
from evaluator.audit.log.verification import Verification, first_problems
from evaluator.audit.log.verify import head_problems
from evaluator.audit.record import Json, Record, is_record_document, read_record
from evaluator.base import json_values as plain
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.base.files import MIB, is_regular, open_regular
from evaluator.base.text import quote_path, reason_of

LONGEST_LINE = 256 * MIB
_LINE_PREFIX = b'{"record"'
_SQLITE_PREFIX = b"SQLite"
_MAX_MATCHES = 11


def chained(items: Iterable[Record | Damaged]) -> Iterator[Json]:
    """Yield the document of each line of an export: record, bodies, and `chain` with `seq`, `previous` and `hash`."""
    head = GENESIS
    for item in items:
        document = damaged_document(item) if isinstance(item, Damaged) else item.to_dict()
        line_head = _next_head(head, document, item.canonical() if isinstance(item, Record) else b"")
        chain = {"seq": line_head.seq, "previous": head.hash.hex(), "hash": line_head.hash.hex()}
        yield {**document, "chain": chain}
        head = line_head


def is_export(path: Path) -> bool:
    """Return whether a file contains records as JSON: its first or second line begins like a record."""
    if not is_regular(path):
        return False
    with open_regular(path) as file:
        first = file.read(len(_SQLITE_PREFIX))
        if first.startswith(b"{"):
            return True
        if first == _SQLITE_PREFIX:
            return False
        file.readline(LONGEST_LINE)
        return file.read(len(_LINE_PREFIX)) == _LINE_PREFIX


class _Line(Struct, frozen=True):
    """A parsed line of an export.

    Each line contains the hash of the line before it (`previous`). If a line has no such hash, or if the line is
    damaged, `previous` is empty.
    """

    item: Item
    record: Record | None
    previous: str


class ExportReader:
    """Reads an export, or a file with one record. The methods are those of `Reader`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.problems: tuple[Diagnostic, ...] = ()
        with self._lines() as lines:
            first = next(iter(lines), None)
        if first is None or not _may_be_record(first[1]):
            message = f"{quote_path(path)} is neither a log nor a file of records"
            raise UnverifiedError([Diagnostic(RecordCode.NOT_A_LOG, message)])

    def items(self, log_filter: LogFilter, *, newest_first: bool = False, limit: int | None = None) -> Iterator[Item]:
        """Yield the matching records without bodies, and the damaged lines."""
        if newest_first:
            newest: deque[Item] = deque(self._matching(log_filter), limit)
            yield from reversed(newest)
            return
        for count, item in enumerate(self._matching(log_filter)):
            if count == limit:
                return
            yield item

    def find(self, decision_id: str) -> Item:
        """Return the record with this id. A prefix of at least six characters is enough if it is unique."""
        items: list[Item] = []
        for item in self._matching(LogFilter()):
            if item.decision_id == decision_id:
                return item
            is_prefix = len(decision_id) >= SHORTEST_PREFIX and item.decision_id.startswith(decision_id)
            if is_prefix and len(items) < _MAX_MATCHES:
                items.append(item)
        if not items:
            raise not_found(decision_id)
        if len(items) > 1:
            raise ambiguous(decision_id, (item.name for item in items))
        return items[0]

    def records(self, log_filter: LogFilter) -> Iterator[Record | Damaged]:
        """Yield the matching records with their bodies, and the damaged lines."""
        for line in self._matching_lines(log_filter):
            if line.record is not None:
                yield line.record
            elif isinstance(line.item, Damaged):
                yield line.item

    def record(self, entry: LogEntry) -> Record:
        """Return an entry with its bodies; a damaged body is None, and `damage` contains the reason."""
        for line in self._matching_lines(LogFilter()):
            if line.record is not None and isinstance(line.item, LogEntry) and line.item.head == entry.head:
                return line.record
        raise not_found(entry.decision_id)

    def count(self, log_filter: LogFilter) -> int:
        """Return the number of records that match the filter."""
        return sum(isinstance(item, LogEntry) for item in self._matching(log_filter))

    def codes(self) -> frozenset[str]:
        """Return the codes of all findings in the records."""
        entries = (item for item in self._matching(LogFilter()) if isinstance(item, LogEntry))
        return frozenset(code for entry in entries for code in codes_of(entry.envelope))

    def head(self) -> Head:
        """Return the head of the chain. Raises UnverifiedError if the last line is damaged."""
        newest = deque(self._matching(LogFilter()), 1)
        if not newest:
            return GENESIS
        last = newest.pop()
        if isinstance(last, Damaged):
            raise UnverifiedError(last.problems)
        return last.head

    def verify(self, public_keys: Iterable[bytes], head: Head | None, progress: Progress) -> Verification:
        """Verify each line and its connection to the line before; lines are not signed."""
        if tuple(public_keys):
            message, hint = f"{quote_path(self._path)} is an export, which is not signed", "use `--key` with the log"
            raise UnverifiedError([Diagnostic(RecordCode.NOT_A_LOG, message, hint=hint)])
        walk = _ChainWalk(head)
        with self._lines() as lines:
            problems, others = first_problems([*walk.problems(lines, progress), *walk.noted_head_problems()])
        return Verification(problems, others, walk.records, 0, (), walk.head, 0, signatures_checked=False)

    def close(self) -> None:
        """Do nothing, because each method opens and closes the file."""

    def _matching(self, log_filter: LogFilter) -> Iterator[Item]:
        return (line.item for line in self._matching_lines(log_filter))

    def _matching_lines(self, log_filter: LogFilter) -> Iterator[_Line]:
        with self._lines() as lines:
            for number, text in lines:
                line = _read_line(number, text)
                if isinstance(line.item, Damaged) or matches(line.item.envelope, log_filter):
                    yield line

    @contextmanager
    def _lines(self) -> Iterator[Iterator[tuple[int, bytes]]]:
        """Open the file and return its lines and their numbers. A record on several lines counts as one line."""
        try:
            with open_regular(self._path) as file:
                yield _lines_of(file)
        except OSError as error:
            message = f"{quote_path(self._path)} cannot be read: {reason_of(error)}"
            raise RecordError([Diagnostic(RecordCode.UNREADABLE, message)]) from None


class _ChainWalk:
    """The state of a verification that reads line after line; `head` is the head of the previous line."""

    def __init__(self, noted_head: Head | None) -> None:
        self.head = GENESIS
        self.records = 0
        self._noted_head = None if noted_head == GENESIS else noted_head
        self._hash_at_noted = b""

    def problems(self, lines: Iterable[tuple[int, bytes]], progress: Progress) -> Iterator[Diagnostic]:
        """Yield the problems of each line, in order."""
        for number, text in lines:
            line = _read_line(number, text)
            yield from line.item.problems
            if isinstance(line.item, Damaged):
                self.head = Head(number, b"")
                continue
            head = line.item.head
            if head.seq != self.head.seq + 1 or (self.head.hash and line.previous != self.head.hash.hex()):
                message = f"line {number} does not follow the previous line: lines were removed, inserted or moved"
                yield Diagnostic(RecordCode.RECORD_MISSING, message, order=number)
            self.head, self.records = head, self.records + 1
            if self._noted_head is not None and head.seq == self._noted_head.seq:
                self._hash_at_noted = head.hash
            progress(self.records, 0)

    def noted_head_problems(self) -> Iterator[Diagnostic]:
        """Yield the problem if the chain of the export does not contain the head that the caller gives."""
        if self._noted_head is not None:
            yield from head_problems(self._noted_head, self.head.seq, self._hash_at_noted)


def _lines_of(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    first = file.readline(LONGEST_LINE)
    if first.rstrip() == b"{":  # one record on several lines
        yield 1, first + file.read(LONGEST_LINE)
        return
    number, line = 1, first
    while line:
        if line.strip():
            yield number, line
        while len(line) == LONGEST_LINE and not line.endswith(b"\n"):  # the rest of a line that is too long
            line = file.readline(LONGEST_LINE)
        number, line = number + 1, file.readline(LONGEST_LINE)


def _may_be_record(text: bytes) -> bool:
    """Return whether the first line can be a record. If the line is damaged, only its beginning and end are checked."""
    try:
        return is_record_document(plain.loads(text))
    except ValueError:
        return text.startswith(_LINE_PREFIX) or b'"chain":' in text[-300:]


def _read_line(number: int, text: bytes) -> _Line:
    if len(text) >= LONGEST_LINE:
        return _damaged_line(number, f"line {number} is longer than {LONGEST_LINE // MIB} MiB")
    try:
        document = plain.loads(text)
    except ValueError as error:
        return _damaged_line(number, f"line {number} is not a record: {error}", code=RecordCode.INVALID)
    if isinstance(document, dict) and document.get("record", 0) is None:
        return _read_damaged_line(number, document)
    try:
        record = read_record(document)
    except UnverifiedError as error:
        message = f"line {number} is not a record: {error.diagnostics[0].message}"
        return _damaged_line(number, message, _decision_id_in(document), RecordCode.INVALID)
    chain = document.get("chain")
    if chain is None:  # the record of `log show`, not a line of an export
        head: Head | None = _next_head(Head(number - 1, GENESIS.hash), document, record.canonical())
    else:
        head = _chained_head(document, chain, record.canonical())
    if head is None:
        return _damaged_line(number, f"line {number} was altered: its hash does not match", record.decision_id)
    entry = LogEntry(head, None, None, record.envelope, record.damage)
    return _Line(entry, record, chain["previous"] if chain else "")


def _chained_head(document: Json, chain: Json, canonical: bytes) -> Head | None:
    """Return the head of a line; None if its hash does not match its content."""
    try:
        previous = Head(int(chain["seq"]) - 1, bytes.fromhex(chain["previous"]))
        head = _next_head(previous, document, canonical)
        return head if head.hash.hex() == chain["hash"] else None
    except (TypeError, KeyError, ValueError, OverflowError):  # the document may contain anything
        return None


def _read_damaged_line(number: int, document: Json) -> _Line:
    """Read a line without a record. The log already had a damaged record when it was exported.

    The document of the line has the reasons for the damage instead of the record.
    """
    problems = document.get("damaged")
    entries = problems if isinstance(problems, list) else []
    messages = [problem.get("message") for problem in entries if isinstance(problem, dict)]
    reason = "; ".join(message for message in messages if isinstance(message, str)) or "the reason is missing"
    decision_id = document.get("decision_id")
    message = f"line {number}: the record was damaged in the log: {reason}"
    return _damaged_line(number, message, decision_id if isinstance(decision_id, str) else "")


def _damaged_line(number: int, message: str, decision_id: str = "", code: RecordCode = RecordCode.DAMAGED) -> _Line:
    problem = Diagnostic(code, message, order=number)
    return _Line(Damaged(number, decision_id, (problem,)), None, "")


def _decision_id_in(document: object) -> str:
    envelope = document.get("record") if isinstance(document, dict) else None
    decision_id = envelope.get("decision_id") if isinstance(envelope, dict) else None
    return decision_id if isinstance(decision_id, str) else ""


def damaged_document(item: Damaged) -> Json:
    """Return the document that an export contains instead of a damaged record."""
    return {
        "record": None,
        "report": None,
        "texts": [],
        "decision_id": item.decision_id or None,
        "damaged": [problem.to_dict() for problem in item.problems],
    }


def _next_head(previous: Head, document: Json, canonical: bytes) -> Head:
    """Return the number and the hash of a line; `previous` has the number and the hash of the line before it.

    For a damaged record, `canonical` is empty. Then the hash covers the problems and the id of the record.
    """
    content = canonical or rfc8785.dumps({key: document.get(key) for key in ("damaged", "decision_id")})
    return Head(previous.seq + 1, entry_hash(previous, None, content))
