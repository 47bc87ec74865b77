"""Create policy tests from the counterexamples of a verification.

A test contains the smallest host that breaks a property. It expects the decision that the policy makes for this host
now, before it is corrected. When the author corrects the policy, the test fails. Then the author must change the
expected decision. A counterexample with two hosts becomes two tests.
"""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.engine import Policy
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.property import Counterexample, Property
from evaluator.verify.search import decide_host
from evaluator.workbench.new_case import NewCase, result_of
from evaluator.workbench.small_host_case import small_host_case


def example_cases(policy: Policy, broken: Property, example: Counterexample) -> Iterator[NewCase]:
    """Yield the tests of a counterexample. Raises RecordError if a test file cannot contain a report."""
    title = f"false: {broken.sentence}"
    yield _case(policy, title, example.host)
    if example.changed_host is not None:
        yield _case(policy, f"{title} (after the change)", example.changed_host)


def _case(policy: Policy, title: str, host: AbstractHost) -> NewCase:
    return small_host_case(host, title, result_of(decide_host(policy, host)), policy)
