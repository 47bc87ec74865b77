"""Writes the outcome of policy tests as Markdown, for the summary of a CI job or a comment on a merge request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from evaluator.base.text import visible
from evaluator.render.escape import markdown_text
from evaluator.render.test_results.form import View
from evaluator.render.test_results.sentences import below_threshold, counts, failure, missing
from evaluator.testing.covered import Coverage
from evaluator.testing.outcome import CaseOutcome, Demands, FileOutcome, RunOutcome


def write(files: Iterable[FileOutcome], demands: Demands, _: View, stream: TextIO) -> None:
    """Write the tables: files, failing and vacuous tests, invalid files, coverage."""
    run = RunOutcome(tuple(files), demands)
    stream.write(f"### Policy tests: {counts(run)}\n")
    for lines in (_files(run), _problems(run), _failures(run), _vacuous(run), _coverage(run)):
        stream.writelines(f"{line}\n" for line in lines)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], title: str = "") -> Iterator[str]:
    """Yield a blank line and a table; nothing if the table has no rows. The cells are already escaped."""
    rows = tuple(rows)
    if not rows:
        return
    yield ""
    if title:
        yield f"#### {title}"
        yield ""
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _files(run: RunOutcome) -> Iterator[str]:
    rows = ((_text(file.path), str(file.passed), str(file.failed)) for file in run.files if file.cases)
    return _table(("file", "passed", "failed"), rows)


def _problems(run: RunOutcome) -> Iterator[str]:
    rows = (
        (markdown_text(problem.place or visible(file.path)), markdown_text(problem.message), problem.code)
        for file in run.files
        for problem in file.problems
    )
    return _table(("place", "problem", "code"), rows, "Invalid files")


def _failures(run: RunOutcome) -> Iterator[str]:
    rows = (_failure(case) for file in run.files for case in file.cases if not case.passed)
    return _table(("test", "place", "expected", "got", "why"), rows, "Failing tests")


def _failure(case: CaseOutcome) -> tuple[str, ...]:
    why = "<br>".join(markdown_text(line.strip()) for line in failure(case))
    expected, got = markdown_text(case.expected.short), markdown_text(case.got.short)
    return _text(case.name), markdown_text(case.place), expected, got, why


def _vacuous(run: RunOutcome) -> Iterator[str]:
    rows = ((_text(case.name), markdown_text(case.place), markdown_text(case.vacuous)) for case in run.vacuous)
    return _table(("test", "place", "almost every policy passes it, because"), rows, "Vacuous tests")


def _coverage(run: RunOutcome) -> Iterator[str]:
    coverage = run.coverage
    if coverage is None:
        return
    rows = ((_text(file.policy), _text(file.path), *_shares(covered)) for file, covered in coverage.by_file())
    total = ("all", "", *_shares(coverage))
    heads = ("policy", "file", "coverage", "rules", "clauses")
    yield from _table(heads, (*rows, total), f"Coverage: {coverage.percent} %")
    if run.is_below_threshold:
        yield f"\n{markdown_text(below_threshold(run))}"
    missing_rows = ((markdown_text(place.place), markdown_text(missing(place))) for place in coverage.missing)
    yield from _table(("place", "missing"), missing_rows)


def _shares(coverage: Coverage) -> tuple[str, ...]:
    kinds = (coverage.of_kind(kind) for kind in ("rule", "clause"))
    return f"{coverage.percent} %", *(f"{part.covered} of {part.total}" for part in kinds)


def _text(text: str) -> str:
    """Return a name or path for a cell. Each backslash is doubled, as in messages."""
    return markdown_text(visible(text))
