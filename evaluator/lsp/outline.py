"""Reads a YAML text while an author types it: the values that can be read, and the key or value at the cursor.

Such a text is often not valid YAML: a key has no colon yet, or a quote is not closed. Two methods make the text
readable. Neither method changes the offsets of the text before the mistake or the cursor.

- `read_outline` replaces the line of a YAML mistake by spaces and parses again, a few times.
- `cursors_at` inserts a letter at the cursor. If the text is then still not valid, a colon, quote or bracket is also
  inserted. The real parser parses the new text. The key or value with the inserted letter is the one at the cursor.
  This is true in every style of YAML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from evaluator.base.diagnostic import PolicyError
from evaluator.base.source import Source, Span
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.yaml_text import Located, read_yaml

Path = tuple[str | int, ...]
_MOST_REPAIRS = 6
_LETTER = "x"
_OPENERS = {"{": "}", "[": "]"}
_BEFORE_QUOTE = ("", " ", "\t", ":", ",", "[", "{")
_DASHES = re.compile(r"[ \t]*(?:- )*")


class Outline(Struct, frozen=True):
    """The values of a text with their places, None if nothing can be read. `is_whole` is false if lines are missing."""

    located: Located | None
    is_whole: bool = True

    def at(self, *path: str | int) -> Located | None:
        """Return the value at a path; None if it does not exist."""
        part = self.located
        for step in path:
            part = None if part is None else part.children.get(step)
        return part

    def text(self, *path: str | int) -> str:
        """Return the text at a path; empty if the path does not exist or its value is not a text."""
        part = self.at(*path)
        return part.value if part is not None and isinstance(part.value, str) else ""

    def items(self, *path: str | int) -> Iterator[tuple[str | int, Located]]:
        """Yield the keys or indices of the value at a path, with the values."""
        part = self.at(*path)
        if part is not None:
            yield from part.children.items()


class Place(Struct, frozen=True):
    """A key or a value of an outline.

    For a value, `located` is the value itself. For a key (`is_key`), `located` is the value that belongs to the key.
    """

    path: Path
    is_key: bool
    span: Span
    located: Located


class Cursor(Struct, frozen=True):
    """The place of a cursor in a text: a key or a value, with its path, its first offset and its YAML style.

    `siblings` are keys of the map to which the key or value belongs. If the cursor is in a key, this key is left out.
    `entry` has the values of the other keys of this map.
    """

    path: Path
    is_key: bool
    start: int
    style: str | None
    siblings: tuple[str, ...] = ()
    entry: dict[str, object] = field(default_factory=dict)


@lru_cache(maxsize=256)
def read_outline(text: str) -> Outline:
    """Return the values of a text. Lines that are not YAML are left out."""
    repaired = text
    for attempt in range(_MOST_REPAIRS + 1):
        problems = Problems(Source("", repaired))
        try:
            located = read_yaml(problems.source, problems)
        except PolicyError:  # nested too deeply, or too many values
            return Outline(None, is_whole=False)
        if located is not None:
            return Outline(located, is_whole=not attempt)
        mistakes = [problem.order for problem in problems.diagnostics if problem.code == "YAML_SYNTAX"]
        if not mistakes:
            break
        repaired = _without_line(repaired, mistakes[0])
    return Outline(None, is_whole=False)


def _without_line(text: str, offset: int) -> str:
    """Replace the line at an offset by spaces. If this line is blank, replace the nearest line above that is not."""
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    start = text.rfind("\n", 0, offset) + 1
    while start and not text[start:end].strip():
        end = start - 1
        start = text.rfind("\n", 0, end) + 1
    return text[:start] + " " * (end - start) + text[end:]


def place_at(outline: Outline, offset: int) -> Place | None:
    """Return the smallest key or value at an offset. The place directly after a key or value belongs to it too."""
    return None if outline.located is None else _place_in(outline.located, offset, ())


def _place_in(part: Located, offset: int, path: Path) -> Place | None:
    largest: Place | None = None
    for key, child in part.children.items():
        key_span = part.keys.get(key) if isinstance(key, str) else None
        if key_span is not None and key_span.start <= offset <= key_span.end:
            return Place((*path, key), True, key_span, child)
        if child.span.start <= offset <= _end(child):
            inside = _place_in(child, offset, (*path, key))
            place = inside or Place((*path, key), False, child.span, child)
            if inside is not None or not child.children:
                return place
            largest = largest or place
    return largest


def _end(located: Located) -> int:
    """Return the end of a value. The span of a list or map may end before its last element, so compare both ends."""
    last = next(reversed(located.children.values()), None)
    return located.span.end if last is None else max(located.span.end, _end(last))


def cursors_at(text: str, offset: int) -> Iterator[Cursor]:
    """Yield possible places of the cursor, the most likely place first. The text does not have to be valid YAML."""
    for candidate in _completed(text, offset):
        problems = Problems(Source("", candidate))
        try:
            located = read_yaml(problems.source, problems)
        except PolicyError:
            return
        if located is None:
            continue
        place = place_at(Outline(located), offset)
        is_leaf = place is not None and (place.is_key or not isinstance(place.located.value, dict | list))
        if place is not None and is_leaf and place.span.start <= offset < place.span.end:
            yield _cursor(place, Outline(located))


def _cursor(place: Place, outline: Outline) -> Cursor:
    parent = outline.at(*place.path[:-1])
    style = None if place.is_key else place.located.style
    siblings: tuple[str, ...] = ()
    entry: dict[str, object] = {}
    if parent is not None:
        entry = {str(key): child.value for key, child in parent.children.items() if key != place.path[-1]}
        siblings = tuple(parent.keys)
    if place.is_key:
        siblings = tuple(key for key in siblings if key != place.path[-1])
    return Cursor(place.path, place.is_key, place.span.start, style, siblings, entry)


def _completed(text: str, offset: int) -> Iterator[str]:
    """Yield versions of a text with a letter at an offset. One of these versions is probably valid YAML."""
    start, end = text.rfind("\n", 0, offset) + 1, text.find("\n", offset)
    end = len(text) if end < 0 else end
    before, line, after, rest = text[:offset], text[start:offset], text[offset:end], text[end:]
    if not _DASHES.sub("", line, count=1).strip() and not after.strip():
        yield f"{before}{_LETTER}:{rest}"
    yield f"{before}{_LETTER}{after}{rest}"
    closers = _closers(line)
    for ending in dict.fromkeys(["", ":", closers, ": x" + closers]):
        yield f"{before}{_LETTER}{after}{ending}"
        yield f"{before}{_LETTER}{ending}"


def _closers(line: str) -> str:
    """Return the characters that close the open quote and the open brackets of a line."""
    closers: list[str] = []
    quote, previous = "", ""
    for char in line:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'" and previous in _BEFORE_QUOTE:
            quote = char
        elif char in _OPENERS:
            closers.append(_OPENERS[char])
        elif closers and char == closers[-1]:
            closers.pop()
        previous = char
    return quote + "".join(reversed(closers))
