"""Parses the arguments of the command `activenic`, runs one subcommand and returns an exit status.

Results go to standard output, problems to standard error. An invalid input never prints a traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from evaluator.base.diagnostic import QuestionError
from evaluator.cli.exits import Exit, exit_of_error
from evaluator.cli.parser import parser_for
from evaluator.cli.preferences import colours
from evaluator.cli.problems import print_problem


def run(arguments: Sequence[str]) -> int:
    """Run the command with these arguments and return its exit status."""
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 -- stays open until the program ends
    if sys.stdout is None:
        print_problem("activenic: standard output is closed")
        return Exit.FAILED
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(arguments)
    except QuestionError as error:
        for diagnostic in error.diagnostics:
            print_problem(diagnostic)
        return exit_of_error(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return Exit.BROKEN_PIPE
    except OSError as error:
        print_problem(f"activenic: {error.strerror or error}".lower())
        return Exit.FAILED


def _run(arguments: Sequence[str]) -> int:
    """Run the requested subcommand and flush its output, even if argparse ends the program after printing help."""
    try:
        options = parser_for(arguments).parse_args(arguments)
        with colours(options):
            status: int = options.run(options)
    finally:
        sys.stdout.flush()
    return status
