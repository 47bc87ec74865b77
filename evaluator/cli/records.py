"""Reads the records for a command: records by id from a log or an export, or all records in files.

A damaged record is a value and not an exception, so the records after it are read too.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from evaluator.audit.log.export import LONGEST_LINE
from evaluator.audit.log.items import Damaged
from evaluator.audit.log.store import DecisionLog
from evaluator.audit.record import Record
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.base.text import quote_path
from evaluator.cli.reading import Damage, Report, reading


def add_records_to(parser: argparse.ArgumentParser, *, only_one: bool = False) -> None:
    """Add the arguments that select records by id or file."""
    parser.set_defaults(parser=parser)
    ids = (
        "with --log: the id of a decision, or the first six characters of the id; without --log: a log, an export, or "
        "the saved output of `log show`"
    )
    parser.add_argument("records", metavar="ID|FILE", nargs=1 if only_one else "*", help=f"{ids}; - for standard input")
    parser.add_argument("--log", metavar="FILE", type=Path, help="the log or export that contains the decisions")


def records_of(options: argparse.Namespace) -> Iterator[Record]:
    """Yield the selected records. Raises UnverifiedError at the first damaged record."""
    for record in records_or_damaged(options, Damage(), lambda done, total: None):
        if isinstance(record, Damaged):
            raise UnverifiedError(record.problems)
        if record.damage:
            raise UnverifiedError(record.damage)
        yield record


def records_or_damaged(
    options: argparse.Namespace, damage: Damage, report: Report, *, has_all: bool = False
) -> Iterator[Record | Damaged]:
    """Yield the selected records, also damaged records. Ends the program if the arguments contradict each other."""
    if has_all == bool(options.records) or (has_all and options.log is None):
        options.parser.error("give an ID or a FILE, or `--all --log FILE` for all records of a log")
    if options.log is None:
        for name in options.records:
            with _file(name) as path, _records_in(path, name, damage) as log:
                yield from _all_of(log, report)
        return
    with reading(options.log, damage) as log:
        if has_all:
            yield from _all_of(log, report)
        for name in options.records:
            yield _one_of(log, name)


@contextmanager
def _records_in(path: Path, name: str, damage: Damage) -> Iterator[DecisionLog]:
    """Open a log, an export or a file of one record. Raises UnverifiedError for any other file."""
    try:
        with reading(path, damage) as log:
            yield log
    except UnverifiedError as error:
        if [problem.code for problem in error.diagnostics] != [RecordCode.NOT_A_LOG]:
            raise
        file = "standard input" if name == "-" else quote_path(name)
        message = f"{file} is neither a file of records nor a log"
        raise UnverifiedError([Diagnostic(RecordCode.INVALID, message)]) from None


def _all_of(log: DecisionLog, report: Report) -> Iterator[Record | Damaged]:
    total = log.count()
    for done, record in enumerate(log.places(), 1):
        yield record
        report(done, max(done, total))


def _one_of(log: DecisionLog, name: str) -> Record | Damaged:
    item = log.find(name)
    return item if isinstance(item, Damaged) else log.record_of(item)


@contextmanager
def _file(name: str) -> Iterator[Path]:
    """Return the path of a file. Standard input is copied to a temporary file."""
    if name != "-":
        if not os.path.lexists(name):
            message = f"the file {quote_path(name)} does not exist"
            hint = f"if {quote_path(name)} is the id of a record, add `--log FILE`"
            raise RecordError([Diagnostic(RecordCode.UNREADABLE, message, hint=hint)])
        yield Path(name)
        return
    if sys.stdin is None:
        raise RecordError([Diagnostic(RecordCode.UNREADABLE, "standard input is closed")])
    with NamedTemporaryFile(prefix="activenic-") as file:
        while line := sys.stdin.buffer.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE:
                raise RecordError([Diagnostic(RecordCode.INVALID, "standard input has a line that is too long")])
            file.write(line)
        file.flush()
        yield Path(file.name)
