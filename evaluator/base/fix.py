"""Describes fixes of mistakes in a text as data: edits, and whether a program may apply them without a person.

The function that creates a diagnostic also adds the fix, because only this function knows what was meant. Commands and
editors apply the fix. All offsets refer to the plain text of the file with the mistake. `plain_text` returns this text:
it has no byte order mark, and its only line breaks are line feeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct


class Safety(StrEnum):
    """Whether a person must check a fix.

    SAFE means that the intended meaning of the text is certain. UNSAFE means that the fix is a guess, or that it
    changes the meaning of a valid text.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"


class TextEdit(Struct, frozen=True):
    """The new text of a part of a file; `start` and `end` are offsets in the text of the file."""

    start: int
    end: int
    text: str


class Fix(Struct, frozen=True):
    """A fix: a title such as "write `and`", its safety, and its edits, which do not overlap."""

    title: str
    safety: Safety
    edits: tuple[TextEdit, ...]


class Location(Struct, frozen=True):
    """The part of a text that a diagnostic is about: the name of the text in messages, and a range of offsets."""

    name: str
    start: int
    end: int


def applied(text: str, edits: Sequence[TextEdit]) -> str:
    """Apply edits, which do not overlap, to a text. Return the new text."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def moved(edits: Sequence[TextEdit], by: int) -> tuple[TextEdit, ...]:
    """Add a number of characters to all offsets of edits. Return the new edits."""
    return tuple(TextEdit(edit.start + by, edit.end + by, edit.text) for edit in edits)
