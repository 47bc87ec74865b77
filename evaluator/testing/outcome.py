"""Describes the outcome of policy tests as data: the outcome of a test, of a file, and of the whole run.

These types contain only texts and numbers, no decisions. There are two reasons: a process that runs tests sends the
outcomes to another process, and every output format is written from these outcomes.
"""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct

from evaluator.base.cached_property import cached_property
from evaluator.base.diagnostic import Diagnostic
from evaluator.base.text import visible
from evaluator.decision.trace import Reason
from evaluator.testing.covered import Coverage, CoveredPlace


class Answer(Struct, frozen=True, omit_defaults=True):
    """An expected or actual result. An expected result leaves out the members that the test does not check.

    `status` can also be `refused`: the report was refused, and `findings` are the codes of the error.
    """

    status: str
    hostActiveNic: str | None = None
    candidates: tuple[str, ...] | None = None
    owners: tuple[str, ...] | None = None
    findings: tuple[str, ...] | None = None
    fired: tuple[str, ...] | None = None
    silent: tuple[str, ...] | None = None

    @property
    def short(self) -> str:
        """The status, followed by the interface, if the result names one."""
        return self.status + (f" {visible(self.hostActiveNic)}" if self.hostActiveNic is not None else "")


class DifferingRule(Struct, frozen=True):
    """A rule that explains the difference between the expected and the actual result of a test.

    `interfaces` are the interfaces that the rule judged; empty if the rule has no subject. `reason` is the rule's
    result for the first of these interfaces, with the clause that decided.

    The question is decided again: this rule gets the opposite result for `interfaces`. If the new decision is the
    expected decision, the rule causes the difference, and `otherwise` is the new decision. If the new decision is
    another one, `otherwise` is empty. Then the rule is listed because it decided about the interface.
    """

    reason: Reason
    interfaces: tuple[str, ...]
    otherwise: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return the rule as JSON-ready data."""
        return {**self.reason.to_dict(), "interfaces": list(self.interfaces), "otherwise": self.otherwise or None}


class CaseOutcome(Struct, frozen=True):
    """The outcome of one test.

    `differences` are sentences about the differences from the expected result, empty if the test passed. `rules` are
    the rules that explain the differences. `summary` is the decision and its reason. `vacuous` is the reason why a
    passing test is vacuous, otherwise empty.
    """

    name: str
    place: str
    expected: Answer
    got: Answer
    differences: tuple[str, ...] = ()
    rules: tuple[DifferingRule, ...] = ()
    summary: tuple[str, ...] = ()
    vacuous: str = ""

    @property
    def passed(self) -> bool:
        """Whether the test passed: the differences are empty."""
        return not self.differences


class FileOutcome(Struct, frozen=True):
    """The outcome of one test file: its tests, or the problems that make it invalid.

    `covered` has the places of the policies under test, if coverage was requested.
    """

    path: str
    cases: tuple[CaseOutcome, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    covered: tuple[CoveredPlace, ...] = ()

    @property
    def passed(self) -> int:
        """The number of tests that passed."""
        return sum(case.passed for case in self.cases)

    @property
    def failed(self) -> int:
        """The number of tests that failed."""
        return len(self.cases) - self.passed


class Demands(Struct, frozen=True):
    """The conditions that a run must satisfy, in addition to its tests.

    With `strict`, a vacuous test is an error. With `with_coverage`, the coverage is measured. `threshold` is the
    smallest coverage in percent, None if every coverage is accepted.
    """

    strict: bool = False
    with_coverage: bool = False
    threshold: Fraction | None = None


class RunOutcome(Struct, frozen=True, dict=True):
    """The outcome of a whole run."""

    files: tuple[FileOutcome, ...]
    demands: Demands

    @cached_property
    def coverage(self) -> Coverage | None:
        """The coverage of all policies under test; None if the coverage was not measured."""
        if not self.demands.with_coverage:
            return None
        return Coverage.of(place for file in self.files for place in file.covered)

    @property
    def passed(self) -> int:
        """The number of tests that passed."""
        return sum(file.passed for file in self.files)

    @property
    def failed(self) -> int:
        """The number of tests that failed."""
        return sum(file.failed for file in self.files)

    @property
    def invalid_files(self) -> int:
        """The number of files that have mistakes."""
        return sum(bool(file.problems) for file in self.files)

    @cached_property
    def vacuous(self) -> tuple[CaseOutcome, ...]:
        """The vacuous tests."""
        return tuple(case for file in self.files for case in file.cases if case.vacuous)

    @property
    def is_empty(self) -> bool:
        """Whether no test was run."""
        return not any(file.cases for file in self.files)

    @property
    def is_below_threshold(self) -> bool:
        """Whether the coverage is less than the threshold."""
        threshold, coverage = self.demands.threshold, self.coverage
        return threshold is not None and coverage is not None and coverage.share * 100 < threshold

    @property
    def is_success(self) -> bool:
        """Whether all tests passed and the run satisfies all its `demands`."""
        has_errors = self.failed or self.invalid_files or self.is_empty or self.is_below_threshold
        return not has_errors and not (self.demands.strict and self.vacuous)
