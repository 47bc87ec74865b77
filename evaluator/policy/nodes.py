"""What a sentence of the rule language says, before anybody asks whether it makes sense.

Every node carries the span it was read from, in offsets of the policy file.
"""

from __future__ import annotations

from evaluator.frozen import dataclass
from evaluator.source import Span


@dataclass(frozen=True, slots=True)
class Name:
    """A single name and its place."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Word:
    """`nic.addresses`: names joined by dots."""

    parts: tuple[Name, ...]
    span: Span

    @property
    def text(self) -> str:
        """The word as the vocabulary spells it."""
        return ".".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Call:
    """`count(candidates)`."""

    function: Name
    arguments: tuple[Operand, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Items:
    """`["docker0", "virbr*"]`."""

    operands: tuple[Operand, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, an integer or a boolean."""

    value: str | int | bool
    span: Span


@dataclass(frozen=True, slots=True)
class Either:
    """`a or b or c`; `signs` are the words used to join them."""

    conditions: tuple[Condition, ...]
    signs: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Both:
    """`a and b and c`; `signs` are the words used to join them."""

    conditions: tuple[Condition, ...]
    signs: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Negation:
    """`not a`; `sign` is the word used."""

    condition: Condition
    sign: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Quantified:
    """`some|every|no binder in domain satisfies body`."""

    quantifier: str
    binder: Name
    domain: Operand
    body: Condition
    span: Span


@dataclass(frozen=True, slots=True)
class Holds:
    """An operand that stands alone as a condition."""

    operand: Operand
    span: Span


@dataclass(frozen=True, slots=True)
class Relation:
    """`left sign right`: a comparison, `in`, or one of the relations; `negation` is the word before the sign."""

    left: Operand
    sign: Name
    right: Operand
    negation: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class State:
    """`operand is name` or `operand is not name`; `negation` is the word for not."""

    operand: Operand
    state: Name
    negation: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Sentence:
    """One rule: what to do, to whom, and when."""

    verb: Name
    subject: Name | None
    condition: Condition
    span: Span


Operand = Word | Call | Items | Literal
Condition = Either | Both | Negation | Quantified | Holds | Relation | State
