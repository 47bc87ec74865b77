"""Where a command's records come from: a log or an export, by their ids, or files of records.

A damaged record is a value, so that those after it are read, too.
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
    """Add the arguments that name records."""
    parser.set_defaults(parser=parser)
    what = "a decision's id with --log (six characters are enough), else a log, an export or a file of `log show`"
    parser.add_argument(
        "records", metavar="ID|FILE", nargs=1 if only_one else "*", help=f"{what}; - for standard input"
    )
    parser.add_argument("--log", metavar="FILE", type=Path, help="the log or export that holds the decisions")


def records_of(options: argparse.Namespace) -> Iterator[Record]:
    """Yield the records that the arguments name; UnverifiedError at the first that is damaged."""
    for found in found_records(options, Damage(), lambda done, of: None):
        if isinstance(found, Damaged):
            raise UnverifiedError(found.problems)
        if found.damage:
            raise UnverifiedError(found.damage)
        yield found


def found_records(
    options: argparse.Namespace, damage: Damage, report: Report, *, has_all: bool = False
) -> Iterator[Record | Damaged]:
    """Yield what stands at each place that the arguments name; ends the program if they contradict each other."""
    if has_all == bool(options.records) or (has_all and options.log is None):
        options.parser.error("name records by ID or FILE, or all of a log by `--all --log FILE`")
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
    """Open a file that is not said to be a log; the error for another file says so."""
    try:
        with reading(path, damage) as log:
            yield log
    except UnverifiedError as error:
        if [problem.code for problem in error.diagnostics] != [RecordCode.NOT_A_LOG]:
            raise
        shown = "standard input" if name == "-" else quote_path(name)
        message = f"{shown} is not a file of records, and not a log"
        raise UnverifiedError([Diagnostic(RecordCode.INVALID, message)]) from None


def _all_of(log: DecisionLog, report: Report) -> Iterator[Record | Damaged]:
    of = log.count()
    for done, record in enumerate(log.places(), 1):
        yield record
        report(done, max(done, of))


def _one_of(log: DecisionLog, name: str) -> Record | Damaged:
    item = log.find(name)
    return item if isinstance(item, Damaged) else log.record_of(item)


@contextmanager
def _file(name: str) -> Iterator[Path]:
    """Give the path of a file; what comes from standard input is put in a file for a while."""
    if name != "-":
        if not os.path.lexists(name):
            message = f"there is no file {quote_path(name)}"
            hint = "an id goes with `--log FILE`"
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
