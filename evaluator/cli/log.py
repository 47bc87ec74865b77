"""`activenic log`: the commands for decision logs."""

from __future__ import annotations

import argparse
from pathlib import Path

from evaluator.cli.exits import missing_subcommand
from evaluator.cli.filter_options import add_filter_to, parse_noted_head, parse_number, parse_time
from evaluator.cli.log_actions import ACTIONS, LIST_OUTPUT, LISTED
from evaluator.cli.preferences import TEXT_OR_JSON


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = "List, show, export, verify and prune a log that `activenic decide --log FILE` writes."
    parser.set_defaults(run=missing_subcommand(parser))
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    for add in (_add_list, _add_show, _add_export, _add_verify, _add_prune, _add_head, _add_keygen):
        add(actions)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    summary: str,
    log: str = "a log or an export",
) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False
    )
    parser.add_argument("log", metavar="LOG", type=Path, help=log)
    parser.set_defaults(parser=parser)
    return parser


def _add_list(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _action(actions, "list", "list the records, newest first")
    add_filter_to(parser)
    limit = f"list the newest N records; 0 lists all (default: {LISTED} for the output text, all for jsonl)"
    parser.add_argument("--limit", metavar="N", type=parse_number, help=limit)
    LIST_OUTPUT.add_to(parser)
    parser.set_defaults(run=_run, action="list")


def _add_show(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _action(actions, "show", "show one record")
    parser.add_argument(
        "id", metavar="ID", help="the id of a decision, or the first characters of the id (at least six)"
    )
    TEXT_OR_JSON.add_to(parser)
    parser.set_defaults(run=_run, action="show")


def _add_export(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _action(actions, "export", "print records as JSON lines, oldest first, with report and policy")
    add_filter_to(parser)
    mask = "replace names and addresses by pseudonyms that are computed with this key (docs/masking.md)"
    parser.add_argument("--mask", metavar="KEYFILE", type=Path, help=mask)
    skip = "leave out damaged records; by default, the export has a line for each damaged record"
    parser.add_argument("--skip-damaged", action="store_true", help=skip)
    parser.set_defaults(run=_run, action="export")


def _add_verify(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _action(actions, "verify", "verify that a log or an export was not altered")
    head = "the output of an earlier `log head`; the log must still contain the record with this number and this hash"
    parser.add_argument("--head", metavar="SEQ:HASH", type=parse_noted_head, help=head)
    key = "the public key of a signer; may be repeated; every record must have a signature that fits one of these keys"
    parser.add_argument("--key", metavar="FILE", type=Path, action="append", default=[], help=key)
    TEXT_OR_JSON.add_to(parser)
    parser.set_defaults(run=_run, action="verify")


def _add_prune(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "remove the oldest records and write a checkpoint, so that the log stays verifiable"
    parser = _action(actions, "prune", summary, "a log")
    before = "find the first record that has this time or a later time, and remove all records before it"
    parser.add_argument("--before", metavar="TIME", type=parse_time, required=True, help=before)
    parser.add_argument("--sign-key", metavar="FILE", type=Path, help="the private key that signs the checkpoint")
    parser.set_defaults(run=_run, action="prune")


def _add_head(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _action(
        actions,
        "head",
        "print the head of the log (SEQ:HASH); a saved copy proves later that no record was removed",
    )
    parser.set_defaults(run=_run, action="head")


def _add_keygen(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "create a key pair for signatures"
    parser = actions.add_parser("keygen", help=summary, description=f"{summary.capitalize()}.", allow_abbrev=False)
    parser.add_argument(
        "key", metavar="FILE", type=Path, help="the file for the private key; the public key is written to FILE.pub"
    )
    parser.set_defaults(run=_run, action="keygen")


def _run(options: argparse.Namespace) -> int:
    return ACTIONS[options.action](options)
