"""The exit statuses of all commands; README.md lists them."""

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
    """The exit status of a command."""

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


EXIT_OF_STATUS = {
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


_USAGE_CODES = frozenset(
    {"PARAMETER_INVALID", "PARAMETER_MISSING", "PARAMETER_UNKNOWN", "PROPERTY_UNKNOWN", "VARIABLE_INVALID"}
)


def missing_subcommand(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """Return a function that prints the help of a command to standard error and exits with a usage error."""

    def run(_: argparse.Namespace) -> int:
        parser.print_help(sys.stderr)
        parser.exit(Exit.USAGE)

    return run


def exit_of_error(error: QuestionError) -> Exit:
    """Return the exit status of an error. Invalid parameters and variables are usage errors."""
    if all(diagnostic.code in _USAGE_CODES for diagnostic in error.diagnostics):
        return Exit.USAGE
    return _OF_ERROR.get(type(error), Exit.FAILED)
