"""What can be known of a condition before any report is seen: always true, always false, or open.

Used for warnings only (a rule that never fires, a rule after which nothing can change); no decision
depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from msgspec.structs import replace

from evaluator.policy.checked import (
    AllOf,
    AnyOf,
    Condition,
    Constant,
    Count,
    Expression,
    InState,
    IsKnown,
    ListOf,
    Not,
    Quantified,
    Quantifier,
    Read,
    Relate,
    Related,
    Truth,
)
from evaluator.policy.types import Base

_REFLEXIVE = {
    **dict.fromkeys((Relate.EQUAL, Relate.AT_MOST, Relate.AT_LEAST, Relate.WITHIN), True),
    **dict.fromkeys((Relate.UNEQUAL, Relate.LESS, Relate.MORE, Relate.ABOVE, Relate.BELOW), False),
}


def fold(condition: Condition) -> bool | None:
    """Return the value that the condition has on every report, None where it may differ."""
    match condition:
        case AllOf():
            return _fold_all(condition)
        case AnyOf(conditions=parts):
            return _negate(fold(replace(_all_of(condition), conditions=tuple(opposite(part) for part in parts))))
        case Not(condition=inner):
            return _negate(fold(inner))
        case Quantified():
            return _fold_quantified(condition)
        case Truth(operand=Constant(value=bool(value))):
            return value
        case Related():
            found = _fold_related(condition)
            return _negate(found) if condition.negated else found
        case IsKnown() if not condition.operand.type.optional:
            return not condition.negated
        case _:
            return None


def opposite(condition: Condition) -> Condition:
    """Return a condition that holds exactly where the given one does not, with `not` moved inwards."""
    match condition:
        case Not(condition=inner):
            return inner
        case InState() | Related() | IsKnown():
            return replace(condition, negated=not condition.negated)
        case AllOf(conditions=parts):
            return AnyOf(tuple(opposite(part) for part in parts), condition.text, condition.span)
        case AnyOf(conditions=parts):
            return replace(_all_of(condition), conditions=tuple(opposite(part) for part in parts))
        case _:
            return Not(condition, condition.text, condition.span)


def _all_of(condition: AnyOf) -> AllOf:
    return AllOf(condition.conditions, condition.text, condition.span)


def _negate(value: bool | None) -> bool | None:
    return None if value is None else not value


def _fold_all(condition: AllOf) -> bool | None:
    parts = tuple(_flat(condition))
    values = [fold(part) for part in parts if not isinstance(part, AllOf)]
    if False in values or _contradict(parts):
        return False
    for at, part in enumerate(parts):
        if isinstance(part, AnyOf):
            rest = (*parts[:at], *parts[at + 1 :])
            if all(_contradict((*rest, *_flat(branch))) or fold(branch) is False for branch in part.conditions):
                return False
    return None if None in values else True


def _flat(condition: Condition) -> Iterator[Condition]:
    """Yield the parts of an `and`, those of an `and` inside it too."""
    if isinstance(condition, Not) and not isinstance(condition.condition, Truth | Quantified):
        condition = opposite(condition.condition)
    if isinstance(condition, AllOf):
        for part in condition.conditions:
            yield from _flat(part)
    else:
        yield condition


def _fold_quantified(condition: Quantified) -> bool | None:
    body = fold(condition.body)
    if isinstance(condition.domain, ListOf) and not condition.domain.operands:
        return condition.quantifier is not Quantifier.SOME
    if condition.quantifier is Quantifier.SOME:
        return False if body is False else None
    if condition.quantifier is Quantifier.EVERY:
        return True if body is True else None
    return True if body is False else None


def _fold_related(condition: Related) -> bool | None:
    left, relation, right = condition.left, condition.relation, condition.right
    if _is_empty(right) and relation in (Relate.IN, Relate.IN_NETWORK, Relate.OVERLAPS, Relate.LIKE):
        return False
    if _is_empty(left) and relation in (Relate.OVERLAPS, Relate.WITHIN):
        return relation is Relate.WITHIN
    if left == right and relation in _REFLEXIVE:
        return _REFLEXIVE[relation]
    if isinstance(left, Count) and isinstance(right, Constant) and isinstance(right.value, int):
        return _fold_count(relation, right.value)
    if isinstance(left, Constant):
        return _fold_constants(relation, left, right)
    return None


def _is_empty(expression: Expression) -> bool:
    return isinstance(expression, ListOf) and not expression.operands


def _fold_count(relation: Relate, number: int) -> bool | None:
    """Fold a comparison of a count, which is never negative."""
    if number < 0:
        return {Relate.EQUAL: False, Relate.LESS: False, Relate.AT_MOST: False}.get(relation, True)
    if number == 0:
        return {Relate.LESS: False, Relate.AT_LEAST: True}.get(relation)
    return None


def _fold_constants(relation: Relate, left: Constant, right: Expression) -> bool | None:
    values = [o.value for o in right.operands if isinstance(o, Constant)] if isinstance(right, ListOf) else []
    if isinstance(right, ListOf) and len(values) < len(right.operands):
        return None
    one, two = left.value, right.value if isinstance(right, Constant) else None
    if relation is Relate.IN and isinstance(right, ListOf):
        return one in values
    if relation is Relate.LIKE and isinstance(one, str):
        globs = values if isinstance(right, ListOf) else [two]
        return None if None in globs else any(fnmatchcase(one, str(glob)) for glob in globs)
    if not isinstance(right, Constant):
        return None
    if relation in (Relate.EQUAL, Relate.UNEQUAL):
        return (one == two) is (relation is Relate.EQUAL)
    if isinstance(one, int) and isinstance(two, int):
        holds = {
            Relate.LESS: one < two,
            Relate.AT_MOST: one <= two,
            Relate.MORE: one > two,
            Relate.AT_LEAST: one >= two,
        }
        return holds.get(relation)
    return None


def _contradict(parts: tuple[Condition, ...]) -> bool:
    """Return whether two parts of an `and` exclude each other: two kinds at once, or one thing and its opposite."""
    states: dict[tuple[Expression, str], object] = {}
    said: set[tuple[Condition, bool]] = set()
    for part in parts:
        claim, holds = _claim(part)
        if (claim, not holds) in said:
            return True
        said.add((claim, holds))
        value = _exclusive(part)
        if value is not None and holds and states.setdefault(value[0], value[1]) != value[1]:
            return True
    return False


def _claim(part: Condition) -> tuple[Condition, bool]:
    """Return what a part says, without its `not`, and whether it says that it holds."""
    match part:
        case InState() | IsKnown() | Related() if part.negated:
            return replace(part, negated=False), False
        case Not(condition=inner):
            return inner, False
        case _:
            return part, True


def _exclusive(part: Condition) -> tuple[tuple[Expression, str], object] | None:
    """Return what a part fixes to one value of several, and the value: a kind, a state, a name."""
    if isinstance(part, InState) and part.state.family:
        return (part.operand, part.state.family), part.state.name
    if isinstance(part, Related) and part.relation is Relate.EQUAL and isinstance(part.right, Constant):
        left = part.left
        if (
            isinstance(left, Read)
            and left.word.name == "kind"
            and left.owner is not None
            and left.word.owner is Base.NIC
        ):
            return (left.owner, "kind"), part.right.value
        return (left, "="), part.right.value
    return None
