"""`activenic completion`: prints a completion script for a shell. The library shtab creates it from the parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Protocol, cast

import shtab

from evaluator.cli.exits import Exit
from evaluator.cli.parser import full_parser
from evaluator.policy.source.find import shipped_names

_FILES = frozenset({"REPORT", "FILE", "KEYFILE", "PATH", "LOG"})
_FOLDERS = frozenset({"DIR"})
_POLICIES = frozenset({"POLICY", "OLD", "NEW"})
# functions of the shells that complete a policy: a shipped name or a file; {names} are the shipped names
_PREAMBLES = {
    "bash": """
_activenic_policy_files() {{
  compgen -W "{names}" -- "$1"
  compgen -f -- "$1"
}}
""",
    "zsh": """
_activenic_policy_files() {{
  _alternative 'shipped:shipped policy:({names})' 'files:policy file:_files'
}}
""",
    "fish": """
function __activenic_policy_files
  string split " " "{names}"
  __fish_complete_path (commandline -ct)
end
""",
}
_COMPLETE_POLICY = {
    "bash": "_activenic_policy_files",
    "zsh": "_activenic_policy_files",
    "fish": "(__activenic_policy_files)",
}


class _Completed(Protocol):
    """An argument with the attribute `complete`. shtab reads this attribute to complete the values of the argument."""

    complete: object


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = (
        "Print a script that completes commands, options, their values, files and the names of shipped policies."
    )
    parser.add_argument("shell", metavar="SHELL", choices=tuple(_PREAMBLES), help="bash, zsh or fish")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    parser = full_parser()
    by_metavar: dict[object, object] = {
        **dict.fromkeys(_POLICIES, _COMPLETE_POLICY),
        **dict.fromkeys(_FILES, shtab.FILE),
        **dict.fromkeys(_FOLDERS, shtab.DIRECTORY),
    }
    for action in _actions(parser):
        if action.metavar in by_metavar:
            cast("_Completed", action).complete = by_metavar[action.metavar]
    preamble = _PREAMBLES[options.shell].format(names=" ".join(shipped_names()))
    print(shtab.complete(parser, options.shell, preamble=preamble))
    return Exit.DONE


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the arguments of a parser and of its subcommands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for subparser in dict.fromkeys(action.choices.values()):
                yield from _actions(subparser)
