"""`activenic record-test`: creates a policy test from a logged decision."""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError
from evaluator.base.text import quote_path, reason_of
from evaluator.cli.exits import Exit
from evaluator.cli.records import add_records_to, records_of
from evaluator.workbench.record_case import record_case, stem_of


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = "Create a policy test that expects a logged decision for its report, addresses and parameters."
    add_records_to(parser, only_one=True)
    file = "write the test to this file instead of standard output, and the files that the test needs to its folder"
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
    to: Path | None = options.to
    case = record_case(records[0], None if to is None else stem_of(to), options.policy)
    if to is None:
        sys.stdout.write(case.text)
        return Exit.DONE
    for name, content in {**case.other_files, to.name: case.text.encode()}.items():
        _write(to.with_name(name), content)
    return Exit.DONE


def _write(path: Path, content: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(content)
    except OSError as error:
        message = f"{quote_path(path)} cannot be written: {reason_of(error)}"
        raise RecordError([Diagnostic(RecordCode.UNWRITABLE, message)]) from None
