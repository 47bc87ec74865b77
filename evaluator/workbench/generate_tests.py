"""Generates a small set of tests in which every outcome of every rule and clause occurs.

An outcome is "the rule fired", "the rule did not fire", "the clause was true" or "the clause was false", as in the
coverage of tests (`testing/measure_coverage.py`). For each outcome, the smallest host with it is searched among the
small hosts (`verify/bounded.py`), rule by rule, so that facts which only other rules read are not varied.

One host has many outcomes. The tests are chosen by the greedy algorithm for set cover: always the host with the most
outcomes that no chosen host has. The result is small, but not always the smallest possible one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from msgspec import Struct

from evaluator.decision.decide import case_of
from evaluator.decision.decision import Decision
from evaluator.engine import Policy
from evaluator.facts.link import Link
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.policy.language.checked import AllOf, AnyOf, Condition, Not, walk
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Rule
from evaluator.policy.run.interpret import apply_rule
from evaluator.policy.run.observed import ObservedEnvironment
from evaluator.testing.covered import PolicyFile
from evaluator.testing.measure_coverage import CoverageMeter
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.bounded import Check, Example, SmallHost, find_within
from evaluator.verify.distinguish import fired_rules
from evaluator.verify.search import decide_host
from evaluator.verify.space import space_of
from evaluator.workbench.new_case import NewCase, new_case, result_of

_Outcome = tuple[int, bool]  # the id of a clause or rule
_Covered = tuple[str, str, int, bool]  # the place of a rule or clause, its kind and length, and the outcome
LARGEST_HOST = 3  # the number of interfaces of a bond with two slaves
_MOST_CALLS = 40_000  # of the search for the outcomes of one rule


class Generated(Struct, frozen=True):
    """The tests, and the outcomes that no searched host has: the rule or clause with its place, and the outcome."""

    tests: tuple[NewCase, ...]
    missing: tuple[str, ...]


def generate_tests(
    policy: Policy, files: Sequence[PolicyFile], size: int, parameters: Mapping[str, Value]
) -> Generated:
    """Return tests in which the outcomes of all rules and clauses occur, on hosts of at most `size` interfaces.

    `files` are the files of the policy's texts, base first. `parameters` are fixed, the others take several values.
    """
    compiled = CompiledPolicy(policy.program)
    found = (_hosts_for(compiled, number, size, parameters) for number in range(len(policy.program.rules)))
    hosts = {repr(host): host for group in found for host in group}  # by their text, because a host has mappings
    decisions = [decide_host(policy, host) for host in hosts.values()]
    outcomes = [_outcomes_of(policy, files, decision) for decision in decisions]
    wanted, names = _all_outcomes(policy, files)
    tests: list[NewCase] = []
    pending = set(wanted)
    while pending:
        gains = [len(pending & covered) for covered in outcomes]
        best = max(range(len(gains)), key=gains.__getitem__, default=0)
        if not gains or not gains[best]:
            break
        new = sorted(pending & outcomes[best])
        tests.append(_test(decisions[best], names[new[0]]))
        pending -= outcomes[best]
    return Generated(tuple(tests), tuple(names[outcome] for outcome in sorted(pending)))


def _hosts_for(
    compiled: CompiledPolicy, number: int, size: int, parameters: Mapping[str, Value]
) -> Iterator[AbstractHost]:
    """Yield the smallest host for each outcome of one rule and of its clauses."""
    program = compiled.program
    rule = program.rules[number]
    rules = [rule, *(other for other in program.rules if other.verb.decides)]
    space = space_of([one.condition for one in rules], program.parameters, parameters)
    parts = [id(rule), *(id(clause) for clause in _clauses(rule))]
    checks = [_check(compiled, number, (part, outcome)) for part in parts for outcome in (True, False)]
    examples, _ = find_within(checks, space, size, _MOST_CALLS)
    yield from (example.host for example in examples if example is not None)


def _clauses(rule: Rule) -> Iterator[Condition]:
    for node in walk(rule.condition):
        if isinstance(node, Condition) and not isinstance(node, AllOf | AnyOf | Not):
            yield node


def _check(compiled: CompiledPolicy, number: int, outcome: _Outcome) -> Check:
    def check(host: SmallHost) -> Example | None:
        computed, key = host.facts.choices.computed, ("outcomes", number)
        if key not in computed:
            computed[key] = _observed(compiled, number, host)
        return Example(host.stated()) if outcome in cast("set[_Outcome]", computed[key]) else None

    return check


def _observed(compiled: CompiledPolicy, number: int, host: SmallHost) -> set[_Outcome]:
    """Return the outcomes of one rule and of its clauses for a host."""
    rules = compiled.program.rules
    earlier = sum(rule.verb.decides for rule in rules[:number])
    candidates: tuple[Link, ...] = host.verdict(compiled).trace[1][earlier - 1] if earlier else ()
    observed: set[_Outcome] = set()

    def observe(condition: Condition, is_true: bool) -> None:
        observed.add((id(condition), is_true))

    environment = ObservedEnvironment(host.question, candidates, observe=observe)
    observed.add((id(rules[number]), apply_rule(rules[number], environment).fired))
    return observed


def _outcomes_of(policy: Policy, files: Sequence[PolicyFile], decision: Decision) -> frozenset[_Covered]:
    meter = CoverageMeter(lambda _: tuple(files))
    meter.add(policy.name, policy, decision)
    return frozenset(
        (place.place, place.kind, place.end, outcome)
        for place in meter.places()
        for outcome, count in ((True, place.true), (False, place.false))
        if count
    )


def _all_outcomes(policy: Policy, files: Sequence[PolicyFile]) -> tuple[frozenset[_Covered], dict[_Covered, str]]:
    """Return all outcomes of a policy, and the name of each."""
    meter = CoverageMeter(lambda _: tuple(files))
    meter.add(policy.name, policy, None)
    names: dict[_Covered, str] = {}
    for place in meter.places():
        for outcome in (True, False):
            text = " ".join(place.text.split())
            words = f"`{text}` is {str(outcome).lower()}"
            if place.kind == "rule":
                words = "fires" if outcome else "does not fire"
            names[place.place, place.kind, place.end, outcome] = f"{place.rule}: {words}"
    return frozenset(names), names


def _test(decision: Decision, name: str) -> NewCase:
    fired = sorted(fired_rules(decision))
    return new_case(case_of(decision), name, {**result_of(decision), **({"fired": fired} if fired else {})})
