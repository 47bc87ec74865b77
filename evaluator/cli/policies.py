"""`activenic policies`: lists and prints the shipped policies."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from evaluator.base.shipped import shipped_path
from evaluator.base.source import Source
from evaluator.cli.exits import Exit, missing_subcommand
from evaluator.cli.policy_path import add_policy_path_to, policy_path_of
from evaluator.policy.prepared import load_shipped
from evaluator.policy.source.find import find_policy, shipped_names

_SCHEMA_ID = "urn:activenic:schema:policy:1"  # for an installation without files, such as a ZIP archive


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.set_defaults(run=missing_subcommand(parser))
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    listing = actions.add_parser("list", help="list the shipped policies", allow_abbrev=False)
    listing.set_defaults(run=_list)
    show = actions.add_parser(
        "show", help="print the text of a policy, for example to save it and edit the copy", allow_abbrev=False
    )
    show.add_argument("policy", metavar="POLICY", help="the name of a shipped policy, or a file")
    show.add_argument(
        "--expanded", action="store_true", help="print one text that includes everything that the policy inherits"
    )
    modeline = "print first a comment with the JSON Schema of policies; YAML editors then complete the text"
    show.add_argument("--modeline", action="store_true", help=modeline)
    add_policy_path_to(show)
    show.set_defaults(run=_show)


def _list(_: argparse.Namespace) -> int:
    width = max(len(name) for name in shipped_names())
    for name in shipped_names():
        print(f"{name:{width}}  {load_shipped(name).description}")
    return Exit.DONE


def _show(options: argparse.Namespace) -> int:
    policy_path = policy_path_of(options)
    source = find_policy(options.policy, policy_path)
    if options.modeline:
        print(f"# yaml-language-server: $schema={shipped_path('schemas', 'policy.schema.json') or _SCHEMA_ID}")
    sys.stdout.write(_expanded(source, policy_path) if options.expanded else source.text)
    return Exit.DONE


def _expanded(source: Source, policy_path: Sequence[Path]) -> str:
    from evaluator.policy.expand import expand_source  # noqa: PLC0415 -- yaml and the checker, only if needed

    return expand_source(source, policy_path)
