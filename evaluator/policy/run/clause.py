"""Which clause of a rule decided for one subject, and what it saw.

A clause is a condition without and, or, not at its root. The deciding one is that at which the
value became fixed: the first that failed of an `and`, the first that held of an `or`, else the last.
Of a quantifier it is the quantifier with its witness, the smallest element that settled it.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from evaluator.facts.address import OwnedAddress
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Link
from evaluator.policy.language.checked import (
    AllOf,
    AnyOf,
    Condition,
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
    Related,
    RouteTo,
    Truth,
    filters_of,
    is_bound,
)
from evaluator.policy.language.environment import Scene, Value
from evaluator.policy.language.types import Base
from evaluator.policy.language.vocabulary import words_of
from evaluator.policy.run.interpret import Bindings, elements, evaluate, holds
from evaluator.policy.run.seen_value import SeenValue
from evaluator.policy.run.wording import show, show_briefly


class Verdict(Struct, frozen=True):
    """Whether a condition held, the clause that decided it, and the values that the clause saw."""

    held: bool
    clause: str
    seen: tuple[SeenValue, ...]


class _Clause(Struct, frozen=True):
    """The operands of a clause, each with whether it depends on the subject, the filtered lists and the state in it."""

    operands: tuple[tuple[Expression, bool], ...]
    filters: tuple[Filter, ...]
    state: InState | None


class Sight:
    """Says of one rule, subject after subject, what decided; what no subject changes is looked at once."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._clauses: dict[int, _Clause] = {}  # by the identity of a clause, which the rule keeps alive
        self._constant: dict[int, SeenValue] = {}  # by the identity of an operand that no subject changes

    def verdict(self, condition: Condition, bound: Bindings) -> Verdict:
        """Judge a condition and say what decided it."""
        clause, held, witness = self._deciding(condition, bound)
        parts = self._clause(clause)
        seen: list[SeenValue] = []
        if parts.state is not None:
            seen.append(self._state(parts.state, bound))
        for operand, depends in parts.operands:
            seen.append(_see(operand, self._scene, bound) if depends else self._constant_value(operand, bound))
        if isinstance(clause, Quantified) and witness is not None:
            seen.append(SeenValue(clause.variable.name, show_briefly(witness), _pointers_of(witness)))
            inside = self.verdict(clause.body, {**bound, clause.variable.name: witness})
            seen.extend(inside.seen)
        for filtered in parts.filters:
            seen.extend(self._counted(filtered, bound))
        return Verdict(held, clause.text, tuple(dict.fromkeys(seen)) if len(seen) > 1 else tuple(seen))

    def _deciding(self, condition: Condition, bound: Bindings) -> tuple[Condition, bool, Value]:
        """Return the deciding clause, whether the condition held, and the witness of a quantifier."""
        match condition:
            case Not(condition=inner):
                clause, held, witness = self._deciding(inner, bound)
                return clause, not held, witness
            case AllOf(conditions=parts) | AnyOf(conditions=parts):
                stops_at = isinstance(condition, AnyOf)
                for part in parts:
                    clause, held, witness = self._deciding(part, bound)
                    if held is stops_at:
                        break
                return clause, held, witness
            case Quantified():
                witness = _witness(condition, self._scene, bound)
                return condition, (witness is not None) is (condition.quantifier is Quantifier.SOME), witness
            case _:
                return condition, holds(condition, self._scene, bound), None

    def _clause(self, clause: Condition) -> _Clause:
        """Return the parts of a clause, which are the same for every subject."""
        parts = self._clauses.get(id(clause))
        if parts is None:
            operands = tuple((operand, is_bound(operand)) for operand in _operands(clause))
            parts = self._clauses[id(clause)] = _Clause(operands, tuple(filters_of(clause)), _state_of(clause))
        return parts

    def _constant_value(self, operand: Expression, bound: Bindings) -> SeenValue:
        """Return the value of an operand that does not depend on the subject."""
        value = self._constant.get(id(operand))
        if value is None:
            value = self._constant[id(operand)] = _see(operand, self._scene, bound)
        return value

    def _counted(self, filtered: Filter, bound: Bindings) -> Iterator[SeenValue]:
        """Yield what was counted of a filtered list, and what the smallest of its elements was counted for."""
        items = evaluate(filtered, self._scene, bound)
        pointers = _sorted({pointer for item in items for pointer in _pointers_of(item)})
        yield SeenValue(filtered.variable.name, _shown(items), pointers)
        if items:
            yield from self.verdict(filtered.body, {**bound, filtered.variable.name: items[0]}).seen

    def _state(self, clause: InState, bound: Bindings) -> SeenValue:
        """Return whether an interface has the state that is asked for, and where it is in the report."""
        nic = evaluate(clause.operand, self._scene, bound)
        has_it = clause.state.holds(self._scene, nic)
        return SeenValue(f"{clause.operand.text} is {clause.state.name}", show(has_it), _pointers_of(nic))


def _state_of(clause: Condition) -> InState | None:
    """Return a clause that asks for a state of an interface, which has no value in the report, such as `up`."""
    is_state = isinstance(clause, InState) and clause.state.owner is Base.NIC and clause.state.kind is None
    return clause if is_state and isinstance(clause, InState) else None


def _witness(clause: Quantified, scene: Scene, bound: Bindings) -> Value:
    """Return the smallest element that settles a quantifier; None where there is none."""
    looked_for = clause.quantifier is not Quantifier.EVERY
    inner = dict(bound)
    for item in elements(clause, scene, bound):
        inner[clause.variable.name] = item
        if holds(clause.body, scene, inner) is looked_for:
            return item
    return None


def _operands(clause: Condition) -> Iterator[Expression]:
    """Yield what a clause looks at, a quantifier's list among it."""
    match clause:
        case Quantified(domain=domain):
            yield domain
        case Related(left=left, right=right):
            yield from _reads(left)
            yield from _reads(right)
        case InState(operand=operand, state=state) if state.kind is not None:
            kind = words_of(Base.NIC)["kind"]
            yield Read(kind.key, operand, kind.type, f"{operand.text}.kind")
        case InState(operand=operand) | IsKnown(operand=operand) | Truth(operand=operand):
            yield from _reads(operand)


def _reads(expression: Expression) -> Iterator[Expression]:
    """Yield the words of an operand whose values a reader needs: not what is written in the rule itself."""
    match expression:
        case Count(operand=operand):
            yield expression
            yield from _reads(operand)
        case Filter(domain=domain):
            yield from _reads(domain)
        case RouteTo(operand=operand):
            yield expression
            yield from _reads(operand)
        case ListOf(operands=operands):
            for operand in operands:
                yield from _reads(operand)
        case Read() | ParameterValue():
            yield expression


def _see(expression: Expression, scene: Scene, bound: Bindings) -> SeenValue:
    if not isinstance(expression, Read):
        return SeenValue(expression.text, _shown(evaluate(expression, scene, bound)))
    owner = None if expression.owner is None else evaluate(expression.owner, scene, bound)
    value = expression.word.get(scene, owner)
    return SeenValue(expression.text, _shown(value), _places(value, owner, expression.word.name))


def _shown(value: object) -> str:
    return "(empty)" if value == () else show_briefly(value)


def _places(value: object, owner: object, word: str) -> tuple[str, ...]:
    """Return where the report states the value of a word of its owner."""
    if isinstance(value, tuple) and value and isinstance(value[0], OwnedAddress):
        return _sorted({pointer for item in value for pointer in _pointers_of(item)})
    if isinstance(owner, Link):
        return _sorted({owner.pointer(word)})
    if isinstance(owner, OwnedAddress):
        return _pointers_of(owner)
    return _sorted({owner.pointers.get(word, "")}) if isinstance(owner, HostFacts) else ()


def _pointers_of(value: object) -> tuple[str, ...]:
    if isinstance(value, Link):
        return _sorted({value.pointer()})
    return _sorted({value.pointer}) if isinstance(value, OwnedAddress) else ()


def _sorted(pointers: set[str]) -> tuple[str, ...]:
    return tuple(sorted(pointer for pointer in pointers if pointer))
