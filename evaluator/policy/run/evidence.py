"""Whether a condition depends on facts that a report's format does not have.

A missing fact counts as empty, unknown or false, so `management_network not in nic.networks` is true for a report
without networks. A condition has two bounds instead: in the upper one each clause that reads a missing fact is replaced
by what helps the condition to be true, in the lower one by what helps it to be false. If only the upper one is true,
the fact could change the condition; if both are true or both false, no value of the fact could.

A clause is the smallest part without `and`, `or` and `not`; a quantifier over a list that the report has is evaluated
element by element. This cannot meet an unknown value that the rule has not asked about: the checker's proofs follow the
same structure, and a proof that rests on a missing fact belongs to a clause that is not evaluated.
"""

from __future__ import annotations

from collections.abc import Set

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.source import Span
from evaluator.policy.language.checked import AllOf, AnyOf, Condition, Constant, Not, Quantified, Quantifier, Truth
from evaluator.policy.language.program import Program
from evaluator.policy.language.types import Base, Type
from evaluator.policy.run.required_facts import facts_in, facts_of


class Asking(Struct, frozen=True):
    """Which rules of a policy ask for facts that a report does not have; `missing` are the facts.

    `by_deciding` are those that rules other than `warn` ask for. `refusing` are the numbers of the reject and ambiguous
    rules among them, and `noting` the numbers of the other rules, with what the condition and the message of each ask
    for. `open` is the condition under which a missing fact could change each of these rules.
    """

    missing: frozenset[str]
    by_deciding: frozenset[str]
    refusing: tuple[int, ...]
    noting: tuple[tuple[int, frozenset[str], frozenset[str]], ...]
    open: dict[int, Condition]


def open_where(condition: Condition, missing: Set[str]) -> Condition:
    """Return the condition under which another one depends on missing facts (words as in `HostFacts.lacking`)."""
    upper, lower = (_bound(condition, missing, value=value) for value in (True, False))
    return AllOf((upper, Not(lower, "", _NOWHERE)), "", _NOWHERE)


def _bound(condition: Condition, missing: Set[str], *, value: bool) -> Condition:
    """Return the upper bound of a condition (true), or the lower one."""
    if missing.isdisjoint(facts_in(condition)):
        return condition
    match condition:
        case AllOf() | AnyOf():
            return replace(
                condition, conditions=tuple([_bound(part, missing, value=value) for part in condition.conditions])
            )
        case Not():
            return replace(condition, condition=_bound(condition.condition, missing, value=not value))
        case Quantified() if missing.isdisjoint(facts_in(condition.domain)):
            turned = (condition.quantifier is Quantifier.NO) is not value
            return replace(condition, body=_bound(condition.body, missing, value=turned))
        case _:
            return Truth(Constant(value, Type(Base.BOOLEAN), ""), "", _NOWHERE)


_NOWHERE = Span(0, 0)


def asking_for(program: Program, missing: frozenset[str]) -> Asking:
    """Return which rules ask for one of these facts."""
    asked = [(number, rule, facts_of(rule) & missing) for number, rule in enumerate(program.rules)]
    return Asking(
        missing,
        frozenset().union(*(facts for _, rule, facts in asked if rule.verb.decides)),
        tuple(number for number, rule, facts in asked if facts and rule.verb.refuses),
        tuple(
            (number, facts_in(rule.condition) & missing, facts - facts_in(rule.condition))
            for number, rule, facts in asked
            if facts and not rule.verb.decides
        ),
        {
            number: open_where(rule.condition, missing)
            for number, rule, facts in asked
            if facts and (rule.verb.refuses or not rule.verb.decides)
        },
    )
