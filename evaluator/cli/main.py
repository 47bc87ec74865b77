"""The command `activenic`: reads its arguments, runs one subcommand, turns every outcome into an exit status.

Results go to standard output, problems to standard error; a user's mistake never shows a traceback.
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
from evaluator.cli.exits import Exit, bare, of_error

_COMMANDS = {
    "decide": "decide which interface the host's address lives on",
    "explain": "say why, and why not, for every interface",
    "collect": "print this machine's report",
    "check": "check policy files",
    "diff": "compare two policies on the same questions",
    "fmt": "format policy files",
    "test": "run policy test files",
    "new": "make a new policy with its tests",
    "policies": "list or show the shipped policies",
    "log": "look at a log of decisions, and verify it",
    "replay": "re-evaluate logged decisions and compare",
    "record-test": "make a policy test from a logged decision",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 -- for the rest of the program
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
        return of_error(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.BROKEN_PIPE
    except OSError as error:
        print(f"activenic: {error.strerror or error}".lower(), file=sys.stderr)
        return Exit.FAILED


def _run(arguments: Sequence[str]) -> int:
    """Run what the arguments ask for; what it has printed is written out at the end, help included."""
    try:
        options = _parser(arguments).parse_args(arguments)
        status: int = options.run(options)
    finally:
        sys.stdout.flush()
    return status


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser; only the subcommand that is asked for is imported and knows what it takes."""
    parser = argparse.ArgumentParser(
        prog="activenic",
        description="Which interface of this host does the host's address live on, and why that one?",
        epilog="exit status: 0 resolved or done, 1 anything else, 2 usage, 3 rejected, 4 ambiguous, 5 no_match, "
        "6 unknown_host, 7 invalid report, 8 invalid policy, failing check, test, replay or log verification, or a "
        "damaged log; 130 interrupted, 141 closed pipe",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"activenic {__version__}")
    parser.set_defaults(run=bare(parser))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    asked = next((argument for argument in arguments if argument in _COMMANDS), None)
    for name, what in _COMMANDS.items():
        command = commands.add_parser(name, help=what, allow_abbrev=False)
        if name == asked:
            import_module(f"evaluator.cli.{name.replace('-', '_')}").add_to(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
