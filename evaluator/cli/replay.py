"""`activenic replay`: kept decisions made again from their records alone, without a network."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from evaluator import __version__
from evaluator.cli.exits import Exit
from evaluator.cli.records import add_records_to, records_of
from evaluator.text import visible

if TYPE_CHECKING:
    from evaluator.audit.replay import Replay


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add what the subcommand takes."""
    parser.description = (
        "Make kept decisions again from their records alone, without a network, and compare every byte. "
        "Exit status 8 where one differs."
    )
    add_records_to(parser)
    parser.add_argument("--all", action="store_true", help="all records of the log")
    parser.add_argument("--output", default="text", choices=("text", "json"), help="text, or a JSON line for each")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from evaluator.audit.replay import replay  # noqa: PLC0415 -- lark, yaml, only where a policy is read

    done = differing = 0
    for record in records_of(options, has_all=options.all):
        found = replay(record, __version__)
        done += 1
        differing += not found.is_equal
        if options.output == "json":
            print(json.dumps(found.to_dict()))
        elif not options.all or not found.is_equal:
            _print(found)
    if options.output == "text" and done != 1:
        print(f"{done} replayed, {differing} differ")
    return Exit.POLICY if differing else Exit.DONE


def _print(found: Replay) -> None:
    print(f"{visible(found.decision_id)}: {'the same decision' if found.is_equal else 'differs'}")
    for line in (*found.differences, *found.changes):
        print(f"  {line}")
