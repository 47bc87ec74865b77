"""Plans the work: divides the inputs into ranges.

Ranges are planned one after the other, shortly before they are decided. Planning reads a file of JSON lines to find the
start and the number of lines of each range. A process reads the same octets again a moment later, when they are still
in the page cache. So a large file is read from the disk only one time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.files import MIB, open_regular
from evaluator.base.text import quote_path, reason_of
from evaluator.fleet.addresses import Addresses
from evaluator.fleet.parquet import parquet
from evaluator.fleet.ranges import Files, Lines, Log, Range, Rows, unreadable_table
from evaluator.workbench.corpus import files_below

_OCTETS = 8 * MIB
_FILES = 1000
_ROWS = 10_000
_MOST_PARTS = 8  # of a row group, because each part decodes the parts before it
_DOCUMENTS = (".json", ".yaml", ".yml")
_RECORD = re.compile(rb'\s*\{\s*"record"')
_MAGIC_OCTETS = 64


class InputFile(Struct, frozen=True):
    """A file with its length and the time of its last change. These values show whether the file changed."""

    path: str
    octets: int
    changed: int


def input_files(inputs: Sequence[Path]) -> tuple[InputFile, ...]:
    """Return the files of the inputs. The files of a folder are sorted by path.

    Raises ReportError if an input cannot be read.
    """
    return tuple(_input_file(file) for path in inputs for file in (files_below(path) if path.is_dir() else [path]))


def _input_file(path: Path) -> InputFile:
    try:
        with open_regular(path) as file:
            status = os.fstat(file.fileno())
    except OSError as error:
        raise _unreadable(path, error) from None
    return InputFile(str(path.resolve()), status.st_size, status.st_mtime_ns)


def plan(files: Sequence[InputFile], addresses: Addresses | None) -> Iterator[Range]:
    """Yield the ranges of the files, in their order. Raises ReportError if a file cannot be read."""
    documents: list[InputFile] = []
    for file in files:
        path = Path(file.path)
        if path.suffix in _DOCUMENTS and not _RECORD.match(_beginning(path)):
            documents.append(file)
            if len(documents) == _FILES:
                yield _files(documents, addresses)
                documents = []
            continue
        if documents:
            yield _files(documents, addresses)
            documents = []
        yield from _ranges_of(path)(file)
    if documents:
        yield _files(documents, addresses)


def _ranges_of(path: Path) -> Callable[[InputFile], Iterator[Range]]:
    beginning = _beginning(path)
    if beginning.startswith(b"PAR1") or path.suffix == ".parquet":
        return _rows
    if beginning.startswith(b"SQLite format 3\0") or _RECORD.match(beginning):
        return _log
    return _lines


def _files(files: Sequence[InputFile], addresses: Addresses | None) -> Files:
    names = {Path(file.path).stem for file in files}
    own = None if addresses is None else {name: addresses[name] for name in sorted(names & addresses.keys())}
    return Files(tuple(file.path for file in files), sum(file.octets for file in files), own)


def _log(file: InputFile) -> Iterator[Range]:
    yield Log(file.path, file.octets)


def _lines(file: InputFile) -> Iterator[Range]:
    """Yield ranges of about equal length that end at the end of a line."""
    start, line = 0, 1
    with open_regular(Path(file.path)) as opened:
        while octets := opened.read(_OCTETS):
            lines, stop, end = octets.count(b"\n"), start + len(octets), octets[-1:]
            while end != b"\n" and (rest := opened.readline(_OCTETS)):
                lines, stop, end = lines + rest.endswith(b"\n"), stop + len(rest), rest[-1:]
            yield Lines(file.path, start, stop, line)
            start, line = stop, line + lines


def _rows(file: InputFile) -> Iterator[Range]:
    try:
        with parquet.ParquetFile(file.path) as table:
            groups = [table.metadata.row_group(i) for i in range(table.metadata.num_row_groups)]
    except (pa.ArrowException, OSError) as error:
        raise unreadable_table(Path(file.path), error) from None
    first = 0
    for number, group in enumerate(groups):
        rows = group.num_rows
        length = max(_ROWS, -(-rows // _MOST_PARTS))
        share = file.octets * rows // max(1, sum(one.num_rows for one in groups))
        for start in range(0, rows, length):
            stop = min(rows, start + length)
            yield Rows(file.path, number, first, start, stop, share * (stop - start) // rows)
        first += rows


def _beginning(path: Path) -> bytes:
    with open_regular(path) as file:
        return file.read(_MAGIC_OCTETS)


def _unreadable(path: Path, error: OSError) -> ReportError:
    message = f"the input {quote_path(path)} cannot be read: {reason_of(error)}"
    return ReportError([Diagnostic(ReportCode.UNREADABLE, message)])
