"""How a log is shown to a person: a table of records, one record, what a verification found.

Everything that comes from a host goes through `visible`. Where nobody sees it on a terminal a line is
as long as it must be, so that other programs find each record on one line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from rich.table import Table
from rich.text import Text

from evaluator.audit.log.queries import Entry
from evaluator.audit.log.verify import Verification
from evaluator.audit.record import Json, Record
from evaluator.render.text import console_for
from evaluator.text import flat, visible

_WIDEST = 20_000
_AT_ONCE = 1000
_COLUMNS = ("time", "id", "host", "status", "interface", "policy", "findings")


def print_entries(entries: Iterable[Entry], stream: TextIO) -> int:
    """Print a table and return how many records are in it; long ones in parts, each with columns of its own."""
    rows: list[Sequence[str]] = []
    shown = 0
    for entry in entries:
        rows.append(_row(entry))
        shown += 1
        if len(rows) == _AT_ONCE:
            _print_rows((_COLUMNS, *rows), stream)
            rows = []
    if rows or not shown:
        _print_rows((_COLUMNS, *rows), stream)
    return shown


def _row(entry: Entry) -> Sequence[str]:
    found = entry.to_dict()
    return (
        f"{found['timestamp'][:19]}Z",
        *(str(found[key] or "") for key in ("decision_id", "host", "status", "hostActiveNic", "policy")),
        ", ".join(found["findings"]),
    )


def _print_rows(rows: Sequence[Sequence[str]], stream: TextIO) -> None:
    console = console_for(stream)
    if not stream.isatty():
        console.width = _WIDEST
    table = Table.grid(padding=(0, 2))
    for _ in rows[0]:
        table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell), style="bold" if row is _COLUMNS else "none") for cell in row))
    with console.capture() as capture:
        console.print(table)
    stream.writelines(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def print_record(entry: Entry, record: Record, stream: TextIO) -> None:
    """Print one record in words."""
    _print_rows(list(_lines(entry, record.envelope)), stream)


def _lines(entry: Entry, envelope: Json) -> Iterator[Sequence[str]]:
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
    yield "policy", f"{given['policy']['name']}, {given['policy']['size']} octets, {given['policy']['sha256']}"
    yield "parameters", ", ".join(f"{key}={json.dumps(value)}" for key, value in given["parameters"].items()) or "none"
    yield "report", f"{given['report']['format']}, {given['report']['size']} octets, {given['report']['sha256']}"
    yield "labels", ", ".join(f"{key}={value}" for key, value in envelope["labels"].items()) or "none"
    for what in ("erased", "masked"):
        if envelope[what]:
            yield what, ", ".join(envelope[what])
    yield "place", str(entry.head)
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
    parts = ["the log is sound" if found.is_sound else "the log is not what was written", f"{found.records} records"]
    if found.pruned:
        parts.append(f"pruned up to number {found.pruned}")
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
        "signed": found.signed,
        "signatures_checked": found.signatures_checked,
        "head": str(found.head),
    }
