"""The syntax tree of a rule. Names and types are not checked yet.

Every node has the span of its text, in offsets of the policy file.
"""

from __future__ import annotations

from msgspec import Struct

from evaluator.base.source import Span


class Name(Struct, frozen=True):
    """A single name and its place."""

    text: str
    span: Span


class DottedName(Struct, frozen=True):
    """`nic.addresses`: one or more names joined by dots."""

    parts: tuple[Name, ...]
    span: Span

    @property
    def text(self) -> str:
        """The word with its dots, as in the vocabulary."""
        return ".".join(part.text for part in self.parts)


class Call(Struct, frozen=True):
    """`count(candidates)`."""

    function: Name
    arguments: tuple[Operand, ...]
    span: Span


class Filtered(Struct, frozen=True):
    """`count(variable in domain satisfies body)`."""

    function: Name
    variable: Name
    domain: Operand
    body: Condition
    span: Span


class Items(Struct, frozen=True):
    """`["docker0", "virbr*"]`."""

    operands: tuple[Operand, ...]
    span: Span


class Literal(Struct, frozen=True):
    """A text, an integer or a boolean."""

    value: str | int | bool
    span: Span


class Either(Struct, frozen=True):
    """`a or b or c`; `operators` are the words between them, as written."""

    conditions: tuple[Condition, ...]
    operators: tuple[Name, ...]
    span: Span


class Both(Struct, frozen=True):
    """`a and b and c`; `operators` are the words between them, as written."""

    conditions: tuple[Condition, ...]
    operators: tuple[Name, ...]
    span: Span


class Negation(Struct, frozen=True):
    """`not a`; `operator` is the word for `not`, as written."""

    condition: Condition
    operator: Name
    span: Span


class Quantified(Struct, frozen=True):
    """`some|every|no variable in domain satisfies body`."""

    quantifier: str
    variable: Name
    domain: Operand
    body: Condition
    span: Span


class BareOperand(Struct, frozen=True):
    """An operand alone as a condition: `is_backup`."""

    operand: Operand
    span: Span


class Relation(Struct, frozen=True):
    """`left operator right`: a comparison, `in`, `like` and so on; `negation` is the word `not` before the operator."""

    left: Operand
    operator: Name
    right: Operand
    negation: Name | None
    span: Span


class StateTest(Struct, frozen=True):
    """`operand is state` or `operand is not state`; `negation` is the word for `not`."""

    operand: Operand
    state: Name
    negation: Name | None
    span: Span


class Sentence(Struct, frozen=True):
    """One rule: its verb, its subject, and its condition."""

    verb: Name
    subject: Name | None
    condition: Condition
    span: Span


Operand = DottedName | Call | Filtered | Items | Literal
Condition = Either | Both | Negation | Quantified | BareOperand | Relation | StateTest
