"""Where a command's records come from: a log, or a file of one record or of many.

A damaged record is a value, so that those after it are read, too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from evaluator import plain
from evaluator.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.text import quote_path, reason_of

if TYPE_CHECKING:
    from evaluator.audit.record import Record
    from evaluator.audit.store import DecisionLog


@dataclass(frozen=True, slots=True)
class Damaged:
    """A record that is not what was written: how a person finds it, and why."""

    name: str
    diagnostics: tuple[Diagnostic, ...]


def add_records_to(parser: argparse.ArgumentParser, *, only_one: bool = False) -> None:
    """Add the arguments that name records."""
    parser.set_defaults(parser=parser)
    what = "a decision's id with --log, else a file of `log show --output json` or `log export`, - for standard input"
    parser.add_argument("records", metavar="ID|FILE", nargs=1 if only_one else "*", help=what)
    parser.add_argument("--log", metavar="FILE", type=Path, help="the log that holds the decisions")


def records_of(options: argparse.Namespace, *, has_all: bool = False) -> Iterator[Record]:
    """Yield the records that the arguments name; UnverifiedError at the first that is damaged."""
    for found in found_records(options, has_all=has_all):
        if isinstance(found, Damaged):
            raise UnverifiedError(found.diagnostics)
        yield found


def found_records(options: argparse.Namespace, *, has_all: bool = False) -> Iterator[Record | Damaged]:
    """Yield what stands at each place that the arguments name; ends the program if they contradict each other."""
    if has_all == bool(options.records) or (has_all and options.log is None):
        options.parser.error("name records by ID or FILE, or all of a log by `--all --log FILE`")
    if options.log is None:
        for name in options.records:
            yield from _of_file(name)
        return
    from evaluator.audit.store import DecisionLog  # noqa: PLC0415 -- sqlite3, only where there is a log

    with DecisionLog.open(options.log, read_only=True) as log:
        if has_all:
            yield from _of_log(log)
        for name in options.records:
            try:
                yield log.get(name)
            except UnverifiedError as error:
                yield Damaged(name, error.diagnostics)


def _of_log(log: DecisionLog) -> Iterator[Record | Damaged]:
    for number in log.numbers():
        try:
            record = log.record_at(number)
        except UnverifiedError as error:
            yield Damaged(f"record {number}", error.diagnostics)
        else:
            if record is not None:
                yield record


def _of_file(name: str) -> Iterator[Record | Damaged]:
    shown = "standard input" if name == "-" else quote_path(name)
    try:
        if name == "-":
            if sys.stdin is None:
                raise OSError("standard input is closed")
            yield from _read(sys.stdin.buffer, shown)
            return
        with Path(name).open("rb") as file:
            yield from _read(file, shown)
    except (OSError, ValueError) as error:
        message = f"{shown} cannot be read: {reason_of(error)}"
        hint = "an id goes with `--log FILE`"
        raise RecordError([Diagnostic(RecordCode.UNREADABLE, message, hint=hint)]) from None


def _read(file: BinaryIO, shown: str) -> Iterator[Record | Damaged]:
    """Yield the records of a file: one on each line, or one alone on as many lines as it likes."""
    first = file.readline()
    try:
        plain.loads(first)
    except ValueError:
        first += file.read()
    _refuse_other_files(first, shown)
    yield _record(first, shown)
    for number, line in enumerate(file, 2):
        if line.strip():
            yield _record(line, f"line {number} of {shown}")


def _refuse_other_files(text: bytes, shown: str) -> None:
    """Refuse a file whose beginning is not a record, not even a damaged one."""
    try:
        document = plain.loads(text)
        if isinstance(document, dict) and {"record", "report", "policy"} <= set(document):
            return
        reason = "it must hold an object with `record`, `report` and `policy`"
    except ValueError as error:
        reason = str(error)
    raise UnverifiedError([Diagnostic(RecordCode.INVALID, f"{shown} is not a file of records: {reason}")])


def _record(text: bytes, shown: str) -> Record | Damaged:
    from evaluator.audit.record import read_record  # noqa: PLC0415 -- rfc8785, only where records are read

    try:
        document = plain.loads(text)
    except ValueError as error:
        return Damaged(shown, (Diagnostic(RecordCode.INVALID, f"{shown} is not a record: {error}"),))
    try:
        return read_record(document)
    except UnverifiedError as error:
        return Damaged(shown, error.diagnostics)
