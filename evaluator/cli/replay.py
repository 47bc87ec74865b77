"""`activenic replay`: re-evaluates logged decisions without a network, and compares the results."""

from __future__ import annotations

import argparse
import json
from collections import Counter

from evaluator import __version__
from evaluator.audit.log.items import Damaged
from evaluator.audit.record import Record
from evaluator.audit.replay import Replay, ReplayClass, replay
from evaluator.base.text import visible
from evaluator.cli.exits import Exit
from evaluator.cli.preferences import TEXT_OR_JSON
from evaluator.cli.reading import Damage, progress
from evaluator.cli.records import add_records_to, records_or_damaged


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = (
        "Re-evaluate logged decisions from their records alone, without a network, and compare the results. The exit "
        "status is 8 if an answer differs, a record is damaged, or nothing could be compared."
    )
    add_records_to(parser)
    parser.add_argument("--all", action="store_true", help="replay all records of the log")
    TEXT_OR_JSON.add_to(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    counts: Counter[str] = Counter()
    output = TEXT_OR_JSON.of(options)
    damage = Damage()
    with progress("replayed", options) as report:
        for record in records_or_damaged(options, damage, report, has_all=options.all):
            result = _replay(record, damage)
            counts[result.outcome] += 1
            if output == "json":
                print(json.dumps(result.to_dict()))
            else:
                _print(result)
    if output == "text":
        print(_summary(counts))
    compared = counts.total() - counts[ReplayClass.NOT_COMPARABLE]
    failed = counts[ReplayClass.ANOTHER_ANSWER] + counts[ReplayClass.DAMAGED]
    return damage.status(Exit.POLICY if failed or not compared else Exit.DONE)


def _replay(record: Record | Damaged, damage: Damage) -> Replay:
    damage.note(record.problems if isinstance(record, Damaged) else record.damage)
    if isinstance(record, Damaged):
        messages = tuple(problem.message for problem in record.problems)
        return Replay(record.name, ReplayClass.DAMAGED, (), messages, (), None)
    return replay(record, __version__)


def _summary(counts: Counter[str]) -> str:
    parts = [f"{counts[name]} {name}" for name in ReplayClass if counts[name]]
    return f"{counts.total()} replayed: {', '.join(parts)}" if parts else "the log has no records: nothing was compared"


def _print(result: Replay) -> None:
    """Print the replay class of a record. On the next lines, print reasons, differences and changed versions."""
    print(f"{visible(result.decision_id)}: {result.outcome}")
    changes = result.changes if result.differences or result.reasons else ()
    for line in (*result.reasons, *result.differences, *changes):
        print(f"  {line}")
