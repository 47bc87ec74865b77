"""Converts edits of a policy's plain text to edits of the text of its file.

The parser reads a text without a byte order mark, and with line feeds as its only line breaks (`plain_text`). An edit
of this text must become an edit of the file that leaves every other byte as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evaluator.base.fix import TextEdit


def in_raw(raw: str, edits: Sequence[TextEdit]) -> Iterator[TextEdit]:
    """Yield the edits with offsets and line ends of the raw text, which may have a byte order mark and CR LF."""
    start = 1 if raw.startswith("\ufeff") else 0
    # the end of each plain character in the raw text: CR LF is one character, and an edit before it is before its CR
    ends = [start, *(index + 1 for index in range(start, len(raw)) if not raw.startswith("\r\n", index))]
    line_end = "\r\n" if "\r\n" in raw else "\n"
    for edit in edits:
        yield TextEdit(ends[edit.start], ends[edit.end], edit.text.replace("\n", line_end))
