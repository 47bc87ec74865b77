"""Create tests of a new policy from hosts for which the old policy has a different result."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.render.policy_differences import change_of_example
from evaluator.verify.differences import Differences
from evaluator.verify.policy_change import Happens
from evaluator.verify.search import decide_host
from evaluator.workbench.new_case import NewCase, result_of
from evaluator.workbench.small_host_case import small_host_case


def difference_cases(found: Differences) -> Iterator[NewCase]:
    """Yield a test for each host that shows a change. A host that shows several changes has one test.

    Raises RecordError if a test file cannot contain a report.
    """
    tested: list[object] = []
    for result in (result for pair in found.pairs for result in pair.results):
        if isinstance(result.verdict, Happens) and result.verdict.example.host not in tested:
            example = result.verdict.example
            tested.append(example.host)
            title = f"{found.old.name} → {found.new.name}: {change_of_example(result.change, example)}"
            want = result_of(decide_host(found.new, example.host))
            yield small_host_case(example.host, title, want, found.new)
