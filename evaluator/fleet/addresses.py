"""Reads a table of addresses. It has the addresses of the hosts whose reports are in a folder.

The table has the columns `id` (the name of the report's file without its extension) and `addresses`. In CSV, spaces,
commas or semicolons separate the addresses of one cell. A table can have several rows with one id; the host then has
the addresses of all these rows.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec
import pyarrow as pa

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.files import open_regular
from evaluator.base.text import quote_path, reason_of
from evaluator.fleet.parquet import parquet

Addresses: TypeAlias = Mapping[str, tuple[str, ...]]
_SEPARATORS = re.compile(r"[\s,;]+")


class _Row(msgspec.Struct, frozen=True):
    id: str
    addresses: list[str]


def read_addresses(path: Path) -> Addresses:
    """Return the addresses of each id in a table.

    The extension of the file name determines the format: CSV, JSON lines or Parquet.

    Raises ReportError if the table cannot be read or is invalid; the addresses themselves are not parsed.
    """
    addresses: dict[str, tuple[str, ...]] = {}
    try:
        for row in _READERS.get(path.suffix.lower(), _csv_rows)(path):
            addresses[row.id] = (*addresses.get(row.id, ()), *row.addresses)
    except OSError as error:
        message = f"the table {quote_path(path)} cannot be read: {reason_of(error)}"
        raise ReportError([Diagnostic(ReportCode.UNREADABLE, message)]) from None
    except (ValueError, csv.Error) as error:
        hint = "the table needs the columns `id` and `addresses`"
        message = f"the table {quote_path(path)} is invalid: {error}"
        raise ReportError([Diagnostic("ADDRESS_TABLE_INVALID", message, hint=hint)]) from None
    return addresses


def _csv_rows(path: Path) -> Iterator[_Row]:
    with open_regular(path):
        pass  # refuse a pipe or a device
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if not {"id", "addresses"} <= set(reader.fieldnames or ()):
            raise ValueError("a column is missing")
        for row in reader:
            yield _Row(row["id"], [text for text in _SEPARATORS.split(row["addresses"] or "") if text])


def _json_rows(path: Path) -> Iterator[_Row]:
    decoder = msgspec.json.Decoder(_Row)
    with open_regular(path) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield decoder.decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                    raise ValueError(f"line {number}: {error}") from None


def _parquet_rows(path: Path) -> Iterable[_Row]:
    with open_regular(path):
        pass  # refuse a pipe or a device
    try:
        table = parquet.read_table(path, columns=["id", "addresses"])
        return msgspec.convert(table.to_pylist(), list[_Row])
    except (pa.ArrowException, msgspec.MsgspecError) as error:
        raise ValueError(str(error).partition("\n")[0]) from None


_READERS = {".csv": _csv_rows, ".jsonl": _json_rows, ".ndjson": _json_rows, ".parquet": _parquet_rows}
