"""Creates a policy test from a small host.

The test has the short notation of the host. If the policy decides the notation differently from the host, the test has
a report instead.
"""

from __future__ import annotations

from collections.abc import Mapping

from evaluator.decision.decide import case_of
from evaluator.engine import Policy
from evaluator.render.short_notation import short_notation
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.search import decide_host
from evaluator.workbench.new_case import NewCase, new_case

_STATED_BY_REPORT = ("report", "text", "format", "item")


def small_host_case(
    host: AbstractHost, title: str, want: Mapping[str, object], policy: Policy, *others: Policy
) -> NewCase:
    """Return a test with a host. `want` is the decision of `policy` for this host.

    The test must distinguish `policy` from `others`, such as mutants. So the test has the short notation of the host
    only if `policy` and all `others` decide the notation exactly like the host. Otherwise the test has the report of
    the host. Raises RecordError if a test file cannot contain the report.
    """
    case = new_case(case_of(decide_host(policy, host)), title, want)
    notation = short_notation(host, policy, *others)
    if notation is None:
        return case
    name = case.test["name"]
    members = {key: value for key, value in case.test.items() if key not in ("name", *_STATED_BY_REPORT)}
    return NewCase({"name": name, "given": notation, **members}, case.parameters)
