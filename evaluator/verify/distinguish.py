"""Finds the smallest host that two policies decide differently.

Two decisions differ if a policy test can distinguish them: by the status, the candidates, the codes of findings, or the
rules that fired. A host is returned only if the library gives two different decisions for its report.

If two policies differ only in one `warn` rule, the search skips all other `warn` rules. It does not try several values
for facts that only the skipped rules read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from msgspec import Struct

from evaluator.decision.decision import Decision
from evaluator.engine import Policy
from evaluator.facts.link import Link
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.policy.language.checked import walk
from evaluator.policy.language.environment import Environment, Value
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.language.verbs import Judges
from evaluator.policy.run.interpret import RuleResult, apply_rule
from evaluator.policy.run.verdict import Verdict
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.bounded import Check, Example, SmallHost, find_within
from evaluator.verify.mutants import Mutant
from evaluator.verify.search import decide_host
from evaluator.verify.searched_policy import SearchedPolicy, searched_program
from evaluator.verify.space import space_of

_Seen = tuple[object, ...]
_Differs = Callable[[SmallHost], bool]
_MOST_CALLS = 100_000  # of the comparison of one mutant with its policy


class Comparison(Struct, frozen=True):
    """The comparison of a mutant with its policy.

    `host` is the smallest host that the mutant and the policy decide differently, None if no such host was found. All
    hosts of at most `size` interfaces were decided. `left_out` are words of the changed rules whose values were not
    enumerated.
    """

    host: AbstractHost | None
    size: int
    left_out: tuple[str, ...] = ()


def groups_of(program: Program, mutants: Sequence[Mutant]) -> list[Sequence[Mutant]]:
    """Return the mutants in groups that are compared together.

    The mutants of all deciding rules are one group. The mutants of each `warn` rule are a group too.
    """
    groups: dict[int, list[Mutant]] = {}
    for mutant in mutants:
        decides = any(program.rules[number].verb.decides for number in mutant.rules)
        groups.setdefault(-1 if decides else mutant.rules[0], []).append(mutant)
    return list(groups.values())


def compare_group(
    policy: Policy, mutants: Sequence[Mutant], size: int, parameters: Mapping[str, Value]
) -> list[Comparison]:
    """Compare each mutant of a group with the policy, on hosts of at most `size` interfaces.

    `parameters` have fixed values. For the other parameters of the policy, several values are tried (`space.py`).
    """
    program = policy.program
    numbers = sorted({number for mutant in mutants for number in mutant.rules})
    decides = any(program.rules[number].verb.decides for number in numbers)
    changed = [rule for mutant in mutants for rule in mutant.program.rules if rule not in program.rules]
    rules = [*(program.rules[number] for number in numbers), *changed]
    if decides or any(map(reads_candidates, rules)):
        rules.extend(rule for rule in program.rules if rule.verb.decides)
    space = space_of([rule.condition for rule in rules], program.parameters, parameters)
    compiled = SearchedPolicy(program)
    checks = [_check(policy, compiled, mutant, is_decided=decides) for mutant in mutants]
    examples, searched = find_within(checks, space, size, _MOST_CALLS)
    return [Comparison(None if example is None else example.host, searched, space.left_out) for example in examples]


def reads_candidates(rule: Rule) -> bool:
    """Return whether the result of a rule depends on the candidates that are left before this rule."""
    is_on_candidates = rule.has_subject and rule.verb.judges is Judges.CANDIDATES
    return is_on_candidates or any(getattr(node, "key", None) == (None, "candidates") for node in walk(rule.condition))


def _check(policy: Policy, compiled: CompiledPolicy, mutant: Mutant, *, is_decided: bool) -> Check:
    other_policy = Policy(mutant.program)
    differs = _deciding_check(compiled, mutant) if is_decided else _warning_check(compiled, mutant)

    def check(host: SmallHost) -> Example | None:
        if not differs(host):
            return None
        stated = host.stated()
        is_confirmed = seen(decide_host(policy, stated)) != seen(decide_host(other_policy, stated))
        return Example(stated) if is_confirmed else None

    return check


def _deciding_check(compiled: CompiledPolicy, mutant: Mutant) -> _Differs:
    other = SearchedPolicy(mutant.program)
    return lambda host: (
        _judged(compiled.program, host.verdict(compiled)) != _judged(other.program, other.decide(host.question))
    )


def _judged(program: Program, verdict: Verdict) -> _Seen:
    """Return the status, the candidates, and the findings of the `reject` and `ambiguous` rules."""
    deciding = [rule for rule in program.rules if rule.verb.decides]
    findings = {
        (rule.code, rule.severity, hit)
        for rule, result in zip(deciding, verdict.trace[0], strict=True)
        if not rule.verb.chooses
        for hit in (_names(result) if isinstance(result, tuple) else [""] * result)
    }
    return verdict.status, _names(verdict.candidates), findings


def _warning_check(compiled: CompiledPolicy, mutant: Mutant) -> _Differs:
    (number,) = mutant.rules
    rules = compiled.program.rules
    rule = rules[number]
    is_removed = len(mutant.program.rules) < len(rules)
    other = None if is_removed else searched_program(mutant.program).rules[number]
    needs_candidates = any(reads_candidates(one) for one in (rule, other) if one is not None)
    earlier = sum(one.verb.decides for one in rules[:number])

    def differs(host: SmallHost) -> bool:
        candidates: tuple[Link, ...] = ()
        if needs_candidates and earlier:
            candidates = host.verdict(compiled).trace[1][earlier - 1]
        environment = Environment(host.question, candidates)
        computed = host.facts.choices.computed
        key = "applied", id(rule)
        if key not in computed:
            computed[key] = apply_rule(rule, environment)
        old = cast("RuleResult", computed[key])
        new = None if other is None else apply_rule(other, Environment(host.question, candidates))
        return (old.fired, _names(old.hits)) != ((False, ()) if new is None else (new.fired, _names(new.hits)))

    return differs


def _names(links: tuple[Link, ...]) -> tuple[str, ...]:
    return tuple([link.name for link in links])


def seen(decision: Decision) -> _Seen:
    """Return the facts about a decision that a policy test can check."""
    codes = {finding.code for finding in decision.findings}
    return decision.status, decision.candidates, codes, fired_rules(decision)


def fired_rules(decision: Decision) -> frozenset[str]:
    """Return the names of the rules that fired."""
    return frozenset(step.rule for step in decision.trace if step.fired)
