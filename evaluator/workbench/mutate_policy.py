"""Tests the tests of a policy: mutants of the policy must fail at least one test.

A mutant is killed if a test fails with it. For each other mutant, the smallest host is searched that the policy and the
mutant decide differently (`verify/distinguish.py`). If there is such a host, the mutant survives, and the host is a
test that is missing. Otherwise the mutant and the policy agree on all hosts up to a number of interfaces.

The missing tests are few, because one host often distinguishes several mutants: the first survivor's host becomes a
test, and each later survivor that fails this test needs no host of its own. This is the greedy algorithm for set cover.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial
from importlib.util import find_spec

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.processes import available_processors, process_pool
from evaluator.engine import Policy
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program
from evaluator.testing.case_file import PolicyCase
from evaluator.testing.run_cases import run_case
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.distinguish import Comparison, compare_group, fired_rules, groups_of, seen
from evaluator.verify.mutants import Mutant, mutants
from evaluator.verify.search import decide_host
from evaluator.workbench.new_case import NewCase, result_of
from evaluator.workbench.small_host_case import small_host_case

_SECONDS = 3.0  # of the proof for one mutant


class Fate(StrEnum):
    """The result for a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    PROVED = "proved"
    EQUAL = "equal"


class MutantResult(Struct, frozen=True):
    """The fate of a mutant.

    A killed mutant has the name of the first `test` that fails. A mutant that survived has the smallest `host` that
    distinguishes it. A proved mutant agrees with the policy on every host. An equal mutant agrees on all hosts of at
    most `size` interfaces; `left_out` are words of the changed rules whose values were not enumerated.
    """

    mutant: Mutant
    fate: Fate
    test: str | None = None
    host: AbstractHost | None = None
    size: int | None = None
    left_out: tuple[str, ...] = ()


def judge_mutants(
    policy: Policy, cases: Sequence[PolicyCase], size: int, parameters: Mapping[str, Value]
) -> Iterator[MutantResult]:
    """Yield the fate of each mutant of a policy, first of those that are killed by the test `cases`."""
    alive: list[Mutant] = []
    for mutant in mutants(policy.program):
        test = _killing_test(mutant, cases)
        if test is None:
            alive.append(mutant)
        else:
            yield MutantResult(mutant, Fate.KILLED, test)
    groups = groups_of(policy.program, alive)
    for group, comparisons in zip(groups, _compared(policy, groups, size, parameters), strict=True):
        for mutant, comparison in zip(group, comparisons, strict=True):
            fate = Fate.SURVIVED if comparison.host is not None else _without_difference(policy, mutant, parameters)
            yield MutantResult(mutant, fate, host=comparison.host, size=comparison.size, left_out=comparison.left_out)


def _without_difference(policy: Policy, mutant: Mutant, parameters: Mapping[str, Value]) -> Fate:
    """Return `PROVED` if the solver is installed and proves that the mutant decides every host like the policy.

    For a changed condition, the proof is that the rule is true for the same interfaces. For rules that change places,
    it is that the status and the interface are the same.
    """
    if find_spec("cvc5") is None:
        return Fate.EQUAL
    from evaluator.verify.prove import prove_same, prove_same_rule  # noqa: PLC0415 -- imports cvc5

    program, other = policy.program, mutant.program
    if len(other.rules) < len(program.rules):
        return Fate.EQUAL  # a rule that is missing does not fire
    if len(mutant.rules) > 1:
        proof = prove_same(program, other, parameters, _SECONDS)
    else:
        (number,) = mutant.rules
        proof = prove_same_rule(program, number, other.rules[number].condition, parameters, _SECONDS)
    return Fate.PROVED if proof.is_proved else Fate.EQUAL


def _killing_test(mutant: Mutant, cases: Sequence[PolicyCase]) -> str | None:
    policy = Policy(mutant.program)
    return next((case.name for case in cases if not run_case(replace(case, policy=policy)).passed), None)


def _compared(
    policy: Policy, groups: Sequence[Sequence[Mutant]], size: int, parameters: Mapping[str, Value]
) -> Iterator[list[Comparison]]:
    compare = partial(_compare, policy.program, size=size, parameters=parameters)
    if len(groups) < 2 or available_processors() < 2:
        yield from map(compare, groups)
        return
    with process_pool(available_processors(), "fork") as pool:
        yield from pool.map(compare, groups)


def _compare(
    program: Program, group: Sequence[Mutant], *, size: int, parameters: Mapping[str, Value]
) -> list[Comparison]:
    return compare_group(Policy(program), group, size, parameters)


def missing_tests(policy: Policy, results: Sequence[MutantResult]) -> Iterator[NewCase]:
    """Yield tests that kill all mutants that survived."""
    pending = [result for result in results if result.host is not None]
    while pending:
        host = pending[0].host
        if host is None:
            raise TypeError("a mutant that survived has a host")
        decision = decide_host(policy, host)
        killed = [
            result.mutant
            for result in pending
            if seen(decide_host(Policy(result.mutant.program), host)) != seen(decision)
        ]
        others = [Policy(mutant.program) for mutant in killed]
        rules = dict.fromkeys(policy.program.rules[number].name for mutant in killed for number in mutant.rules)
        fired = [name for name in rules if name in fired_rules(decision)]
        silent = [name for name in rules if name not in fired]
        want = {**result_of(decision), **({"fired": fired} if fired else {}), **({"silent": silent} if silent else {})}
        yield small_host_case(host, _title(killed[0]), want, policy, *others)
        pending = [result for result in pending if result.mutant not in killed]


def _title(mutant: Mutant) -> str:
    return f"{mutant.rule}: the decision differs if {mutant.change}"
