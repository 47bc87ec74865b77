"""The exit statuses of every command (DESIGN section 7)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from enum import IntEnum

from evaluator.base.diagnostic import (
    ExtraMissingError,
    HostNameError,
    PolicyError,
    QuestionError,
    ReportError,
    UnverifiedError,
)
from evaluator.base.status import Status


class Exit(IntEnum):
    """What a command's exit status says."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REJECTED = 3
    AMBIGUOUS = 4
    NO_MATCH = 5
    UNKNOWN_HOST = 6
    REPORT = 7
    POLICY = 8
    INTERRUPTED = 130
    BROKEN_PIPE = 141


OF_STATUS = {
    Status.RESOLVED: Exit.DONE,
    Status.REJECTED: Exit.REJECTED,
    Status.AMBIGUOUS: Exit.AMBIGUOUS,
    Status.NO_MATCH: Exit.NO_MATCH,
    Status.UNKNOWN_HOST: Exit.UNKNOWN_HOST,
}
_OF_ERROR: dict[type[QuestionError], Exit] = {
    ReportError: Exit.REPORT,
    PolicyError: Exit.POLICY,
    HostNameError: Exit.USAGE,
    ExtraMissingError: Exit.USAGE,
    UnverifiedError: Exit.POLICY,
}


_GIVEN_WRONGLY = frozenset({"PARAMETER_INVALID", "PARAMETER_MISSING", "PARAMETER_UNKNOWN"})


def bare(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """Return what a command does if its subcommand is missing: print its help to standard error."""

    def run(_: argparse.Namespace) -> int:
        parser.print_help(sys.stderr)
        parser.exit(Exit.USAGE)

    return run


def of_error(error: QuestionError) -> Exit:
    """Return the exit status of a question that cannot be asked; parameters given wrongly are a matter of usage."""
    if all(diagnostic.code in _GIVEN_WRONGLY for diagnostic in error.diagnostics):
        return Exit.USAGE
    return _OF_ERROR.get(type(error), Exit.FAILED)
