"""Transforms conditions for the analysis: negation, flattening, substitution, and weakening.

`opposite` and `flat` produce negation normal form: `not` is moved inwards to the literals by De Morgan's laws, and
through quantifiers (`not some` is `every … not`). Rules change the candidates. So a part of a condition that mentions
`candidates` can be true in one rule and false in the next rule. `weakened` removes such parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar, cast

from msgspec.structs import replace

from evaluator.base.source import Span
from evaluator.policy.language.checked import (
    AllOf,
    AnyOf,
    Condition,
    Constant,
    Expression,
    InState,
    IsKnown,
    Node,
    Not,
    Quantified,
    Quantifier,
    Read,
    Related,
    Truth,
    walk,
)
from evaluator.policy.language.types import Base, Type

_Node = TypeVar("_Node", bound=Node)
NOWHERE = Span(0, 0)
_TRUE = Constant(True, Type(Base.BOOLEAN), "true")
ALWAYS: Condition = Truth(_TRUE, "true", NOWHERE)
NEVER: Condition = Not(ALWAYS, "false", NOWHERE)


def all_of(conditions: Iterator[Condition] | tuple[Condition, ...]) -> Condition:
    """Return the conjunction of conditions."""
    parts = tuple(conditions)
    return parts[0] if len(parts) == 1 else AllOf(parts, "", NOWHERE)


def any_of(conditions: Iterator[Condition] | tuple[Condition, ...]) -> Condition:
    """Return the disjunction of conditions."""
    parts = tuple(conditions)
    return parts[0] if len(parts) == 1 else AnyOf(parts, "", NOWHERE)


def opposite(condition: Condition) -> Condition:
    """Return the negation of a condition, with `not` moved inwards."""
    match condition:
        case Not(condition=inner):
            return inner
        case InState() | Related() | IsKnown():
            return replace(condition, negated=not condition.negated)
        case AllOf(conditions=parts):
            return AnyOf(tuple(map(opposite, parts)), condition.text, condition.span)
        case AnyOf(conditions=parts):
            return AllOf(tuple(map(opposite, parts)), condition.text, condition.span)
        case Quantified(quantifier=Quantifier.NO):
            return replace(condition, quantifier=Quantifier.SOME)
        case Quantified(quantifier=quantifier, body=body):
            other = Quantifier.EVERY if quantifier is Quantifier.SOME else Quantifier.SOME
            return replace(condition, quantifier=other, body=opposite(body))
        case _:
            return Not(condition, condition.text, condition.span)


def flat(condition: Condition) -> Iterator[Condition]:
    """Yield the parts of nested `and`s; `not` is moved inwards, and `no` becomes `every … not`."""
    if isinstance(condition, Not) and not isinstance(condition.condition, Truth):
        condition = opposite(condition.condition)
        if not isinstance(condition, Not):
            yield from flat(condition)
            return
    if isinstance(condition, AllOf):
        for part in condition.conditions:
            yield from flat(part)
    elif isinstance(condition, Quantified) and condition.quantifier is Quantifier.NO:
        yield replace(condition, quantifier=Quantifier.EVERY, body=opposite(condition.body))
    else:
        yield condition


def with_replaced(condition: Condition, old: Expression, new: Expression) -> Condition:
    """Return a condition in which `new` replaces the expression `old` everywhere."""
    return _replaced(condition, old, new)


def _replaced(node: _Node, old: Expression, new: Expression) -> _Node:
    if node == old:
        return cast("_Node", new)
    changes: dict[str, Any] = {}
    for name in node.__struct_fields__:
        value: object = getattr(node, name)
        changed: object
        if isinstance(value, tuple):
            changed = tuple(_replaced(item, old, new) if isinstance(item, Node) else item for item in value)
        elif isinstance(value, Node) and name != "variable":
            changed = _replaced(value, old, new)
        else:
            continue
        if changed != value:
            changes[name] = changed
    return replace(node, **changes) if changes else node


def mentions(node: Condition | Expression, name: str) -> bool:
    """Return whether a condition reads a word without an owner, such as `candidates`."""
    return any(isinstance(part, Read) and part.owner is None and part.word.name == name for part in walk(node))


def weakened(condition: Condition) -> Condition:
    """Return a weaker condition that does not depend on the candidates: it stays true when the candidates change."""
    if not mentions(condition, "candidates"):
        return condition
    parts = tuple(flat(condition))
    if len(parts) > 1:
        return all_of(tuple(map(weakened, parts)))
    (part,) = parts
    if isinstance(part, AnyOf):
        return any_of(tuple(map(weakened, part.conditions)))
    return ALWAYS
