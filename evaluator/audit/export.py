"""Records that leave their log, one on each line, bound together by a chain of the export's own.

A masked record is another one than that in the log, so the log's chain says nothing about it. What the
chain of an export does not prevent is what that of an unsigned log does not (docs/log.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from evaluator import plain
from evaluator.audit.chain import GENESIS, Head, entry_hash
from evaluator.audit.record import Json, Record, read_record
from evaluator.diagnostic import RecordError


def chained(records: Iterable[Record]) -> Iterator[Json]:
    """Yield each record as one line of an export: itself, its bodies, and `chain` with `seq`, `previous`, `hash`."""
    head = GENESIS
    for record in records:
        after = _after(head, record)
        chain = {"seq": after.seq, "previous": head.hash.hex(), "hash": after.hash.hex()}
        yield {**record.to_dict(), "chain": chain}
        head = after


def is_export(path: Path) -> bool:
    """Return whether a file begins as an export does; a log begins otherwise."""
    try:
        with path.open("rb") as file:
            return file.read(1) == b"{"
    except OSError:
        return False


def wrong_lines(lines: Iterable[bytes]) -> Iterator[str]:
    """Yield what is wrong with an export: lines that are no record, or do not follow the one before."""
    head = GENESIS
    for number, line in enumerate(lines, 1):
        try:
            document = plain.loads(line)
            record = read_record(document)
        except (ValueError, RecordError) as error:
            yield f"line {number} is no record: {str(error).splitlines()[0]}"
            return
        after = _after(head, record)
        wanted = {"seq": after.seq, "previous": head.hash.hex(), "hash": after.hash.hex()}
        if document.get("chain") != wanted:
            yield f"line {number} does not follow the one before: it was altered, or lines are missing, new or moved"
            return
        head = after


def _after(head: Head, record: Record) -> Head:
    return Head(head.seq + 1, entry_hash(head, None, record.canonical()))
