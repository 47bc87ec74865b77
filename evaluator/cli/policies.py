"""`activenic policies`: the policies that come with the package."""

from __future__ import annotations

import argparse
import sys

from evaluator.cli.exits import Exit, bare
from evaluator.policy.find import find_policy, shipped_names
from evaluator.policy.prepared import load_shipped


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
    show.set_defaults(run=_show)


def _list(_: argparse.Namespace) -> int:
    width = max(len(name) for name in shipped_names())
    for name in shipped_names():
        print(f"{name:{width}}  {load_shipped(name).description}")
    return Exit.DONE


def _show(options: argparse.Namespace) -> int:
    sys.stdout.write(find_policy(options.policy).text)
    return Exit.DONE
