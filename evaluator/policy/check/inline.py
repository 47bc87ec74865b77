"""Inserts named conditions at the places that use them.

`layer is container_bridge` is replaced by the checked condition `container_bridge`, in which the expression `layer`
replaces `nic`. So a named condition needs no support in the interpreter, the compiler, the cost and the analysis of
rules: after the check it no longer exists.

Substitution must not capture variables. A variable in the condition can have a name that already has a meaning at the
place of use. Then underscores are appended to the variable's name. Names are replaced in the texts of the nodes too,
because texts are printed in traces.

A trace must name the named condition, and must show the clause of this condition that decided. So the text of each
inserted clause begins with the words that use the condition, for example `layer is container_bridge (layer.name like
"cni*")`. Nothing else in the nodes shows that a condition was inserted.
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
    """A checked condition about `nic`.

    `if_true` are the values that are known if the condition is true. `if_false` are the values that are known if the
    condition is false. `length` is the length of the condition's text, plus the lengths of the conditions that it uses.
    """

    condition: Condition
    if_true: frozenset[Expression]
    if_false: frozenset[Expression]
    length: int


class NamedConditions:
    """The named conditions of a policy. A condition with mistakes is None. `used` are the names that rules use."""

    def __init__(self, by_name: Mapping[str, NamedCondition | None] | None = None) -> None:
        self.by_name = {} if by_name is None else by_name
        self.used: set[str] = set()


class ConditionUse(Struct, frozen=True):
    """A use of a named condition, such as `layer is container_bridge`.

    `subject` is the expression before `is`, and `words` is the text of the use. `used_names` are the names that
    already have a meaning at this place.
    """

    subject: Expression
    words: str
    span: Span
    used_names: Container[str]

    def condition(self, named: NamedCondition) -> Condition:
        """Return the named condition, inserted at this place."""
        substituted = _substituted(named.condition, self.subject, self._new_names(named.condition))
        labelled = _labelled(substituted, self.words)
        is_compound = isinstance(labelled, AllOf | AnyOf | Not)
        return replace(labelled, text=self.words, span=self.span) if is_compound else labelled

    def with_subject(self, values: frozenset[Expression]) -> frozenset[Expression]:
        """Return values of a named condition, with `subject` instead of `nic`.

        For example, in `layer is container_bridge`, the subject is `layer`, and `nic.mtu` becomes `layer.mtu`.
        """
        return frozenset(_substituted(value, self.subject, {}) for value in values)

    def _new_names(self, condition: Condition) -> dict[str, str]:
        """Return a new name for each bound variable. The new name has no other meaning at this place."""
        names: dict[str, str] = {}
        for bound in sorted(_bound_in(condition)):
            name = bound
            while name in self.used_names or name in names.values():
                name += "_"
            names[bound] = name
        return names


def quantifiers_in(node: Node) -> int:
    """Return the greatest depth of nested quantifiers."""
    return isinstance(node, Quantified | Filter) + max(map(quantifiers_in, _parts(node)), default=0)


def depth_of(condition: Condition) -> int:
    """Return the greatest depth of nested conditions."""
    inner: tuple[Condition, ...] = ()
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            inner = parts
        case Not(condition=negated):
            inner = (negated,)
        case Quantified(body=body):
            inner = (body,)
        case _:
            inner = tuple(filtered.body for filtered in filters_of(condition))
    return 1 + max(map(depth_of, inner), default=0)


def _parts(node: Node) -> list[Node]:
    values = (getattr(node, name) for name in node.__struct_fields__)
    return [part for value in values for part in (value if isinstance(value, tuple) else (value,)) if _is_node(part)]


def _is_node(value: object) -> bool:
    return isinstance(value, Node)


def _bound_in(node: Node) -> set[str]:
    own = {node.variable.name} if isinstance(node, Quantified | Filter) else set()
    return own.union(*map(_bound_in, _parts(node)))


def _substituted(node: _Any, subject: Expression, names: Mapping[str, str]) -> _Any:
    """Return a node in which a subject replaces `nic` and variables are renamed. Its texts change in the same way."""
    if isinstance(node, Variable):
        replacement = subject if node.name == SUBJECT else Variable(names.get(node.name, node.name), node.type)
        return cast("_Any", replacement)
    changes: dict[str, object] = {}
    for name in node.__struct_fields__:
        value = getattr(node, name)
        if isinstance(value, Node):
            changes[name] = _substituted(value, subject, names)
        elif isinstance(value, tuple) and any(map(_is_node, value)):
            changes[name] = tuple(_substituted(part, subject, names) for part in value)
        elif name == "text":
            changes[name] = _renamed(value, {SUBJECT: subject.text, **names})
    return replace(node, **changes)


def _renamed(text: str, names: Mapping[str, str]) -> str:
    return _TOKEN.sub(lambda token: names.get(token.group(), token.group()), text)


def _labelled(condition: Condition, words: str) -> Condition:
    """Return a condition in which the text of each clause begins with `words`, such as `layer is container_bridge`."""
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            return replace(condition, conditions=tuple(_labelled(part, words) for part in parts))
        case Not(condition=inner):
            return replace(condition, condition=_labelled(inner, words))
        case _:
            return replace(condition, text=f"{words} ({condition.text})")
