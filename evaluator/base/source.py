"""A text, a place in it, and the line of that place with a caret under it.

A place is a pair of offsets until the last moment; only a message turns it into line and column.
Texts that belong together are joined to one, so that a single offset names a place in any of them.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from functools import cached_property

from msgspec import Struct

from evaluator.base.text import flat, visible

_WIDEST_EXCERPT = 100


class Span(Struct, frozen=True, array_like=True):
    """A half-open range of character offsets in a source."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"no such span: {self.start}..{self.end}")


class Part(Struct, frozen=True):
    """One of several joined texts: the offset at which it starts, and the name a person knows it by."""

    start: int
    name: str


class Source(Struct, frozen=True, dict=True):
    """A text with the name a person knows it by: a path, a policy's name, `<string>`.

    `path` is that of the file that it was read from, None for a text without a file. A text that was joined from
    several has their `parts`.
    """

    name: str
    text: str
    path: str | None = None
    parts: tuple[Part, ...] = ()

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        """The offsets at which the lines start."""
        return (0, *(i + 1 for i, char in enumerate(self.text) if char == "\n"))

    def line_column(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset in its text, both counted from 1."""
        line = self._line_at(offset)
        return line - self._line_at(self._part_at(offset).start) + 1, offset - self._starts[line] + 1

    def place(self, span: Span) -> str:
        """Return `name:line:column`."""
        line, column = self.line_column(span.start)
        return f"{visible(self._part_at(span.start).name)}:{line}:{column}"

    def _part_at(self, offset: int) -> Part:
        at = bisect.bisect_right(self.parts, offset, key=lambda part: part.start)
        return self.parts[at - 1] if at else Part(0, self.name)

    def _line_at(self, offset: int) -> int:
        """Return the index of the line of an offset."""
        return bisect.bisect_right(self._starts, offset) - 1

    def _line(self, index: int) -> str:
        """Return a line without its end."""
        end = self.text.find("\n", self._starts[index])
        return self.text[self._starts[index] : len(self.text) if end < 0 else end].rstrip("\r")

    def excerpt(self, span: Span) -> str:
        """Return the line of the span's start and, under it, a caret with a tilde for each further character."""
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
    """Return several texts as one, in which each place is a place of its own text; the last one gives the name."""
    parts, start = [], 0
    for source in sources:
        parts.append(Part(start, source.name))
        start += len(source.text) + 1
    own = sources[-1]
    return Source(own.name, "\n".join([source.text for source in sources]), own.path, tuple(parts))
