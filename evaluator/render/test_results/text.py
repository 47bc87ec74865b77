"""Writes the outcome of policy tests as text: each file when it is done, then the coverage and the counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from rich.text import Text

from evaluator.base.text import flat, visible
from evaluator.render.test_results.form import View
from evaluator.render.test_results.sentences import below_threshold, counts, failure, missing, why_vacuous
from evaluator.render.text import console_for
from evaluator.testing.covered import Coverage
from evaluator.testing.outcome import CaseOutcome, Demands, FileOutcome, RunOutcome

_RED, _GREEN, _YELLOW, _PLAIN = "bold red", "green", "yellow", ""
_Line = tuple[str, str]  # a style and the text


def write(files: Iterable[FileOutcome], demands: Demands, view: View, stream: TextIO) -> None:
    """Write the outcome; each file is written and flushed as soon as its tests were run."""
    printer = _Printer(stream)
    outcomes: list[FileOutcome] = []
    for file in files:
        outcomes.append(file)
        printer.print(_file(file, view, demands))
    printer.print(_end(RunOutcome(tuple(outcomes), demands)))


def write_failures(run: RunOutcome, stream: TextIO) -> None:
    """Write only the failures of a run. This is for output forms that cannot contain failures."""
    printer = _Printer(stream)
    for file in run.files:
        printer.print(line for case in file.cases for line in _case(case, View(), run.demands))
    if not run.is_success:
        printer.print([(_RED, below_threshold(run) or counts(run))])


class _Printer:
    """Prints styled lines to a stream."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._console = console_for(stream)

    def print(self, lines: Iterable[_Line]) -> None:
        """Print lines, and flush the stream."""
        with self._console.capture() as capture:
            for style, text in lines:
                self._console.print(Text(flat(text), style=style), soft_wrap=True)
        self._stream.write(capture.get())  # rich ends the program if it writes to a closed pipe
        self._stream.flush()


def _file(file: FileOutcome, view: View, demands: Demands) -> Iterator[_Line]:
    if not file.cases:
        return
    style = _RED if file.failed else _GREEN
    yield style, f"{visible(file.path)}: {file.passed} passed, {file.failed} failed"
    for case in file.cases:
        yield from _case(case, view, demands)


def _case(case: CaseOutcome, view: View, demands: Demands) -> Iterator[_Line]:
    name = visible(case.name)
    if not case.passed:
        yield _RED, f"  failed: {case.place}: {name}"
        yield from ((_PLAIN, f"    {line}") for line in failure(case))
    elif case.vacuous:
        style = _RED if demands.strict else _YELLOW
        yield style, f"  vacuous: {case.place}: {name}: {why_vacuous(case)}"
    elif view.verbose:
        yield _GREEN, f"  passed: {name}"


def _end(run: RunOutcome) -> Iterator[_Line]:
    if run.coverage is not None:
        yield from _coverage(run.coverage)
    if run.is_below_threshold:
        yield _RED, below_threshold(run)
    yield (_GREEN if run.is_success else _RED), counts(run)


def _coverage(coverage: Coverage) -> Iterator[_Line]:
    rules, clauses = coverage.of_kind("rule"), coverage.of_kind("clause")
    yield (
        _PLAIN,
        f"coverage: {coverage.percent} %: {rules.covered} of {rules.total} outcomes of rules, "
        f"{clauses.covered} of {clauses.total} outcomes of clauses",
    )
    for file, covered in coverage.by_file():
        yield _PLAIN, f"  {visible(file.policy)} ({visible(file.path)}): {covered.percent} %"
    for place in coverage.missing:
        yield _YELLOW, f"  {visible(place.place)}: {missing(place)}"
