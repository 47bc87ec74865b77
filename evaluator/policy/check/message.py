"""The messages of rules: text with `{dotted word}` in it, checked like the rule itself."""

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
from evaluator.policy.source.scalar import Scalar
from evaluator.policy.syntax import nodes

_PIECE = re.compile(r"\{([^{}]*)\}|[{}]")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_NOT_SHOWN = (Base.HOST, Base.REPORT)


def check_message(scalar: Scalar, scope: Scope, problems: Problems) -> Template:
    """Return the message's template; mistakes in it are noted, and leave a gap."""
    parts: list[str | Expression] = []
    at = 0
    for piece in _PIECE.finditer(scalar.text):
        parts.append(scalar.text[at : piece.start()])
        at = piece.end()
        found = _placeholder(piece, scalar, scope, problems)
        if found is not None:
            parts.append(found)
    parts.append(scalar.text[at:])
    return Template(tuple(part if not isinstance(part, str) else fold(part) for part in parts if part != ""))


def _message_word(node: nodes.Word, checker: ExpressionChecker, scope: Scope) -> Expression | None:
    """Return a word that only messages have."""
    *before, last = node.parts
    alone = message_word(None, node.text)
    if alone is not None:
        return Read(alone.key, None, alone.type, node.text)
    word = message_word(Base.NIC, last.text)
    if word is None or not before or before[0].text not in scope.variables:
        return None
    owner = checker.operand(nodes.Word(tuple(before), Span(before[0].span.start, before[-1].span.end)), scope)
    fits = owner is not None and owner.type == Type(Base.NIC)
    return Read(word.key, owner, word.type, node.text) if fits else None


def _no_filter(node: nodes.Filtered, scope: Scope) -> None:
    """Return nothing: a message holds words only."""


def fold(text: str) -> str:
    """Make one line of what YAML let run over several."""
    return re.sub(r"\s*\n\s*", " ", text)


def _placeholder(piece: re.Match[str], scalar: Scalar, scope: Scope, problems: Problems) -> Expression | None:
    inside = piece.group(1)
    span = scalar.span(piece.start(), piece.end())
    if inside is None:
        problems.error(
            "MESSAGE_SYNTAX",
            f"{quote(piece.group())} has no partner",
            span,
            "a word stands in braces: {nic.name}",
        )
        return None
    if not _WORD.fullmatch(inside):
        message = f"{quote(piece.group())} holds no word of the language"
        problems.error("MESSAGE_SYNTAX", message, span, "only a dotted word may stand in braces: {nic.name}")
        return None
    names: list[nodes.Name] = []
    start = piece.start(1)
    for name in inside.split("."):
        names.append(nodes.Name(name, scalar.span(start, start + len(name))))
        start += len(name) + 1
    word = nodes.Word(tuple(names), scalar.span(*piece.span(1)))
    checker = ExpressionChecker(problems, _no_filter)
    found = _message_word(word, checker, scope) or checker.operand(word, scope)
    if found is not None and found.type.base in _NOT_SHOWN:
        problems.error("MESSAGE_SYNTAX", f"{quote(inside)} cannot be shown as text", span, "say {host.name}")
        return None
    return found
