"""Describes a text and the places in the text. The excerpt of a place is its line with a caret below.

A place is a pair of offsets. An offset is converted to a line and a column only for a message. If a policy extends
another policy, the texts of both are joined, so that one offset identifies a place in any text.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from msgspec import Struct

from evaluator.base.cached_property import cached_property
from evaluator.base.text import flat, visible

_WIDEST_EXCERPT = 100


class Span(Struct, frozen=True, array_like=True):
    """A half-open range of character offsets in a source."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"invalid span: {self.start}..{self.end}")


class SourcePart(Struct, frozen=True):
    """One of several joined texts: the offset of its start, and its name in messages."""

    start: int
    name: str


class Source(Struct, frozen=True, dict=True):
    """A text and its name in messages: a path, the name of a policy, or `<string>`.

    `path` is the path of the file, None for a text without a file. If the text was joined from several texts, `parts`
    are the original texts.
    """

    name: str
    text: str
    path: str | None = None
    parts: tuple[SourcePart, ...] = ()

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        """The offsets of the starts of the lines."""
        return (0, *(i + 1 for i, char in enumerate(self.text) if char == "\n"))

    def line_column(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset in its original text; both begin at 1."""
        line = self._line_at(offset)
        return line - self._line_at(self.part_at(offset).start) + 1, offset - self._starts[line] + 1

    def place(self, span: Span) -> str:
        """Return `name:line:column`."""
        line, column = self.line_column(span.start)
        return f"{visible(self.part_at(span.start).name)}:{line}:{column}"

    def part_at(self, offset: int) -> SourcePart:
        """Return the original text that contains an offset."""
        at = bisect.bisect_right(self.parts, offset, key=lambda part: part.start)
        return self.parts[at - 1] if at else SourcePart(0, self.name)

    def _line_at(self, offset: int) -> int:
        """Return the index of the line that contains an offset."""
        return bisect.bisect_right(self._starts, offset) - 1

    def _line(self, index: int) -> str:
        """Return a line without its line break."""
        end = self.text.find("\n", self._starts[index])
        return self.text[self._starts[index] : len(self.text) if end < 0 else end].rstrip("\r")

    def excerpt(self, span: Span) -> str:
        """Return two lines: the line in which a span starts, and a mark below the span.

        The mark is a caret for the first character and a tilde for each further character.
        """
        line = self._line_at(span.start)
        column = span.start - self._starts[line] + 1
        text = self._line(line)
        left = max(0, column - 1 - _WIDEST_EXCERPT // 2)
        before, shown = text[left : column - 1], text[left : left + _WIDEST_EXCERPT]
        width = max(1, min(span.end, span.start + len(text) - column + 1) - span.start)
        width = min(width, max(1, len(shown) - len(before)))
        pad = " " * len(flat(before.replace("\t", " ")))
        return f"{flat(shown.replace(chr(9), ' '))}\n{pad}^{'~' * (width - 1)}"


def join(sources: Sequence[Source]) -> Source:
    """Join several texts. The result has the name of the last text, and its places refer to the original texts."""
    parts, start = [], 0
    for source in sources:
        parts.append(SourcePart(start, source.name))
        start += len(source.text) + 1
    own = sources[-1]
    return Source(own.name, "\n".join([source.text for source in sources]), own.path, tuple(parts))
