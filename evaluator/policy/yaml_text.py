"""A YAML text becomes plain values that know their place, within limits.

Less than YAML on purpose. Anchors, aliases and tags are refused (they expand without bound, or build
objects); so are keys that are no strings, keys given twice, and plain scalars that YAML 1.1 reads as
something a person did not write (`no` as false, `1:30` as ninety).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml
from msgspec import Struct, field

from evaluator.diagnostic import PolicyError
from evaluator.policy.problems import Problems
from evaluator.source import Source, Span
from evaluator.text import is_well_formed, quote

DEEPEST_YAML = 12
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_RESOLVER = yaml.resolver.Resolver()
_STRING = "tag:yaml.org,2002:str"
_QUANTIFIER = re.compile(r"\b(some|every|no)\s+\w+\s+in\s")


class Located(Struct):
    """A value with its place. `value` is plain data; `keys` and `children` lead to its parts.

    `style` is YAML's for a scalar: None for plain, a quote, `|` or `>`. `cut_by_comment` tells that
    a comment follows on the line where a plain scalar ends, `broken` that something was refused here.
    """

    value: object
    span: Span
    style: str | None = None
    cut_by_comment: bool = False
    broken: bool = False
    keys: dict[str, Span] = field(default_factory=dict)
    children: dict[str | int, Located] = field(default_factory=dict)

    def at(self, path: tuple[str | int, ...]) -> Located:
        """Return the part that a path of keys and indices leads to, or the nearest that exists."""
        found = self
        for step in path:
            if step not in found.children:
                break
            found = found.children[step]
        return found


def read_yaml(source: Source, problems: Problems) -> Located | None:
    """Return the one document of a YAML text; None where the text holds none or is no YAML (noted)."""
    try:
        return _Reader(source, problems, _events(source.text)).document()
    except yaml.MarkedYAMLError as error:
        problem = str(error.problem or error.context or "it cannot be read")
        is_open = "quoted scalar" in str(error.context) and "end of stream" in problem
        mark = error.context_mark if is_open else error.problem_mark or error.context_mark
        at = min(mark.index if mark else 0, len(source.text))
        message, hint = _explain(source, at, "an open quote" if is_open else problem)
        problems.error("YAML_SYNTAX", message, Span(at, min(at + 1, len(source.text))), hint)
    except yaml.YAMLError as error:
        at = min(getattr(error, "position", 0), len(source.text))
        char = f"{quote(source.text[at])} cannot stand in YAML" if at < len(source.text) else str(error)
        problems.error("YAML_SYNTAX", char, Span(at, at), "write printable characters only")
    return None


def _events(text: str) -> Iterator[yaml.Event]:
    loader = yaml.SafeLoader(text)
    while loader.check_event():
        yield loader.get_event()


def _explain(source: Source, at: int, problem: str) -> tuple[str, str]:
    line = source.text[source.text.rfind("\n", 0, at) + 1 : at]
    if "mapping values are not allowed" in problem:
        if _QUANTIFIER.search(line):
            return (
                "`: ` begins a value in YAML, and the rule stands in one already",
                "between a quantifier's list and its condition say `satisfies`",
            )
        return "`: ` begins a value in YAML, and this line has one already", "put the text in quotes"
    if "\\t" in problem:
        return "a tab stands where YAML wants spaces", "indent with spaces"
    if problem == "an open quote":
        return "the quote is never closed", "close it at the end of the text"
    if line.rstrip().endswith(("}", '"', "'")) or re.search(r":\s*[{\"']", line):
        return f"the file is no YAML: {problem}", "put the whole text in quotes, others inside it than around it"
    return f"the file is no YAML: {problem}", ""


class _Reader:
    """Builds located values from YAML events; one level of nesting is one level of calls, limited above."""

    def __init__(self, source: Source, problems: Problems, events: Iterator[yaml.Event]) -> None:
        self._source = source
        self._problems = problems
        self._events = events

    def document(self) -> Located | None:
        found: Located | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if found is not None:
                    self._problems.error(
                        "YAML_SYNTAX",
                        "a second document begins here",
                        _span(event),
                        "a policy is one document",
                    )
                    return None
                found = self._value(next(self._events), 1)
        if found is None:
            self._problems.error("POLICY_EMPTY", "the file is empty", Span(0, 0))
        return found

    def _value(self, event: yaml.Event, depth: int) -> Located:
        if self._refuse_extras(event):
            return self._skipped(event, depth)
        return self._plain_value(event, depth)

    def _skipped(self, event: yaml.Event, depth: int) -> Located:
        """Read past a value that was refused already, so that what is in it is not refused again."""
        found = self._plain_value(event, depth)
        found.broken = True
        return found

    def _plain_value(self, event: yaml.Event, depth: int) -> Located:
        if depth > DEEPEST_YAML:
            self._problems.error("YAML_TOO_DEEP", f"the file is nested deeper than {DEEPEST_YAML} levels", _span(event))
            raise PolicyError(self._problems.found)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        return Located(None, _span(event))

    def _refuse_extras(self, event: yaml.Event) -> bool:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            what = "alias" if isinstance(event, yaml.AliasEvent) else "anchor"
            message = f"the {what} {quote(str(anchor))} has no place here"
            self._problems.error("YAML_ANCHOR", message, _span(event), "write the text out where it is needed")
        if tag is not None:
            message = f"the tag {quote(str(tag))} has no place here"
            self._problems.error("YAML_TAG", message, _span(event), "leave it out")
        return anchor is not None or tag is not None

    def _mapping(self, start: yaml.MappingStartEvent, depth: int) -> Located:
        values: dict[str, object] = {}
        found = Located(values, _span(start))
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                found.span = Span(found.span.start, max(found.span.start, _span(event).start))
                return found
            key = self._value(event, depth + 1)
            value = self._value(next(self._events), depth + 1)
            if not isinstance(key.value, str):
                shown = quote(self._problems.text(key.span))
                message = f"{shown} is no name: YAML reads it as {_yaml_word(key.value)}"
                self._problems.error("NAME_NOT_TEXT", message, key.span, "put it in quotes")
                continue
            if key.value in values:
                message = f"the key {quote(key.value)} stands twice"
                self._problems.error("YAML_DUPLICATE_KEY", message, key.span)
                continue
            values[key.value] = value.value
            found.keys[key.value] = key.span
            found.children[key.value] = value
        return found

    def _sequence(self, start: yaml.SequenceStartEvent, depth: int) -> Located:
        values: list[object] = []
        found = Located(values, _span(start))
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                return found
            item = self._value(event, depth + 1)
            found.children[len(values)] = item
            values.append(item.value)
        return found

    def _scalar(self, event: yaml.ScalarEvent) -> Located:
        span, style = _span(event), event.style
        if not is_well_formed(event.value):
            self._problems.error("YAML_SYNTAX", "the text has a lone surrogate, which is no character", span)
            return Located("", span, style, broken=True)
        if style is not None:
            return Located(event.value, span, style)
        rest_of_line = self._source.text[span.end :].split("\n", 1)[0]
        cut = rest_of_line.lstrip(" \t").startswith("#")
        return Located(self._plain(event.value, span), span, None, cut)

    def _plain(self, text: str, span: Span) -> object:
        tag: str = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
        if tag == _STRING:
            return text
        if text in ("true", "false"):
            return text == "true"
        if text in ("", "~", "null"):
            return None
        if _DECIMAL.fullmatch(text):
            return int(text)
        kind = tag.rsplit(":", 1)[-1]
        message = f"YAML reads {quote(text)} as {kind}, which is hardly what you mean"
        self._problems.error(
            "YAML_SURPRISE",
            message,
            span,
            "put a text in quotes; write true, false and whole decimal numbers plainly",
        )
        return text


def _yaml_word(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return {int: "a number", list: "a list", dict: "a map"}.get(type(value), "something else")


def _span(event: yaml.Event) -> Span:
    start = event.start_mark.index if event.start_mark else 0
    end = event.end_mark.index if event.end_mark else 0
    return Span(start, max(start, end))
