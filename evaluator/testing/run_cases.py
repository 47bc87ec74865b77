"""Run policy test files and say what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, PolicyError, QuestionError, ReportError
from evaluator.base.text import quote, quote_path, visible
from evaluator.decision.decision import Decision
from evaluator.report.read import read_report, read_report_text
from evaluator.testing.case_file import REFUSED, PolicyCase, Wanted, read_case_file

SUFFIX = ".test.yaml"


class CaseResult(Struct, frozen=True):
    """One case and what differs from what it wants; nothing if it passed."""

    case: PolicyCase
    differences: tuple[str, ...]
    decision: Decision | None

    @property
    def passed(self) -> bool:
        """Whether the case gave what it wants."""
        return not self.differences


def find_case_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the test files named and the `*.test.yaml` below the folders named; PolicyError if a folder has none."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = sorted(
                p
                for p in path.rglob(f"*{SUFFIX}")
                if not any(part.startswith(".") for part in p.relative_to(path).parts)
            )
            if not below:
                message = f"there is no test below {quote_path(path)}"
                raise PolicyError([Diagnostic("NO_TESTS", message, hint=f"test files end in {SUFFIX}")])
            found.extend(below)
        else:
            found.append(path)
    return tuple(dict.fromkeys(found))


def run_case_file(path: Path, search: Sequence[Path] = ()) -> Iterator[CaseResult]:
    """Yield the result of each case; PolicyError, before the first, if the file has mistakes.

    `search` is the policy path, in which files of policies are found that are not beside the file.
    """
    for case in read_case_file(path, search):
        yield run_case(case)


def run_case(case: PolicyCase) -> CaseResult:
    """Decide one case and compare."""
    try:
        given, name, item = case.report, case.format, case.item
        if isinstance(given, bytes):
            report = read_report_text(given, name, item=item)
        else:
            report = read_report(given, name, item)
        decision = case.policy.decide(report, case.host, **case.parameters)
    except QuestionError as error:
        return CaseResult(case, tuple(_refused(case.wanted, error)), None)
    if case.wanted.status == REFUSED:
        return CaseResult(case, (f"wanted the report refused, got {decision.status}",), decision)
    return CaseResult(case, tuple(_differences(case.wanted, decision)), decision)


def _refused(wanted: Wanted, error: QuestionError) -> Iterator[str]:
    codes = {diagnostic.code for diagnostic in error.diagnostics}
    if wanted.status != REFUSED or not isinstance(error, ReportError):
        yield f"wanted {wanted.status}, but the question is refused: {error.diagnostics[0].message}"
    for code in sorted(set(wanted.has_findings) - codes):
        yield f"wanted the refusal {code}, got {_names(codes)}"
    if wanted.all_findings is not None and set(wanted.all_findings) != codes:
        yield f"wanted the refusals {_names(wanted.all_findings)}, got {_names(codes)}"


def _differences(wanted: Wanted, decision: Decision) -> Iterator[str]:
    if wanted.status != decision.status:
        yield f"wanted {wanted.status}, got {decision.status}"
    if wanted.names_interface and wanted.host_active_nic != decision.host_active_nic:
        yield f"wanted the interface {_name(wanted.host_active_nic)}, got {_name(decision.host_active_nic)}"
    codes = tuple(sorted({finding.code for finding in decision.findings}))
    for what, names, got in (
        ("candidates", wanted.candidates, decision.candidates),
        ("owners", wanted.owners, decision.owners),
        ("findings", wanted.all_findings, codes),
    ):
        if names is not None and tuple(sorted(set(names))) != got:
            yield f"wanted the {what} {_names(names)}, got {_names(got)}"
    for code in sorted(set(wanted.has_findings) - set(codes)):
        yield f"wanted the finding {code}, got {_names(codes)}"
    yield from _wrong_rules(wanted, decision)


def _wrong_rules(wanted: Wanted, decision: Decision) -> Iterator[str]:
    fired = {step.rule for step in decision.trace if step.fired}
    for rule in sorted(set(wanted.fired) - fired):
        yield f"wanted the rule {quote(rule)} to fire"
    for rule in sorted(set(wanted.silent) & fired):
        yield f"wanted the rule {quote(rule)} not to fire"


def _name(name: str | None) -> str:
    return "none" if name is None else visible(name)


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(visible, sorted(names))) or "none"
