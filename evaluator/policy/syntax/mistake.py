"""Types for syntax errors: a mistake in a rule, the fix of a mistake, and a token of the rule."""

from __future__ import annotations

from msgspec import Struct

from evaluator.base.fix import Safety, TextEdit


class Repair(Struct, frozen=True):
    """A fix of a mistake: new texts for some ranges of characters, and whether the intended meaning is certain."""

    edits: tuple[TextEdit, ...]
    safety: Safety = Safety.SAFE


class Mistake(Struct, frozen=True):
    """A mistake in a rule: its message, its hint, the start and end of the characters to mark, and its fix."""

    message: str
    hint: str
    start: int
    end: int
    repair: Repair | None = None


class Piece(Struct, frozen=True):
    """A token of the rule; `kind` is the name of its terminal in the grammar, `$END` for the end of the rule."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset of the first character after the token."""
        return self.start + len(self.text)


def repair_of(start: int, end: int, text: str, safety: Safety = Safety.SAFE) -> Repair:
    """Return the fix that replaces the characters from `start` to `end` by a text."""
    return Repair((TextEdit(start, end, text),), safety)
