"""Ranges: the parts of a fleet's inputs that one process decides at a time.

A range is small enough to be decided in about a second, and a process reads it question by question. So the memory of a
process does not depend on the size of the inputs. A range is a value that names a part of a file. So another process
can read the same part, and a later run recognizes a range that is finished.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
from msgspec import Struct, structs

from evaluator.base.diagnostic import Diagnostic, HostNameError, QuestionError, ReportCode, ReportError
from evaluator.base.text import quote, quote_path
from evaluator.decision.question import AskedQuestion, is_question, read_question
from evaluator.engine import Policy
from evaluator.facts.host_addresses import HostAddresses
from evaluator.fleet.parquet import parquet
from evaluator.fleet.questions import COLUMNS, Item, declared_names, question_in_text, questions_in
from evaluator.report.json_text import LARGEST, parse_json
from evaluator.report.read import read_regular_file, read_report_text
from evaluator.workbench.corpus import Unreadable
from evaluator.workbench.log_corpus import read_log_corpus

_ROWS_AT_A_TIME = 500


class Lines(Struct, frozen=True, tag=True):
    """The lines of a file that begin in `start` ≤ offset < `stop`; `line` is the number of the first line."""

    path: str
    start: int
    stop: int
    line: int

    @property
    def octets(self) -> int:
        """The length of the range."""
        return self.stop - self.start

    def questions(self, _: Sequence[Policy]) -> Iterator[Item]:
        """Yield the questions in the lines that are not blank."""
        path, name = Path(self.path), Path(self.path).name
        with path.open("rb") as file:
            file.seek(self.start)
            number, left = self.line, self.octets
            while left > 0 and (text := file.readline(LARGEST + 1)):
                rest = text
                left -= len(text)
                while len(rest) > LARGEST and not rest.endswith(b"\n"):
                    rest = file.readline(LARGEST + 1)  # the end of a line that is too long
                    left -= len(rest)
                if not text.isspace():
                    yield question_in_text(text, f"{name}:{number}")
                number += 1


class Rows(Struct, frozen=True, tag=True):
    """The rows `start` ≤ row < `stop` of a row group of a Parquet file; `first` is the number of the group's first row.

    Parquet cannot seek to a row inside a row group, so the rows before `start` are decoded and skipped.
    """

    path: str
    group: int
    first: int
    start: int
    stop: int
    octets: int

    def questions(self, policies: Sequence[Policy]) -> Iterator[Item]:
        """Yield the questions in the rows. Raises ReportError if the file is damaged."""
        path, at = Path(self.path), 0
        try:
            with parquet.ParquetFile(path, pre_buffer=False) as file:
                columns = [name for name in COLUMNS if name in file.schema_arrow.names]
                for batch in file.iter_batches(_ROWS_AT_A_TIME, row_groups=[self.group], columns=columns):
                    part = batch.slice(max(0, self.start - at), max(0, self.stop - max(at, self.start)))
                    number = self.first + max(at, self.start)
                    for row, item in enumerate(questions_in(part, policies), number + 1):
                        yield item if item.id else structs.replace(item, id=f"{path.name}:{row}")
                    at += batch.num_rows
                    if at >= self.stop:
                        return
        except pa.ArrowException as error:
            raise unreadable_table(path, error) from None


class Files(Struct, frozen=True, tag=True):
    """Files that contain one question or one report each.

    `addresses` has the host's addresses for each report. It is None if no table is given.
    """

    paths: tuple[str, ...]
    octets: int
    addresses: dict[str, tuple[str, ...]] | None

    def questions(self, _: Sequence[Policy]) -> Iterator[Item]:
        """Yield the question of each file. Raises HostNameError if a file is a report and there is no table."""
        return map(self._question, map(Path, self.paths))

    def _question(self, path: Path) -> Item:
        name = path.stem
        try:
            text = read_regular_file(path)
            document = _document(text)
            if is_question(document):
                return read_question(document, name)
            if self.addresses is not None:
                return _question_about(name, text, self.addresses)
        except QuestionError as error:
            return Unreadable(name, error.diagnostics)
        message = f"{quote_path(path)} is a report without the addresses of its host"
        hint = "give a table of addresses with `--addresses`, or give questions instead of reports"
        raise HostNameError([Diagnostic("HOST_MISSING", message, hint=hint)])


class Log(Struct, frozen=True, tag=True):
    """All records of a decision log or of its export."""

    path: str
    octets: int

    def questions(self, policies: Sequence[Policy]) -> Iterator[Item]:
        """Yield the recorded questions, with the recorded parameters that one of the policies declares.

        Raises RecordError if the file is neither a log nor an export.
        """
        names = declared_names(*policies)
        for item in read_log_corpus(Path(self.path)):
            if isinstance(item, Unreadable):
                yield item
            else:
                parameters = {name: value for name, value in item.parameters.items() if name in names}
                yield structs.replace(item, parameters=parameters)


Range: TypeAlias = Lines | Rows | Files | Log


def _question_about(name: str, text: bytes, addresses: Mapping[str, tuple[str, ...]]) -> AskedQuestion:
    """Return the question about a report; equal keys in an object are an error.

    Raises QuestionError if the report or an address is invalid.
    """
    if name not in addresses:
        message = f"the table of addresses has no row with the id {quote(name)}"
        raise HostNameError([Diagnostic("HOST_MISSING", message)])
    return AskedQuestion(name, read_report_text(text), HostAddresses.of(*addresses[name]), {}, {})


def _document(text: bytes) -> object:
    """Return the value of a JSON text; None if the text is not valid JSON, for example a report in YAML."""
    try:
        return parse_json(text)
    except ReportError:
        return None


def unreadable_table(path: Path, error: Exception) -> ReportError:
    """Return the error for a file that is not valid Parquet."""
    message = f"{quote_path(path)} is not a valid Parquet file: {str(error).partition(chr(10))[0]}"
    return ReportError([Diagnostic(ReportCode.UNREADABLE, message)])
