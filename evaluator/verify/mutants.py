"""Makes mutants of a policy: copies with one small change each.

The changes are typical mistakes. A rule is missing or in another place. A clause is missing or negated. A number in a
comparison is too large or too small by one. A list relation or a quantifier is replaced. A glob or a network is wider
or narrower. Mutants are made from checked rules, not from texts, so every mutant is a valid policy. The guards `is
known`, `is unknown` and `is given` are never changed. Without its guard, a rule could compare an unknown value.

Two neighbouring rules change places only if at least one of them changes the candidates. The order of two other rules
never changes a decision. Only the rules in the own text of a policy are changed, because the policies that it extends
have their own tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from evaluator.facts.address import Cidr, network_of
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
    Quantified,
    Quantifier,
    Relate,
    Related,
    Truth,
)
from evaluator.policy.language.environment import Plain
from evaluator.policy.language.program import Program, Rule

_Edit = tuple[Condition, str, str]  # the changed condition, the old text of the changed part, and its new text
_OTHER_RELATIONS = {
    Relate.LESS: (Relate.AT_MOST,),
    Relate.AT_MOST: (Relate.LESS,),
    Relate.MORE: (Relate.AT_LEAST,),
    Relate.AT_LEAST: (Relate.MORE,),
    Relate.EQUAL: (Relate.UNEQUAL,),
    Relate.UNEQUAL: (Relate.EQUAL,),
    Relate.OVERLAPS: (Relate.WITHIN,),
    Relate.WITHIN: (Relate.OVERLAPS,),
    Relate.ABOVE: (Relate.BELOW,),
    Relate.BELOW: (Relate.ABOVE,),
}
_NEGATED = frozenset({Relate.IN, Relate.IN_NETWORK, Relate.OVERLAPS, Relate.WITHIN, Relate.LIKE})
_ORDERED = frozenset({Relate.LESS, Relate.AT_MOST, Relate.MORE, Relate.AT_LEAST})
_OTHER_QUANTIFIER = {
    Quantifier.SOME: Quantifier.EVERY,
    Quantifier.EVERY: Quantifier.SOME,
    Quantifier.NO: Quantifier.SOME,
}
_WIDTH = {4: 32, 6: 128}


class Mutant(Struct, frozen=True):
    """A changed policy: the changed rule with its place, a description of the change, and the changed program.

    `rules` are the indices of the changed rules in the original policy; if two rules change places, there are two.
    """

    rule: str
    place: str
    change: str
    program: Program
    rules: tuple[int, ...]


def mutants(program: Program) -> Iterator[Mutant]:
    """Yield the mutants of a policy, in the order of its rules."""
    rules = program.rules
    own = [number for number, rule in enumerate(rules) if rule.place.startswith(f"{program.name}:")]
    for number in own:
        rule = rules[number]
        without = (*rules[:number], *rules[number + 1 :])
        if without:
            yield _mutant(program, (number,), "the rule is removed", without)
        for condition, old, new in _changed(rule.condition):
            changed = replace(rule, condition=condition)
            words = f"`{old}` becomes `{new}`" if new else f"`{old}` is removed"
            yield _mutant(program, (number,), words, _with(rules, number, changed))
        if number + 1 in own and any(rules[at].verb.chooses for at in (number, number + 1)):
            swapped = (*rules[:number], rules[number + 1], rule, *rules[number + 2 :])
            words = f"the rule changes places with {rules[number + 1].name}"
            yield _mutant(program, (number, number + 1), words, swapped)


def _mutant(program: Program, numbers: tuple[int, ...], change: str, rules: tuple[Rule, ...]) -> Mutant:
    rule = program.rules[numbers[0]]
    return Mutant(rule.name, rule.place, change, replace(program, rules=rules), numbers)


def _with(rules: tuple[Rule, ...], number: int, rule: Rule) -> tuple[Rule, ...]:
    return (*rules[:number], rule, *rules[number + 1 :])


def _changed(condition: Condition) -> Iterator[_Edit]:
    """Yield each changed form of a condition."""
    match condition:
        case AllOf() | AnyOf():
            yield from _of_compound(condition)
        case Not(condition=inner):
            yield inner, _flat(condition.text), _flat(inner.text)
            yield from ((replace(condition, condition=new), old, text) for new, old, text in _changed(inner))
        case Quantified():
            yield from _of_quantified(condition)
        case InState():
            word = "is" if condition.negated else "is not"
            negated = replace(condition, negated=not condition.negated)
            yield negated, _flat(condition.text), f"{condition.operand.text} {word} {condition.state.name}"
        case Truth():
            yield Not(condition, condition.text, condition.span), _flat(condition.text), f"not {_flat(condition.text)}"
        case Related():
            yield from _of_relation(condition)
        case IsKnown():
            return


def _of_compound(condition: AllOf | AnyOf) -> Iterator[_Edit]:
    parts = condition.conditions
    for number, part in enumerate(parts):
        if not isinstance(part, IsKnown):
            others = (*parts[:number], *parts[number + 1 :])
            smaller = others[0] if len(others) == 1 else replace(condition, conditions=others)
            yield smaller, _flat(part.text), ""
        for new, old_text, new_text in _changed(part):
            yield (
                replace(condition, conditions=(*parts[:number], new, *parts[number + 1 :])),
                old_text,
                new_text,
            )
    if not any(isinstance(part, IsKnown) for part in parts):
        is_and = isinstance(condition, AllOf)
        other = (AnyOf if is_and else AllOf)(parts, condition.text, condition.span)
        word, other_word = ("and", "or") if is_and else ("or", "and")
        yield other, f"{_flat(parts[0].text)} {word} …", f"{_flat(parts[0].text)} {other_word} …"


def _of_quantified(condition: Quantified) -> Iterator[_Edit]:
    quantifier = _OTHER_QUANTIFIER[condition.quantifier]
    head = f"{condition.variable.name} in {_flat(condition.domain.text)}"
    changed = replace(condition, quantifier=quantifier)
    yield changed, f"{condition.quantifier} {head} …", f"{quantifier} {head} …"
    yield from ((replace(condition, body=new), old, text) for new, old, text in _changed(condition.body))


def _of_relation(condition: Related) -> Iterator[_Edit]:
    for relation in _OTHER_RELATIONS.get(condition.relation, ()):
        yield _related(condition, replace(condition, relation=relation))
    if condition.relation in _NEGATED:
        yield _related(condition, replace(condition, negated=not condition.negated))
    for right in _other_operands(condition):
        yield _related(condition, replace(condition, right=right))
    for side in ("left", "right"):
        for expression, old_text, new_text in _of_expression(getattr(condition, side)):
            yield replace(condition, **{side: expression}), old_text, new_text


def _related(old: Related, new: Related) -> _Edit:
    word = f"not {new.relation}" if new.negated else str(new.relation)
    word = word.replace(" network", "")
    return new, _flat(old.text), f"{_flat(new.left.text)} {word} {_flat(new.right.text)}"


def _of_expression(expression: Expression) -> Iterator[tuple[Expression, str, str]]:
    """Yield the changed forms of an expression. Only the condition inside of `count(…)` is changed."""
    match expression:
        case Count(operand=operand):
            yield from ((replace(expression, operand=new), old, text) for new, old, text in _of_expression(operand))
        case Filter(body=body):
            yield from ((replace(expression, body=new), old, text) for new, old, text in _changed(body))


def _other_operands(condition: Related) -> Iterator[Expression]:
    """Yield the changed right sides of a comparison.

    An integer is replaced by the next integer. A glob or network is replaced by a wider or narrower one. An element of
    a list is changed in this way too, or is left out.
    """
    right = condition.right
    if isinstance(right, Constant):
        for value in _other_values(condition.relation, right.value):
            yield replace(right, value=value, text=_written(value))
    elif isinstance(right, ListOf):
        for number, operand in enumerate(right.operands):
            others = (*right.operands[:number], *right.operands[number + 1 :])
            if others:
                text = f"[{', '.join(_flat(other.text) for other in others)}]"
                yield replace(right, operands=others, text=text)
            if isinstance(operand, Constant):
                for value in _other_values(condition.relation, operand.value):
                    changed = replace(operand, value=value, text=_written(value))
                    operands = (*right.operands[:number], changed, *right.operands[number + 1 :])
                    text = f"[{', '.join(_flat(other.text) for other in operands)}]"
                    yield replace(right, operands=operands, text=text)


def _other_values(relation: Relate, value: object) -> Iterator[Plain | tuple[Plain, ...]]:
    if isinstance(value, tuple):
        yield from _other_lists(relation, value)
    elif isinstance(value, Cidr):
        lengths = (value.prefix - 1, value.prefix + 1)
        yield from (network_of(value.first, length) for length in lengths if 0 <= length <= _WIDTH[value.first.version])
    elif isinstance(value, str) and relation is Relate.LIKE:
        yield value.removesuffix("*") if value.endswith("*") else f"{value}*"
        if value.endswith("*") and len(value) > 2:
            yield f"{value[:-2]}*"
    elif isinstance(value, int) and not isinstance(value, bool) and relation in _ORDERED:
        yield value + 1


def _other_lists(relation: Relate, values: tuple[object, ...]) -> Iterator[tuple[Plain, ...]]:
    """Yield changed lists. In each list, one element is left out or replaced by another value."""
    for number, value in enumerate(values):
        before, after = values[:number], values[number + 1 :]
        if before or after:
            yield cast("tuple[Plain, ...]", (*before, *after))
        for changed in _other_values(relation, value):
            yield cast("tuple[Plain, ...]", (*before, changed, *after))


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, Cidr):
        return f'cidr("{value}")'
    return f'"{value}"' if isinstance(value, str) else str(value)


def _flat(text: str) -> str:
    return " ".join(text.split())
