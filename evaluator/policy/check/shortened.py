"""Hints for conditions that are shortened as in spoken English: `nic is bridge or bond`, `nic.name = "eth0" or "eth1"`.

The missing operand is taken from the condition before, and the hint shows the whole condition. An author who writes
`nic is not bridge or bond` usually means that the interface is not a bridge and not a bond. So this hint has `and`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evaluator.base.source import Span
from evaluator.policy.language.types import Base
from evaluator.policy.language.vocabulary import states_of
from evaluator.policy.syntax import nodes

_NEGATIVE = ("!=", "<>")


def shortened(
    part: nodes.Condition, before: Sequence[nodes.Condition], text: Callable[[Span], str], *, is_and: bool
) -> str:
    """Return a hint with the full form of a shortened operand of `and` or `or`; empty if `part` is not shortened."""
    if not isinstance(part, nodes.BareOperand) or not before:
        return ""
    last = before[-1]
    if isinstance(last, nodes.Negation):
        last = last.condition
    operand = part.operand
    name = operand.text if isinstance(operand, nodes.DottedName) and len(operand.parts) == 1 else ""
    if isinstance(last, nodes.StateTest) and (name in states_of(Base.NIC) or name in states_of(Base.OWNED)):
        return _state(last, name, text(last.operand.span), is_and=is_and)
    if isinstance(last, nodes.Relation) and isinstance(operand, nodes.Literal | nodes.Items):
        if _is_truth(operand) and not _is_truth(last.right):  # `true` is a condition of its own
            return ""
        return _value(last, text(part.span), text)
    return ""


def _is_truth(operand: nodes.Operand) -> bool:
    return isinstance(operand, nodes.Literal) and isinstance(operand.value, bool)


def _state(last: nodes.StateTest, name: str, operand: str, *, is_and: bool) -> str:
    if last.negation is not None:
        return f"write `{operand} is not {last.state.text} and {operand} is not {name}`"
    return f"write `{operand} is {last.state.text} {'and' if is_and else 'or'} {operand} is {name}`"


def _value(last: nodes.Relation, value: str, text: Callable[[Span], str]) -> str:
    left, operator = text(last.left.span), last.operator.text
    is_not = "not " * (last.negation is not None or operator in _NEGATIVE)
    if operator in ("=", "==", *_NEGATIVE) and isinstance(last.right, nodes.Literal):
        return f"write `{left} {is_not}in [{text(last.right.span)}, {value}]`"
    if operator == "like" and isinstance(last.right, nodes.Literal):
        return f"write `{left} {is_not}like [{text(last.right.span)}, {value}]`"
    return f"write `{left} {is_not}{operator} {value}`"
