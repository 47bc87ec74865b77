"""Generates docs/command.md and the manual page docs/activenic.1 from the parser of the command line.

The library argparse-manpage writes the manual page. Both pages have the arguments and the examples of every subcommand.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from unittest import mock

from argparse_manpage.manpage import Manpage

from evaluator.base.version import __version__
from evaluator.cli.examples import examples_of
from evaluator.cli.parser import COMMANDS, DESCRIPTION, EXIT_STATUSES, full_parser

_HEAD = """\
# The command

This page has the help of every command. `activenic COMMAND --help` prints the same text.

Seven environment variables set the defaults of options: `ACTIVENIC_OUTPUT`, `ACTIVENIC_STRICT`, `ACTIVENIC_PROOFS`,
`ACTIVENIC_CACHE`, `ACTIVENIC_COLOUR`, `ACTIVENIC_PROGRESS` and `ACTIVENIC_POLICY_PATH`. An option takes precedence over
its variable. The options for the report, the host, the policy and the parameters have no variables. The command also
reads `NO_COLOR`, `FORCE_COLOR` and `XDG_CACHE_HOME`.

`activenic completion bash`, `zsh` or `fish` prints a completion script. `man activenic` shows the manual page, if the
folder `share/man` of the installation is in the search path of `man`.
"""


def command_page() -> str:
    """Return docs/command.md."""
    return "\n".join(_command_page())


def manual_page() -> str:
    """Return the manual page in roff. It has no date, so the same version always gives the same page."""
    parser = full_parser()
    parser.epilog = None
    for command in _subparsers(parser).values():
        command.epilog = None
    with mock.patch.dict(os.environ, {"COLUMNS": "80"}):
        page = Manpage(parser, format="single-commands-section")
    page.date, page.source, page.manual, page.description = "", f"activenic {__version__}", "", DESCRIPTION
    examples = (example for name in COMMANDS for example in examples_of(name))
    lines = [
        f".PP\n{_roff(example.meaning)}:\n.PP\n.RS 4\n.nf\n{_roff(example.line)}\n.fi\n.RE" for example in examples
    ]
    page.add_section("examples", "=", "\n".join(lines))
    page.add_section("exit status", "=", _roff(EXIT_STATUSES.removeprefix("exit status: ")))
    return str(page)


def _command_page() -> Iterator[str]:
    yield _HEAD
    with mock.patch.dict(os.environ, {"COLUMNS": "100"}):
        parser = full_parser()
        yield from _help_of("activenic", parser)


def _help_of(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## {name}\n\n```text\n{parser.format_help().rstrip()}\n```\n"
    for action, subparser in _subparsers(parser).items():
        yield from _help_of(f"{name} {action}", subparser)


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    actions = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return {name: subparser for action in actions for name, subparser in action.choices.items()}


def _roff(text: str) -> str:
    """Escape a text, so that roff reads no part of the text as a command or as a hyphenation."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped
