"""`activenic policies`: the policies that come with the package."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from evaluator.base.source import Source
from evaluator.cli.exits import Exit, bare
from evaluator.cli.policy_path import add_policy_path_to, policy_path_of
from evaluator.policy.prepared import load_shipped
from evaluator.policy.source.find import find_policy, shipped_names


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add what the subcommand takes."""
    parser.set_defaults(run=bare(parser))
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    listing = actions.add_parser("list", help="list the shipped policies", allow_abbrev=False)
    listing.set_defaults(run=_list)
    show = actions.add_parser(
        "show", help="print a policy's text, to be changed and used as a file", allow_abbrev=False
    )
    show.add_argument("policy", metavar="POLICY", help="the name of a shipped policy, or a file")
    show.add_argument(
        "--expanded", action="store_true", help="print one text that decides the same, with all that it inherits"
    )
    add_policy_path_to(show)
    show.set_defaults(run=_show)


def _list(_: argparse.Namespace) -> int:
    width = max(len(name) for name in shipped_names())
    for name in shipped_names():
        print(f"{name:{width}}  {load_shipped(name).description}")
    return Exit.DONE


def _show(options: argparse.Namespace) -> int:
    search = policy_path_of(options)
    source = find_policy(options.policy, search)
    sys.stdout.write(_expanded(source, search) if options.expanded else source.text)
    return Exit.DONE


def _expanded(source: Source, search: Sequence[Path]) -> str:
    from evaluator.policy.expand import expand  # noqa: PLC0415 -- the same
    from evaluator.policy.source.chain import files_of, read_chain  # noqa: PLC0415 -- yaml, and the checker

    return expand(read_chain(source, files_of(search)))
