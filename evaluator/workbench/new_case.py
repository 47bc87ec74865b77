"""Describes a new policy test as data: a question and the expected decision, but not the policy.

Three sources give tests in this form: a change that an explanation proposes, a logged decision, and the report of a
real host. `append_case.py` writes a test to a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError
from evaluator.decision.decide import Case
from evaluator.decision.decision import Decision
from evaluator.explain.counterfactual.question import host_data
from evaluator.explain.restate.restate import ChangedFacts, restate, text_of
from evaluator.policy.parameters import shown
from evaluator.testing.case_text import dump, report_in_test

_LONGEST_NAME = 200


class NewCase(Struct, frozen=True):
    """A test as data. `parameters` are the parameters of the decision. The test file or the test must set them."""

    test: dict[str, Any]
    parameters: Mapping[str, object]


def new_case(case: Case, title: str, want: Mapping[str, object]) -> NewCase:
    """Return the test of a question with the expected result.

    Raises RecordError if a test file cannot contain the report.
    """
    report = case.report
    members = report_in_test(report.document, report.text or text_of(report.document))
    if members is None:  # names that are not UTF-8 are written in the form of `activenic collect`
        readable = restate(report, lambda writer: None, ChangedFacts({}))
        members = None if readable is None else report_in_test(readable.document, text_of(readable.document))
    if members is None:
        message = "the report is too large for a test file, or not UTF-8"
        raise RecordError([Diagnostic(RecordCode.NOT_A_TEST, message)])
    host = host_data(case.host)
    test = {
        "name": title if len(title) <= _LONGEST_NAME else title[: _LONGEST_NAME - 1] + "…",
        **members,
        "format": report.format,
        **({"item": report.item} if report.item is not None else {}),
        **({"host": host} if host else {}),
        "want": dict(want),
    }
    return NewCase(test, {name: shown(value) for name, value in sorted(case.parameters.items())})


def result_of(decision: Decision) -> dict[str, object]:
    """Return the expected result of a test that expects this decision.

    Findings about the lookup are left out, and so is the trace.
    """
    codes = {str(finding.code) for finding in decision.findings if finding not in decision.host.remarks}
    return {
        "status": str(decision.status),
        "hostActiveNic": decision.host_active_nic,
        "candidates": list(decision.candidates),
        "owners": list(decision.owners),
        "findings": sorted(codes),
    }


def file_of_case(case: NewCase, policy: str) -> str:
    """Return the text of a test file that contains only this test."""
    parameters = {name: value for name, value in case.parameters.items() if value is not None}
    head = {"policy": policy, **({"parameters": parameters} if parameters else {})}
    return dump({**head, "tests": [case.test]})


def file_of_cases(cases: Iterable[NewCase], policy: str) -> str:
    """Return the text of a test file that contains these tests. A number makes equal names unique."""
    tests: list[dict[str, Any]] = []
    names: Counter[str] = Counter()
    for case in cases:
        test = with_parameters(case, ())
        title = str(test["name"])
        names[title] += 1
        tests.append({**test, "name": title if names[title] == 1 else f"{title} ({names[title]})"})
    return dump({"policy": policy, "tests": tests})


def with_parameters(case: NewCase, of_file: Iterable[str]) -> dict[str, Any]:
    """Return the test with its parameters. If the file sets other parameters, the test resets them with null."""
    names = set(of_file)
    parameters = {name: value for name, value in case.parameters.items() if value is not None or name in names}
    return {**case.test, **({"parameters": parameters} if parameters else {})}
