"""Build the conditions under which missing facts could change a rule.

Some report formats do not contain some facts. A missing fact counts as empty, unknown or false, so
`management_network not in nic.networks` is true for every report without networks. A decision must report when such a
result could be wrong.

Idea: give each condition two bounds. In the upper bound every clause that reads a missing fact is replaced by the
constant that helps the condition to be true. In the lower bound the clause is replaced by the constant that helps the
condition to be false. `not` and `no` exchange the two bounds. The missing facts could change the condition if the upper
bound is true and the lower bound is false. If both have the same value, no value of the missing facts changes the
condition.

A clause is the smallest part without `and`, `or` and `not`. A quantifier over a missing list is replaced like a clause.
If the report contains the list, the quantifier stays, and only its body is replaced by a bound. So the quantifier is
evaluated element by element.

Both bounds are conditions of the rule language, so they are compiled like the rules and computed once for each policy
and set of missing facts.

Invariant: evaluating a bound never compares an unknown value. The checker proves for each clause that its values are
known, and the proofs follow the structure of `and`, `or` and `not`. If a proof depends on a missing fact, the clause
that needs the proof is not evaluated.
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

_NO_SPAN = Span(0, 0)


class AffectedRules(Struct, frozen=True):
    """The rules of a policy that use facts missing in a report. A rule is represented by its index.

    `deciding_facts` are the missing facts that rules other than `warn` use. `refusing` are the affected `reject` and
    `ambiguous` rules. `warning` are the affected `warn` rules, each with two sets of missing facts: those in its
    condition, and those that only its message or hint uses.
    """

    deciding_facts: frozenset[str]
    refusing: tuple[int, ...]
    warning: tuple[tuple[int, frozenset[str], frozenset[str]], ...]


def depends_on_missing(condition: Condition, missing: Set[str]) -> Condition:
    """Return a condition that is true if the value of `condition` depends on missing facts.

    The names of the facts are as in `HostFacts.unsupported_words`.
    """
    upper, lower = _bounds(condition, missing)
    return AllOf((upper, Not(lower, "", _NO_SPAN)), "", _NO_SPAN)


def _bounds(condition: Condition, missing: Set[str]) -> tuple[Condition, Condition]:
    """Return the condition twice, with a constant in the place of each clause that reads a missing fact.

    In the first condition (the upper bound), the constants help the condition to be true. In the second condition (the
    lower bound), they help it to be false.
    """
    match condition:
        case AllOf() | AnyOf():
            parts = [_bounds(part, missing) for part in condition.conditions]
            uppers, lowers = tuple([upper for upper, _ in parts]), tuple([lower for _, lower in parts])
            return replace(condition, conditions=uppers), replace(condition, conditions=lowers)
        case Not():
            upper, lower = _bounds(condition.condition, missing)
            return replace(condition, condition=lower), replace(condition, condition=upper)
        case Quantified() if missing.isdisjoint(facts_in(condition.domain)):
            upper, lower = _bounds(condition.body, missing)
            if condition.quantifier is Quantifier.NO:
                upper, lower = lower, upper
            return replace(condition, body=upper), replace(condition, body=lower)
        case _ if missing.isdisjoint(facts_in(condition)):
            return condition, condition
        case _:
            return _constant(value=True), _constant(value=False)


def _constant(*, value: bool) -> Condition:
    return Truth(Constant(value, Type(Base.BOOLEAN), ""), "", _NO_SPAN)


def affected_rules(program: Program, missing: frozenset[str]) -> AffectedRules:
    """Return the rules that use at least one of the missing facts."""
    used = [(number, rule, facts_of(rule) & missing) for number, rule in enumerate(program.rules)]
    affected = [(number, rule, facts) for number, rule, facts in used if facts]
    return AffectedRules(
        frozenset().union(*(facts for _, rule, facts in affected if rule.verb.decides)),
        tuple(number for number, rule, _ in affected if rule.verb.refuses),
        tuple(
            (number, facts_in(rule.condition) & missing, facts - facts_in(rule.condition))
            for number, rule, facts in affected
            if not rule.verb.decides
        ),
    )
