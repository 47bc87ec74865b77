"""Collects the diagnostics of one policy, so that all of them are reported at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from evaluator.base.diagnostic import Diagnostic, Severity
from evaluator.base.fix import Fix, Location, Safety, TextEdit, moved
from evaluator.base.source import Source, Span
from evaluator.base.text import most_similar, quote
from evaluator.policy.source.scalar import ScalarText

TOO_MANY_PROBLEMS = "TOO_MANY_PROBLEMS"
MOST_PROBLEMS = 100
_PIECE = re.compile(r"""''[^']*''|'[^']*'|"[^"]*"|\s+|[^\s'"]+|['"]""")  # quoted text, white space, or anything else
_LINE_BREAK = re.compile(r"[ \t]*\n\s*")
_WHOLE_TEXT = re.compile(r"write `([^`…]+)`")
_NO_FIXES: tuple[Fix, ...] = ()


def one_line(text: str) -> str:
    """Return the text of a rule as one line with single spaces; spaces inside quotes are left unchanged."""
    pieces = _PIECE.findall(text)
    return "".join(" " if piece.isspace() else _LINE_BREAK.sub(" ", piece) for piece in pieces).strip()


class Problems:
    """Collects the diagnostics of one source, and makes their fixes."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self._scalars: list[ScalarText] = []

    def error(self, code: str, message: str, span: Span, hint: str = "", fixes: tuple[Fix, ...] = _NO_FIXES) -> None:
        """Report a mistake that makes the policy invalid."""
        self._add(Diagnostic(code, message, "", hint, Severity.ERROR, fixes=fixes), span)

    def warning(self, code: str, message: str, span: Span, hint: str = "", fixes: tuple[Fix, ...] = _NO_FIXES) -> None:
        """Report a problem that is allowed but probably not intended."""
        self._add(Diagnostic(code, message, "", hint, Severity.WARNING, fixes=fixes), span)

    def info(self, code: str, message: str, span: Span, hint: str = "") -> None:
        """Report a fact that the author should know, although it may be intended."""
        self._add(Diagnostic(code, message, "", hint, Severity.INFO), span)

    @property
    def has_errors(self) -> bool:
        """Whether a mistake was reported that makes the policy invalid."""
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics)

    def text(self, span: Span) -> str:
        """Return the text in a span as one line, without YAML's escapes. Spaces inside quotes do not change."""
        scalar = self._scalar_with(span)
        return one_line(self.source.text[span.start : span.end] if scalar is None else scalar.part(span))

    def find(self, words: str, inside: Span) -> Span:
        """Return the place of `words` in the text of a span. If the text does not contain them, return the span."""
        pattern = re.compile(rf"(?<![\w.]){re.escape(words)}(?![\w.])")
        match = pattern.search(self.source.text, inside.start, inside.end)
        return inside if match is None else Span(*match.span())

    def knows_scalar(self, scalar: ScalarText) -> None:
        """Store the YAML scalar of a rule or condition. A fix inside it is then written in the style of the scalar."""
        self._scalars.append(scalar)

    def fix(self, span: Span, text: str, safety: Safety = Safety.SAFE, title: str = "") -> tuple[Fix, ...]:
        """Return the fix that replaces the text in a span by another text; empty if YAML does not allow this.

        A text inside a sentence is written in the style of the sentence's YAML scalar.
        """
        title = title or ("type a space" if text == " " else f"write {quote(text.strip())}")
        title = title if text else f"remove {quote(self.source.text[span.start : span.end])}"
        return self.fix_all([(span, text)], safety, title)

    def fix_all(self, changes: Sequence[tuple[Span, str]], safety: Safety, title: str) -> tuple[Fix, ...]:
        """Return one fix that replaces the texts in several spans; empty if YAML does not allow this."""
        edits = tuple(edit for edit in (self._edit(span, text) for span, text in changes) if edit is not None)
        return (Fix(title, safety, edits),) if len(edits) == len(changes) else ()

    def _edit(self, span: Span, text: str) -> TextEdit | None:
        scalar = self._scalar_with(span)
        if scalar is None:
            return TextEdit(span.start, span.end, text)
        written = scalar.written(text)
        return None if written is None else TextEdit(span.start, scalar.boundary(span.end), written)

    def _scalar_with(self, span: Span) -> ScalarText | None:
        return next((scalar for scalar in reversed(self._scalars) if scalar.contains(span)), None)

    def word_fix(self, span: Span, text: str, safety: Safety = Safety.SAFE) -> tuple[Fix, ...]:
        """Return the fix that replaces a sign or word by another word.

        Spaces are added if adjacent words require them.
        """
        whole = self.source.text
        before, after = whole[span.start - 1 : span.start], whole[span.end : span.end + 1]
        is_word, is_end = text[:1].isalnum(), text[-1:].isalnum()
        left = " " if is_word and before and (before.isalnum() or before in "_)]\"'") else ""
        right = " " if is_end and after and (after.isalnum() or after in "_([\"'-") else ""
        return self.fix(span, left + text + right, safety, f"write {quote(text)}")

    def name_fix(self, span: Span, name: str, known: Iterable[str]) -> tuple[Fix, ...]:
        """Return the fix that replaces a name by the most similar known name.

        The fix is safe if no other name is similar.
        """
        meant, is_only = most_similar(name, known)
        return self.fix(span, meant, Safety.SAFE if is_only else Safety.UNSAFE) if meant else ()

    def hint_fix(self, span: Span, hint: str, safety: Safety = Safety.UNSAFE) -> tuple[Fix, ...]:
        """Return the fix for a hint such as ``write `nic is up` ``. The text in the hint replaces the whole span."""
        match = _WHOLE_TEXT.fullmatch(hint)
        return self.word_fix(span, match[1], safety) if match else ()

    def _add(self, problem: Diagnostic, span: Span) -> None:
        severity = problem.severity
        count = sum(other.severity is severity for other in self.diagnostics)
        if count > MOST_PROBLEMS:
            return
        code, message, hint, fixes = problem.code, problem.message, problem.hint, problem.fixes
        if count == MOST_PROBLEMS:
            code, message = TOO_MANY_PROBLEMS, f"there are more than {MOST_PROBLEMS} {severity}s"
            hint, fixes = "fix the shown problems first; further problems are not shown", ()
        part = self.source.part_at(span.start)
        location = Location(part.name, span.start - part.start, max(span.start, span.end) - part.start)
        place, excerpt = self.source.place(span), self.source.excerpt(span)
        own = tuple(Fix(fix.title, fix.safety, moved(fix.edits, -part.start)) for fix in fixes)
        diagnostic = Diagnostic(code, message, place, hint, severity, excerpt, span.start, location, own)
        if diagnostic not in self.diagnostics:  # a named condition is analysed once for each rule that uses it
            self.diagnostics.append(diagnostic)
