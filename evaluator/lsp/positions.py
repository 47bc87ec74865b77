"""Converts offsets in a text to lines and characters of the protocol, and back.

The protocol has three line ends (LF, CR LF, CR). YAML and Python have more, so this module does not use
`str.splitlines`. Characters are counted in the code units that client and server have agreed on. The default is UTF-16,
in which a character outside the Basic Multilingual Plane counts as two. No position is invalid. A line number after the
last line means the end of the text. A character number after the end of a line means the end of this line.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

_LINE_END = re.compile(r"\r\n|\n|\r")


class Positions:
    """The lines of a text; `units` returns the number of code units of a text."""

    def __init__(self, text: str, units: Callable[[str], int]) -> None:
        self._text = text
        self._units = units
        ends = [match.span() for match in _LINE_END.finditer(text)]
        self._starts = [0, *(end for _, end in ends)]
        self._ends = [*(start for start, _ in ends), len(text)]

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and the character of an offset; both begin at 0."""
        offset = min(max(offset, 0), len(self._text))
        line = bisect_right(self._starts, offset) - 1
        return line, self._units(self._text[self._starts[line] : min(offset, self._ends[line])])

    def offset(self, line: int, character: int) -> int:
        """Return the offset of a line and a character."""
        if line >= len(self._starts):
            return len(self._text)
        at, end, units = self._starts[line], self._ends[line], 0
        while at < end and units < character:
            units += self._units(self._text[at])
            at += 1
        return at
