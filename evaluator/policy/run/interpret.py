"""The reference interpreter: it defines the meaning of a policy, and is written for readers, not for speed.

A policy is a pipeline over a set of candidates, which is empty at first. Each rule is evaluated for all its subjects.
The candidates do not change during the evaluation. The rule changes them at its end. So the result of a rule does not
depend on the order of its subjects. A condition is true or false; `and`, `or` and quantifiers are evaluated from left
to right and stop as soon as the result is certain.

Production runs the compiled rules (`policy/compile/rules.py`), which must give the same results for every policy and
report; property tests compare the two. Explanations use this interpreter, because it can evaluate a single clause for a
single interface (`clause.py`).

Invariant: no error can occur here for a checked program. Types match, unknown values are never compared, and every loop
is over a finite list. The step budget is charged before a rule is evaluated, so a rule that is too expensive never
starts (`cost.py`).

Three optimizations never change a result. Without them, an explanation of thousands of candidates would take minutes:

- If a relation searches in a list, the list is converted to a set, or to a table of networks by prefix length. This is
  done once for each rule, and the result is cached (`lists.py`).
- A quantifier whose body begins with `x above nic` goes only through the interfaces above `nic`, not through the whole
  list.
- Some quantifiers only compare names or positions, such as `some x in candidates satisfies x.position < nic.position`.
  Then one comparison of `nic` with the least or greatest element is enough (`candidate_index.extreme_of`).

An `ObservedEnvironment` counts every clause that is evaluated. So the second and the third optimization are turned off
for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, cast

from msgspec import Struct

from evaluator.base.checked_cast import checked_cast
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
from evaluator.policy.language.environment import Environment, Question, Value, identity
from evaluator.policy.language.program import Rule
from evaluator.policy.language.types import Base
from evaluator.policy.language.verbs import Effect, Judges
from evaluator.policy.run.budget import Budget
from evaluator.policy.run.candidate_index import Extreme, extreme_of
from evaluator.policy.run.lists import cached, is_like, route_to, set_of
from evaluator.policy.run.observed import ObservedEnvironment

_T = TypeVar("_T")
Bindings = Mapping[str, Value]


class RuleResult(Struct, frozen=True):
    """The result of one rule: the candidates before and after it, and the subjects for which it was true.

    `fired` is true if the rule was true for at least one subject. A rule without a subject has no `hits`, only `fired`.
    """

    rule: Rule
    before: tuple[Link, ...]
    after: tuple[Link, ...]
    hits: tuple[Link, ...]
    fired: bool


def run(rules: Iterable[Rule], question: Question) -> tuple[RuleResult, ...]:
    """Apply the rules in their order, starting with no candidates, and return the result of each.

    Before a rule is evaluated, its steps are estimated. Raises PolicyError if they exceed the rest of the step budget.
    """
    return tuple(results_of(rules, question, Budget(question)))


def results_of(
    rules: Iterable[Rule],
    question: Question,
    budget: Budget | None,
    new_environment: Callable[[Question, tuple[Link, ...]], Environment] = Environment,
) -> Iterator[RuleResult]:
    """Yield the result of each rule, as `run` does. If `budget` is None, no steps are counted.

    `new_environment` makes the environment of a rule from the question and the candidates before the rule.
    """
    candidates: tuple[Link, ...] = ()
    for rule in rules:
        if budget is not None:
            budget.charge(rule, len(candidates))
        result = apply_rule(rule, new_environment(question, candidates))
        candidates = result.after
        yield result


def apply_rule(rule: Rule, environment: Environment) -> RuleResult:
    """Evaluate one rule for all its subjects, then change the candidates once."""
    before = environment.candidates
    if not rule.has_subject:
        return RuleResult(rule, before, before, (), holds(rule.condition, environment, {}))
    hits = tuple(nic for nic in subjects(rule, environment) if holds(rule.condition, environment, {"nic": nic}))
    return RuleResult(rule, before, candidates_after(rule.verb.effect, environment, hits), hits, bool(hits))


def subjects(rule: Rule, environment: Environment) -> tuple[Link, ...]:
    """Return the interfaces for which a rule with a subject is evaluated, sorted by name."""
    return environment.facts.links if rule.verb.judges is Judges.INTERFACES else environment.candidates


def candidates_after(effect: Effect, environment: Environment, hits: tuple[Link, ...]) -> tuple[Link, ...]:
    """Return the candidates after a rule with the effect `effect`. The rule was true for the interfaces in `hits`."""
    before = environment.candidates
    if not hits:
        return before
    if effect is Effect.KEEP:
        return hits
    if effect is Effect.ADD:
        names = {nic.name for nic in (*before, *hits)}
        return tuple(nic for nic in environment.facts.links if nic.name in names)
    if effect is Effect.REMOVE:
        removed = {nic.name for nic in hits}
        return tuple(nic for nic in before if nic.name not in removed)
    return before  # `ambiguous`, `reject` and `warn` never change the candidates


def holds(condition: Condition, environment: Environment, bindings: Bindings) -> bool:
    """Return whether a condition is true; `bindings` maps `nic` and the variables of quantifiers to their values."""
    is_true = _CONDITIONS[type(condition)](condition, environment, bindings)
    if isinstance(environment, ObservedEnvironment):
        environment.observe(condition, is_true)
    return is_true


def evaluate(expression: Expression, environment: Environment, bindings: Bindings) -> Any:  # noqa: ANN401 -- typed by the checker
    """Return the value of an expression; None means unknown."""
    match expression:
        case Read():
            owner = None if expression.owner is None else evaluate(expression.owner, environment, bindings)
            return expression.word.get(environment, owner)
        case Variable():
            return bindings[expression.name]
        case ParameterValue():
            return environment.question.parameters[expression.name]
        case Constant():
            return expression.value
        case Filter():
            name = expression.variable.name
            items = elements(expression, environment, bindings)
            return tuple(item for item in items if holds(expression.body, environment, {**bindings, name: item}))
        case Count():
            return len(_converted(set_of, expression.operand, environment, bindings))
        case ListOf():
            return tuple(evaluate(operand, environment, bindings) for operand in expression.operands)
        case RouteTo():
            return route_to(
                environment, checked_cast(identity(evaluate(expression.operand, environment, bindings)), Address)
            )


def _converted(
    convert: Callable[[Any], _T], expression: Expression, environment: Environment, bindings: Bindings
) -> _T:
    """Return the result of `convert` for a list, cached while the rule is evaluated.

    The cache has one result for each interface and each word such as `nic.ports`. It has one result for each expression
    without variables, such as `candidates`. Any other list, such as `[nic.name, "x"]`, is converted each time.
    """
    if isinstance(expression, Read) and expression.owner is not None and expression.key[0] is Base.NIC:
        word, nic = expression.word, evaluate(expression.owner, environment, bindings)
        return cached(environment, (convert, word.name, nic.name), lambda: convert(word.get(environment, nic)))
    key = convert, id(expression)
    if key not in environment.kept and is_bound(expression):
        return convert(evaluate(expression, environment, bindings))
    return cached(environment, key, lambda: convert(evaluate(expression, environment, bindings)))


def elements(condition: Quantified | Filter, environment: Environment, bindings: Bindings) -> Iterator[Value]:
    """Yield the elements that a quantifier or filter tests, in the order of its list.

    If the variable is `other`, the rule's own `nic` is left out.

    If the body begins with `x above y`, only the elements above `y` are yielded, because the body is false for all
    other elements.
    """
    items: Iterable[Any] = _converted(tuple, condition.domain, environment, bindings)
    floor = None if isinstance(environment, ObservedEnvironment) else floor_of(condition)
    if floor is not None:
        above = environment.facts.topology.above(evaluate(floor, environment, bindings).name)
        by_name = _converted(_by_name, condition.domain, environment, bindings) if above else {}
        items = (by_name[name] for name in above if name in by_name)  # both are sorted by name
    for item in items:
        if not (condition.others_only and identity(item) == identity(bindings["nic"])):
            yield item


def _by_name(nics: Iterable[Link]) -> Mapping[str, Link]:
    return {nic.name: nic for nic in nics}


def _all_of(condition: AllOf, environment: Environment, bindings: Bindings) -> bool:
    return all(holds(part, environment, bindings) for part in condition.conditions)


def _any_of(condition: AnyOf, environment: Environment, bindings: Bindings) -> bool:
    return any(holds(part, environment, bindings) for part in condition.conditions)


def _not(condition: Not, environment: Environment, bindings: Bindings) -> bool:
    return not holds(condition.condition, environment, bindings)


def _quantified(condition: Quantified, environment: Environment, bindings: Bindings) -> bool:
    """Evaluate a quantifier; over an empty list `some` is false, `every` and `no` are true."""
    extreme = None if isinstance(environment, ObservedEnvironment) else extreme_of(condition)
    if extreme is not None:
        return _is_beyond(extreme, environment, bindings) is (condition.quantifier is Quantifier.SOME)
    inner_bindings = dict(bindings)
    deciding_value = condition.quantifier is not Quantifier.EVERY
    for item in elements(condition, environment, bindings):
        inner_bindings[condition.variable.name] = item
        if holds(condition.body, environment, inner_bindings) is deciding_value:
            return condition.quantifier is Quantifier.SOME
    return condition.quantifier is not Quantifier.SOME


def _is_beyond(extreme: Extreme, environment: Environment, bindings: Bindings) -> bool:
    """Return whether the least value of a list is less than the subject's value.

    If `extreme.is_least` is false: whether the greatest value is greater than the subject's value.
    """

    def extreme_values(items: Iterable[Link]) -> tuple[object, ...]:
        values = sorted(cast("int | str", word.get(environment, item)) for item in items)
        return tuple(values[:1] if extreme.is_least else values[-1:])

    word = extreme.subject.word
    key = extreme_of, extreme.is_least, word.name, id(extreme.domain)
    bounds = cached(environment, key, lambda: extreme_values(evaluate(extreme.domain, environment, bindings)))
    value = evaluate(extreme.subject, environment, bindings)
    return any(other < value if extreme.is_least else other > value for other in bounds)


def _truth(condition: Truth, environment: Environment, bindings: Bindings) -> bool:
    return bool(evaluate(condition.operand, environment, bindings))


def _in_state(condition: InState, environment: Environment, bindings: Bindings) -> bool:
    """Evaluate `x is STATE`. If the report does not contain the state, neither `up` nor `down` is true."""
    return (
        condition.state.holds(environment, evaluate(condition.operand, environment, bindings)) is not condition.negated
    )


def _is_known(condition: IsKnown, environment: Environment, bindings: Bindings) -> bool:
    return (evaluate(condition.operand, environment, bindings) is None) is condition.negated


def _related(condition: Related, environment: Environment, bindings: Bindings) -> bool:
    left_form, right_form = _OPERAND_FORMS.get(condition.relation, (identity, identity))
    if condition.relation is Relate.IN_NETWORK and condition.right.type.is_list:
        right_form = Networks
    left = _operand(left_form, condition.left, environment, bindings)
    right = _operand(right_form, condition.right, environment, bindings)
    return _RELATIONS[condition.relation](environment, left, right) is not condition.negated


def _operand(convert: Callable[[Any], _T], side: Expression, environment: Environment, bindings: Bindings) -> _T:
    """Return the converted value of an operand. A relation such as `overlaps` compares sets, so it needs sets."""
    return (
        _converted(convert, side, environment, bindings)
        if side.type.is_list
        else convert(evaluate(side, environment, bindings))
    )


_OPERAND_FORMS: dict[Relate, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    Relate.IN: (identity, set_of),
    Relate.OVERLAPS: (set_of, set_of),
    Relate.WITHIN: (set_of, set_of),
}
_RELATIONS: dict[Relate, Callable[[Environment, Any, Any], bool]] = {
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
_CONDITIONS: dict[type[Condition], Callable[[Any, Environment, Bindings], bool]] = {
    AllOf: _all_of,
    AnyOf: _any_of,
    Not: _not,
    Quantified: _quantified,
    Truth: _truth,
    InState: _in_state,
    IsKnown: _is_known,
    Related: _related,
}
