"""Decides the questions in files on one machine and writes one Parquet file with a row for each question.

The work folder (`work_folder.py`) has a file for each finished range. When all ranges are finished, their rows are
written to a temporary file, in the order of the inputs. The complete temporary file is then renamed to the result. So
the result is never an incomplete file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, QuestionError
from evaluator.fleet.addresses import read_addresses
from evaluator.fleet.map_ranges import map_ranges
from evaluator.fleet.parquet import parquet
from evaluator.fleet.plan import InputFile, input_files, plan
from evaluator.fleet.questions import Item
from evaluator.fleet.ranges import Range
from evaluator.fleet.rows import RESULT, Asked, result_batch
from evaluator.fleet.work_folder import WorkFolder, run_key, work_folder

_ROWS_OF_A_BATCH = 500
_ROWS_OF_A_GROUP = 100_000


class Inputs(Struct, frozen=True):
    """The files and folders with questions or reports, and the table with the addresses of the reports' hosts."""

    paths: tuple[Path, ...]
    addresses: Path | None = None

    def files(self) -> tuple[tuple[InputFile, ...], tuple[InputFile, ...]]:
        """Return the files of the inputs and of the table. Raises ReportError if one cannot be read."""
        return input_files(self.paths), input_files(() if self.addresses is None else (self.addresses,))

    def plan(self, files: Sequence[InputFile]) -> Iterator[Range]:
        """Return the ranges of the files. Raises ReportError if the table or a file is invalid."""
        return plan(files, None if self.addresses is None else read_addresses(self.addresses))


class DecideRange(Struct, frozen=True):
    """Decides a range and writes its rows to the work folder."""

    asked: Asked
    folder: WorkFolder

    def __call__(self, part: Range) -> None:
        """Write the rows of a range."""
        self.folder.write(part, result_batches(part.questions((self.asked.policy,)), self.asked))


def result_batches(items: Iterator[Item], asked: Asked) -> Iterator[pa.RecordBatch]:
    """Yield the rows of questions in batches; one question is in memory at a time."""
    while (batch := result_batch(islice(items, _ROWS_OF_A_BATCH), asked)).num_rows:
        yield batch


# decides ranges, writes their rows to the work folder, and yields each range when it is finished
Engine: TypeAlias = Callable[[Asked, WorkFolder, Iterable[Range]], Iterator[Range]]


def on_this_machine(asked: Asked, folder: WorkFolder, ranges: Iterable[Range]) -> Iterator[Range]:
    """Decide ranges with all processors of this machine."""
    return (part for part, _ in map_ranges(DecideRange(asked, folder), ranges))


def decide_files(inputs: Inputs, result: Path, asked: Asked, engine: Engine = on_this_machine) -> Iterator[Range]:
    """Decide all questions in the inputs. At the end, write the file `result`.

    The questions are decided in ranges (`ranges.py`). Each range is yielded when all its questions are decided. After
    an error, the next run decides only the other ranges.

    Raises QuestionError in these cases:

    - An input cannot be read, or it changes during the run.
    - Another run is writing the file `result`.
    - The operating system ends a process that decides questions.
    """
    files, tables = inputs.files()
    with work_folder(result, run_key(files, tables, asked)) as folder:
        parts: list[Range] = []
        finished: list[Range] = []
        new = _unfinished(inputs.plan(files), folder, parts, finished)
        for part in engine(asked, folder, new):
            yield from finished
            finished.clear()
            yield part
        yield from finished
        if inputs.files() != (files, tables):
            message = "an input changed while it was read"
            raise QuestionError([Diagnostic("FLEET_INPUT_CHANGED", message, hint="run the same command again")])
        _write_result(folder, parts, result)


def _unfinished(
    ranges: Iterable[Range], folder: WorkFolder, parts: list[Range], finished: list[Range]
) -> Iterator[Range]:
    """Yield the ranges that are not finished: the work folder has no file with their rows.

    All ranges are added to `parts`. The ranges that are already finished are added to `finished`.
    """
    for part in ranges:
        parts.append(part)
        if folder.file_of(part).exists():
            finished.append(part)
        else:
            yield part


def _write_result(folder: WorkFolder, parts: Iterable[Range], result: Path) -> None:
    temporary = Path(folder.path) / "result.parquet"
    with temporary.open("wb") as file:
        with parquet.ParquetWriter(file, RESULT, compression="zstd") as writer:
            for table in _groups(folder.file_of(part) for part in parts):
                writer.write_table(table)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(result)


def _groups(files: Iterable[Path]) -> Iterator[pa.Table]:
    """Yield the rows of the files as tables. Each table becomes one row group of the result."""
    batches: list[pa.RecordBatch] = []
    rows = 0
    for path in files:
        with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as reader:
            for number in range(reader.num_record_batches):
                batches.append(reader.get_batch(number))
                rows += batches[-1].num_rows
        if rows >= _ROWS_OF_A_GROUP:
            yield pa.Table.from_batches(batches, RESULT)
            batches, rows = [], 0
    if batches:
        yield pa.Table.from_batches(batches, RESULT)
