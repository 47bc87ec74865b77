"""A change that an explanation names becomes a policy test: the question after the change, and its answer.

The test is complete: report, addresses and parameters are in it, and it passes.
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
    """A test as data, without the policy that it is for; `change` is what was changed."""

    test: dict[str, Any]
    parameters: Mapping[str, object]
    change: Change


def change_case(decision: Decision, name: str) -> ChangeCase | Search | None:
    """Return the test by which an interface is the answer; how the search ended if it found no change.

    None if the interface is the answer already. KeyError if the report describes no such interface.
    """
    case = case_of(decision)
    link = case.report.facts.by_name[name]
    if decision.status is Status.RESOLVED and decision.host_active_nic == name:
        return None
    found = smallest_change(case, link, Effort.for_case(case))
    if found.change is None or found.case is None:
        return found.search
    title = f"{quote(name)} would {goal(name, decision)} if {found.change.sentence}"
    return ChangeCase(_test(found.case, name, title), _parameters(found.case), found.change)


def file_of_case(case: ChangeCase, policy: str) -> str:
    """Return a test file that holds this test alone."""
    given = {name: value for name, value in case.parameters.items() if value is not None}
    head = {"policy": policy, **({"parameters": given} if given else {})}
    return dump({**head, "tests": [case.test]})


def with_parameters(case: ChangeCase, known: Iterable[str]) -> dict[str, Any]:
    """Return the test with its parameters, for a file that gives some itself: null is the default."""
    names = set(known)
    given = {name: value for name, value in case.parameters.items() if value is not None or name in names}
    return {**case.test, **({"parameters": given} if given else {})}


def _test(case: Case, name: str, title: str) -> dict[str, Any]:
    report = case.report
    held = report_in_test(report.document, report.text or text_of(report.document))
    if held is None:  # names of the kernel that are not UTF-8: the report as `activenic collect` writes it
        readable = restate(report, lambda writer: None, ChangedFacts({}))
        held = None if readable is None else report_in_test(readable.document, text_of(readable.document))
    if held is None:
        message = "the report is too large for a test file, or not UTF-8"
        raise RecordError([Diagnostic(RecordCode.NOT_A_TEST, message)])
    if len(title) > _LONGEST_NAME:
        title = title[: _LONGEST_NAME - 1] + "…"
    host = host_data(case.host)
    return {
        "name": title,
        **held,
        "format": report.format,
        **({"item": report.item} if report.item is not None else {}),
        **({"host": host} if host else {}),
        "want": {"status": str(Status.RESOLVED), "hostActiveNic": name},
    }


def _parameters(case: Case) -> dict[str, object]:
    return {name: shown(value) for name, value in sorted(case.parameters.items())}
