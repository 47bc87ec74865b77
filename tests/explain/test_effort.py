"""The budget of the search for changes: what it costs to find options and to try them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

import evaluator
from evaluator import HostAddresses
from evaluator.decision.decide import Case, case_of
from evaluator.explain.counterfactual.search import Effort


def case_with(interfaces: int) -> Case:
    report = evaluator.read_report({"nics": {f"ens{i}": {"addr": ""} for i in range(interfaces)}})
    return case_of(evaluator.load_policy("strict").decide(report, HostAddresses.of("192.0.2.1")))


def test_finding_options_costs_more_for_more_interfaces() -> None:
    effort = Effort.for_case(case_with(80))
    before = effort.remaining
    assert effort.spend_on_options(case_with(80))
    assert before - effort.remaining == 10


@pytest.mark.parametrize(
    ("remaining", "for_large_options", "is_enough"), [(11, 0, True), (10, 0, False), (0, 10**6, True)]
)
def test_options_are_found_while_one_of_the_budgets_is_left(
    remaining: int, for_large_options: int, is_enough: bool
) -> None:
    case = case_with(80)
    effort = replace(Effort.for_case(case), remaining=remaining, remaining_for_large_options=for_large_options)
    assert effort.spend_on_options(case) is is_enough


def test_a_large_option_needs_its_whole_cost() -> None:
    case = case_with(8)
    effort = Effort.for_case(case)
    effort.remaining_for_large_options = cost = effort._cost(case, 1)
    assert effort.spend_on_large_option(case, 1)
    effort.remaining_for_large_options = cost - 1
    assert not effort.spend_on_large_option(case, 1)
