"""What a host costs grows no faster than the host: steps are counted, so that no machine is too slow for it.

A step is one bytecode of the interpreter, so that loops in comprehensions count. Each shape of
`benchmarks/shapes.py` is asked at one size and at twice that size.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from types import FrameType
from typing import Any

import pytest

import evaluator
from benchmarks.shapes import SHAPES, Large
from evaluator import Decision, HostAddresses, Policy, PolicyError
from evaluator.policy.language.environment import Question
from evaluator.policy.run import interpret
from evaluator.policy.run.budget import STEP_BUDGET, Budget
from evaluator.policy.source.find import shipped_names
from tests.support.untyped import untyped

pytestmark = pytest.mark.volume
SMALL = 136  # so that lists are long enough to be counted for the step budget at both sizes
SIZES = (SMALL, 2 * SMALL) * 2  # the first time things are imported, and patterns compiled
GREATEST_RATIO = 2.3
LIMITS = ("owners of 64 host addresses", "stacks of 64 layers", "vlans on one interface", "unrelated interfaces")
PARAMETERS = {"route-to-engine": {"engine_address": "192.0.2.1"}}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_host_of_twice_the_size_takes_at_most_twice_the_steps(shape: str) -> None:
    steps = {size: [_steps(phase) for phase in _phases(SHAPES[shape](size))] for size in SIZES}
    for small, large in zip(steps[SMALL], steps[2 * SMALL], strict=True):
        assert large <= GREATEST_RATIO * small, f"{small} steps become {large}"


def _phases(question: Large) -> list[Callable[[], object]]:
    """Return reading, deciding with the document, and the reasons, each to be done after the one before."""
    policy, host = _policy(question.policy), HostAddresses.of(*question.addresses)
    made: dict[str, Any] = {}

    def decide() -> bytes:
        decision = made["decision"] = policy.decide(made["report"], host, **question.parameters)
        return decision.to_json()

    def read() -> None:
        made["report"] = evaluator.read_report(question.report)

    def reasons() -> object:
        decision: Decision = made["decision"]
        return decision.reasons(40)

    return [read, decide, reasons]


@cache
def _policy(name: str) -> Policy:
    return evaluator.load_policy(text=name) if "\n" in name else evaluator.load_policy(name)


def _steps(action: Callable[[], object]) -> int:
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:  # the type of a trace function names itself
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize("shape", LIMITS)
def test_shipped_policies_are_accepted_on_twenty_thousand_interfaces(shape: str, name: str) -> None:
    """The worst: every interface is a candidate for every rule."""
    large, policy = SHAPES[shape](19_000), _policy(name)
    case = policy.decide(evaluator.read_report(b'{"nics": {}}'), HostAddresses.of(*large.addresses), **_given(name))
    report = evaluator.read_report(large.report)
    budget = Budget(Question(report.facts, case.host, untyped(case.case).parameters))
    for rule in policy.program.rules:
        budget.charge(rule, report.facts.size)


def _given(name: str) -> dict[str, str]:
    return PARAMETERS.get(name, {})


@pytest.mark.parametrize("shape", SHAPES)
def test_the_step_count_is_an_upper_bound_of_the_evaluated_clauses(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every clause that the interpreter evaluates is a step that was charged."""
    large = SHAPES[shape](SMALL)
    policy, host = _policy(large.policy), HostAddresses.of(*large.addresses)
    decision = policy.decide(evaluator.read_report(large.report), host, **large.parameters)
    case: Any = decision.case
    clauses, budget, holds = 0, Budget(case.question()), interpret.holds

    def counted(*given: Any) -> bool:
        nonlocal clauses
        clauses += 1
        return holds(*given)

    monkeypatch.setattr(interpret, "holds", counted)
    for step in interpret.run(policy.program.rules, case.question()):
        budget.charge(step.rule, len(step.before))
    assert clauses <= budget.charged < STEP_BUDGET


def test_what_is_too_costly_is_refused_before_it_is_done() -> None:
    text = _PAIRS.format(condition="some x in interfaces satisfies nic.name like x.name")
    report = evaluator.read_report(SHAPES["unrelated interfaces"](6_000).report)
    with pytest.raises(PolicyError, match="steps"):
        evaluator.load_policy(text=text).decide(report, HostAddresses.of("192.0.2.1"))


_PAIRS = """
policy: pairs
rules:
  - name: pairs
    rule: match nic when {condition}
"""
