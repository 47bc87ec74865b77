"""Records that leave their log, one on each line, bound together by a chain of the export's own; and how they are read.

A masked record is another one than that in the log, so the log's chain says nothing about it. What the chain of an
export does not prevent is what that of an unsigned log does not (docs/log.md). Each line carries the hash before it, so
that it can be checked without the other lines. A damaged place of the log is a line, too, with `record` null.

A file is read line by line, and a line may be as long as the largest record. A file of one record on several lines
(`log show --output json`) is read as well; it has no chain.
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
from evaluator.audit.log.items import SHORTEST_PREFIX, Damaged, Entry, Item, LogFilter, codes_of, matches
from evaluator.audit.log.reader import Progress, ambiguous, not_found
from evaluator.audit.log.verification import Verification, first_problems
from evaluator.audit.log.verify import compared_head
from evaluator.audit.record import Json, Record, is_record_document, read_record
from evaluator.base import json_values as plain
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.base.files import MIB, is_regular, open_regular
from evaluator.base.text import quote_path, reason_of

LONGEST_LINE = 256 * MIB
_BEGINS_A_LINE = b'{"record"'
_BEGINS_A_LOG = b"SQLite"
_MOST_MATCHES = 11


def chained(items: Iterable[Record | Damaged]) -> Iterator[Json]:
    """Yield each record as one line of an export: itself, its bodies, and `chain` with `seq`, `previous`, `hash`."""
    head = GENESIS
    for item in items:
        document = mark_of(item) if isinstance(item, Damaged) else item.to_dict()
        after = _after(head, document, item.canonical() if isinstance(item, Record) else b"")
        chain = {"seq": after.seq, "previous": head.hash.hex(), "hash": after.hash.hex()}
        yield {**document, "chain": chain}
        head = after


def is_export(path: Path) -> bool:
    """Return whether a regular file holds records as JSON: it begins with one, or its second line does."""
    if not is_regular(path):
        return False
    with open_regular(path) as file:
        first = file.read(len(_BEGINS_A_LOG))
        if first.startswith(b"{"):
            return True
        if first == _BEGINS_A_LOG:
            return False
        file.readline(LONGEST_LINE)
        return file.read(len(_BEGINS_A_LINE)) == _BEGINS_A_LINE


class _Line(Struct, frozen=True):
    """A line that was read: what it holds, the record with its bodies, and the hash that it says it follows."""

    item: Item
    record: Record | None
    previous: str


class ExportReader:
    """Reads a file of records as a log is read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.problems: tuple[Diagnostic, ...] = ()
        with self._lines() as lines:
            first = next(iter(lines), None)
        if first is None or not _is_of_records(first[1]):
            message = f"{quote_path(path)} is neither a log nor a file of records"
            raise UnverifiedError([Diagnostic(RecordCode.NOT_A_LOG, message)])

    def items(self, wanted: LogFilter, *, newest_first: bool = False, limit: int | None = None) -> Iterator[Item]:
        """Yield the records that are meant, and the damaged lines."""
        if newest_first:
            kept: deque[Item] = deque(self._matching(wanted), limit)
            yield from reversed(kept)
            return
        for shown, item in enumerate(self._matching(wanted)):
            if shown == limit:
                return
            yield item

    def find(self, decision_id: str) -> Item:
        """Return the record of an id, or of a prefix of six or more characters that only one id has."""
        found: list[Item] = []
        for item in self._matching(LogFilter()):
            if item.decision_id == decision_id:
                return item
            is_prefix = len(decision_id) >= SHORTEST_PREFIX and item.decision_id.startswith(decision_id)
            if is_prefix and len(found) < _MOST_MATCHES:
                found.append(item)
        if not found:
            raise not_found(decision_id)
        if len(found) > 1:
            raise ambiguous(decision_id, (item.name for item in found))
        return found[0]

    def records(self, wanted: LogFilter) -> Iterator[Record | Damaged]:
        """Yield the records that are meant with their bodies, and the damaged lines."""
        for line in self._matching_lines(wanted):
            if line.record is not None:
                yield line.record
            elif isinstance(line.item, Damaged):
                yield line.item

    def record(self, entry: Entry) -> Record:
        """Return an entry with its bodies; those that are damaged are left out and marked."""
        for line in self._matching_lines(LogFilter()):
            if line.record is not None and isinstance(line.item, Entry) and line.item.head == entry.head:
                return line.record
        raise not_found(entry.decision_id)

    def count(self, wanted: LogFilter) -> int:
        """Return how many records are meant."""
        return sum(isinstance(item, Entry) for item in self._matching(wanted))

    def codes(self) -> frozenset[str]:
        """Return the codes of all findings."""
        entries = (item for item in self._matching(LogFilter()) if isinstance(item, Entry))
        return frozenset(code for entry in entries for code in codes_of(entry.envelope))

    def head(self) -> Head:
        """Return where the chain ends; UnverifiedError if the last line is damaged."""
        kept = deque(self._matching(LogFilter()), 1)
        if not kept:
            return GENESIS
        last = kept.pop()
        if isinstance(last, Damaged):
            raise UnverifiedError(last.problems)
        return last.head

    def verify(self, public_keys: Iterable[bytes], head: Head | None, progress: Progress) -> Verification:
        """Compare each line with itself and with the one before; lines are not signed."""
        if tuple(public_keys):
            message, hint = f"{quote_path(self._path)} is an export, which is not signed", "`--key` needs the log"
            raise UnverifiedError([Diagnostic(RecordCode.NOT_A_LOG, message, hint=hint)])
        walk = _Walk(head)
        with self._lines() as lines:
            shown, others = first_problems([*walk.problems(lines, progress), *walk.of_head()])
        return Verification(shown, others, walk.records, 0, (), walk.head, 0, signatures_checked=False)

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""

    def _matching(self, wanted: LogFilter) -> Iterator[Item]:
        return (line.item for line in self._matching_lines(wanted))

    def _matching_lines(self, wanted: LogFilter) -> Iterator[_Line]:
        with self._lines() as lines:
            for number, text in lines:
                line = _read_line(number, text)
                if isinstance(line.item, Damaged) or matches(line.item.envelope, wanted):
                    yield line

    @contextmanager
    def _lines(self) -> Iterator[Iterator[tuple[int, bytes]]]:
        """Open the file and give its lines with their numbers; one record on several lines is one line."""
        try:
            with open_regular(self._path) as file:
                yield _lines_of(file)
        except OSError as error:
            message = f"{quote_path(self._path)} cannot be read: {reason_of(error)}"
            raise RecordError([Diagnostic(RecordCode.UNREADABLE, message)]) from None


class _Walk:
    """What is known on the way along the lines."""

    def __init__(self, noted: Head | None) -> None:
        self.head = GENESIS
        self.records = 0
        self._noted = None if noted == GENESIS else noted
        self._at_noted = b""

    def problems(self, lines: Iterable[tuple[int, bytes]], progress: Progress) -> Iterator[Diagnostic]:
        """Yield what is wrong with the lines, one after the other."""
        for number, text in lines:
            line = _read_line(number, text)
            yield from line.item.problems
            if isinstance(line.item, Damaged):
                self.head = Head(number, b"")
                continue
            head = line.item.head
            if head.seq != self.head.seq + 1 or (self.head.hash and line.previous != self.head.hash.hex()):
                message = f"line {number} does not follow the one before: lines are missing, new or moved"
                yield Diagnostic(RecordCode.RECORD_MISSING, message, order=number)
            self.head, self.records = head, self.records + 1
            if self._noted is not None and head.seq == self._noted.seq:
                self._at_noted = head.hash
            progress(self.records, 0)

    def of_head(self) -> Iterator[Diagnostic]:
        """Yield how the export differs from the head that was noted."""
        if self._noted is not None:
            yield from compared_head(self._noted, self.head.seq, self._at_noted)


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


def _is_of_records(text: bytes) -> bool:
    """Return whether a first line may be a record; a damaged one begins like one or ends like one."""
    try:
        return is_record_document(plain.loads(text))
    except ValueError:
        return text.startswith(_BEGINS_A_LINE) or b'"chain":' in text[-300:]


def _read_line(number: int, text: bytes) -> _Line:
    if len(text) >= LONGEST_LINE:
        return _damaged(number, f"line {number} is longer than {LONGEST_LINE // MIB} MiB")
    try:
        document = plain.loads(text)
    except ValueError as error:
        return _damaged(number, f"line {number} is not a record: {error}", code=RecordCode.INVALID)
    if isinstance(document, dict) and document.get("record", 0) is None:
        return _marked(number, document)
    try:
        record = read_record(document)
    except UnverifiedError as error:
        message = f"line {number} is not a record: {error.diagnostics[0].message}"
        return _damaged(number, message, _id_in(document), RecordCode.INVALID)
    chain = document.get("chain")
    if chain is None:  # a record of its own, not a line of an export
        head: Head | None = _after(Head(number - 1, GENESIS.hash), document, record.canonical())
    else:
        head = _chained_head(document, chain, record.canonical())
    if head is None:
        return _damaged(number, f"line {number} was altered: its hash does not match", record.decision_id)
    entry = Entry(head, None, None, record.envelope, record.damage)
    return _Line(entry, record, chain["previous"] if chain else "")


def _chained_head(document: Json, chain: Json, canonical: bytes) -> Head | None:
    """Return the place of a line in the chain; None if its hash does not match it."""
    try:
        before = Head(int(chain["seq"]) - 1, bytes.fromhex(chain["previous"]))
        after = _after(before, document, canonical)
        return after if after.hash.hex() == chain["hash"] else None
    except (TypeError, KeyError, ValueError, OverflowError):  # of a document that anybody may have written
        return None


def _marked(number: int, document: Json) -> _Line:
    """Return a line that stands for a damaged place of the log."""
    marks = document.get("damaged")
    messages = [mark.get("message") for mark in marks if isinstance(mark, dict)] if isinstance(marks, list) else []
    said = "; ".join(message for message in messages if isinstance(message, str)) or "it says no more"
    name = document.get("decision_id")
    return _damaged(number, f"line {number} stands for a damaged record: {said}", name if isinstance(name, str) else "")


def _damaged(number: int, message: str, name: str = "", code: RecordCode = RecordCode.DAMAGED) -> _Line:
    problem = Diagnostic(code, message, order=number)
    return _Line(Damaged(number, name, (problem,)), None, "")


def _id_in(document: object) -> str:
    envelope = document.get("record") if isinstance(document, dict) else None
    name = envelope.get("decision_id") if isinstance(envelope, dict) else None
    return name if isinstance(name, str) else ""


def mark_of(item: Damaged) -> Json:
    """Return what stands in the place of a record that is damaged."""
    return {
        "record": None,
        "report": None,
        "texts": [],
        "decision_id": item.decision_id or None,
        "damaged": [problem.to_dict() for problem in item.problems],
    }


def _after(head: Head, document: Json, canonical: bytes) -> Head:
    """Return the place after a line; of a damaged place the mark itself is bound."""
    content = canonical or rfc8785.dumps({key: document.get(key) for key in ("damaged", "decision_id")})
    return Head(head.seq + 1, entry_hash(head, None, content))
