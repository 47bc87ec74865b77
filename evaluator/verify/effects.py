"""Finds the parts of a policy without an effect.

A rule has an effect if some decision has another status, another interface or other findings when the rule is removed.
A clause has an effect if this is true both when the clause is replaced by true and when it is replaced by false. A
question whose decision is different is a witness of the effect. The questions of the policy's tests are tried first. If
no test is a witness for a part, a small host is searched.

The guards `is known`, `is unknown` and `is given` are left out, because a rule without its guard would compare an
unknown value. The rules of the policies that this policy extends are left out too, because those policies have their
own tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from evaluator.decision.decision import Decision
from evaluator.engine import Policy
from evaluator.policy.language.checked import AllOf, AnyOf, Condition, Constant, IsKnown, Not, Truth
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.language.types import Base, Type
from evaluator.verify.distinguish import compare_group, groups_of
from evaluator.verify.mutants import Mutant
from evaluator.verify.property import EveryClauseMatters, EveryRuleMatters
from evaluator.verify.prove import prove_same_rule

_SECONDS = 2.0  # for the proof that a clause is redundant
_MOST_INTERFACES = 3
DecideTests = Callable[[Policy], Iterator[Decision]]


class Effects(Struct, frozen=True):
    """The parts of a policy for which no witness was found.

    It is proved that the parts in `redundant` have no effect on any host. The parts in `silent` have no effect on hosts
    of at most `size` interfaces. `words` are the words in the silent parts whose values the search of small hosts does
    not enumerate.
    """

    redundant: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    size: int = 0


def parts_without_effect(
    policy: Policy,
    statement: EveryRuleMatters | EveryClauseMatters,
    decide_tests: DecideTests,
    size: int,
    parameters: Mapping[str, Value],
) -> Effects:
    """Return the parts of a policy that change no decision, neither in the tests nor on small hosts.

    The hosts have at most `size` interfaces. `decide_tests` takes a policy and returns its decisions about the
    questions of the tests.
    """
    program = policy.program
    answers = list(map(_answer, decide_tests(policy)))
    changed = _without_rules(program) if isinstance(statement, EveryRuleMatters) else _without_clauses(program)
    silent = [one for one in changed if _has_answers(decide_tests(Policy(one.program)), answers)]
    redundant = [one for one in silent if _is_redundant(program, one, parameters)]
    searched = min(size, _MOST_INTERFACES)
    parts: list[str] = []
    words: set[str] = set()
    for group in groups_of(program, [one for one in silent if one not in redundant]):
        for one, comparison in zip(group, compare_group(policy, group, searched, parameters), strict=True):
            if comparison.host is None:
                parts.append(_shown(one))
                words.update(comparison.left_out)
    return Effects(tuple(map(_shown, redundant)), tuple(parts), tuple(sorted(words)), searched)


def _has_answers(decisions: Iterator[Decision], answers: Sequence[object]) -> bool:
    return all(_answer(decision) == answer for decision, answer in zip(decisions, answers, strict=False))


def _shown(one: Mutant) -> str:
    return f"{one.rule}: {one.change}"


def _is_redundant(program: Program, one: Mutant, parameters: Mapping[str, Value]) -> bool:
    """Return whether it is proved that the changed rule is true for the same interfaces as before."""
    (number,) = one.rules
    if len(one.program.rules) < len(program.rules):
        return False
    return prove_same_rule(program, number, one.program.rules[number].condition, parameters, _SECONDS).is_proved


def _answer(decision: Decision) -> tuple[object, ...]:
    findings = {(finding.code, finding.message, tuple(finding.interfaces)) for finding in decision.findings}
    return decision.status, decision.host_active_nic, findings


def _without_rules(program: Program) -> Iterator[Mutant]:
    rules = program.rules
    for number in _own_rules(program):
        if len(rules) > 1:
            others = (*rules[:number], *rules[number + 1 :])
            yield _changed(program, number, others, "the rule is removed")


def _own_rules(program: Program) -> Iterator[int]:
    return (number for number, rule in enumerate(program.rules) if rule.place.startswith(f"{program.name}:"))


def _without_clauses(program: Program) -> Iterator[Mutant]:
    for number in _own_rules(program):
        rule = program.rules[number]
        for clause, with_clause in _clauses(rule.condition):
            for value in (True, False):
                new = replace(rule, condition=with_clause(_constant(value, clause)))
                words = f"`{' '.join(clause.text.split())}` is replaced by {'true' if value else 'false'}"
                yield _changed(program, number, _with(program.rules, number, new), words)


def _with(rules: tuple[Rule, ...], number: int, rule: Rule) -> tuple[Rule, ...]:
    return (*rules[:number], rule, *rules[number + 1 :])


def _changed(program: Program, number: int, rules: tuple[Rule, ...], change: str) -> Mutant:
    rule = program.rules[number]
    return Mutant(rule.name, rule.place, change, replace(program, rules=rules), (number,))


def _clauses(condition: Condition) -> Iterator[tuple[Condition, Callable[[Condition], Condition]]]:
    """Yield each clause of a condition, with a function that returns the condition with another clause in its place."""
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            for number, part in enumerate(parts):
                for clause, rebuild in _clauses(part):
                    yield clause, _in_chain(condition, number, rebuild)
        case Not(condition=inner):
            for clause, rebuild in _clauses(inner):
                yield clause, _in_negation(condition, rebuild)
        case IsKnown():
            return
        case _:
            yield condition, lambda other: other


def _in_chain(
    chain: AllOf | AnyOf, number: int, rebuild: Callable[[Condition], Condition]
) -> Callable[[Condition], Condition]:
    parts = chain.conditions
    return lambda other: replace(chain, conditions=(*parts[:number], rebuild(other), *parts[number + 1 :]))


def _in_negation(negation: Not, rebuild: Callable[[Condition], Condition]) -> Callable[[Condition], Condition]:
    return lambda other: replace(negation, condition=rebuild(other))


def _constant(value: bool, clause: Condition) -> Condition:
    text = "true" if value else "false"
    return Truth(Constant(value, Type(Base.BOOLEAN), text), text, clause.span)
