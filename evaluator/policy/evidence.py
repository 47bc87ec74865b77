"""Whether a condition depends on facts that a report's format does not have.

A missing fact counts as empty, unknown or false, so `management_network not in nic.networks` is true for a report
without networks. This module evaluates a condition in Kleene's three-valued logic instead: a clause that reads a
missing fact has the value None (open), every other clause has the value that the reference gives it. If the whole
condition is open, the fact could change it; if it is true or false, no value of the fact could.

A clause is the smallest part without `and`, `or` and `not`; a quantifier over a list that the report has is evaluated
element by element. This cannot meet an unknown value that the rule has not asked about: the checker's proofs follow the
same structure, and a proof that rests on a missing fact belongs to a clause that is not evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from evaluator.policy.asked import facts_in
from evaluator.policy.checked import AllOf, AnyOf, Condition, Expression, Not, Quantified, Quantifier
from evaluator.policy.interpret import Bindings, elements, holds
from evaluator.policy.scene import Scene


def is_open(condition: Condition, scene: Scene, bound: Bindings, missing: Set[str]) -> bool:
    """Return whether the condition depends on one of the missing facts (words as in `HostFacts.lacking`)."""
    return _value(condition, scene, bound, missing) is None


def _value(condition: Condition, scene: Scene, bound: Bindings, missing: Set[str]) -> bool | None:
    """Return the value of a condition, None if it is open."""
    match condition:
        case AllOf(conditions=parts):
            return _conjunction(_value(part, scene, bound, missing) for part in parts)
        case AnyOf(conditions=parts):
            return _negation(_conjunction(_negation(_value(part, scene, bound, missing)) for part in parts))
        case Not(condition=inner):
            return _negation(_value(inner, scene, bound, missing))
        case Quantified(domain=domain) if not _reads(domain, missing):
            return _quantified(condition, scene, bound, missing)
        case _:
            return None if _reads(condition, missing) else holds(condition, scene, bound)


def _quantified(condition: Quantified, scene: Scene, bound: Bindings, missing: Set[str]) -> bool | None:
    """Return the value over a list: `every` is a conjunction, `no` one of negations, `some` the negation of `no`."""
    name, body = condition.variable.name, condition.body
    values = (_value(body, scene, {**bound, name: element}, missing) for element in elements(condition, scene, bound))
    if condition.quantifier is Quantifier.EVERY:
        return _conjunction(values)
    none_holds = _conjunction(map(_negation, values))
    return none_holds if condition.quantifier is Quantifier.NO else _negation(none_holds)


def _conjunction(values: Iterable[bool | None]) -> bool | None:
    """Return false if one value is false, else open if one is open; stops at the first false one, as `and` does."""
    result: bool | None = True
    for value in values:
        if value is False:
            return False
        if value is None:
            result = None
    return result


def _negation(value: bool | None) -> bool | None:
    return None if value is None else not value


def _reads(node: Condition | Expression, missing: Set[str]) -> bool:
    return not missing.isdisjoint(facts_in(node))
