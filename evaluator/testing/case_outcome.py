"""Converts the result of a test to its outcome, which contains the expected and the actual result.

If the results differ, the outcome also contains the rules that explain the difference. It always contains a summary.
"""

from __future__ import annotations

from evaluator.base.diagnostic import QuestionError
from evaluator.decision.decision import Decision
from evaluator.testing.case_file import REFUSED, Expected
from evaluator.testing.differing_rules import differing_rules
from evaluator.testing.outcome import Answer, CaseOutcome
from evaluator.testing.run_cases import CaseResult
from evaluator.testing.vacuous import vacuous_reason

_MOST_INTERFACES = 20


def outcome_of(result: CaseResult) -> CaseOutcome:
    """Return the outcome of a test."""
    case, decision = result.case, result.decision
    expected = _expected(case.expected)
    if decision is None:
        return CaseOutcome(case.name, case.place, expected, _refused(result.error), result.differences)
    got = _got(decision)
    if result.passed:
        vacuous = vacuous_reason(case.expected, decision)
        return CaseOutcome(case.name, case.place, expected, got, vacuous=vacuous)
    rules = () if case.expected.status == REFUSED else differing_rules(case.expected, decision)
    summary = decision.reasons(_MOST_INTERFACES).summary
    return CaseOutcome(case.name, case.place, expected, got, result.differences, rules, summary)


def _expected(expected: Expected) -> Answer:
    return Answer(
        expected.status,
        expected.host_active_nic,
        expected.candidates,
        expected.owners,
        expected.all_findings if expected.all_findings is not None else expected.has_findings or None,
        expected.fired or None,
        expected.silent or None,
    )


def _refused(error: QuestionError | None) -> Answer:
    codes = () if error is None else tuple(sorted({diagnostic.code for diagnostic in error.diagnostics}))
    return Answer(REFUSED, findings=codes)


def _got(decision: Decision) -> Answer:
    codes = tuple(sorted({finding.code for finding in decision.findings}))
    return Answer(str(decision.status), decision.host_active_nic, decision.candidates, decision.owners, codes)
