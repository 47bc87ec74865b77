"""Checks the messages and hints of rules. Words in braces, such as `{nic.name}`, must be known."""

from __future__ import annotations

import re

from evaluator.base.source import Span
from evaluator.base.text import quote
from evaluator.policy.check.expression import ExpressionChecker, Scope
from evaluator.policy.language.checked import Expression, Read
from evaluator.policy.language.program import Template
from evaluator.policy.language.types import Base, Type
from evaluator.policy.language.vocabulary import message_word
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.scalar import ScalarText
from evaluator.policy.syntax import nodes

_PIECE = re.compile(r"\{([^{}]*)\}|[{}]")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_NOT_PRINTABLE = (Base.HOST, Base.REPORT)


def check_message(scalar: ScalarText, scope: Scope, problems: Problems) -> Template:
    """Return the template of a message; words with mistakes are reported and left out."""
    parts: list[str | Expression] = []
    at = 0
    for piece in _PIECE.finditer(scalar.text):
        parts.append(scalar.text[at : piece.start()])
        at = piece.end()
        expression = _placeholder(piece, scalar, scope, problems)
        if expression is not None:
            parts.append(expression)
    parts.append(scalar.text[at:])
    return Template(tuple(part if not isinstance(part, str) else fold(part) for part in parts if part != ""))


def _message_word(node: nodes.DottedName, checker: ExpressionChecker, scope: Scope) -> Expression | None:
    """Return the word if it exists only in messages; None for any other word."""
    *before, last = node.parts
    global_word = message_word(None, node.text)
    if global_word is not None:
        return Read(global_word.key, None, global_word.type, node.text)
    word = message_word(Base.NIC, last.text)
    if word is None or not before or before[0].text not in scope.variables:
        return None
    owner = checker.operand(nodes.DottedName(tuple(before), Span(before[0].span.start, before[-1].span.end)), scope)
    fits = owner is not None and owner.type == Type(Base.NIC)
    return Read(word.key, owner, word.type, node.text) if fits else None


def _no_filter(node: nodes.Filtered, scope: Scope) -> None:
    """Return None. The checker of expressions needs this function, but never calls it: a message has no lists."""


def fold(text: str) -> str:
    """Return the text as one line. One space replaces each line break and the spaces around the line break."""
    return re.sub(r"\s*\n\s*", " ", text)


def _placeholder(piece: re.Match[str], scalar: ScalarText, scope: Scope, problems: Problems) -> Expression | None:
    inside = piece.group(1)
    span = scalar.span(piece.start(), piece.end())
    if inside is None:
        problems.error(
            "MESSAGE_SYNTAX",
            f"unmatched {quote(piece.group())}",
            span,
            "write a word in braces: {nic.name}",
        )
        return None
    if not _WORD.fullmatch(inside):
        message = f"invalid word in braces: {quote(piece.group())}"
        problems.error(
            "MESSAGE_SYNTAX", message, span, "use braces only around a word of the language, for example {nic.name}"
        )
        return None
    names: list[nodes.Name] = []
    start = piece.start(1)
    for name in inside.split("."):
        names.append(nodes.Name(name, scalar.span(start, start + len(name))))
        start += len(name) + 1
    word = nodes.DottedName(tuple(names), scalar.span(*piece.span(1)))
    checker = ExpressionChecker(problems, _no_filter)
    expression = _message_word(word, checker, scope) or checker.operand(word, scope)
    if expression is not None and expression.type.base in _NOT_PRINTABLE:
        problems.error("MESSAGE_SYNTAX", f"{quote(inside)} cannot be printed as text", span, "write {host.name}")
        return None
    return expression
