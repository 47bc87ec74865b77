"""The syntax tree of a rule. Names and types are not checked yet.

Every node has the span of its text, in offsets of the policy file. The docstring of a node names the rules of
`grammar.lark` that become this node. The parser reads `a and b and c` as `(a and b) and c`. In the tree, this is one
`Both` with three parts. In the same way, `a or b or c` is one `Either` with three parts.
"""

from __future__ import annotations

from msgspec import Struct

from evaluator.base.source import Span


class Name(Struct, frozen=True):
    """A single name or operator, and its place. Grammar: a token."""

    text: str
    span: Span


class DottedName(Struct, frozen=True):
    """`nic.addresses`: one or more names joined by dots. Grammar: `word`."""

    parts: tuple[Name, ...]
    span: Span

    @property
    def text(self) -> str:
        """The whole word with its dots, such as `nic.addresses`."""
        return ".".join(part.text for part in self.parts)


class Call(Struct, frozen=True):
    """`count(candidates)`. Grammar: `call`."""

    function: Name
    arguments: tuple[Operand, ...]
    span: Span


class Filtered(Struct, frozen=True):
    """`count(variable in domain satisfies body)`. Grammar: `filtered`."""

    function: Name
    variable: Name
    domain: Operand
    body: Condition
    span: Span


class Items(Struct, frozen=True):
    """`["docker0", "virbr*"]`. Grammar: `list`."""

    operands: tuple[Operand, ...]
    span: Span


class Literal(Struct, frozen=True):
    """A text, an integer or a boolean. Grammar: `text`, `integer`, `boolean`."""

    value: str | int | bool
    span: Span


class Either(Struct, frozen=True):
    """`a or b or c`. `operators` are the operators as the text writes them: `or` or `||`. Grammar: `either`."""

    conditions: tuple[Condition, ...]
    operators: tuple[Name, ...]
    span: Span


class Both(Struct, frozen=True):
    """`a and b and c`. `operators` are the operators as the text writes them: `and` or `&&`. Grammar: `both`."""

    conditions: tuple[Condition, ...]
    operators: tuple[Name, ...]
    span: Span


class Negation(Struct, frozen=True):
    """`not a`. `operator` is the operator as the text writes it: `not` or `!`. Grammar: `negation`."""

    condition: Condition
    operator: Name
    span: Span


class Quantified(Struct, frozen=True):
    """`some|every|no variable in domain satisfies body`. Grammar: `quantified`."""

    quantifier: str
    variable: Name
    domain: Operand
    body: Condition
    span: Span


class BareOperand(Struct, frozen=True):
    """A single operand that is used as a condition: `is_backup`. Grammar: `bare`."""

    operand: Operand
    span: Span


class Relation(Struct, frozen=True):
    """`left operator right`: a comparison, `in`, `like` and so on; `negation` is the word `not` before the operator.

    Grammar: `compare`, `relate`, `not_relate`, `member`, `not_member`.
    """

    left: Operand
    operator: Name
    right: Operand
    negation: Name | None
    span: Span


class StateTest(Struct, frozen=True):
    """`operand is state` or `operand is not state`. `negation` is `not` or `!` as the text writes it, or None.

    Grammar: `state`, `not_state`.
    """

    operand: Operand
    state: Name
    negation: Name | None
    span: Span


class Sentence(Struct, frozen=True):
    """One rule: its verb, its subject, and its condition. Grammar: `rule`."""

    verb: Name
    subject: Name | None
    condition: Condition
    span: Span


Operand = DottedName | Call | Filtered | Items | Literal
Condition = Either | Both | Negation | Quantified | BareOperand | Relation | StateTest
