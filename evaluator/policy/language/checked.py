"""A checked condition: every name resolved, every type right.

Only the checker builds these nodes; the interpreter and the compiler run them. Expressions have a
type; conditions have none, they hold or they do not. `text` is the author's own wording, for
explanations; spans are offsets of the policy file.

Two nodes are equal if they mean the same, wherever they stand and however they are written: the checker, the
compiler and the explanation use the node itself as a key. So `text`, `span` and what is only proven about a
value at one place (`integer?` or `integer`) are not compared. A text must never be the key: `"a b"` and
`"a  b"` may be printed alike. A constant's type is compared, because `True == 1` in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import ClassVar

from msgspec import Struct

from evaluator.base.source import Span
from evaluator.policy.language.environment import Literal
from evaluator.policy.language.types import Type
from evaluator.policy.language.vocabulary import State, StateKey, Word, WordKey, state_named, word_named

_PLACE = frozenset({"text", "span"})


class Node(Struct, frozen=True, eq=False, array_like=True, tag=True, tag_field="node"):
    """A part of a condition; `not_compared` are the attributes that do not make two nodes different.

    It is plain data, so that a checked policy can be written to a file: words and states stand by their keys.
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
    """Return what reads the attributes that make two nodes of a kind different."""
    return attrgetter(*(name for name in kind.__struct_fields__ if name not in kind.not_compared))


class Constant(Node, frozen=True):
    """A value known when the policy is loaded."""

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
    """The rule's own `nic`, or what a quantifier binds."""

    name: str
    type: Type

    @property
    def text(self) -> str:
        """The variable's name."""
        return self.name


class Read(Node, frozen=True):
    """A word of the vocabulary, read from `owner` (None for a word of its own)."""

    not_compared: ClassVar[frozenset[str]] = _PLACE | {"type"}

    key: WordKey
    owner: Expression | None
    type: Type
    text: str

    @property
    def word(self) -> Word:
        """The word."""
        return word_named(*self.key)


class Filter(Node, frozen=True):
    """The elements of a list that satisfy a condition; `others_only` is as of `Quantified`."""

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
    """The interfaces with the longest route to an address."""

    operand: Expression
    type: Type
    text: str


class ListOf(Node, frozen=True):
    """A list written out."""

    operands: tuple[Expression, ...]
    type: Type
    text: str


class AnyOf(Node, frozen=True):
    """Holds if one of them does; judged from left to right, stopping early."""

    conditions: tuple[Condition, ...]
    text: str
    span: Span


class AllOf(Node, frozen=True):
    """Holds if all of them do; judged from left to right, stopping early."""

    conditions: tuple[Condition, ...]
    text: str
    span: Span


class Not(Node, frozen=True):
    """Holds if the other does not."""

    condition: Condition
    text: str
    span: Span


class Quantifier(StrEnum):
    """How many elements of a list must satisfy the body."""

    SOME = "some"
    EVERY = "every"
    NO = "no"


class Quantified(Node, frozen=True):
    """Over a list in its order; `others_only` leaves the rule's own nic out (the binder is `other`)."""

    quantifier: Quantifier
    variable: Variable
    others_only: bool
    domain: Expression
    body: Condition
    text: str
    span: Span


class Truth(Node, frozen=True):
    """A boolean that stands as a condition."""

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
    """`left relation right`, or its opposite."""

    left: Expression
    relation: Relate
    right: Expression
    negated: bool
    text: str
    span: Span


class InState(Node, frozen=True):
    """`operand is state`, or its opposite."""

    operand: Expression
    key: StateKey
    negated: bool
    text: str
    span: Span

    @property
    def state(self) -> State:
        """The state."""
        return state_named(*self.key)


class IsKnown(Node, frozen=True):
    """`operand is known` (`negated`: unknown)."""

    operand: Expression
    negated: bool
    text: str
    span: Span


Expression = Constant | ParameterValue | Variable | Read | Filter | Count | RouteTo | ListOf
Condition = AnyOf | AllOf | Not | Quantified | Truth | Related | InState | IsKnown


def walk(node: Condition | Expression) -> Iterator[Condition | Expression]:
    """Yield a node and everything inside it, in the order of the text."""
    yield node
    for name in node.__struct_fields__:
        value = getattr(node, name)
        for child in value if isinstance(value, tuple) else (value,):
            if isinstance(child, Expression | Condition):
                yield from walk(child)


def is_bound(node: Expression) -> bool:
    """Return whether a value depends on the rule's subject or on what a quantifier binds."""
    match node:
        case Read(owner=owner):
            return owner is not None and is_bound(owner)
        case Count(operand=operand) | RouteTo(operand=operand):
            return is_bound(operand)
        case ListOf(operands=operands):
            return any(map(is_bound, operands))
        case _:
            return isinstance(node, Variable | Filter)  # an element of the list is bound in a filter


def is_early(node: Expression) -> bool:
    """Return whether a value may be computed before a rule looks at its first subject.

    It must not depend on what is bound, and nothing in it may be read from a value that may be unknown, for which
    the rule asks first. The value itself may be unknown.
    """
    inside = (part for part in walk(node) if part is not node)
    return not is_bound(node) and not any(
        isinstance(part, Read | ParameterValue) and may_be_unknown(part) for part in inside
    )


def may_be_unknown(node: Expression) -> bool:
    """Return whether a value may be unknown, whatever the rule has asked about it before."""
    if isinstance(node, Read):
        return node.word.type.optional
    return isinstance(node, ParameterValue)


def filters_of(condition: Condition) -> Iterator[Filter]:
    """Yield the filtered lists in the operands of a condition, those inside other conditions left out."""
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
    """Return what every witness of a quantifier must stand above, where its body begins with that.

    `some other in candidates satisfies other above nic and …` need not look at what is not above:
    without this, thousands of candidates would be held against each other one by one.
    """
    body = condition.body
    first = body.conditions[0] if isinstance(body, AllOf) else body
    is_every = isinstance(condition, Quantified) and condition.quantifier is Quantifier.EVERY
    if is_every or not isinstance(first, Related):
        return None
    is_floor = first.relation is Relate.ABOVE and not first.negated and first.left == condition.variable
    return first.right if is_floor and isinstance(first.right, Variable) and first.right != condition.variable else None
