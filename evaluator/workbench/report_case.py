"""Create a policy test from a report: the policy must make today's decision again."""

from __future__ import annotations

from evaluator.decision.decide import case_of
from evaluator.decision.decision import Decision
from evaluator.workbench.new_case import NewCase, new_case, result_of


def report_case(decision: Decision) -> NewCase:
    """Return a test with the inputs of a decision. It expects the same status, interface, candidates and owners.

    Raises RecordError if a test file cannot contain the report.
    """
    result = decision.host_active_nic or "no interface"
    host = decision.host.name or "no address"
    return new_case(case_of(decision), f"{host}: {decision.status}, {result}", result_of(decision))
