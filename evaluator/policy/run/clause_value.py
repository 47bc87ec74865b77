"""A value that was read by a clause of a rule, in the form that explanations show."""

from __future__ import annotations

from msgspec import Struct


class ClauseValue(Struct, frozen=True):
    """An operand of a deciding clause, its value as text, and the JSON Pointers to its source in the report."""

    word: str
    value: str
    pointers: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the value as JSON-ready data."""
        return {"word": self.word, "value": self.value, "pointers": list(self.pointers)}
