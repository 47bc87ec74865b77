"""Run policy test files and report the differences from the expected results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, PolicyError, QuestionError, ReportError
from evaluator.base.text import quote, quote_path, visible
from evaluator.decision.decide import case_of
from evaluator.decision.decision import Decision
from evaluator.policy.source.folder import TEST_SUFFIX
from evaluator.report.read import read_report, read_report_text
from evaluator.testing.case_file import REFUSED, Expected, PolicyCase, read_case_file


class CaseResult(Struct, frozen=True):
    """The result of one case: the differences from the expected result, empty if the case passed.

    `error` is the error of a refused report or parameter; `decision` is then None.
    """

    case: PolicyCase
    differences: tuple[str, ...]
    decision: Decision | None
    error: QuestionError | None = None

    @property
    def passed(self) -> bool:
        """Return whether the case passed: the differences are empty."""
        return not self.differences


def find_case_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the test files of some paths.

    A path is a test file, or a folder that is searched for `*.test.yaml`, except in hidden folders. Raises PolicyError
    if a folder has no test file.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            in_folder = sorted(
                p
                for p in path.rglob(f"*{TEST_SUFFIX}")
                if not any(part.startswith(".") for part in p.relative_to(path).parts)
            )
            if not in_folder:
                message = f"no tests in {quote_path(path)}"
                raise PolicyError([Diagnostic("NO_TESTS", message, hint=f"names of test files end in {TEST_SUFFIX}")])
            files.extend(in_folder)
        else:
            files.append(path)
    return tuple(dict.fromkeys(files))


def run_case_file(path: Path, search: Sequence[Path] = ()) -> Iterator[CaseResult]:
    """Yield the result of each case.

    If a policy is not in the folder of the file, it is searched for in the folders `search`. Raises PolicyError before
    the first result if the file has mistakes.
    """
    for case in read_case_file(path, search):
        yield run_case(case)


def run_case(case: PolicyCase) -> CaseResult:
    """Decide one case and compare the decision with the expected result."""
    try:
        if isinstance(case.report, bytes):
            report = read_report_text(case.report, case.format, item=case.item)
        else:
            report = read_report(case.report, case.format, case.item)
        decision = case.policy.decide(report, case.host, parameters=case.parameters)
    except QuestionError as error:
        return CaseResult(case, tuple(_refused(case.expected, error)), None, error)
    if case.expected.status == REFUSED:
        return CaseResult(case, (f"expected a refused report, got {decision.status}",), decision)
    return CaseResult(case, tuple(_differences(case.expected, decision)), decision)


def _refused(expected: Expected, error: QuestionError) -> Iterator[str]:
    codes = {diagnostic.code for diagnostic in error.diagnostics}
    if expected.status != REFUSED or not isinstance(error, ReportError):
        yield f"expected {expected.status}, but the input was refused: {error.diagnostics[0].message}"
    for code in sorted(set(expected.has_findings) - codes):
        yield f"expected the refusal {code}, got {_names(codes)}"
    if expected.all_findings is not None and set(expected.all_findings) != codes:
        yield f"expected the refusals {_names(expected.all_findings)}, got {_names(codes)}"


def _differences(expected: Expected, decision: Decision) -> Iterator[str]:
    if expected.status != decision.status:
        yield f"expected {expected.status}, got {decision.status}"
    if expected.names_interface and expected.host_active_nic != decision.host_active_nic:
        name = expected.host_active_nic
        is_missing = name is not None and name not in case_of(decision).report.facts.by_name
        note = f"; the report has no interface {_name(name)}" if is_missing else ""
        yield f"expected the interface {_name(name)}, got {_name(decision.host_active_nic)}{note}"
    codes = tuple(sorted({finding.code for finding in decision.findings}))
    for member, names, got in (
        ("candidates", expected.candidates, decision.candidates),
        ("owners", expected.owners, decision.owners),
        ("findings", expected.all_findings, codes),
    ):
        if names is not None and tuple(sorted(set(names))) != got:
            yield f"expected the {member} {_names(names)}, got {_names(got)}"
    for code in sorted(set(expected.has_findings) - set(codes)):
        yield f"expected the finding {code}, got {_names(codes)}"
    yield from _rule_differences(expected, decision)


def _rule_differences(expected: Expected, decision: Decision) -> Iterator[str]:
    fired = {step.rule for step in decision.trace if step.fired}
    for rule in sorted(set(expected.fired) - fired):
        yield f"expected the rule {quote(rule)} to fire"
    for rule in sorted(set(expected.silent) & fired):
        yield f"expected the rule {quote(rule)} not to fire"


def _name(name: str | None) -> str:
    return "none" if name is None else visible(name)


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(visible, sorted(names))) or "none"
