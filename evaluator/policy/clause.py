"""Which clause of a rule decided for one subject, and what it saw.

A clause is a condition without and, or, not at its root. The deciding one is that at which the
value became fixed: the first that failed of an `and`, the first that held of an `or`, else the last.
Of a quantifier it is the quantifier with its witness, the smallest element that settled it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from evaluator.facts.address import OwnedAddress
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Link
from evaluator.frozen import dataclass
from evaluator.policy.checked import (
    AllOf,
    AnyOf,
    Condition,
    Count,
    Expression,
    InState,
    IsKnown,
    ListOf,
    Not,
    ParameterValue,
    Quantified,
    Quantifier,
    Read,
    Related,
    RouteTo,
    Truth,
)
from evaluator.policy.interpret import Bindings, elements, evaluate, holds
from evaluator.policy.scene import Scene, Value
from evaluator.policy.types import Base
from evaluator.policy.vocabulary import words_of
from evaluator.policy.wording import show, show_briefly
from evaluator.trace import SeenValue


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition held, the clause that decided it, and the values that the clause saw."""

    held: bool
    clause: str
    seen: tuple[SeenValue, ...]


def verdict(condition: Condition, scene: Scene, bound: Bindings) -> Verdict:
    """Judge a condition and say what decided it."""
    clause = _deciding(condition, scene, bound)
    inner, seen = dict(bound), []
    if isinstance(clause, Quantified):
        seen.append(_see(clause.domain, scene, bound))
        witness = _witness(clause, scene, bound)
        if witness is not None:
            inner[clause.variable.name] = witness
            seen.append(SeenValue(clause.variable.name, show_briefly(witness), _pointers_of(witness)))
            inside = verdict(clause.body, scene, inner)
            seen.extend(value for value in inside.seen if value not in seen)
    else:
        seen.extend(_see_state(clause, scene, inner))
        seen.extend(_see(expression, scene, inner) for expression in _operands(clause))
    return Verdict(holds(condition, scene, bound), clause.text, tuple(dict.fromkeys(seen)))


def _deciding(condition: Condition, scene: Scene, bound: Bindings) -> Condition:
    match condition:
        case Not(condition=inner):
            return _deciding(inner, scene, bound)
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            stops_at = isinstance(condition, AnyOf)
            settled = next((part for part in parts if holds(part, scene, bound) is stops_at), parts[-1])
            return _deciding(settled, scene, bound)
        case _:
            return condition


def _witness(clause: Quantified, scene: Scene, bound: Bindings) -> Value:
    looked_for = clause.quantifier is not Quantifier.EVERY
    inner = dict(bound)
    for item in elements(clause, scene, bound):
        inner[clause.variable.name] = item
        if holds(clause.body, scene, inner) is looked_for:
            return item
    return None


def _operands(clause: Condition) -> Iterator[Expression]:
    match clause:
        case Related(left=left, right=right):
            yield from _reads(left)
            yield from _reads(right)
        case InState(operand=operand, state=state) if state.family == "kind":
            kind = words_of(Base.NIC)["kind"]
            yield Read(kind, operand, kind.type, f"{operand.text}.kind")
        case InState(operand=operand) | IsKnown(operand=operand) | Truth(operand=operand):
            yield from _reads(operand)


def _reads(expression: Expression) -> Iterator[Expression]:
    """Yield the words of an operand whose values tell something: not what is written in the rule itself."""
    match expression:
        case Count(operand=operand):
            yield expression
            yield from _reads(operand)
        case RouteTo(operand=operand):
            yield expression
            yield from _reads(operand)
        case ListOf(operands=operands):
            for operand in operands:
                yield from _reads(operand)
        case Read() | ParameterValue():
            yield expression


def _see_state(clause: Condition, scene: Scene, bound: Bindings) -> Iterator[SeenValue]:
    """Yield whether an interface has the state that is asked for, and where it stands."""
    if isinstance(clause, InState) and clause.state.owner is Base.NIC and clause.state.family != "kind":
        nic = evaluate(clause.operand, scene, bound)
        has_it = clause.state.holds(scene, nic)
        yield SeenValue(f"{clause.operand.text} is {clause.state.name}", show(has_it), _pointers_of(nic))


def _see(expression: Expression, scene: Scene, bound: Bindings) -> SeenValue:
    value = evaluate(expression, scene, bound)
    seen = SeenValue(expression.text, show_briefly(value))
    if not isinstance(expression, Read):
        return seen
    if isinstance(value, tuple) and value and isinstance(value[0], OwnedAddress):
        return replace(seen, pointers=_sorted({pointer for item in value for pointer in _pointers_of(item)}))
    owner = None if expression.owner is None else evaluate(expression.owner, scene, bound)
    if isinstance(owner, Link):
        return replace(seen, pointers=_sorted({owner.pointer(expression.word.name)}))
    if isinstance(owner, HostFacts):
        return replace(seen, pointers=_sorted({owner.pointers.get(expression.word.name, "")}))
    return seen


def _pointers_of(value: object) -> tuple[str, ...]:
    if isinstance(value, Link):
        return _sorted({value.pointer()})
    return _sorted({value.pointer}) if isinstance(value, OwnedAddress) else ()


def _sorted(pointers: set[str]) -> tuple[str, ...]:
    return tuple(sorted(pointer for pointer in pointers if pointer))
