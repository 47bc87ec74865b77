"""Find the clause that decided whether a condition is true for one interface, and the values in this clause.

An explanation must name one short reason for each rule and interface: "`nic.addresses overlaps host.addresses` is
false; nic.addresses = (empty)". It does not repeat the whole condition.

A clause is a condition without `and`, `or` or `not` at its root. To find the deciding clause, this module evaluates the
condition from left to right, as the interpreter does, and stops as soon as the value is certain. The deciding clause is

- of an `and`, the deciding clause of the first part that is false, otherwise of the last part;
- of an `or`, the deciding clause of the first part that is true, otherwise of the last part;
- of a `not`, the deciding clause of its operand, printed as `not (CLAUSE)`. So the printed text is true if and only if
  the condition is true;
- of a quantifier, the quantifier itself with its witness: the first element of the list that decides the quantifier.
  The witness is an example for a true `some`, and a counterexample for a false `every` or `no`. The values that the
  body read for the witness are added. Equal inputs give the same witness, because each list has a fixed order: most
  lists are sorted, and the lists of some words have the order of the report.

Invariant: this module uses the interpreter's functions (`holds`, `elements`, `evaluate`). So a condition has the same
value here as in the rule.

The values of a relation are its operands. The value of a quantifier is its list. The value of a state is whether the
interface has the state. Constants are left out, because the clause shows them. Each value has the JSON Pointers to the
places in the report that contain it.

One `ClauseFinder` explains one rule for all interfaces. The parts of a clause, and the values that do not depend on the
interface, are computed once and cached.
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
from evaluator.policy.language.environment import Environment, Value
from evaluator.policy.language.types import Base
from evaluator.policy.language.vocabulary import words_of
from evaluator.policy.run.clause_value import ClauseValue
from evaluator.policy.run.interpret import Bindings, elements, evaluate, holds
from evaluator.policy.run.wording import show, show_briefly


class DecidingClause(Struct, frozen=True):
    """Whether a condition was true, the text of the clause that decided it, and the values that the clause read."""

    held: bool
    clause: str
    seen: tuple[ClauseValue, ...]


class _Deciding(Struct, frozen=True):
    """The clause that decides a condition. `held` is whether the condition is true.

    `witness` is the element that decided a quantifier. If `is_negated` is true, the value of the clause is the opposite
    of `held`, because the clause is inside a `not`.
    """

    clause: Condition
    held: bool
    witness: Value = None
    is_negated: bool = False


class _Clause(Struct, frozen=True):
    """The parts of a clause whose values are shown: the operands, the filtered lists and the state, if there is any.

    Each operand has a boolean: whether the operand depends on the rule's subject or on a variable.
    """

    operands: tuple[tuple[Expression, bool], ...]
    filters: tuple[Filter, ...]
    state: InState | None


class ClauseFinder:
    """Finds the deciding clauses of one rule, for one interface after another, in the environment of the rule."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._clauses: dict[int, _Clause] = {}  # by the id of the clause, a node that the rule references
        self._constant: dict[int, ClauseValue] = {}  # by the id of an operand without variables

    def deciding_clause(self, condition: Condition, bindings: Bindings) -> DecidingClause:
        """Evaluate a condition and return its deciding clause; `bindings` are the values of the variables."""
        deciding = self._deciding(condition, bindings)
        clause, witness = deciding.clause, deciding.witness
        parts = self._clause(clause)
        values: list[ClauseValue] = []
        if parts.state is not None:
            values.append(self._state(parts.state, bindings))
        for operand, depends in parts.operands:
            values.append(
                _value_of(operand, self._environment, bindings) if depends else self._constant_value(operand, bindings)
            )
        if isinstance(clause, Quantified) and witness is not None:
            values.append(ClauseValue(clause.variable.name, show_briefly(witness), _pointers_of(witness)))
            of_body = self.deciding_clause(clause.body, {**bindings, clause.variable.name: witness})
            values.extend(of_body.seen)
        for filtered in parts.filters:
            values.extend(self._counted(filtered, bindings))
        seen = tuple(dict.fromkeys(values)) if len(values) > 1 else tuple(values)
        return DecidingClause(deciding.held, f"not ({clause.text})" if deciding.is_negated else clause.text, seen)

    def _deciding(self, condition: Condition, bindings: Bindings) -> _Deciding:
        """Return the clause that decides a condition."""
        match condition:
            case Not(condition=inner):
                deciding = self._deciding(inner, bindings)
                return _Deciding(deciding.clause, not deciding.held, deciding.witness, not deciding.is_negated)
            case AllOf(conditions=parts) | AnyOf(conditions=parts):
                deciding_value = isinstance(condition, AnyOf)
                for part in parts:
                    deciding = self._deciding(part, bindings)
                    if deciding.held is deciding_value:
                        break
                return deciding
            case Quantified():
                witness = _witness(condition, self._environment, bindings)
                return _Deciding(condition, (witness is not None) is (condition.quantifier is Quantifier.SOME), witness)
            case _:
                return _Deciding(condition, holds(condition, self._environment, bindings))

    def _clause(self, clause: Condition) -> _Clause:
        """Return the parts of a clause, which are the same for every subject."""
        parts = self._clauses.get(id(clause))
        if parts is None:
            operands = tuple((operand, is_bound(operand)) for operand in _operands(clause))
            parts = self._clauses[id(clause)] = _Clause(operands, tuple(filters_of(clause)), _state_of(clause))
        return parts

    def _constant_value(self, operand: Expression, bindings: Bindings) -> ClauseValue:
        """Return the cached value of an operand that does not depend on the subject or a variable."""
        value = self._constant.get(id(operand))
        if value is None:
            value = self._constant[id(operand)] = _value_of(operand, self._environment, bindings)
        return value

    def _counted(self, filtered: Filter, bindings: Bindings) -> Iterator[ClauseValue]:
        """Yield the elements that a filter selects, then the values that explain why it selects the first element."""
        items = evaluate(filtered, self._environment, bindings)
        pointers = _sorted({pointer for item in items for pointer in _pointers_of(item)})
        yield ClauseValue(filtered.variable.name, _text_of(items), pointers)
        if items:
            yield from self.deciding_clause(filtered.body, {**bindings, filtered.variable.name: items[0]}).seen

    def _state(self, clause: InState, bindings: Bindings) -> ClauseValue:
        """Return whether an interface has the state that a clause tests, and the JSON Pointer to the interface."""
        nic = evaluate(clause.operand, self._environment, bindings)
        has_it = clause.state.holds(self._environment, nic)
        return ClauseValue(f"{clause.operand.text} is {clause.state.name}", show(has_it), _pointers_of(nic))


def _state_of(clause: Condition) -> InState | None:
    """Return the clause if it tests a state, such as `nic is up`.

    Return None if the clause tests a kind, such as `nic is bond`, or tests anything else.
    """
    is_state = isinstance(clause, InState) and clause.state.owner is Base.NIC and clause.state.kind is None
    return clause if is_state and isinstance(clause, InState) else None


def _witness(clause: Quantified, environment: Environment, bindings: Bindings) -> Value:
    """Return the first element that decides a quantifier; None if no element does."""
    deciding_value = clause.quantifier is not Quantifier.EVERY
    inner_bindings = dict(bindings)
    for item in elements(clause, environment, bindings):
        inner_bindings[clause.variable.name] = item
        if holds(clause.body, environment, inner_bindings) is deciding_value:
            return item
    return None


def _operands(clause: Condition) -> Iterator[Expression]:
    """Yield the expressions in a clause whose values an explanation shows.

    In `some a in nic.addresses satisfies …`, this expression is the list, `nic.addresses`.
    """
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
    """Yield the words and parameters in an operand.

    Constants are left out, because the text of the clause shows them.
    """
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


def _value_of(expression: Expression, environment: Environment, bindings: Bindings) -> ClauseValue:
    if not isinstance(expression, Read):
        return ClauseValue(expression.text, _text_of(evaluate(expression, environment, bindings)))
    owner = None if expression.owner is None else evaluate(expression.owner, environment, bindings)
    value = expression.word.get(environment, owner)
    return ClauseValue(expression.text, _text_of(value), _sources(value, owner, expression.word.name))


def _text_of(value: object) -> str:
    return "(empty)" if value == () else show_briefly(value)


def _sources(value: object, owner: object, word: str) -> tuple[str, ...]:
    """Return JSON Pointers to the places of `value` in the report. `value` is the value of `word` for `owner`."""
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
