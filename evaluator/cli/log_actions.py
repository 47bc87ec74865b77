"""The actions of `activenic log`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

from evaluator.audit.log.export import chained, damaged_document
from evaluator.audit.log.items import Damaged, Item, LogFilter
from evaluator.audit.log.ownership import key_warnings
from evaluator.audit.log.signing import read_public_key, write_keys
from evaluator.audit.log.store import DecisionLog
from evaluator.audit.mask.key import read_key
from evaluator.audit.mask.mask import Masking
from evaluator.audit.record import Record
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError, Severity
from evaluator.base.text import visible
from evaluator.cli.append import warn
from evaluator.cli.exits import Exit
from evaluator.cli.filter_options import filter_of
from evaluator.cli.log_view import print_items, print_record, print_verification
from evaluator.cli.preferences import TEXT_OR_JSON, output_choice
from evaluator.cli.problems import print_problem
from evaluator.cli.reading import Damage, Report, progress, reading

LISTED = 100
LIST_OUTPUT = output_choice(("text", "jsonl"))


def _list(options: argparse.Namespace) -> int:
    is_table, damage = LIST_OUTPUT.of(options) == "text", Damage()
    limit = (LISTED if is_table else 0) if options.limit is None else options.limit
    with reading(options.log, damage) as log:
        log_filter = filter_of(options, log)
        items = _note_damage(log.items(log_filter, newest_first=True, limit=limit or None), damage)
        count = print_items(items, sys.stdout) if is_table else _print_lines(items)
        if not count:
            print_problem(_empty_message(log_filter))
        others = log.count(log_filter) - count if is_table and limit and count >= limit else 0
        if others > 0:
            print(f"and {others} more records; `--limit 0` lists all")
    return damage.status()


def _note_damage(items: Iterable[Item], damage: Damage) -> Iterator[Item]:
    for item in items:
        damage.note(item.problems)
        yield item


def _print_lines(items: Iterable[Item]) -> int:
    count = 0
    for item in items:
        print(json.dumps(item.to_dict()))
        count += 1
    return count


def _empty_message(log_filter: LogFilter) -> str:
    return "the log has no records" if log_filter.is_everything else "no record matches"


def _show(options: argparse.Namespace) -> int:
    damage = Damage()
    with reading(options.log, damage) as log:
        item = log.find(options.id)
        damage.note(item.problems)
        record = None if isinstance(item, Damaged) else log.record_of(item)
        if record is not None and not item.problems:  # a digest can differ even if the checksum is right
            damage.note(record.damage)
    if TEXT_OR_JSON.of(options) == "json":
        print(json.dumps(damaged_document(item) if isinstance(item, Damaged) else _document(record), indent=2))
    elif record is not None and not isinstance(item, Damaged):
        print_record(item, record, sys.stdout)
    return damage.status()


def _document(record: Record | None) -> object:
    return None if record is None else record.to_dict()


def _export(options: argparse.Namespace) -> int:
    damage, count = Damage(), 0
    masking = None if options.mask is None else Masking(read_key(options.mask))
    if options.mask is not None:
        warn(key_warnings(options.mask))
    with reading(options.log, damage) as log, progress("exported", options) as report:
        log_filter = filter_of(options, log)
        records = _exported(log, log_filter, damage, report)
        if masking is not None:
            records = (_masked(record, masking, damage) for record in records)
        if options.skip_damaged:
            records = (record for record in records if isinstance(record, Record))
        for line in chained(records):
            print(json.dumps(line))
            count += 1
        if not count:
            print_problem(_empty_message(log_filter))
    return damage.status()


def _exported(log: DecisionLog, log_filter: LogFilter, damage: Damage, report: Report) -> Iterator[Record | Damaged]:
    total = log.count(log_filter) if sys.stderr.isatty() else 0
    for done, record in enumerate(log.places(log_filter), 1):
        damage.note(record.problems if isinstance(record, Damaged) else record.damage)
        yield record
        report(done, max(total, done))


def _masked(record: Record | Damaged, masking: Masking, damage: Damage) -> Record | Damaged:
    """Return the masked record. If the record is damaged, return a value without its id and without details."""
    if isinstance(record, Damaged):
        return Damaged(record.seq, "", (Diagnostic(RecordCode.RECORD_ALTERED, "the record is damaged"),))
    try:
        return replace(masking.mask(replace(record, damage=())), damage=_without_details(record.damage))
    except RecordError as error:
        damage.note(error.diagnostics)
        return Damaged(0, "", (Diagnostic(RecordCode.INVALID, "the record cannot be masked"),))


def _without_details(damage: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(replace(problem, message="the report or the policy of the record is damaged") for problem in damage)


def _verify(options: argparse.Namespace) -> int:
    keys = [read_public_key(path) for path in options.key]
    with DecisionLog.open(options.log, read_only=True) as log, progress("verified", options) as report:
        warn(log.warnings)
        verification = log.verify(keys, options.head, report)
    print_verification(verification, TEXT_OR_JSON.of(options), sys.stdout)
    return Exit.DONE if verification.is_sound else Exit.POLICY


def _prune(options: argparse.Namespace) -> int:
    with DecisionLog.open(options.log, signer=options.sign_key, create=False) as log:
        warn(log.warnings)
        checkpoint = log.prune(options.before)
        head = log.head()
    if checkpoint is None:
        print("nothing was pruned: no record is older than the time in --before")
        return Exit.DONE
    print(f"pruned {checkpoint.count} records, up to number {checkpoint.last.seq}; save the head {head}")
    if not checkpoint.damaged:
        return Exit.DONE
    numbers = ", ".join(map(str, checkpoint.damaged))
    message = f"damaged records were pruned; the checkpoint lists them: {numbers}"
    warn([Diagnostic(RecordCode.UNVERIFIED, message, severity=Severity.WARNING)])
    return Exit.POLICY


def _head(options: argparse.Namespace) -> int:
    damage = Damage()
    with reading(options.log, damage) as log:
        print(log.head())
    return damage.status()


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
