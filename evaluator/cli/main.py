"""The command `activenic`: parses the arguments, runs one subcommand and returns an exit status.

Results go to standard output, problems to standard error. An invalid input never prints a traceback.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from evaluator import __version__
from evaluator.base.diagnostic import QuestionError
from evaluator.cli.exits import Exit, exit_of_error, missing_subcommand

_COMMANDS = {
    "decide": "decide which interface has the host's address",
    "explain": "explain for every interface why it is or is not the answer",
    "collect": "print this machine's report as JSON",
    "check": "check policy files",
    "diff": "compare two policies on the same questions",
    "fmt": "format policy files",
    "test": "run policy test files",
    "new": "make a new policy with its tests",
    "policies": "list or show the shipped policies",
    "log": "list, show, export, verify and prune decision logs",
    "replay": "re-evaluate logged decisions and compare the results",
    "record-test": "create a policy test from a logged decision",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 -- stays open until the program ends
    if sys.stdout is None:
        print("activenic: standard output is closed", file=sys.stderr)
        return Exit.FAILED
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except QuestionError as error:
        for diagnostic in error.diagnostics:
            print(diagnostic, file=sys.stderr)
        return exit_of_error(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.BROKEN_PIPE
    except OSError as error:
        print(f"activenic: {error.strerror or error}".lower(), file=sys.stderr)
        return Exit.FAILED


def _run(arguments: Sequence[str]) -> int:
    """Run the requested subcommand and flush its output, also if argparse exits after printing help."""
    try:
        options = _parser(arguments).parse_args(arguments)
        status: int = options.run(options)
    finally:
        sys.stdout.flush()
    return status


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser; only the requested subcommand is imported and adds its arguments."""
    parser = argparse.ArgumentParser(
        prog="activenic",
        description="Which interface of this host does the host's address live on, and why that one?",
        epilog="exit status: 0 resolved or done, 1 any other error, 2 usage, 3 rejected, 4 ambiguous, 5 no_match, "
        "6 unknown_host, 7 invalid report, 8 invalid policy, failing check, test, replay or log verification, or a "
        "damaged log; 130 interrupted, 141 closed pipe",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"activenic {__version__}")
    parser.set_defaults(run=missing_subcommand(parser))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    requested = next((argument for argument in arguments if argument in _COMMANDS), None)
    for name, summary in _COMMANDS.items():
        command = commands.add_parser(name, help=summary, allow_abbrev=False)
        if name == requested:
            import_module(f"evaluator.cli.{name.replace('-', '_')}").add_to(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
