"""The reference: what a policy means, written to be read.

A policy is a pipeline over a set of candidates. Each rule is judged for every subject against the
candidates as they were before the rule, then acts once. Conditions have two values and are judged
from left to right, stopping early. Nothing here can fail on a checked program: types fit, unknown
values are never compared, every loop runs over a finite list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from msgspec import Struct

from evaluator.base.checked_cast import proven
from evaluator.facts.address import Address
from evaluator.facts.link import Link
from evaluator.facts.subnets import Networks
from evaluator.policy.language.checked import (
    AllOf,
    AnyOf,
    Condition,
    Constant,
    Count,
    Expression,
    Filter,
    InState,
    IsKnown,
    ListOf,
    Not,
    ParameterValue,
    Quantified,
    Quantifier,
    Read,
    Relate,
    Related,
    RouteTo,
    Truth,
    Variable,
    floor_of,
    is_bound,
)
from evaluator.policy.language.environment import Question, Scene, Value, identity
from evaluator.policy.language.program import Rule
from evaluator.policy.language.types import Base
from evaluator.policy.language.verbs import Effect, Judges
from evaluator.policy.run.candidate_index import Extreme, extreme_of
from evaluator.policy.run.cost import Budget
from evaluator.policy.run.lists import is_like, kept, route_to, set_of

_T = TypeVar("_T")
Bindings = Mapping[str, Value]


class Judged(Struct, frozen=True):
    """What one rule did: the candidates before and after it, and for which subjects its condition held.

    `fired` tells whether it held at all; of a rule without subject that is all there is to know.
    """

    rule: Rule
    before: tuple[Link, ...]
    after: tuple[Link, ...]
    hits: tuple[Link, ...]
    fired: bool


def run(rules: Iterable[Rule], question: Question) -> tuple[Judged, ...]:
    """Apply the rules in their order, beginning with no candidates.

    PolicyError, before a rule is begun, where its worst cost would exceed the step budget.
    """
    budget = Budget(question)
    steps: list[Judged] = []
    candidates: tuple[Link, ...] = ()
    for rule in rules:
        budget.spend(rule, len(candidates))
        step = judge(rule, Scene(question, candidates))
        candidates = step.after
        steps.append(step)
    return tuple(steps)


def judge(rule: Rule, scene: Scene) -> Judged:
    """Judge one rule for every subject, then act once."""
    before = scene.candidates
    if not rule.has_subject:
        return Judged(rule, before, before, (), holds(rule.condition, scene, {}))
    hits = tuple(nic for nic in subjects(rule, scene) if holds(rule.condition, scene, {"nic": nic}))
    return Judged(rule, before, act(rule.verb.effect, scene, hits), hits, bool(hits))


def subjects(rule: Rule, scene: Scene) -> tuple[Link, ...]:
    """Return the interfaces that a rule with a subject judges, sorted by name."""
    return scene.facts.links if rule.verb.judges is Judges.INTERFACES else scene.candidates


def act(effect: Effect, scene: Scene, hits: tuple[Link, ...]) -> tuple[Link, ...]:
    """Return the candidates after a rule with this effect that held for these subjects."""
    before = scene.candidates
    if not hits:
        return before
    if effect is Effect.KEEP:
        return hits
    if effect is Effect.ADD:
        names = {nic.name for nic in (*before, *hits)}
        return tuple(nic for nic in scene.facts.links if nic.name in names)
    if effect is Effect.REMOVE:
        gone = {nic.name for nic in hits}
        return tuple(nic for nic in before if nic.name not in gone)
    return before  # judges never change the candidates


def holds(condition: Condition, scene: Scene, bound: Bindings) -> bool:
    """Return whether a condition holds for what is bound."""
    return _CONDITIONS[type(condition)](condition, scene, bound)


def evaluate(expression: Expression, scene: Scene, bound: Bindings) -> Any:  # noqa: ANN401 -- typed by the checker
    """Return the value of an expression; None stands for unknown."""
    match expression:
        case Read():
            owner = None if expression.owner is None else evaluate(expression.owner, scene, bound)
            return expression.word.get(scene, owner)
        case Variable():
            return bound[expression.name]
        case ParameterValue():
            return scene.question.parameters[expression.name]
        case Constant():
            return expression.value
        case Filter():
            name = expression.variable.name
            items = elements(expression, scene, bound)
            return tuple(item for item in items if holds(expression.body, scene, {**bound, name: item}))
        case Count():
            return len(_made(set_of, expression.operand, scene, bound))
        case ListOf():
            return tuple(evaluate(operand, scene, bound) for operand in expression.operands)
        case RouteTo():
            return route_to(scene, proven(identity(evaluate(expression.operand, scene, bound)), Address))


def _made(make: Callable[[Any], _T], expression: Expression, scene: Scene, bound: Bindings) -> _T:
    """Return what is made of a list, kept for the rule unless the list is written out in terms of what is bound."""
    if isinstance(expression, Read) and expression.owner is not None and expression.key[0] is Base.NIC:
        word, nic = expression.word, evaluate(expression.owner, scene, bound)
        return kept(scene, (make, word.name, nic.name), lambda: make(word.get(scene, nic)))
    key = make, id(expression)
    if key not in scene.kept and is_bound(expression):
        return make(evaluate(expression, scene, bound))
    return kept(scene, key, lambda: make(evaluate(expression, scene, bound)))


def elements(condition: Quantified | Filter, scene: Scene, bound: Bindings) -> Iterator[Value]:
    """Yield what a quantifier or filter ranges over, in the order of its list; `other` is not the rule's own nic."""
    items: Iterable[Any] = _made(tuple, condition.domain, scene, bound)
    floor = floor_of(condition)
    if floor is not None:
        above = scene.facts.topology.above(evaluate(floor, scene, bound).name)
        by_name = _made(_by_name, condition.domain, scene, bound) if above else {}
        items = (by_name[name] for name in above if name in by_name)  # sorted by name, as the list is
    for item in items:
        if not (condition.others_only and identity(item) == identity(bound["nic"])):
            yield item


def _by_name(nics: Iterable[Link]) -> Mapping[str, Link]:
    return {nic.name: nic for nic in nics}


def _all_of(condition: AllOf, scene: Scene, bound: Bindings) -> bool:
    return all(holds(part, scene, bound) for part in condition.conditions)


def _any_of(condition: AnyOf, scene: Scene, bound: Bindings) -> bool:
    return any(holds(part, scene, bound) for part in condition.conditions)


def _not(condition: Not, scene: Scene, bound: Bindings) -> bool:
    return not holds(condition.condition, scene, bound)


def _quantified(condition: Quantified, scene: Scene, bound: Bindings) -> bool:
    """Over an empty list `some` is false, `every` and `no` are true."""
    extreme = extreme_of(condition)
    if extreme is not None:
        return _is_beyond(extreme, scene, bound) is (condition.quantifier is Quantifier.SOME)
    inner = dict(bound)
    looked_for = condition.quantifier is not Quantifier.EVERY
    for item in elements(condition, scene, bound):
        inner[condition.variable.name] = item
        if holds(condition.body, scene, inner) is looked_for:
            return condition.quantifier is Quantifier.SOME
    return condition.quantifier is not Quantifier.SOME


def _is_beyond(extreme: Extreme, scene: Scene, bound: Bindings) -> bool:
    """Return whether the subject's value is not the least, or greatest, of a list: one look instead of one at each."""

    def found(items: Iterable[Link]) -> tuple[object, ...]:
        values = sorted(word.get(scene, item) for item in items)  # type: ignore[type-var]  # integers, or texts
        return tuple(values[:1] if extreme.is_least else values[-1:])

    word = extreme.subject.word
    key = extreme_of, extreme.is_least, word.name, id(extreme.domain)
    most = kept(scene, key, lambda: found(evaluate(extreme.domain, scene, bound)))
    value = evaluate(extreme.subject, scene, bound)
    return any(one < value if extreme.is_least else one > value for one in most)


def _truth(condition: Truth, scene: Scene, bound: Bindings) -> bool:
    return bool(evaluate(condition.operand, scene, bound))


def _in_state(condition: InState, scene: Scene, bound: Bindings) -> bool:
    """States are positive evidence: with no word from the report neither `up` nor `down` holds."""
    return condition.state.holds(scene, evaluate(condition.operand, scene, bound)) is not condition.negated


def _is_known(condition: IsKnown, scene: Scene, bound: Bindings) -> bool:
    return (evaluate(condition.operand, scene, bound) is None) is condition.negated


def _related(condition: Related, scene: Scene, bound: Bindings) -> bool:
    left_as, right_as = _MADE_OF.get(condition.relation, (identity, identity))
    if condition.relation is Relate.IN_NETWORK and condition.right.type.is_list:
        right_as = Networks
    left = _operand(left_as, condition.left, scene, bound)
    right = _operand(right_as, condition.right, scene, bound)
    return _RELATIONS[condition.relation](scene, left, right) is not condition.negated


def _operand(make: Callable[[Any], _T], side: Expression, scene: Scene, bound: Bindings) -> _T:
    """Return an operand in the form in which its relation compares it."""
    return _made(make, side, scene, bound) if side.type.is_list else make(evaluate(side, scene, bound))


_MADE_OF: dict[Relate, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    Relate.IN: (identity, set_of),
    Relate.OVERLAPS: (set_of, set_of),
    Relate.WITHIN: (set_of, set_of),
}
_RELATIONS: dict[Relate, Callable[[Scene, Any, Any], bool]] = {
    Relate.EQUAL: lambda _, a, b: a == b,
    Relate.UNEQUAL: lambda _, a, b: a != b,
    Relate.LESS: lambda _, a, b: bool(a < b),
    Relate.AT_MOST: lambda _, a, b: bool(a <= b),
    Relate.MORE: lambda _, a, b: bool(a > b),
    Relate.AT_LEAST: lambda _, a, b: bool(a >= b),
    Relate.IN: lambda _, a, b: a in b,
    Relate.IN_NETWORK: lambda _, a, b: a in b,
    Relate.OVERLAPS: lambda _, a, b: not a.isdisjoint(b),
    Relate.WITHIN: lambda _, a, b: a <= b,
    Relate.LIKE: is_like,
    Relate.ABOVE: lambda s, a, b: s.facts.topology.is_above(a, b),
    Relate.BELOW: lambda s, a, b: s.facts.topology.is_above(b, a),
}
_CONDITIONS: dict[type[Condition], Callable[[Any, Scene, Bindings], bool]] = {
    AllOf: _all_of,
    AnyOf: _any_of,
    Not: _not,
    Quantified: _quantified,
    Truth: _truth,
    InState: _in_state,
    IsKnown: _is_known,
    Related: _related,
}
