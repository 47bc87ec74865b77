"""Converts edits of a policy's plain text to edits of the text of its file.

The parser reads a text without a byte order mark, and with line feeds as its only line breaks (`plain_text`). An edit
of this text is converted to an edit of the file. All other bytes of the file stay the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evaluator.base.fix import TextEdit


def in_raw(raw: str, edits: Sequence[TextEdit]) -> Iterator[TextEdit]:
    """Convert edits of the plain text to edits of the raw text, which may have a byte order mark and CR LF."""
    ends = raw_ends(raw)
    line_end = "\r\n" if "\r\n" in raw else "\n"
    for edit in edits:
        yield TextEdit(ends[edit.start], ends[edit.end], edit.text.replace("\n", line_end))


def raw_ends(raw: str) -> list[int]:
    """Return the offset in the raw text for each offset in the plain text.

    CR LF is one character of the plain text. An offset directly before this character is before the CR.
    """
    start = 1 if raw.startswith("\ufeff") else 0
    return [start, *(index + 1 for index in range(start, len(raw)) if not raw.startswith("\r\n", index))]
