"""Finds missing tests of a policy: small changes of the policy (mutants) that no test notices.

A mutant is killed if a test fails with it. For each mutant that is not killed, a search looks for the smallest host for
which the policy and the mutant give different decisions (`verify/distinguish.py`). If there is such a host, the mutant
survives, and the host is a missing test. Otherwise the policy and the mutant give the same decision for every host up
to the size of the search.

One host often distinguishes several mutants from the policy, so a few new tests are enough. The host of the first
survivor becomes a new test. If a later survivor fails this test, the test kills it, and no other test is added for it.
This is the greedy algorithm for set cover.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from importlib.util import find_spec

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.parallel import compute_in_order
from evaluator.engine import Policy
from evaluator.policy.language.environment import Value
from evaluator.testing.case_file import PolicyCase
from evaluator.testing.run_cases import run_case
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.compare_mutants import compare_groups
from evaluator.verify.distinguish import Comparison, fired_rules, groups_of, seen
from evaluator.verify.memory import Resources
from evaluator.verify.mutants import Mutant, mutants
from evaluator.verify.search import decide_host
from evaluator.workbench.new_case import NewCase, result_of
from evaluator.workbench.small_host_case import small_host_case

_SECONDS = 3.0  # of the proof for one mutant


class Fate(StrEnum):
    """The possible results for a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    PROVED = "proved"
    EQUAL = "equal"


class MutantResult(Struct, frozen=True):
    """The result for a mutant.

    A killed mutant has the name of the first `test` that fails. A mutant that survived has the smallest `host` for
    which mutant and policy give different decisions. A proved mutant agrees with the policy on every host. An equal
    mutant agrees on all hosts of at most `size` interfaces. The changed rules read the words in `left_out`, but the
    search did not try all values of these words. `is_remembered` is true if the result comes from an earlier run.
    """

    mutant: Mutant
    fate: Fate
    test: str | None = None
    host: AbstractHost | None = None
    size: int | None = None
    left_out: tuple[str, ...] = ()
    is_remembered: bool = False


def judge_mutants(
    policy: Policy, cases: Sequence[PolicyCase], size: int, parameters: Mapping[str, Value], resources: Resources
) -> Iterator[MutantResult]:
    """Yield the result for each mutant of a policy. First are the mutants that a test in `cases` kills."""
    alive: list[Mutant] = []
    made = tuple(mutants(policy.program))
    killing = compute_in_order(lambda mutant: _killing_test(mutant, cases), made, resources.progress)
    for mutant, test in zip(made, killing, strict=True):
        if test is None:
            alive.append(mutant)
        else:
            yield MutantResult(mutant, Fate.KILLED, test)
    equal: list[MutantResult] = []
    groups = groups_of(policy.program, alive)
    compared = compare_groups(policy, groups, size, parameters, resources)
    for group, (comparisons, is_remembered) in zip(groups, compared, strict=True):
        for mutant, comparison in zip(group, comparisons, strict=True):
            result = _result(mutant, comparison, is_remembered)
            if result.fate is Fate.SURVIVED:
                yield result
            else:
                equal.append(result)
    proved = _proved(policy, [result.mutant for result in equal], parameters, resources)
    for result, (is_proved, is_remembered) in zip(equal, proved, strict=True):
        yield replace(result, fate=Fate.PROVED, is_remembered=is_remembered) if is_proved else result


def _result(mutant: Mutant, comparison: Comparison, is_remembered: bool) -> MutantResult:
    fate = Fate.EQUAL if comparison.host is None else Fate.SURVIVED
    return MutantResult(mutant, fate, None, comparison.host, comparison.size, comparison.left_out, is_remembered)


def _killing_test(mutant: Mutant, cases: Sequence[PolicyCase]) -> str | None:
    policy = Policy(mutant.program)
    return next((case.name for case in cases if not run_case(replace(case, policy=policy)).passed), None)


def _proved(
    policy: Policy, mutants: Sequence[Mutant], parameters: Mapping[str, Value], resources: Resources
) -> Iterator[tuple[bool, bool]]:
    """Yield for each mutant whether a proof exists that it decides every host like the policy.

    The second value is true if an earlier run found the proof. Without a solver, nothing is proved.
    """
    if find_spec("cvc5") is None:
        return iter([(False, False)] * len(mutants))
    from evaluator.verify.prove_mutants import prove_mutants  # noqa: PLC0415 -- imports cvc5

    return prove_mutants(policy.program, mutants, parameters, _SECONDS, resources)


def missing_tests(policy: Policy, results: Sequence[MutantResult]) -> Iterator[NewCase]:
    """Yield tests that kill all mutants that survived."""
    pending = [result for result in results if result.host is not None]
    while pending:
        host = pending[0].host
        if host is None:
            raise TypeError("each surviving mutant must have a host that distinguishes it from the policy")
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
