"""Create policy tests from the counterexamples of a verification.

A test contains the smallest host that breaks a property, and expects the decision that the policy makes for this host
at this time. So the test passes while the property is false. When the author corrects the policy, the test fails, and
the author must change the expected decision. A counterexample with two hosts becomes two tests.
"""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.decision.decide import case_of
from evaluator.decision.decision import Decision
from evaluator.engine import Policy
from evaluator.facts.host_addresses import HostAddresses
from evaluator.report.read import read_report
from evaluator.verify.property import Counterexample, Property
from evaluator.verify.search import decide_host, inputs
from evaluator.workbench.new_case import NewCase, new_case, result_of


def example_cases(policy: Policy, broken: Property, example: Counterexample) -> Iterator[NewCase]:
    """Yield the tests of a counterexample. Raises RecordError if a test file cannot contain a report."""
    title = f"false: {broken.sentence}"
    yield _case(title, decide_host(policy, example.host))
    if example.changed_status is not None:
        yield _case(f"{title} (after the change)", _changed(policy, example))


def _case(title: str, decision: Decision) -> NewCase:
    return new_case(case_of(decision), title, result_of(decision))


def _changed(policy: Policy, example: Counterexample) -> Decision:
    host = example.host
    report = example.report if example.changed_report is None else example.changed_report
    addresses = example.addresses if example.changed_addresses is None else example.changed_addresses
    asked = HostAddresses.of(*addresses, name=host.name, complete=host.complete)
    return policy.decide(read_report(dict(report)), asked, parameters=inputs(host.parameters))
