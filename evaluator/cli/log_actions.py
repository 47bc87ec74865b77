"""What each action of `activenic log` does."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from evaluator.audit.log.export import chained, is_export, wrong_lines
from evaluator.audit.log.signing import read_public_key, write_keys
from evaluator.audit.log.store import DecisionLog
from evaluator.audit.mask import mask
from evaluator.audit.mask_key import read_key
from evaluator.cli.exits import Exit
from evaluator.cli.keeping import filter_of
from evaluator.cli.log import LISTED
from evaluator.cli.log_view import print_entries, print_record, print_verification
from evaluator.diagnostic import Diagnostic, RecordCode, UnverifiedError
from evaluator.text import quote_path, visible

_STEPS = 200


def _list(options: argparse.Namespace) -> int:
    is_table = options.output == "text"
    limit = (LISTED if is_table else 0) if options.limit is None else options.limit
    wanted = filter_of(options)
    with DecisionLog.open(options.log, read_only=True) as log:
        entries = log.entries(wanted, newest_first=True, limit=limit or None)
        if is_table:
            shown = print_entries(entries, sys.stdout)
            others = log.count(wanted) - shown if limit and shown == limit else 0
            if others > 0:
                print(f"and {others} more; `--limit 0` lists all")
        else:
            for entry in entries:
                print(json.dumps(entry.to_dict()))
    return Exit.DONE


def _show(options: argparse.Namespace) -> int:
    with DecisionLog.open(options.log, read_only=True) as log:
        entry, record = log.entry(options.id), log.get(options.id)
    if options.output == "json":
        print(json.dumps(record.to_dict(), indent=2))
    else:
        print_record(entry, record, sys.stdout)
    return Exit.DONE


def _export(options: argparse.Namespace) -> int:
    key = None if options.mask is None else read_key(options.mask)
    with DecisionLog.open(options.log, read_only=True) as log:
        records = log.records(filter_of(options))
        lines = chained(records if key is None else (mask(record, key) for record in records))
        for line in lines:
            print(json.dumps(line))
    return Exit.DONE


def _verify(options: argparse.Namespace) -> int:
    if is_export(options.log):
        return _verify_export(options)
    keys = [read_public_key(path) for path in options.key]
    with DecisionLog.open(options.log, read_only=True) as log:
        found = log.verify(keys, options.head, _show_progress)
    print_verification(found, options.output, sys.stdout)
    return Exit.DONE if found.is_sound else Exit.POLICY


def _verify_export(options: argparse.Namespace) -> int:
    """Compare the lines of an export; whoever expects a log asks more, and must not be content with less."""
    if options.head is not None or options.key or options.output != "text":
        message = f"{quote_path(options.log)} is an export, not a log"
        hint = "`--head`, `--key` and `--output` need a log"
        raise UnverifiedError([Diagnostic(RecordCode.NOT_A_LOG, message, hint=hint)])
    with options.log.open("rb") as file:
        wrong = list(wrong_lines(file))
    for line in wrong or ["an export: every line follows the one before; that the last lines are there does not show"]:
        print(line)
    return Exit.POLICY if wrong else Exit.DONE


def _show_progress(done: int, of: int) -> None:
    if sys.stderr.isatty() and (done == of or done % max(of // _STEPS, 1) == 0):
        print(f"\rverified {done} of {of}", end="\n" if done == of else "", file=sys.stderr, flush=True)


def _prune(options: argparse.Namespace) -> int:
    with DecisionLog.open(options.log, signer=options.sign_key, create=False) as log:
        stub = log.prune(options.before)
        head = log.head()
    if stub is None:
        print("nothing is older")
    else:
        print(f"pruned {stub.count} records, up to number {stub.last.seq}; the head to note is {head}")
    return Exit.DONE


def _head(options: argparse.Namespace) -> int:
    with DecisionLog.open(options.log, read_only=True) as log:
        print(log.head())
    return Exit.DONE


def _keygen(options: argparse.Namespace) -> int:
    public = write_keys(options.key)
    print(f"private key: {visible(str(options.key))}\npublic key: {visible(str(public))}")
    return Exit.DONE


ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": _list,
    "show": _show,
    "export": _export,
    "verify": _verify,
    "prune": _prune,
    "head": _head,
    "keygen": _keygen,
}
