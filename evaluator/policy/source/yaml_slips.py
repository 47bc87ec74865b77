"""Why a text is not YAML, in the words of the person who wrote it.

The parser reports where it could not go on, which is often a line below the slip, and in its own terms. So the lines
up to that place are read again, from the top: each is split into indentation, dash, key and value, and the first that
a person would have written otherwise explains the error. The keys are those of a policy file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from evaluator.base.lookalike import lookalike_in
from evaluator.base.source import Span
from evaluator.base.text import quote

FILE_KEYS = frozenset(
    {"policy", "description", "extends", "sha256", "parameters", "conditions", "rules", "tests", "always", "never"}
)
RULE_KEYS = frozenset({"name", "rule", "code", "severity", "message", "hint", "replace", "before", "after", "remove"})
_KEYS = FILE_KEYS | RULE_KEYS | {"type", "default", "optional"}
_LINE = re.compile(r"(?P<indent>\s*)(?P<dash>-(?=\s)\s*)?(?P<rest>.*)")
_KEY = re.compile(r"(?P<key>[\w ./-]+?)\s*:(?P<value>(?:\s.*)?)$")
_BLOCK = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?")
_DASHES = "–—−‐‑•·*"
_CANNOT_BEGIN = "@`%&*!|>,]}"


class Slip(Struct, frozen=True):
    """What is wrong, how to write it, and where."""

    message: str
    hint: str
    span: Span


class _Line(Struct, frozen=True):
    """A line of the text in its parts; `start` is its offset."""

    start: int
    text: str
    indent: str
    dash: str
    rest: str

    @property
    def column(self) -> int:
        """The number of characters before the key or the text."""
        return len(self.indent) + len(self.dash)

    @property
    def key(self) -> str:
        """The key, if the line has one."""
        found = _KEY.match(self.rest)
        return found["key"] if found else ""

    @property
    def value(self) -> str:
        """What follows the key, or the dash of a line without a key."""
        found = _KEY.match(self.rest)
        return (found["value"] if found else self.rest).strip()

    def at(self, words: str) -> Span:
        """Return the place of words in the line."""
        start = self.start + max(0, self.text.find(words))
        return Span(start, start + len(words))


def slip_in(text: str, end: int) -> Slip | None:
    """Return the first slip before the end of the line at which the parser gave up; None if no line looks wrong."""
    stop = text.find("\n", end)
    before: list[_Line] = []
    for line in _lines(text[: len(text) if stop < 0 else stop]):
        for look in _LOOKS:
            slip = look(line, before)
            if slip is not None:
                return slip
        before.append(line)
    return None


def odd_indentation(text: str) -> Slip | None:
    """Return the first line that is indented by a character that only looks like a space: to YAML it is text."""
    for line in _lines(text):
        if not line.indent.isascii():
            return _odd_characters(line, ())
    return None


def _lines(text: str) -> Iterator[_Line]:
    """Yield the lines without blank ones, comments and the texts of `|` and `>`."""
    start, block = 0, -1
    for line in text.split("\n"):
        found = _LINE.fullmatch(line)
        if found is not None and found["rest"] and not found["rest"].startswith("#"):
            one = _Line(start, line, found["indent"], found["dash"] or "", found["rest"])
            if block < 0 or len(one.indent) <= block:
                block = one.column - len(one.dash) if _BLOCK.fullmatch(one.value) and one.key else -1
                yield one
        start += len(line) + 1


def _odd_characters(line: _Line, _: Sequence[_Line]) -> Slip | None:
    """Find tabs and characters that look like blanks, and other signs for a dash or a colon."""
    tab = line.text.find("\t")
    if tab >= 0 and not line.text[:tab].strip(" -"):
        return Slip("a tab indents this line", "indent with spaces", _one(line, tab))
    key = re.match(r"\s*(?:-\s*)?[\w ]+:(\t)", line.text)
    if key:
        return Slip("a tab follows the colon", "type a space", _one(line, key.start(1)))
    for at, char in enumerate(line.text):
        found = lookalike_in(char) if not char.isascii() and (char.isspace() or not char.isprintable()) else None
        if found is not None and not re.search(r"[\"']", line.text[:at]):
            message = f"this line has an invisible character: {found.message.removeprefix('it contains ')}"
            return Slip(message, "type an ordinary space" if found.plain else "delete it", _one(line, at))
    if line.rest[0] in _DASHES and re.match(r".\s+\S", line.rest):
        shown = quote(line.rest[0])
        return Slip(f"{shown} is not the dash of a list", "type a hyphen: `- name: …`", line.at(line.rest[0]))
    if re.match(r"[\w ]+：", line.rest):
        return Slip("`：` (U+FF1A) is not a colon", "type an ASCII colon and a space", line.at("："))
    if line.rest.startswith("//"):
        return Slip("`//` does not begin a comment", "write `# …`", line.at("//"))
    return None


def _missing_blank(line: _Line, _: Sequence[_Line]) -> Slip | None:
    dash = re.match(r"-(\w+)\s*:", line.rest)
    if dash and dash[1] in _KEYS:
        return Slip("a space is missing after the dash", f"write `- {dash[1]}: …`", line.at(dash[0]))
    colon = re.match(r"(\w+):(?=\S)", line.rest)
    if colon and colon[1] in _KEYS:
        hint = f"write `{colon[1]}: {line.rest[colon.end() :].strip()}`"
        return Slip(f"a space is missing after `{colon[1]}:`", hint, line.at(colon[0]))
    return None


def _missing_colon(line: _Line, before: Sequence[_Line]) -> Slip | None:
    words = re.match(r"(\w+)\s*(=)?\s*(.*)", line.rest)
    if line.key or words is None or words[1] not in _KEYS:
        return None
    if before and before[-1].key and not line.dash and line.column > before[-1].column:
        return None  # it continues the text above
    if words[2]:
        message = f"`=` is not the sign after {quote(words[1])}"
        return Slip(message, f"write `{words[1]}: {words[3]}`", line.at(words[1]))
    hint = f"write `{words[1]}:`" if not words[3] else f"write `{words[1]}: {words[3]}`"
    return Slip(f"the colon after {quote(words[1])} is missing", hint, line.at(words[1]))


def _quotes(line: _Line, _: Sequence[_Line]) -> Slip | None:
    value = line.value
    if value[:1] not in ('"', "'"):
        return None
    sign = value[0]
    closed = re.match(r'"(?:[^"\\]|\\.)*"' if sign == '"' else r"'(?:[^']|'')*'", value)
    if closed is None:
        return Slip("the quote is never closed", f"close it with {sign} at the end of the text", line.at(value[:1]))
    rest = value[closed.end() :].strip()
    if not rest or rest[0] in "#,]}" or (line.dash and rest[0] == ":"):
        return None
    hint = f"put the whole text in quotes, others than {sign} inside it"
    if sign == "'" and rest.count("'") % 2:
        hint = "write an apostrophe inside single quotes twice, or use double quotes"
    return Slip("text follows the closing quote", hint, line.at(rest))


def _first_character(line: _Line, _: Sequence[_Line]) -> Slip | None:
    value = line.value
    if not value or (not line.key and not line.dash) or _BLOCK.fullmatch(value):
        return None
    if value[0] in _CANNOT_BEGIN:
        hint = f"put it in quotes: {_quoted(value)}"
        return Slip(f"a text cannot begin with {quote(value[0])} in YAML", hint, line.at(value))
    braces = re.match(r"\{[^{}]*\}\s*[^\s#,\]}]", value)
    if braces:
        hint = f"put the text in quotes: {_quoted(value)}"
        return Slip("a text cannot begin with `{` in YAML, which begins a map", hint, line.at(value))
    return None


def _indentation(line: _Line, before: Sequence[_Line]) -> Slip | None:
    """Find a key or a dash that is not in one column with those that it belongs to."""
    if not before or not (line.key or line.dash):
        return None
    if line.key in FILE_KEYS - RULE_KEYS and not line.dash and line.column > before[0].column:
        under = next((each for each in reversed(before) if each.column < line.column and each.key), None)
        is_inside = under is not None and under.key not in FILE_KEYS and not under.value
        if not is_inside and line.key in ("policy", "parameters", "conditions", "rules", "extends", "description"):
            if line.key == "description" and under is not None and not under.value:
                return None  # of a parameter
            hint = f"begin the line with {quote(line.key + ':')}, as {quote(before[0].key + ':')} does"
            return Slip(f"{quote(line.key)} is indented", hint, line.at(line.key))
    return _dash_column(line, before) if line.dash else _key_column(line, before)


def _dash_column(line: _Line, before: Sequence[_Line]) -> Slip | None:
    if line.key not in RULE_KEYS:
        return None
    first = next((each for each in before if each.dash and each.key in RULE_KEYS), None)
    if first is None or len(first.indent) == len(line.indent):
        return None
    message = (
        f"this dash is in column {len(line.indent) + 1}, the dash of the first entry in column {len(first.indent) + 1}"
    )
    return Slip(message, "begin all entries of a list in one column", _one(line, len(line.indent)))


def _key_column(line: _Line, before: Sequence[_Line]) -> Slip | None:
    entry = _entry_of(before)
    if entry is None or line.key not in RULE_KEYS or line.column in (0, entry.column):
        return None
    if line.column == len(entry.indent) and line.key == "name":
        return Slip("the dash before `name` is missing", "write `- name: …` for each rule", line.at(line.key))
    here, there = line.column + 1, entry.column + 1
    message = f"{quote(line.key)} is in column {here}, {quote(entry.key)} of this entry in column {there}"
    return Slip(message, f"indent it by {entry.column} spaces", line.at(line.key))


def _entry_of(before: Sequence[_Line]) -> _Line | None:
    """Return the line with which the last entry of the list begins; None if a key of the file has ended the list."""
    for line in reversed(before):
        if line.dash and line.key in RULE_KEYS:
            return line
        if line.key in FILE_KEYS and not line.indent:
            return None
    return None


def _continuation(line: _Line, before: Sequence[_Line]) -> Slip | None:
    if line.key or line.dash or not before or not before[-1].key:
        return None
    if re.match(r"(and|or|when|satisfies|in|not)\b", line.rest) and line.column <= before[-1].column:
        hint = f"indent it further than {quote(before[-1].key)}"
        return Slip("this line continues the text above, but is not indented", hint, line.at(line.rest))
    return None


def _quoted(value: str) -> str:
    text = re.split(r"[,\]}]" if value[0] in "*&" else r"\s#", value)[0].rstrip()
    return f"'{text}'" if '"' in text else f'"{text}"'


def _one(line: _Line, at: int) -> Span:
    return Span(line.start + at, line.start + at + 1)


_LOOKS: tuple[Callable[[_Line, Sequence[_Line]], Slip | None], ...] = (
    _odd_characters,
    _missing_blank,
    _missing_colon,
    _quotes,
    _first_character,
    _indentation,
    _continuation,
)
