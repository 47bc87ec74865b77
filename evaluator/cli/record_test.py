"""`activenic record-test`: creates a policy test from a logged decision."""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

from evaluator.audit.record import Record
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError
from evaluator.cli.exits import Exit
from evaluator.cli.records import add_records_to, records_of
from evaluator.cli.written_test import add_write_tests_to
from evaluator.workbench.append_record import append_record, create_files
from evaluator.workbench.record_case import record_case, stem_of


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = (
        "Create a policy test from a logged decision: the same report, addresses and parameters must give the same "
        "result."
    )
    add_records_to(parser, only_one=True)
    add_write_tests_to(parser)
    file = "like `--write-tests`, but FILE must not exist"
    parser.add_argument("--to", metavar="FILE", type=Path, help=file)
    policy = (
        "test this policy: a shipped policy, or a path relative to the test file (default: the policy of the record)"
    )
    parser.add_argument("--policy", metavar="POLICY", help=policy)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    records = list(itertools.islice(records_of(options), 2))
    if len(records) > 1:
        hint = "choose a record by its id: `ID --log FILE`"
        raise RecordError([Diagnostic(RecordCode.NOT_A_TEST, "the file contains several records", hint=hint)])
    if options.to is not None and options.write_tests is not None:
        options.parser.error("give either `--write-tests` or `--to`")
    if options.to is not None:
        _create(records[0], options)
    elif options.write_tests is not None:
        append_record(options.write_tests, records[0], options.policy)
    else:
        sys.stdout.write(record_case(records[0], None, options.policy).text)
    return Exit.DONE


def _create(record: Record, options: argparse.Namespace) -> None:
    to: Path = options.to
    case = record_case(record, stem_of(to), options.policy)
    create_files({to.with_name(name): text for name, text in {**case.other_files, to.name: case.text.encode()}.items()})
