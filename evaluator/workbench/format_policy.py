"""Format the sentences of a policy file. No byte outside the sentences changes.

The YAML is not dumped again, because this would lose comments and layout. Instead `syntax/layout.py` lays out each
sentence of a rule and each named condition. If the new layout of a sentence differs from the old layout, the sentence
is replaced in the file's text. A short sentence is put on the line of its key. A longer sentence becomes a literal
block after `|`. Before the new text of the file is returned, it is parsed: it must have the same values and tokens as
the original text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml
from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.fix import TextEdit, applied
from evaluator.base.source import Source, Span
from evaluator.base.text import quote_path
from evaluator.policy.source.extend import rule_maps
from evaluator.policy.source.find import plain_text
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.scalar import ScalarText, read_scalar
from evaluator.policy.source.yaml_text import Located, read_yaml
from evaluator.policy.syntax.layout import WIDTH, flat, lay_out
from evaluator.policy.syntax.parse import LONGEST_SENTENCE, parse_condition, parse_sentence, tokens
from evaluator.workbench.raw_text import in_raw

_STEP = 2
_PLAIN_START = re.compile(r"[A-Za-z_(]")
_NEVER_PLAIN = re.compile(r": |:$| #")
_FLOW_INDICATORS = re.compile(r"[,\[\]{}]")
_COMMENT_FOLLOWS = re.compile(r"[ \t]+#")
_BLOCKS = ("|", ">")
_RESOLVER = yaml.resolver.Resolver()
_STRING = "tag:yaml.org,2002:str"


class _Place(Struct, frozen=True):
    """The place of a sentence of the rule language in a policy file: its key in the YAML text, and the sentence."""

    key: Span
    value: Located
    is_condition: bool


def format_policy(name: str, raw: str) -> str:
    """Return the text of a policy with its sentences in canonical form. Raises PolicyError if a sentence is invalid."""
    return applied(raw, edits_of(name, raw))


def edits_of(name: str, raw: str) -> tuple[TextEdit, ...]:
    """Return the edits, in order, that bring the sentences of a policy into canonical form.

    Raises PolicyError, with all invalid sentences, if a sentence is invalid or the text is not a policy.
    """
    source = Source(name, plain_text(raw))
    located = _read(source)
    edits = [edit for place in _places(source, located) for edit in _edits(source, place)]
    edited = applied(source.text, edits)
    if edits and _meaning(Source(name, edited)) != _meaning(source):
        message = f"{quote_path(name)} cannot be formatted without changing its meaning"
        hint = "write the sentence of each rule below `rule: |`"
        raise PolicyError([Diagnostic("NOT_FORMATTED", message, hint=hint)])
    return tuple(in_raw(raw, edits))


def _read(source: Source) -> Located:
    """Return the YAML of a policy. Raises PolicyError if a sentence is invalid."""
    problems = Problems(source)
    located = read_yaml(source, problems)
    if located is None or problems.has_errors:
        raise PolicyError(problems.diagnostics)
    if "policy" not in located.children:
        problems.error("POLICY_INVALID", "missing key `policy`", located.span, "only policies can be formatted")
    for place in _places(source, located):
        scalar = _scalar(source, place.value)
        if scalar is not None:
            parse = parse_condition if place.is_condition else parse_sentence
            parse(scalar, problems)
    if problems.has_errors:
        raise PolicyError(problems.diagnostics)
    return located


def _places(source: Source, located: Located) -> Iterator[_Place]:
    """Yield the sentences in the order of the file."""
    places: list[tuple[Span, Located, bool]] = []
    conditions = located.children.get("conditions")
    if conditions is not None:
        places += [(span, conditions.children[name], True) for name, span in conditions.keys.items()]
    places += [
        (rule.keys["rule"], rule.children["rule"], False) for rule in rule_maps(located) if "rule" in rule.children
    ]
    for key, value, is_condition in sorted(places, key=lambda place: place[0].start):
        if isinstance(value.value, str) and not value.broken:
            yield _Place(key, value, is_condition)


def _scalar(source: Source, value: Located) -> ScalarText | None:
    """Return the sentence with the places of its characters.

    The result is None for a sentence with YAML escapes, because such a sentence is not changed.
    """
    try:
        return read_scalar(source, value.span.start, value.span.end, value.style)
    except ValueError:
        return None


def _edits(source: Source, place: _Place) -> Iterator[TextEdit]:
    """Yield the edit of a sentence, if it is not in canonical form."""
    scalar = _scalar(source, place.value)
    if scalar is None:
        return
    pieces = tokens(scalar.text)
    sentence = flat(pieces)
    if not pieces or len(sentence) > LONGEST_SENTENCE:
        return
    start, end = _extent(source, place)
    follows_key = source.text[place.key.end : start].strip(" \t\n") in ("", ":")
    column = source.line_column(place.key.start)[1] - 1
    if follows_key:
        start = source.text.index(":", place.key.end) + 1
    else:
        column = max(column, 0)
    first = source.line_column(start)[1] if follows_key else source.line_column(start)[1] - 1
    text = _on_one_line(source, place, sentence, first, end)
    if text is None:
        indent = column + _STEP
        lines = lay_out(pieces, indent, indent)
        text = "\n".join([_header(source, place), " " * indent + lines[0], *lines[1:]])
    new_text = (" " if follows_key else "") + text
    if source.text[start:end] != new_text:
        yield TextEdit(start, end, new_text)


def _extent(source: Source, place: _Place) -> tuple[int, int]:
    """Return the start and the end of a value. A block includes spaces on its last line, but no blank lines."""
    span = place.value.span
    end = span.start + len(source.text[span.start : span.end].rstrip())
    while place.value.style in _BLOCKS and source.text[end : end + 1] in (" ", "\t"):
        end += 1
    return span.start, end


def _on_one_line(source: Source, place: _Place, text: str, column: int, end: int) -> str | None:
    """Return a sentence as a YAML scalar on one line; None if it must be a block."""
    if place.value.is_in_flow and place.value.style == '"':  # a policy in JSON must stay JSON
        return '"' + text.replace('"', '\\"') + '"'
    if place.value.is_in_flow:
        return text if _is_plain(text) and not _FLOW_INDICATORS.search(text) else "'" + text.replace("'", "''") + "'"
    if place.value.style in _BLOCKS and "#" in _header(source, place):
        return None
    is_plain = _is_plain(text)
    if _COMMENT_FOLLOWS.match(source.text, end):
        return text if is_plain else "'" + text.replace("'", "''") + "'"
    return text if is_plain and column + len(text) <= WIDTH else None


def _is_plain(text: str) -> bool:
    """Return whether YAML reads the unquoted text as the same text."""
    is_text = bool(_PLAIN_START.match(text)) and not _NEVER_PLAIN.search(text)
    return is_text and (" " in text or _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) == _STRING)


def _header(source: Source, place: _Place) -> str:
    """Return the first line of a block, with its comment."""
    if place.value.style not in _BLOCKS:
        return "|"
    header = source.text[place.value.span.start : place.value.span.end].partition("\n")[0]
    comment = header.partition("#")
    return f"| #{comment[2].rstrip()}" if comment[1] else "|"


def _meaning(source: Source) -> object:
    """Return the values of a policy, with the tokens of each sentence instead of its text."""
    located = read_yaml(source, Problems(source))
    if located is None:
        return None
    for place in _places(source, located):
        scalar = _scalar(source, place.value)
        if scalar is not None:
            place.value.value = flat(tokens(scalar.text))
    return _values(located)


def _values(located: Located) -> object:
    """Return the values of a YAML document. Maps become lists of pairs, so that the order of keys is compared too."""
    if isinstance(located.value, dict | list):
        return [type(located.value).__name__, *((key, _values(child)) for key, child in located.children.items())]
    return located.value
