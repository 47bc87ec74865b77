"""Prints a log for people: a table of records, one record, or the result of a verification.

Every text from a host goes through `visible`. If the output is not a terminal, lines are not wrapped, so that other
programs find each record on one line.
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

from evaluator.audit.log.items import Item, LogEntry
from evaluator.audit.log.verification import Verification
from evaluator.audit.record import Json, Record
from evaluator.base.text import flat, visible
from evaluator.render.text import console_for

_FILE_WIDTH = 20_000
_ROWS_PER_TABLE = 1000
_MIN_WIDTH = 30
_COLUMNS = ("time", "id", "host", "status", "interface", "policy", "findings", "labels", "damage")


def print_items(items: Iterable[Item], stream: TextIO) -> int:
    """Print records as tables of at most a thousand rows, and return the number of records."""
    count, iterator = 0, iter(items)
    while rows := [_row(item) for item in islice(iterator, _ROWS_PER_TABLE)]:
        _print_table(rows, stream)
        count += len(rows)
    if not count:
        _print_table([], stream)
    return count


def _row(item: Item) -> Mapping[str, str]:
    values = item.to_dict()
    return {
        "time": f"{values['timestamp'][:19]}Z" if values["timestamp"] else "",
        "id": item.name,
        "host": values["host"] or "",
        "status": values["status"] or "damaged",
        "interface": values["hostActiveNic"] or "",
        "policy": values["policy"] or "",
        "findings": ", ".join(values["findings"]),
        "labels": ", ".join(f"{name}={value}" for name, value in values["labels"].items()),
        "damage": "; ".join(problem.message for problem in item.problems),
    }


def _print_table(rows: Sequence[Mapping[str, str]], stream: TextIO) -> None:
    """Print rows as a table. If the terminal is too narrow for an id on one line, print one block for each row."""
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
                    f"{name}: {value}", max(width, _MIN_WIDTH), initial_indent="  ", subsequent_indent="    "
                )


def _print_rows(rows: Sequence[Sequence[str]], stream: TextIO, *, is_headed: bool = False) -> None:
    console = console_for(stream)
    if not stream.isatty():
        console.width = _FILE_WIDTH
    table = Table.grid(padding=(0, 2))
    for _ in rows[0]:
        table.add_column(overflow="fold")
    for number, row in enumerate(rows):
        table.add_row(*(Text(cell, style="bold" if is_headed and number == 0 else "none") for cell in row))
    with console.capture() as capture:
        console.print(table)
    stream.writelines(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def print_record(entry: LogEntry, record: Record, stream: TextIO) -> None:
    """Print one record as text."""
    _print_rows([[visible(cell) for cell in row] for row in _lines(entry, record)], stream)


def _lines(entry: LogEntry, record: Record) -> Iterator[Sequence[str]]:
    envelope = record.envelope
    inputs, result = envelope["input"], envelope["result"]
    addresses = ", ".join(inputs["host"]["answers"]) or "no address"
    name = result["host"]["name"]
    yield "decision", envelope["decision_id"]
    yield "time", f"{envelope['timestamp']} by {envelope['engine']['name']} {envelope['engine']['version']}"
    yield "host", addresses if inputs["host"]["asked"] is None else f"{name}: {addresses}"
    yield "status", result["status"]
    yield "interface", result["hostActiveNic"] or "none"
    yield "candidates", ", ".join(result.get("candidates", ())) or "none"
    yield "owners", ", ".join(result.get("owners", ())) or "none"
    yield "policy", f"{inputs['policy']['name']}, {inputs['policy']['sha256']}"
    yield "parameters", ", ".join(f"{key}={json.dumps(value)}" for key, value in inputs["parameters"].items()) or "none"
    yield "report", f"{inputs['report']['format']}, {inputs['report']['size']} octets, {inputs['report']['sha256']}"
    yield "labels", ", ".join(f"{key}={value}" for key, value in envelope["labels"].items()) or "none"
    for member in ("erased", "masked"):
        if envelope[member]:
            yield member, ", ".join(envelope[member])
    yield "head", f"{entry.head} (not verified: {entry.unproven})" if entry.unproven else str(entry.head)
    for problem in entry.problems or record.damage:
        yield "damaged", problem.message
    yield "signed by", "nobody" if entry.signer is None else entry.signer.hex()
    for finding in result["findings"]:
        yield finding["severity"], f"{finding['code']}: {flat(finding['message'])}"


def print_verification(verification: Verification, output: str, stream: TextIO) -> None:
    """Print the result of a verification as text, or as a JSON document if `output` is `json`."""
    if output == "json":
        print(json.dumps(_document(verification), indent=2), file=stream)
        return
    for problem in verification.problems:
        print(problem, file=stream)
    if verification.others:
        print(f"and {verification.others} more problems", file=stream)
    parts = ["log verified" if verification.is_sound else "log verification failed", f"{verification.records} records"]
    if verification.pruned:
        parts.append(f"pruned up to number {verification.pruned}")
    if verification.pruned_damaged:
        parts.append(
            f"records that were damaged when they were pruned: {', '.join(map(str, verification.pruned_damaged))}"
        )
    if verification.signed:
        not_checked = "" if verification.signatures_checked else ", which were not verified: install `activenic[sign]`"
        parts.append(f"{verification.signed} with signatures{not_checked}")
    print(f"{', '.join(parts)}; head {verification.head}", file=stream)


def _document(verification: Verification) -> Json:
    return {
        "schema_version": 1,
        "sound": verification.is_sound,
        "problems": [problem.to_dict() for problem in verification.problems],
        "others": verification.others,
        "records": verification.records,
        "pruned": verification.pruned,
        "pruned_damaged": list(verification.pruned_damaged),
        "signed": verification.signed,
        "signatures_checked": verification.signatures_checked,
        "head": str(verification.head),
    }
