"""Create a policy test from a change that an explanation names.

The test contains the changed input (the report, the host addresses and the parameters) and the decision for this input.
So the test passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError
from evaluator.base.status import Status
from evaluator.base.text import quote
from evaluator.decision.decide import Case, case_of
from evaluator.decision.decision import Decision
from evaluator.decision.trace import Change, Search
from evaluator.explain.counterfactual.question import host_data
from evaluator.explain.counterfactual.search import Effort, smallest_change
from evaluator.explain.restate.restate import ChangedFacts, restate, text_of
from evaluator.explain.summary import goal
from evaluator.policy.parameters import shown
from evaluator.testing.case_text import dump, report_in_test

_LONGEST_NAME = 200


class ChangeCase(Struct, frozen=True):
    """A test as data, without its policy, and the change from which the test was created."""

    test: dict[str, Any]
    parameters: Mapping[str, object]
    change: Change


def change_case(decision: Decision, name: str) -> ChangeCase | Search | None:
    """Return the test in which an interface is the answer. If no change was found, return how the search ended.

    Return None if the interface already is the answer. Raises KeyError if the report does not describe the interface.
    """
    case = case_of(decision)
    link = case.report.facts.by_name[name]
    if decision.status is Status.RESOLVED and decision.host_active_nic == name:
        return None
    result = smallest_change(case, link, Effort.for_case(case))
    if result.change is None or result.case is None:
        return result.search
    title = f"{quote(name)} would {goal(name, decision)} if {result.change.sentence}"
    return ChangeCase(_test(result.case, name, title), _parameters(result.case), result.change)


def file_of_case(case: ChangeCase, policy: str) -> str:
    """Return the text of a test file with this test only."""
    parameters = {name: value for name, value in case.parameters.items() if value is not None}
    head = {"policy": policy, **({"parameters": parameters} if parameters else {})}
    return dump({**head, "tests": [case.test]})


def with_parameters(case: ChangeCase, of_file: Iterable[str]) -> dict[str, Any]:
    """Return the test with its parameters. The value null sets a parameter of the file back to its default."""
    names = set(of_file)
    parameters = {name: value for name, value in case.parameters.items() if value is not None or name in names}
    return {**case.test, **({"parameters": parameters} if parameters else {})}


def _test(case: Case, name: str, title: str) -> dict[str, Any]:
    report = case.report
    members = report_in_test(report.document, report.text or text_of(report.document))
    if members is None:  # names that are not UTF-8 are written as by `activenic collect`
        readable = restate(report, lambda writer: None, ChangedFacts({}))
        members = None if readable is None else report_in_test(readable.document, text_of(readable.document))
    if members is None:
        message = "the report is too large for a test file, or not UTF-8"
        raise RecordError([Diagnostic(RecordCode.NOT_A_TEST, message)])
    if len(title) > _LONGEST_NAME:
        title = title[: _LONGEST_NAME - 1] + "…"
    host = host_data(case.host)
    return {
        "name": title,
        **members,
        "format": report.format,
        **({"item": report.item} if report.item is not None else {}),
        **({"host": host} if host else {}),
        "want": {"status": str(Status.RESOLVED), "hostActiveNic": name},
    }


def _parameters(case: Case) -> dict[str, object]:
    return {name: shown(value) for name, value in sorted(case.parameters.items())}
