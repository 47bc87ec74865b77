"""The arguments of the command: one parser with a subcommand for each module in the table `COMMANDS`.

A run needs only the arguments of one subcommand, so `parser_for` imports only the module of this subcommand. Completion
scripts and the manual page need the arguments of all subcommands (`full_parser`).
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable, Container, Iterator, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from evaluator.base.text import did_you_mean
from evaluator.base.version import __version__
from evaluator.cli.examples import examples_of
from evaluator.cli.exits import missing_subcommand
from evaluator.cli.preferences import COLOUR, PROGRESS

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

COMMANDS = {
    "decide": "decide which interface has the host's address",
    "explain": "explain for every interface why it is or is not the answer",
    "collect": "print this machine's report as JSON",
    "check": "check policy files",
    "diff": "compare two policies on the same questions",
    "fmt": "format policy files",
    "test": "run policy test files",
    "verify": "prove properties of a policy for every host",
    "mutate": "find missing tests of a policy",
    "new": "make a new policy with its tests",
    "lsp": "run the language server for editors",
    "policies": "list or show the shipped policies",
    "log": "list, show, export, verify and prune decision logs",
    "replay": "re-evaluate logged decisions and compare the results",
    "record-test": "create a policy test from a logged decision",
    "fleet": "decide many hosts and summarize the decisions",
    "serve": "serve decisions over HTTP",
    "completion": "print a completion script for a shell",
}
DESCRIPTION = "Which interface of this host has the host's address, and why?"
EXIT_STATUSES = (
    "exit status: 0 resolved or done; 1 any other error; 2 usage; 3 rejected; 4 ambiguous; 5 no_match; "
    "6 unknown_host; 7 invalid report; 8 invalid policy, damaged log, failed check, failed test, failed replay or "
    "failed verification; 130 interrupted; 141 closed pipe"
)
_HELP = {"-h", "--help"}


class _HelpFormatter(argparse.HelpFormatter):
    """Wraps descriptions, and leaves the lines of examples as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if text.startswith("examples:\n"):
            return "".join(f"{indent}{line}\n" for line in text.splitlines())
        return super()._fill_text(text, width, indent)


class Parser(argparse.ArgumentParser):
    """A parser that adds a hint to its message if a command or an option is misspelt."""

    hint: Callable[[], str] | None = None
    suggest_on_error = False  # newer versions of Python have a hint of their own

    def error(self, message: str) -> NoReturn:
        """End the program with a usage error."""
        hint = self.hint() if self.hint else ""
        super().error(f"{message} ({hint})" if hint else message)

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Print a text. argparse ignores errors here, but a help text that is lost on a full disk is an error."""
        if file is not None and file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)


def _hint(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> str:
    """Return the hint about the first unknown command or option in some arguments; empty if all are known."""
    for argument in itertools.takewhile(lambda argument: argument != "--", arguments):
        if argument.startswith("--"):
            option = argument.partition("=")[0]
            if option not in parser._option_string_actions:
                return did_you_mean(option, [name for name in parser._option_string_actions if name[:2] == "--"])
        elif commands := _actions_of(parser):
            if argument not in commands:
                return did_you_mean(argument, commands)
            parser = commands[argument]
    return ""


def parser_for(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser. Only the parser of the requested subcommand has arguments."""
    requested = next((argument for argument in arguments if argument in COMMANDS), None)
    parser, commands = _parser_of({requested})
    if requested and not _HELP.isdisjoint(arguments):
        _add_examples({requested: commands[requested]})
    for command in _parsers_in(parser):
        command.hint = partial(_hint, parser, arguments)
    return parser


def full_parser() -> argparse.ArgumentParser:
    """Return the parser with the arguments and examples of every subcommand."""
    parser, commands = _parser_of(COMMANDS)
    _add_examples(commands)
    return parser


def _parser_of(requested: Container[object]) -> tuple[Parser, dict[str, Parser]]:
    parser = Parser(prog="activenic", description=DESCRIPTION, epilog=EXIT_STATUSES, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"activenic {__version__}")
    parser.set_defaults(run=missing_subcommand(parser), colour=None, progress=None)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    commands = {}
    for name, summary in COMMANDS.items():
        commands[name] = subparsers.add_parser(
            name, help=summary, allow_abbrev=False, formatter_class=_HelpFormatter, add_help=name in requested
        )
        if name in requested:
            import_module(f"evaluator.cli.{name.replace('-', '_')}").add_to(commands[name])
            for command in _parsers_in(commands[name]):
                if not _actions_of(command):
                    COLOUR.add_to(command)
                    PROGRESS.add_to(command)
    return parser, commands


def _actions_of(parser: argparse.ArgumentParser) -> dict[str, Parser]:
    """Return the parsers of the subcommands or actions of a parser, by name."""
    actions = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return {name: subparser for action in actions for name, subparser in action.choices.items()}


def _parsers_in(parser: Parser) -> Iterator[Parser]:
    """Yield the parser and the parsers of its subcommands and their actions."""
    yield parser
    for subparser in _actions_of(parser).values():
        yield from _parsers_in(subparser)


def _add_examples(commands: dict[str, Parser]) -> None:
    for name, command in commands.items():
        lines = [f"  {example.line}\n      {example.meaning}" for example in examples_of(name)]
        command.epilog = "\n".join(("examples:", *lines))
