"""Where the checks of one policy file put what they find, so that all of it is reported at once."""

from __future__ import annotations

import re

from evaluator.base.diagnostic import Diagnostic, Severity
from evaluator.base.source import Source, Span

MOST_PROBLEMS = 100
_PIECE = re.compile(r"""''[^']*''|'[^']*'|"[^"]*"|\s+|[^\s'"]+|['"]""")  # a quoted text, white space, or the rest
_LINE_BREAK = re.compile(r"[ \t]*\n\s*")


def one_line(text: str) -> str:
    """Return an author's words as one line; blanks inside quotes are part of the words."""
    pieces = _PIECE.findall(text)
    return "".join(" " if piece.isspace() else _LINE_BREAK.sub(" ", piece) for piece in pieces).strip()


class Problems:
    """Collects the diagnostics of one source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[Diagnostic] = []

    def error(self, code: str, message: str, span: Span, hint: str = "") -> None:
        """Note what makes the policy unusable."""
        self._add(Severity.ERROR, code, message, span, hint)

    def warning(self, code: str, message: str, span: Span, hint: str = "") -> None:
        """Note what is allowed and probably not meant."""
        self._add(Severity.WARNING, code, message, span, hint)

    @property
    def has_errors(self) -> bool:
        """Whether anything noted makes the policy unusable."""
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self.found)

    def text(self, span: Span) -> str:
        """Return the author's words in a span as one line; blanks inside quotes are part of the words."""
        return one_line(self.source.text[span.start : span.end])

    def find(self, words: str, inside: Span) -> Span:
        """Return the place of an author's words inside a span; the whole span if they are written otherwise there."""
        pattern = re.compile(rf"(?<![\w.]){re.escape(words)}(?![\w.])")
        found = pattern.search(self.source.text, inside.start, inside.end)
        return inside if found is None else Span(*found.span())

    def _add(self, severity: Severity, code: str, message: str, span: Span, hint: str) -> None:
        count = sum(diagnostic.severity is severity for diagnostic in self.found)
        if count > MOST_PROBLEMS:
            return
        if count == MOST_PROBLEMS:
            code, message = "TOO_MANY_PROBLEMS", f"there are more than {MOST_PROBLEMS} {severity}s"
            hint = "mend these first; the others are not shown"
        place, excerpt = self.source.place(span), self.source.excerpt(span)
        found = Diagnostic(code, message, place, hint, severity, excerpt, span.start)
        if found not in self.found:  # a condition is judged wherever a rule names it
            self.found.append(found)
