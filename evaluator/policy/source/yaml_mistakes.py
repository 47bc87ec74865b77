"""Finds the typing mistake that makes a text invalid YAML.

A YAML parser reports the place at which it cannot continue, in terms of its grammar ("did not find expected key"). This
is often below the mistake: a quote that is never closed is an error at the end of the file. So the lines up to that
place are read again, from the top. Each line is split into indentation, dash, key and value. Then it is tested for
mistakes that people make: a tab, a dash that is not a hyphen, a missing space or colon, a key in the wrong column. The
first mistake explains the error. If no line has a mistake, the parser's own message is used.

These tests are heuristics: a valid text may fail them. So they run only on texts that the parser has refused, with one
exception, `odd_indentation`. The tests know the keys of policy files and of files with policy tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from evaluator.base.fix import Safety
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


class YamlMistake(Struct, frozen=True):
    """A mistake in a line: its message, its hint and its place.

    `replacement` is the text that should be at the place; None if it is not known.
    """

    message: str
    hint: str
    span: Span
    replacement: str | None = None
    safety: Safety = Safety.SAFE


class _Line(Struct, frozen=True):
    """A line of the text, split into its parts; `start` is the offset of the line."""

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
        """The key of the line; empty if it has no key."""
        match = _KEY.match(self.rest)
        return match["key"] if match else ""

    @property
    def value(self) -> str:
        """The text after the key. If the line has no key, this is the text after the dash."""
        match = _KEY.match(self.rest)
        return (match["value"] if match else self.rest).strip()

    def at(self, words: str) -> Span:
        """Return the span of some words in the line."""
        start = self.start + max(0, self.text.find(words))
        return Span(start, start + len(words))


def first_mistake(text: str, end: int) -> YamlMistake | None:
    """Return the first mistake up to the line at which the parser stopped; None without such a mistake."""
    stop = text.find("\n", end)
    before: list[_Line] = []
    for line in _lines(text[: len(text) if stop < 0 else stop]):
        for test in _TESTS:
            mistake = test(line, before)
            if mistake is not None:
                return mistake
        before.append(line)
    return None


def odd_indentation(text: str) -> YamlMistake | None:
    """Return the first indentation that contains a character that only looks like a space. YAML reads it as text."""
    for line in _lines(text):
        if not line.indent.isascii():
            return _odd_characters(line, ())
    return None


def _lines(text: str) -> Iterator[_Line]:
    """Yield the lines, except empty lines, comments, and the lines of block scalars (`|` and `>`)."""
    start, block_column = 0, -1
    for text_line in text.split("\n"):
        match = _LINE.fullmatch(text_line)
        if match is not None and match["rest"] and not match["rest"].startswith("#"):
            line = _Line(start, text_line, match["indent"], match["dash"] or "", match["rest"])
            if block_column < 0 or len(line.indent) <= block_column:
                block_column = line.column - len(line.dash) if _BLOCK.fullmatch(line.value) and line.key else -1
                yield line
        start += len(text_line) + 1


def _odd_characters(line: _Line, _: Sequence[_Line]) -> YamlMistake | None:
    """Find tabs, characters that look like spaces, and characters that look like a dash, a colon or a comment sign."""
    tab = line.text.find("\t")
    if tab >= 0 and not line.text[:tab].strip(" -"):
        return YamlMistake("this line is indented with a tab", "indent with spaces", _character(line, tab))
    key = re.match(r"\s*(?:-\s*)?[\w ]+:(\t)", line.text)
    if key:
        return YamlMistake("there is a tab after the colon", "type a space", _character(line, key.start(1)), " ")
    for at, char in enumerate(line.text):
        lookalike = lookalike_in(char) if not char.isascii() and (char.isspace() or not char.isprintable()) else None
        if lookalike is not None and not re.search(r"[\"']", line.text[:at]):
            message = f"this line has an invisible character: {lookalike.message.removeprefix('it contains ')}"
            hint = "type an ordinary space" if lookalike.plain else "delete it"
            return YamlMistake(message, hint, _character(line, at), lookalike.plain)
    if line.rest[0] in _DASHES and re.match(r".\s+\S", line.rest):
        message = f"a list entry begins with a hyphen, not with {quote(line.rest[0])}"
        return YamlMistake(message, "write `- name: …`", line.at(line.rest[0]), "-")
    if re.match(r"[\w ]+：", line.rest):
        follows = line.rest[line.rest.index("：") + 1 :]
        colon = ":" if not follows or follows[0].isspace() else ": "
        return YamlMistake("`：` (U+FF1A) is not a colon", "type an ASCII colon and a space", line.at("："), colon)
    if line.rest.startswith("//"):
        return YamlMistake("`//` does not begin a comment", "write `# …`", line.at("//"), "#")
    return None


def _missing_blank(line: _Line, _: Sequence[_Line]) -> YamlMistake | None:
    dash = re.match(r"-(\w+)\s*:", line.rest)
    if dash and dash[1] in _KEYS:
        hint, written = f"write `- {dash[1]}: …`", f"- {dash[0][1:]}"
        return YamlMistake("a space is missing after the dash", hint, line.at(dash[0]), written)
    colon = re.match(r"(\w+):(?=\S)", line.rest)
    if colon and colon[1] in _KEYS:
        hint = f"write `{colon[1]}: {line.rest[colon.end() :].strip()}`"
        return YamlMistake(f"a space is missing after `{colon[1]}:`", hint, line.at(colon[0]), f"{colon[0]} ")
    return None


def _missing_colon(line: _Line, before: Sequence[_Line]) -> YamlMistake | None:
    words = re.match(r"(\w+)\s*(=)?\s*(.*)", line.rest)
    if line.key or words is None or words[1] not in _KEYS:
        return None
    if before and before[-1].key and not line.dash and line.column > before[-1].column:
        return None  # the line continues the text above
    if words[2]:
        message = f"a colon must follow {quote(words[1])}, not `=`"
        written = line.rest[: words.end(2)]
        return YamlMistake(message, f"write `{words[1]}: {words[3]}`", line.at(written), f"{words[1]}:")
    hint = f"write `{words[1]}:`" if not words[3] else f"write `{words[1]}: {words[3]}`"
    return YamlMistake(f"the colon after {quote(words[1])} is missing", hint, line.at(words[1]), f"{words[1]}:")


def _quotes(line: _Line, _: Sequence[_Line]) -> YamlMistake | None:
    value = line.value
    if value[:1] not in ('"', "'"):
        return None
    sign = value[0]
    closed = re.match(r'"(?:[^"\\]|\\.)*"' if sign == '"' else r"'(?:[^']|'')*'", value)
    if closed is None:
        return YamlMistake(
            "the quote is never closed", f"close the quote with {sign} at the end of the text", line.at(value[:1])
        )
    rest = value[closed.end() :].strip()
    if not rest or rest[0] in "#,]}" or (line.dash and rest[0] == ":"):
        return None
    hint = "put the whole text in quotes, and use the other kind of quote inside it"
    if sign == "'" and rest.count("'") % 2:
        hint = "write `''` for an apostrophe inside single quotes, or use double quotes"
    return YamlMistake("text follows the closing quote", hint, line.at(rest))


def _first_character(line: _Line, _: Sequence[_Line]) -> YamlMistake | None:
    value = line.value
    if not value or (not line.key and not line.dash) or _BLOCK.fullmatch(value):
        return None
    if value[0] in _CANNOT_BEGIN:
        hint = f"put the value in quotes: {_quoted(value)}"
        return YamlMistake(f"a text cannot begin with {quote(value[0])} in YAML", hint, line.at(value))
    braces = re.match(r"\{[^{}]*\}\s*[^\s#,\]}]", value)
    if braces:
        hint = f"put the text in quotes: {_quoted(value)}"
        return YamlMistake("in YAML, a text cannot begin with `{`, because `{` begins a map", hint, line.at(value))
    return None


def _indentation(line: _Line, before: Sequence[_Line]) -> YamlMistake | None:
    """Find a key that is not in the column of the other keys of its map, or a dash that is not in its list's column."""
    if not before or not (line.key or line.dash):
        return None
    if line.key in FILE_KEYS - RULE_KEYS and not line.dash and line.column > before[0].column:
        under = next((each for each in reversed(before) if each.column < line.column and each.key), None)
        is_inside = under is not None and under.key not in FILE_KEYS and not under.value
        if not is_inside and line.key in ("policy", "parameters", "conditions", "rules", "extends", "description"):
            if line.key == "description" and under is not None and not under.value:
                return None  # the description of a parameter
            hint = f"write {quote(line.key + ':')} at the beginning of the line, like {quote(before[0].key + ':')}"
            return YamlMistake(f"{quote(line.key)} is indented", hint, line.at(line.key))
    return _dash_column(line, before) if line.dash else _key_column(line, before)


def _dash_column(line: _Line, before: Sequence[_Line]) -> YamlMistake | None:
    if line.key not in RULE_KEYS:
        return None
    first = next((each for each in before if each.dash and each.key in RULE_KEYS), None)
    if first is None or len(first.indent) == len(line.indent):
        return None
    message = (
        f"this dash is in column {len(line.indent) + 1}, but the dash of the first entry is in column "
        f"{len(first.indent) + 1}"
    )
    return YamlMistake(message, "begin all entries of a list in the same column", _character(line, len(line.indent)))


def _key_column(line: _Line, before: Sequence[_Line]) -> YamlMistake | None:
    entry = _entry_of(before)
    if entry is None or line.key not in RULE_KEYS or line.column in (0, entry.column):
        return None
    if line.column == len(entry.indent) and line.key == "name":
        return YamlMistake("the dash before `name` is missing", "write `- name: …` for each rule", line.at(line.key))
    here, there = line.column + 1, entry.column + 1
    message = f"{quote(line.key)} is in column {here}, but {quote(entry.key)} of this entry is in column {there}"
    return YamlMistake(message, f"indent the line by {entry.column} spaces", line.at(line.key))


def _entry_of(before: Sequence[_Line]) -> _Line | None:
    """Return the first line of the last list entry; None if a top-level key has ended the list."""
    for line in reversed(before):
        if line.dash and line.key in RULE_KEYS:
            return line
        if line.key in FILE_KEYS and not line.indent:
            return None
    return None


def _continuation(line: _Line, before: Sequence[_Line]) -> YamlMistake | None:
    if line.key or line.dash or not before or not before[-1].key:
        return None
    if re.match(r"(and|or|when|satisfies|in|not)\b", line.rest) and line.column <= before[-1].column:
        hint = f"indent this line more than the line of {quote(before[-1].key)}"
        return YamlMistake("this line continues the text above, but is not indented", hint, line.at(line.rest))
    return None


def _quoted(value: str) -> str:
    text = re.split(r"[,\]}]" if value[0] in "*&" else r"\s#", value)[0].rstrip()
    return f"'{text}'" if '"' in text else f'"{text}"'


def _character(line: _Line, at: int) -> Span:
    return Span(line.start + at, line.start + at + 1)


_TESTS: tuple[Callable[[_Line, Sequence[_Line]], YamlMistake | None], ...] = (
    _odd_characters,
    _missing_blank,
    _missing_colon,
    _quotes,
    _first_character,
    _indentation,
    _continuation,
)
