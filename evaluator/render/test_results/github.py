"""Writes the outcome of policy tests as workflow commands of GitHub Actions: GitHub shows them beside the code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from evaluator.base.diagnostic import Severity
from evaluator.base.text import visible
from evaluator.render.github import annotation
from evaluator.render.test_results.form import View
from evaluator.render.test_results.sentences import below_threshold, counts, failure, missing, why_vacuous
from evaluator.testing.outcome import Demands, FileOutcome, RunOutcome


def write(files: Iterable[FileOutcome], demands: Demands, _: View, stream: TextIO) -> None:
    """Write the outcome as commands. The last line has the counts of tests and files."""
    run = RunOutcome(tuple(files), demands)
    stream.writelines(f"{line}\n" for file in run.files for line in _file(file, demands))
    stream.writelines(f"{line}\n" for line in _coverage(run))
    stream.write(f"{counts(run)}\n")


def _file(file: FileOutcome, demands: Demands) -> Iterator[str]:
    for problem in file.problems:
        hint = f"\nhint: {problem.hint}" if problem.hint else ""
        place = problem.place or visible(file.path)
        yield annotation(problem.severity, f"{problem.message}{hint}", place, problem.code)
    for case in file.cases:
        name = visible(case.name)
        if not case.passed:
            yield annotation(Severity.ERROR, "\n".join(failure(case)), case.place, f"failed: {name}")
        elif case.vacuous:
            severity = Severity.ERROR if demands.strict else Severity.WARNING
            yield annotation(severity, why_vacuous(case), case.place, f"vacuous: {name}")


def _coverage(run: RunOutcome) -> Iterator[str]:
    for place in () if run.coverage is None else run.coverage.missing:
        written = f"{visible(place.file.path)}:{place.line}:{place.column}"
        yield annotation(Severity.WARNING, missing(place), written, "coverage")
    if run.is_below_threshold:
        yield annotation(Severity.ERROR, below_threshold(run), title="coverage")
