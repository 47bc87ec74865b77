"""Checked conditions: the tree after all names are resolved and all types are checked.

Only the checker builds these nodes; the interpreter and the compiler run them. Expressions have a type; conditions have
no type, because they are true or false. `text` is the text of the node in the rule, for explanations; spans are offsets
in the policy file.

Two nodes are equal if they have the same meaning, independent of their place and their layout. The checker, the
compiler and the explanation use nodes as dictionary keys. So `text` and `span` are not compared. The type of a word is
not compared either: `nic.mtu` has the type `integer?` (may be unknown), but after the test `nic.mtu is known` it has
the type `integer`, and both nodes mean the same value. A text must never be used as a key: `"a b"` and `"a  b"` may be
printed in the same way. The type of a constant is compared, because `True == 1` in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import astuple

from evaluator.base.source import Span
from evaluator.policy.language.environment import Literal
from evaluator.policy.language.types import Type
from evaluator.policy.language.vocabulary import State, StateKey, Word, WordKey, state_named, word_named

_PLACE = frozenset({"text", "span"})


class Node(Struct, frozen=True, eq=False, array_like=True, tag=True, tag_field="node"):
    """A part of a condition. Two nodes can be equal although their attributes in `not_compared` differ.

    Nodes are plain data, so that a checked policy can be written to a file. A `Word` or `State` contains a function, so
    it cannot be written to a file. A node contains its key instead.
    """

    not_compared: ClassVar[frozenset[str]] = _PLACE

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Node) and type(other) is type(self) and self._meaning() == other._meaning()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((type(self), self._meaning()))

    def _meaning(self) -> object:
        return _meaning_of(type(self))(self)


@cache
def _meaning_of(kind: type[Node]) -> Callable[[Node], object]:
    """Return a function that reads the attributes by which two nodes are compared."""
    return attrgetter(*(name for name in kind.__struct_fields__ if name not in kind.not_compared))


class Constant(Node, frozen=True):
    """A value that is known when the policy is loaded."""

    value: Literal
    type: Type
    text: str


class ParameterValue(Node, frozen=True):
    """The value of a parameter."""

    not_compared: ClassVar[frozenset[str]] = _PLACE | {"type"}

    name: str
    type: Type

    @property
    def text(self) -> str:
        """The parameter's name."""
        return self.name


class Variable(Node, frozen=True):
    """A variable: `nic` in a rule, the variable of a quantifier, or `answer` in a claim about decisions."""

    not_compared: ClassVar[frozenset[str]] = _PLACE | {"type"}

    name: str
    type: Type

    @property
    def text(self) -> str:
        """The variable's name."""
        return self.name


class Read(Node, frozen=True):
    """A word of the vocabulary. Its value is read from `owner` (None for a word without an owner)."""

    not_compared: ClassVar[frozenset[str]] = _PLACE | {"type"}

    key: WordKey
    owner: Expression | None
    type: Type
    text: str

    @property
    def word(self) -> Word:
        """The vocabulary's entry for the word."""
        return word_named(*self.key)


class Filter(Node, frozen=True):
    """The elements of a list that satisfy a condition; for `others_only` see `Quantified`."""

    variable: Variable
    others_only: bool
    domain: Expression
    body: Condition
    type: Type
    text: str


class Count(Node, frozen=True):
    """The number of distinct elements of a list."""

    operand: Expression
    type: Type
    text: str


class RouteTo(Node, frozen=True):
    """The interfaces with the best route to an address: `route_to(address)`."""

    operand: Expression
    type: Type
    text: str


class ListOf(Node, frozen=True):
    """A list that is written in the rule: `["eth0", "eth1"]`."""

    operands: tuple[Expression, ...]
    type: Type
    text: str


class AnyOf(Node, frozen=True):
    """`or`: evaluated from left to right until a condition is true."""

    conditions: tuple[Condition, ...]
    text: str
    span: Span


class AllOf(Node, frozen=True):
    """`and`: evaluated from left to right until a condition is false."""

    conditions: tuple[Condition, ...]
    text: str
    span: Span


class Not(Node, frozen=True):
    """`not`: true if the condition is false."""

    condition: Condition
    text: str
    span: Span


class Quantifier(StrEnum):
    """How many elements of a list must satisfy the condition of a quantifier: at least one, all, or none."""

    SOME = "some"
    EVERY = "every"
    NO = "no"


class Quantified(Node, frozen=True):
    """A quantifier over a list: `some`, `every` or `no`. The elements are tested in the order of the list.

    If `others_only` is true (the variable is `other`), the rule's own `nic` is skipped.
    """

    quantifier: Quantifier
    variable: Variable
    others_only: bool
    domain: Expression
    body: Condition
    text: str
    span: Span


class Truth(Node, frozen=True):
    """A boolean value as a condition."""

    operand: Expression
    text: str
    span: Span


class Relate(StrEnum):
    """The relations between two values."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    IN = "in"
    IN_NETWORK = "in network"
    OVERLAPS = "overlaps"
    WITHIN = "within"
    LIKE = "like"
    ABOVE = "above"
    BELOW = "below"


class Related(Node, frozen=True):
    """`left relation right`, or its negation."""

    left: Expression
    relation: Relate
    right: Expression
    negated: bool
    text: str
    span: Span


class InState(Node, frozen=True):
    """`operand is state`, or its negation."""

    operand: Expression
    key: StateKey
    negated: bool
    text: str
    span: Span

    @property
    def state(self) -> State:
        """The vocabulary's entry for the state."""
        return state_named(*self.key)


class IsKnown(Node, frozen=True):
    """`operand is known`; if negated, `operand is unknown`."""

    operand: Expression
    negated: bool
    text: str
    span: Span


Expression = Constant | ParameterValue | Variable | Read | Filter | Count | RouteTo | ListOf
Condition = AnyOf | AllOf | Not | Quantified | Truth | Related | InState | IsKnown


def walk(node: Condition | Expression) -> Iterator[Condition | Expression]:
    """Yield a node and all nodes inside it, in the order of the text."""
    pending: list[Any] = [node]
    while pending:
        inner = pending.pop()
        yield inner
        values = (value if isinstance(value, tuple) else (value,) for value in reversed(astuple(inner)))
        pending.extend(child for several in values for child in reversed(several) if isinstance(child, Node))


def is_bound(node: Expression) -> bool:
    """Return whether a value depends on the rule's `nic` or on the variable of a quantifier."""
    match node:
        case Read(owner=owner):
            return owner is not None and is_bound(owner)
        case Count(operand=operand) | RouteTo(operand=operand):
            return is_bound(operand)
        case ListOf(operands=operands):
            return any(map(is_bound, operands))
        case _:
            return isinstance(node, Variable | Filter)  # a filter binds a variable for the elements of its list


def is_early(node: Expression) -> bool:
    """Return whether a value may be computed once, before the rule is evaluated for its first interface.

    This is possible if the value does not depend on a variable, and if all its operands are always known. If an operand
    may be unknown, the rule must first test `is known`. For example, `route_to(host.first_address)` is not computed
    early. The value as a whole may be unknown.
    """
    inside = (part for part in walk(node) if part is not node)
    return not is_bound(node) and not any(
        isinstance(part, Read | ParameterValue) and may_be_unknown(part) for part in inside
    )


def may_be_unknown(node: Expression) -> bool:
    """Return whether a value may be unknown. Earlier tests in the rule, such as `is known`, are ignored."""
    if isinstance(node, Read):
        return node.word.type.optional
    return isinstance(node, ParameterValue)


def filters_of(condition: Condition) -> Iterator[Filter]:
    """Yield the filtered lists in the operands of a condition. Filtered lists inside nested conditions are left out."""
    pending: list[Expression] = []
    if isinstance(condition, Related):
        pending = [condition.right, condition.left]
    elif isinstance(condition, IsKnown | InState | Truth):
        pending = [condition.operand]
    while pending:
        match pending.pop():
            case Filter() as found:
                yield found
            case Count(operand=operand):
                pending.append(operand)
            case ListOf(operands=operands):
                pending.extend(reversed(operands))


def floor_of(condition: Quantified | Filter) -> Expression | None:
    """Return X if the body of a quantifier begins with `VARIABLE above X`, else None.

    For such a quantifier, only the interfaces above X must be evaluated. An example is `some o in candidates satisfies
    o above nic and …`. Without this shortcut, each of thousands of candidates would be compared with all others.
    """
    body = condition.body
    first = body.conditions[0] if isinstance(body, AllOf) else body
    is_every = isinstance(condition, Quantified) and condition.quantifier is Quantifier.EVERY
    if is_every or not isinstance(first, Related):
        return None
    is_floor = first.relation is Relate.ABOVE and not first.negated and first.left == condition.variable
    return first.right if is_floor and isinstance(first.right, Variable) and first.right != condition.variable else None
