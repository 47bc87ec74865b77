"""What can be known of a condition before any report is seen: always true, always false, or open.

Used for warnings only (a rule that never fires, a rule after which nothing can change); no decision
depends on it.
"""

from __future__ import annotations

from evaluator.policy.program import (
    AllOf,
    AnyOf,
    Condition,
    Constant,
    Count,
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


def fold(condition: Condition) -> bool | None:
    """Return the value that the condition has on every report, None where it may differ."""
    match condition:
        case AllOf(conditions=parts):
            return False if _contradict(parts) else _all([fold(part) for part in parts])
        case AnyOf(conditions=parts):
            return _negate(_all([_negate(fold(part)) for part in parts]))
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


def _negate(value: bool | None) -> bool | None:
    return None if value is None else not value


def _all(values: list[bool | None]) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


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
    left, right = condition.left, condition.right
    if isinstance(right, ListOf) and not right.operands and condition.relation in (Relate.IN, Relate.OVERLAPS):
        return False
    if isinstance(left, Count) and isinstance(right, Constant) and isinstance(right.value, int):
        return _fold_count(condition.relation, right.value)
    if left == right and condition.relation in (Relate.EQUAL, Relate.AT_MOST, Relate.AT_LEAST, Relate.WITHIN):
        return True
    if left == right and condition.relation in (
        Relate.UNEQUAL,
        Relate.LESS,
        Relate.MORE,
        Relate.ABOVE,
        Relate.BELOW,
    ):
        return False
    if isinstance(left, Constant) and isinstance(right, Constant):
        return _fold_constants(condition.relation, left.value, right.value)
    return None


def _fold_count(relation: Relate, number: int) -> bool | None:
    """Fold a comparison of a count, which is never negative."""
    if number < 0:
        return {Relate.EQUAL: False, Relate.LESS: False, Relate.AT_MOST: False}.get(relation, True)
    if number == 0:
        return {Relate.LESS: False, Relate.AT_LEAST: True}.get(relation)
    return None


def _fold_constants(relation: Relate, left: object, right: object) -> bool | None:
    if relation is Relate.EQUAL:
        return left == right
    if relation is Relate.UNEQUAL:
        return left != right
    if isinstance(left, int) and isinstance(right, int):
        return {
            Relate.LESS: left < right,
            Relate.AT_MOST: left <= right,
            Relate.MORE: left > right,
            Relate.AT_LEAST: left >= right,
        }.get(relation)
    return None


def _contradict(parts: tuple[Condition, ...]) -> bool:
    """Return whether two parts of an `and` exclude each other: two kinds at once, or one thing and its opposite."""
    states: dict[tuple[str, str], str] = {}
    said: set[tuple[str, bool]] = set()
    for part in parts:
        plain, holds = (part.condition, False) if isinstance(part, Not) else (part, True)
        if isinstance(plain, InState):
            holds = holds != plain.negated
            if holds and plain.state.family:
                key = (plain.operand.text, plain.state.family)
                if states.setdefault(key, plain.state.name) != plain.state.name:
                    return True
        text = f"{plain.operand.text} is {plain.state.name}" if isinstance(plain, InState) else plain.text
        if (text, not holds) in said:
            return True
        said.add((text, holds))
    return False
