"""Create a policy test from a change that an explanation names.

The test contains the changed input (the report, the host addresses and the parameters) and the decision for this input.
So the test passes.
"""

from __future__ import annotations

from evaluator.base.status import Status
from evaluator.base.text import quote
from evaluator.decision.decide import case_of
from evaluator.decision.decision import Decision
from evaluator.decision.trace import Search
from evaluator.explain.counterfactual.search import Effort, smallest_change
from evaluator.explain.summary import goal
from evaluator.workbench.new_case import NewCase, new_case


def change_case(decision: Decision, name: str) -> NewCase | Search | None:
    """Return a test with the smallest change that makes the interface `name` the answer.

    If no change was found, return how the search ended. If the interface already is the answer, return None. Raises
    KeyError if the report does not describe the interface.
    """
    case = case_of(decision)
    link = case.report.facts.by_name[name]
    if decision.status is Status.RESOLVED and decision.host_active_nic == name:
        return None
    result = smallest_change(case, link, Effort.for_case(case))
    if result.change is None or result.case is None:
        return result.search
    title = f"{quote(name)} would {goal(name, decision)} if {result.change.sentence}"
    return new_case(result.case, title, {"status": str(Status.RESOLVED), "hostActiveNic": name})
