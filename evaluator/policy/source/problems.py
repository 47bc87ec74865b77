"""Collects the diagnostics of one policy, so that all of them are reported at once."""

from __future__ import annotations

import re

from evaluator.base.diagnostic import Diagnostic, Severity
from evaluator.base.source import Source, Span

MOST_PROBLEMS = 100
_PIECE = re.compile(r"""''[^']*''|'[^']*'|"[^"]*"|\s+|[^\s'"]+|['"]""")  # quoted text, white space, or anything else
_LINE_BREAK = re.compile(r"[ \t]*\n\s*")


def one_line(text: str) -> str:
    """Return the text of a rule as one line with single spaces; spaces inside quotes are left unchanged."""
    pieces = _PIECE.findall(text)
    return "".join(" " if piece.isspace() else _LINE_BREAK.sub(" ", piece) for piece in pieces).strip()


class Problems:
    """Collects the diagnostics of one source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []

    def error(self, code: str, message: str, span: Span, hint: str = "") -> None:
        """Report a mistake that makes the policy invalid."""
        self._add(Severity.ERROR, code, message, span, hint)

    def warning(self, code: str, message: str, span: Span, hint: str = "") -> None:
        """Report something that is allowed but probably not intended."""
        self._add(Severity.WARNING, code, message, span, hint)

    @property
    def has_errors(self) -> bool:
        """Whether a mistake was reported that makes the policy invalid."""
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics)

    def text(self, span: Span) -> str:
        """Return the source text in a span as one line; spaces inside quotes are left unchanged."""
        return one_line(self.source.text[span.start : span.end])

    def find(self, words: str, inside: Span) -> Span:
        """Return the span of some words inside a span; the whole span if the words do not occur in it as written."""
        pattern = re.compile(rf"(?<![\w.]){re.escape(words)}(?![\w.])")
        match = pattern.search(self.source.text, inside.start, inside.end)
        return inside if match is None else Span(*match.span())

    def _add(self, severity: Severity, code: str, message: str, span: Span, hint: str) -> None:
        count = sum(other.severity is severity for other in self.diagnostics)
        if count > MOST_PROBLEMS:
            return
        if count == MOST_PROBLEMS:
            code, message = "TOO_MANY_PROBLEMS", f"there are more than {MOST_PROBLEMS} {severity}s"
            hint = "fix these first; the others are not shown"
        place, excerpt = self.source.place(span), self.source.excerpt(span)
        diagnostic = Diagnostic(code, message, place, hint, severity, excerpt, span.start)
        if diagnostic not in self.diagnostics:  # a named condition is analysed once for each rule that uses it
            self.diagnostics.append(diagnostic)
