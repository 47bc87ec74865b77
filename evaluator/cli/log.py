"""`activenic log`: what an auditor does with a log of decisions."""

from __future__ import annotations

import argparse
from pathlib import Path

from evaluator.cli.choosing import add_filter_to, moment, noted_head, number
from evaluator.cli.exits import bare
from evaluator.cli.log_actions import ACTIONS, LISTED


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add what the subcommand takes."""
    parser.description = "Look at a log that `activenic decide --log FILE` keeps, and verify it."
    parser.set_defaults(run=bare(parser))
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    for add in (_add_list, _add_show, _add_export, _add_verify, _add_prune, _add_head, _add_keygen):
        add(actions)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.", allow_abbrev=False)
    parser.add_argument("log", metavar="LOG", type=Path, help="the file of the log, or for reading of an export")
    parser.set_defaults(parser=parser)
    return parser


def _add_list(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _action(actions, "list", "list the records, newest first")
    add_filter_to(parser)
    how_many = f"the newest N; 0 for all (default: {LISTED} in a table, else all)"
    parser.add_argument("--limit", metavar="N", type=number, help=how_many)
    parser.add_argument("--output", default="text", choices=("text", "jsonl"), help="a table, or JSON lines")
    parser.set_defaults(run=_run, action="list")


def _add_show(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _action(actions, "show", "show one record")
    parser.add_argument("id", metavar="ID", help="the decision's id; six characters are enough if they are unique")
    parser.add_argument("--output", default="text", choices=("text", "json"), help="what to print (default: text)")
    parser.set_defaults(run=_run, action="show")


def _add_export(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _action(actions, "export", "print records as JSON lines, oldest first, with report and policy")
    add_filter_to(parser)
    masked = "replace what may identify by pseudonyms that this key gives (docs/masking.md)"
    parser.add_argument("--mask", metavar="KEYFILE", type=Path, help=masked)
    skip = "leave out records that are damaged themselves; without it a line stands for each"
    parser.add_argument("--skip-damaged", action="store_true", help=skip)
    parser.set_defaults(run=_run, action="export")


def _add_verify(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _action(actions, "verify", "find out whether a log or an export is what was written")
    head = "a head noted earlier (`log head`): the log must still hold it"
    parser.add_argument("--head", metavar="SEQ:HASH", type=noted_head, help=head)
    key = "a public key: every record must be signed with it; may be repeated for keys that follow each other"
    parser.add_argument("--key", metavar="FILE", type=Path, action="append", default=[], help=key)
    parser.add_argument("--output", default="text", choices=("text", "json"), help="what to print (default: text)")
    parser.set_defaults(run=_run, action="verify")


def _add_prune(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _action(actions, "prune", "remove the oldest records, and leave a checkpoint from which the log verifies")
    when = "remove the records up to the first made then or later"
    parser.add_argument("--before", metavar="TIME", type=moment, required=True, help=when)
    parser.add_argument("--sign-key", metavar="FILE", type=Path, help="the private key that signs the checkpoint")
    parser.set_defaults(run=_run, action="prune")


def _add_head(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _action(actions, "head", "print where the log ends, to be noted elsewhere")
    parser.set_defaults(run=_run, action="head")


def _add_keygen(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    what = "make a key pair for signatures"
    parser = actions.add_parser("keygen", help=what, description=f"{what.capitalize()}.", allow_abbrev=False)
    parser.add_argument("key", metavar="FILE", type=Path, help="the private key; the public one goes to FILE.pub")
    parser.set_defaults(run=_run, action="keygen")


def _run(options: argparse.Namespace) -> int:
    return ACTIONS[options.action](options)
