"""`activenic replay`: logged decisions are made again from their records alone, without a network, and compared."""

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
from evaluator.cli.reading import Damage, progress
from evaluator.cli.records import add_records_to, found_records


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add what the subcommand takes."""
    parser.description = (
        "Make logged decisions again from their records alone, without a network, and compare. Exit status 8 if one "
        "gives another answer or is damaged, or if nothing could be compared."
    )
    add_records_to(parser)
    parser.add_argument("--all", action="store_true", help="all records of the log")
    parser.add_argument("--output", default="text", choices=("text", "json"), help="text, or a JSON line for each")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    counts: Counter[str] = Counter()
    damage = Damage()
    with progress("replayed") as report:
        for record in found_records(options, damage, report, has_all=options.all):
            found = _replayed(record, damage)
            counts[found.outcome] += 1
            if options.output == "json":
                print(json.dumps(found.to_dict()))
            else:
                _print(found)
    if options.output == "text":
        print(_summary(counts))
    compared = counts.total() - counts[ReplayClass.NOT_COMPARABLE]
    failed = counts[ReplayClass.ANOTHER_ANSWER] + counts[ReplayClass.DAMAGED]
    return damage.status(Exit.POLICY if failed or not compared else Exit.DONE)


def _replayed(record: Record | Damaged, damage: Damage) -> Replay:
    damage.note(record.problems if isinstance(record, Damaged) else record.damage)
    if isinstance(record, Damaged):
        messages = tuple(problem.message for problem in record.problems)
        return Replay(record.name, ReplayClass.DAMAGED, (), messages, (), None)
    return replay(record, __version__)


def _summary(counts: Counter[str]) -> str:
    parts = [f"{counts[name]} {name}" for name in ReplayClass if counts[name]]
    return f"{counts.total()} replayed: {', '.join(parts)}" if parts else "the log holds no records: nothing compared"


def _print(found: Replay) -> None:
    """Print the class of a record on one line, and below it what is not as it was."""
    print(f"{visible(found.decision_id)}: {found.outcome}")
    for line in (*found.reasons, *found.differences, *(found.changes if found.differences or found.reasons else ())):
        print(f"  {line}")
