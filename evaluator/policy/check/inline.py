"""Named conditions, and what they become where a rule names one.

A condition is written out where it is named: its `nic` becomes what is before `is`. So it needs no meaning of its own
in the interpreter, the compiler, the count of steps and the analysis of rules. Only its texts show where it comes from:
each clause of it begins with the words that name it, so that a trace and an explanation say what in it was true.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.source import Span
from evaluator.policy.language.checked import (
    AllOf,
    AnyOf,
    Condition,
    Expression,
    Filter,
    Node,
    Not,
    Quantified,
    Variable,
    filters_of,
)

SUBJECT = "nic"
_TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|(?<![\w.])[A-Za-z_]\w*")
_Any = TypeVar("_Any", bound=Node)


class NamedCondition(Struct, frozen=True):
    """A condition about `nic` that is checked, and the values that it proves known if it is true, if it is false.

    `length` is that of its text with the texts of the conditions that it names.
    """

    condition: Condition
    if_true: frozenset[Expression]
    if_false: frozenset[Expression]
    length: int


class NamedConditions:
    """The conditions of a policy by name, None for those with mistakes; `used` are those that something names."""

    def __init__(self, known: Mapping[str, NamedCondition | None] | None = None) -> None:
        self.known = {} if known is None else known
        self.used: set[str] = set()


class Use(Struct, frozen=True):
    """A place where a condition is named: of what, by which words, and which names have a meaning there."""

    subject: Expression
    words: str
    span: Span
    taken: Container[str]

    def condition(self, named: NamedCondition) -> Condition:
        """Return the condition as it is meant here."""
        found = _labelled(_written_out(named.condition, self.subject, self._names(named.condition)), self.words)
        return replace(found, text=self.words, span=self.span) if isinstance(found, AllOf | AnyOf | Not) else found

    def values(self, values: frozenset[Expression]) -> frozenset[Expression]:
        """Return values that are proven known as they are meant here."""
        return frozenset(_written_out(value, self.subject, {}) for value in values)

    def _names(self, condition: Condition) -> dict[str, str]:
        """Return another name for each bound variable whose name has a meaning here already."""
        names: dict[str, str] = {}
        for bound in sorted(_bound_in(condition)):
            name = bound
            while name in self.taken or name in names.values():
                name += "_"
            names[bound] = name
        return names


def quantifiers_in(node: Node) -> int:
    """Return how many quantifiers are inside each other at most."""
    return isinstance(node, Quantified | Filter) + max(map(quantifiers_in, _parts(node)), default=0)


def depth_of(condition: Condition) -> int:
    """Return how deep conditions are nested."""
    inner: tuple[Condition, ...] = ()
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            inner = parts
        case Not(condition=one):
            inner = (one,)
        case Quantified(body=body):
            inner = (body,)
        case _:
            inner = tuple(one.body for one in filters_of(condition))
    return 1 + max(map(depth_of, inner), default=0)


def _parts(node: Node) -> list[Node]:
    values = (getattr(node, name) for name in node.__struct_fields__)
    return [part for value in values for part in (value if isinstance(value, tuple) else (value,)) if _is_node(part)]


def _is_node(value: object) -> bool:
    return isinstance(value, Node)


def _bound_in(node: Node) -> set[str]:
    own = {node.variable.name} if isinstance(node, Quantified | Filter) else set()
    return own.union(*map(_bound_in, _parts(node)))


def _written_out(node: _Any, subject: Expression, names: Mapping[str, str]) -> _Any:
    """Return a node with `nic` replaced by a subject, and variables by others; in its texts too."""
    if isinstance(node, Variable):
        found = subject if node.name == SUBJECT else Variable(names.get(node.name, node.name), node.type)
        return cast("_Any", found)
    changes: dict[str, object] = {}
    for name in node.__struct_fields__:
        value = getattr(node, name)
        if isinstance(value, Node):
            changes[name] = _written_out(value, subject, names)
        elif isinstance(value, tuple) and any(map(_is_node, value)):
            changes[name] = tuple(_written_out(part, subject, names) for part in value)
        elif name == "text":
            changes[name] = _reworded(value, {SUBJECT: subject.text, **names})
    return replace(node, **changes)


def _reworded(text: str, names: Mapping[str, str]) -> str:
    return _TOKEN.sub(lambda token: names.get(token.group(), token.group()), text)


def _labelled(condition: Condition, words: str) -> Condition:
    """Return a condition each of whose clauses begins with the words that name it."""
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            return replace(condition, conditions=tuple(_labelled(part, words) for part in parts))
        case Not(condition=inner):
            return replace(condition, condition=_labelled(inner, words))
        case _:
            return replace(condition, text=f"{words} ({condition.text})")
