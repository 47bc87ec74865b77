"""How a log is shown to a person: a table of records, one record, what a verification found.

Everything that comes from a host goes through `visible`. Where nobody sees it on a terminal a line is
as long as it must be, so that other programs find each record on one line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from textwrap import wrap
from typing import TextIO

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from evaluator.audit.log.items import Entry, Item
from evaluator.audit.log.verification import Verification
from evaluator.audit.record import Json, Record
from evaluator.base.text import flat, visible
from evaluator.render.text import console_for

_WIDEST = 20_000
_AT_ONCE = 1000
_NARROWEST = 30
_COLUMNS = ("time", "id", "host", "status", "interface", "policy", "findings", "labels", "damage")


def print_items(items: Iterable[Item], stream: TextIO) -> int:
    """Print a table and return how many records are in it; long ones in parts, each with columns of its own."""
    shown, iterator = 0, iter(items)
    while rows := [_row(item) for item in islice(iterator, _AT_ONCE)]:
        _print_table(rows, stream)
        shown += len(rows)
    if not shown:
        _print_table([], stream)
    return shown


def _row(item: Item) -> Mapping[str, str]:
    found = item.to_dict()
    return {
        "time": f"{found['timestamp'][:19]}Z" if found["timestamp"] else "",
        "id": item.name,
        "host": found["host"] or "",
        "status": found["status"] or "damaged",
        "interface": found["hostActiveNic"] or "",
        "policy": found["policy"] or "",
        "findings": ", ".join(found["findings"]),
        "labels": ", ".join(f"{name}={value}" for name, value in found["labels"].items()),
        "damage": "; ".join(problem.message for problem in item.problems),
    }


def _print_table(rows: Sequence[Mapping[str, str]], stream: TextIO) -> None:
    """Print rows below each other; on a terminal that is too narrow each as a block, so that no id is ever broken."""
    columns = [name for name in _COLUMNS if name != "damage" or any(row[name] for row in rows)]
    cells = [[visible(row[name]) for name in columns] for row in rows]
    width = sum(max(map(cell_len, column)) + 2 for column in zip(columns, *cells, strict=True))
    if stream.isatty() and width > console_for(stream).width:
        for line in _blocks(columns, cells, console_for(stream).width):
            print(line, file=stream)
    else:
        _print_rows([columns, *cells], stream, is_headed=True)


def _blocks(columns: Sequence[str], rows: Iterable[Sequence[str]], width: int) -> Iterator[str]:
    for row in rows:
        record = dict(zip(columns, row, strict=True))
        yield record.pop("id")
        for name, value in record.items():
            if value:
                yield from wrap(
                    f"{name}: {value}", max(width, _NARROWEST), initial_indent="  ", subsequent_indent="    "
                )


def _print_rows(rows: Sequence[Sequence[str]], stream: TextIO, *, is_headed: bool = False) -> None:
    console = console_for(stream)
    if not stream.isatty():
        console.width = _WIDEST
    table = Table.grid(padding=(0, 2))
    for _ in rows[0]:
        table.add_column(overflow="fold")
    for number, row in enumerate(rows):
        table.add_row(*(Text(cell, style="bold" if is_headed and number == 0 else "none") for cell in row))
    with console.capture() as capture:
        console.print(table)
    stream.writelines(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def print_record(entry: Entry, record: Record, stream: TextIO) -> None:
    """Print one record in words."""
    _print_rows([[visible(cell) for cell in row] for row in _lines(entry, record)], stream)


def _lines(entry: Entry, record: Record) -> Iterator[Sequence[str]]:
    envelope = record.envelope
    given, result = envelope["input"], envelope["result"]
    addresses = ", ".join(given["host"]["answers"]) or "no address"
    name = result["host"]["name"]
    yield "decision", envelope["decision_id"]
    yield "made", f"{envelope['timestamp']} by {envelope['engine']['name']} {envelope['engine']['version']}"
    yield "host", addresses if given["host"]["asked"] is None else f"{name}: {addresses}"
    yield "status", result["status"]
    yield "interface", result["hostActiveNic"] or "none"
    yield "candidates", ", ".join(result.get("candidates", ())) or "none"
    yield "owners", ", ".join(result.get("owners", ())) or "none"
    yield "policy", f"{given['policy']['name']}, {given['policy']['sha256']}"
    yield "parameters", ", ".join(f"{key}={json.dumps(value)}" for key, value in given["parameters"].items()) or "none"
    yield "report", f"{given['report']['format']}, {given['report']['size']} octets, {given['report']['sha256']}"
    yield "labels", ", ".join(f"{key}={value}" for key, value in envelope["labels"].items()) or "none"
    for what in ("erased", "masked"):
        if envelope[what]:
            yield what, ", ".join(envelope[what])
    yield "place", f"{entry.head} (not proven: {entry.unproven})" if entry.unproven else str(entry.head)
    for problem in entry.problems or record.damage:
        yield "damaged", problem.message
    yield "signed by", "nobody" if entry.signer is None else entry.signer.hex()
    for finding in result["findings"]:
        yield finding["severity"], f"{finding['code']}: {flat(finding['message'])}"


def print_verification(found: Verification, output: str, stream: TextIO) -> None:
    """Print what a verification found."""
    if output == "json":
        print(json.dumps(_document(found), indent=2), file=stream)
        return
    for problem in found.problems:
        print(problem, file=stream)
    if found.others:
        print(f"and {found.others} problems more", file=stream)
    parts = ["log verified" if found.is_sound else "log verification failed", f"{found.records} records"]
    if found.pruned:
        parts.append(f"pruned up to number {found.pruned}")
    if found.pruned_damaged:
        parts.append(f"of the pruned ones these were damaged: {', '.join(map(str, found.pruned_damaged))}")
    if found.signed:
        how = "" if found.signatures_checked else ", which could not be checked: install `activenic[sign]`"
        parts.append(f"{found.signed} with signatures{how}")
    print(f"{', '.join(parts)}; head {found.head}", file=stream)


def _document(found: Verification) -> Json:
    return {
        "schema_version": 1,
        "sound": found.is_sound,
        "problems": [problem.to_dict() for problem in found.problems],
        "others": found.others,
        "records": found.records,
        "pruned": found.pruned,
        "pruned_damaged": list(found.pruned_damaged),
        "signed": found.signed,
        "signatures_checked": found.signatures_checked,
        "head": str(found.head),
    }
