"""A text, a place in it, and the line of that place with a caret under it.

A place is a pair of offsets until the last moment; only a message turns it into line and column.
"""

from __future__ import annotations

import bisect
from functools import cached_property

from msgspec import Struct

from evaluator.text import flat, visible

_WIDEST_EXCERPT = 100


class Span(Struct, frozen=True, array_like=True):
    """A half-open range of character offsets in a source."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"no such span: {self.start}..{self.end}")


class Source(Struct, frozen=True, dict=True):
    """A text with the name a person knows it by: a path, a policy's name, `<string>`."""

    name: str
    text: str

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        """The offsets at which the lines start."""
        return (0, *(i + 1 for i, char in enumerate(self.text) if char == "\n"))

    def line_column(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset, both counted from 1."""
        line = bisect.bisect_right(self._starts, offset) - 1
        return line + 1, offset - self._starts[line] + 1

    def place(self, span: Span) -> str:
        """Return `name:line:column`."""
        line, column = self.line_column(span.start)
        return f"{visible(self.name)}:{line}:{column}"

    def line(self, number: int) -> str:
        """Return a line, counted from 1, without its end."""
        end = self.text.find("\n", self._starts[number - 1])
        return self.text[self._starts[number - 1] : len(self.text) if end < 0 else end].rstrip("\r")

    def excerpt(self, span: Span) -> str:
        """Return the line of the span's start and, under it, a caret with a tilde for each further character."""
        line, column = self.line_column(span.start)
        text = self.line(line)
        left = max(0, column - 1 - _WIDEST_EXCERPT // 2)
        before, shown = text[left : column - 1], text[left : left + _WIDEST_EXCERPT]
        width = max(1, min(span.end, span.start + len(text) - column + 1) - span.start)
        width = min(width, max(1, len(shown) - len(before)))
        pad = " " * len(flat(before.replace("\t", " ")))
        return f"{flat(shown.replace(chr(9), ' '))}\n{pad}^{'~' * (width - 1)}"
