"""Reads a corpus: the questions in files and folders. The questions are read one after the other.

A file of JSON lines holds one question in each line. A JSON file (or a YAML file for nmstate) holds one question, or a
report without the addresses of its host. All such reports get the host addresses that the caller gives. If a question
cannot be read, it becomes an item with diagnostics, and the next questions are still read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, HostNameError, QuestionError, ReportCode, ReportError
from evaluator.base.text import quote_path
from evaluator.decision.question import AskedQuestion, is_question, read_question
from evaluator.facts.host_addresses import HostAddresses
from evaluator.report.json_text import parse_json
from evaluator.report.read import read_file, read_report_text

LINES = (".jsonl", ".ndjson")
_DOCUMENTS = (".json", ".yaml", ".yml")


class Unreadable(Struct, frozen=True):
    """An invalid question, and the problems in it."""

    id: str
    diagnostics: tuple[Diagnostic, ...]


def read_corpus(paths: Iterable[Path], host: HostAddresses | None) -> Iterator[AskedQuestion | Unreadable]:
    """Yield the questions of files and folders, sorted by path in each folder.

    A file can also contain only a report; the question is then the report and `host`. Raises HostNameError for such a
    file if `host` is None. Raises ReportError if a file or folder cannot be read.
    """
    for path in paths:
        if not path.exists():
            message = f"{quote_path(path)} cannot be read: no such file or directory"
            raise ReportError([Diagnostic(ReportCode.UNREADABLE, message)])
        if path.is_dir():
            for file in files_below(path):
                yield from _read(file, str(file.relative_to(path)), host)
        else:
            yield from _read(path, path.name, host)


def files_below(folder: Path) -> list[Path]:
    """Return the files of a folder that can be questions or reports, sorted by path; hidden files are left out."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.suffix in (*LINES, *_DOCUMENTS)
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


def _read(path: Path, name: str, host: HostAddresses | None) -> Iterator[AskedQuestion | Unreadable]:
    if path.suffix in LINES:
        yield from _read_lines(path)
        return
    try:
        text = read_file(path)
        document = parse_json(text) if path.suffix == ".json" else None
        if is_question(document):
            yield read_question(document, name)
            return
        if host is not None:
            yield AskedQuestion(name, read_report_text(text), host, {}, {})
            return
    except QuestionError as error:
        yield Unreadable(name, error.diagnostics)
        return
    raise _without_host(path)


def _read_lines(path: Path) -> Iterator[AskedQuestion | Unreadable]:
    """Read a file line by line, so that the size of the file does not matter."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            name = f"{path.name}:{number}"
            try:
                yield read_question(parse_json(line, "line"), name)
            except QuestionError as error:
                yield Unreadable(name, error.diagnostics)


def _without_host(path: Path) -> HostNameError:
    message = f"{quote_path(path)} is a report without the addresses of its host"
    return HostNameError([Diagnostic("HOST_MISSING", message, hint="give `--address`, or a corpus of questions")])
