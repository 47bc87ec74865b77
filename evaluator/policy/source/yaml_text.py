"""Parses a YAML text to plain values with the place of each value in the text.

The parser accepts a subset of YAML. It refuses:

- anchors and aliases, because a few of them can expand to gigabytes ("billion laughs");
- tags, because they construct objects;
- keys that are not texts, and duplicate keys, because PyYAML would use the last one without a warning;
- plain scalars that YAML 1.1 converts unexpectedly: `no` is false, `1:30` is 90, `010` is 8.

The reader works on the events of PyYAML, not on its nodes or objects. Only events have the places, the style of each
scalar, and the anchors and tags. Depth and number of values are limited while the events are read, so a hostile text
cannot exhaust the stack or the memory. Each refused part is reported. Its value is still read, and is marked as
`broken`. So later stages know that a value exists, and do not report the part a second time.

For a text that is not YAML, PyYAML stops at the first error. Its message is replaced by a better message if
`yaml_mistakes.py` finds the cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml
from msgspec import Struct, field

from evaluator.base.diagnostic import PolicyError
from evaluator.base.fix import Safety
from evaluator.base.source import Source, Span
from evaluator.base.text import is_well_formed, quote
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.yaml_mistakes import YamlMistake, first_mistake, odd_indentation

DEEPEST_YAML = 12
MOST_VALUES = 20_000  # including keys
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_RESOLVER = yaml.resolver.Resolver()
_COMMENT = re.compile(r"[ \t]*#")
_STRING = "tag:yaml.org,2002:str"
_PLAIN_VALUES = {"true": True, "false": False, "": None, "~": None, "null": None}
_KINDS = {"bool": "a boolean", "int": "a number", "float": "a number", "timestamp": "a date"}
_QUANTIFIER = re.compile(r"\b(some|every|no)\s+\w+\s+in\s")


class Located(Struct):
    """A value with its place. `value` is plain data, `keys` are the places of its keys, `children` are its parts.

    `style` is the YAML style of a scalar: None for plain, a quote, `|` or `>`. `is_in_flow` is true inside `[…]` or
    `{…}`. `cut_by_comment` is true if a comment follows on the line where a plain scalar ends. `broken` is true if a
    mistake in this value was reported.
    """

    value: object
    span: Span
    style: str | None = None
    cut_by_comment: bool = False
    broken: bool = False
    keys: dict[str, Span] = field(default_factory=dict)
    children: dict[str | int, Located] = field(default_factory=dict)
    is_in_flow: bool = False

    def at(self, path: tuple[str | int, ...]) -> Located:
        """Return the part at a path of keys and indices.

        If the text has no such part, return the nearest part above it. For example, if the path leads to a missing key
        of a map, return the map.
        """
        part = self
        for step in path:
            if step not in part.children:
                break
            part = part.children[step]
        return part


def read_yaml(source: Source, problems: Problems) -> Located | None:
    """Return the document of a YAML text. If the text is empty or not YAML, report this and return None."""
    mistake = None if source.text.isascii() else odd_indentation(source.text)
    if mistake is not None:
        _report(mistake, problems)
        return None
    try:
        return _Reader(source, problems, _events(source.text)).document()
    except yaml.MarkedYAMLError as error:
        problem = str(error.problem or error.context or "it cannot be read")
        is_open = "quoted scalar" in str(error.context) and "end of stream" in problem
        mark = error.context_mark if is_open else error.problem_mark or error.context_mark
        at = min(mark.index if mark else 0, len(source.text))
        mistake = first_mistake(source.text, at)
        if mistake is not None:
            _report(mistake, problems)
            return None
        message, hint = _explain(source, at, "an open quote" if is_open else problem)
        problems.error("YAML_SYNTAX", message, Span(at, min(at + 1, len(source.text))), hint)
    except yaml.YAMLError as error:
        at = min(getattr(error, "position", 0), len(source.text))
        message = f"{quote(source.text[at])} is not allowed in YAML" if at < len(source.text) else str(error)
        problems.error("YAML_SYNTAX", message, Span(at, at), "use printable characters only")
    return None


def _report(mistake: YamlMistake, problems: Problems) -> None:
    replacement = mistake.replacement
    fixes = () if replacement is None else problems.fix(mistake.span, replacement, mistake.safety)
    problems.error("YAML_SYNTAX", mistake.message, mistake.span, mistake.hint, fixes)


def _events(text: str) -> Iterator[yaml.Event]:
    loader = yaml.SafeLoader(text)
    while loader.check_event():
        yield loader.get_event()


def _explain(source: Source, at: int, problem: str) -> tuple[str, str]:
    line = source.text[source.text.rfind("\n", 0, at) + 1 : at]
    if "mapping values are not allowed" in problem:
        if _QUANTIFIER.search(line):
            return (
                "`: ` begins a value in YAML, but this line already has a value",
                "write `satisfies` between the list of a quantifier and its condition",
            )
        return "`: ` begins a value in YAML, but this line already has a value", "put the text in quotes"
    if "\\t" in problem:
        return "a tab is not allowed here in YAML", "indent with spaces"
    if problem == "an open quote":
        return "the quote is never closed", "close the quote at the end of the text"
    if line.rstrip().endswith(("}", '"', "'")) or re.search(r":\s*[{\"']", line):
        return f"invalid YAML: {problem}", "put the whole text in quotes, and use the other kind of quote inside it"
    return f"invalid YAML: {problem}", "compare the indentation, the dashes and the colons with the lines above"


class _Reader:
    """Builds located values from YAML events.

    Each level of nesting is one recursive call, at most `DEEPEST_YAML` levels.
    """

    def __init__(self, source: Source, problems: Problems, events: Iterator[yaml.Event]) -> None:
        self._source = source
        self._problems = problems
        self._events = events
        self._values = 0
        self._flow_depth = 0

    def document(self) -> Located | None:
        document: Located | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if document is not None:
                    self._problems.error(
                        "YAML_SYNTAX",
                        "a second document begins here",
                        _span(event),
                        "a policy must be one YAML document",
                    )
                    return None
                document = self._value(next(self._events), 1)
        if document is None:
            self._problems.error("POLICY_EMPTY", "the file is empty", Span(0, 0))
        return document

    def _value(self, event: yaml.Event, depth: int) -> Located:
        if self._refuse_extras(event):
            return self._skipped(event, depth)
        return self._plain_value(event, depth)

    def _skipped(self, event: yaml.Event, depth: int) -> Located:
        """Read and return a value with a mistake that is already reported.

        `broken` prevents a second report about the value.
        """
        value = self._plain_value(event, depth)
        value.broken = True
        return value

    def _plain_value(self, event: yaml.Event, depth: int) -> Located:
        if depth > DEEPEST_YAML:
            self._problems.error("YAML_TOO_DEEP", f"the file is nested deeper than {DEEPEST_YAML} levels", _span(event))
            raise PolicyError(self._problems.diagnostics)
        self._values += 1
        if self._values > MOST_VALUES:
            message = f"the file has more than {MOST_VALUES} keys and values"
            self._problems.error("POLICY_TOO_LARGE", message, _span(event), "pass long lists as parameters")
            raise PolicyError(self._problems.diagnostics)
        if isinstance(event, yaml.CollectionStartEvent):
            return self._collection(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        return Located(None, _span(event))

    def _collection(self, event: yaml.CollectionStartEvent, depth: int) -> Located:
        is_flow = bool(event.flow_style)
        self._flow_depth += is_flow
        read = self._mapping if isinstance(event, yaml.MappingStartEvent) else self._sequence
        collection = read(event, depth)
        self._flow_depth -= is_flow
        return collection

    def _refuse_extras(self, event: yaml.Event) -> bool:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            sign, kind = ("*", "alias") if isinstance(event, yaml.AliasEvent) else ("&", "anchor")
            is_text = isinstance(event, yaml.ScalarEvent)
            written = self._problems.text(_span(event)) if is_text else f"{sign}{anchor}"
            message = f"{quote(f'{sign}{anchor}')} is an {kind} in YAML, which is not allowed here"
            instead = "write the value instead of the alias" if kind == "alias" else "remove the anchor"
            hint = f'if it is a text, put the value in quotes: "{written}"; else {instead}'
            self._problems.error("YAML_ANCHOR", message, _span(event), hint)
        if tag is not None:
            message = f"{quote(str(tag))} is a tag in YAML, which is not allowed here"
            self._problems.error("YAML_TAG", message, _span(event), "remove the tag, or put the whole text in quotes")
        return anchor is not None or tag is not None

    def _mapping(self, start: yaml.CollectionStartEvent, depth: int) -> Located:
        values: dict[str, object] = {}
        mapping, is_other_entry = Located(values, _span(start)), False
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                mapping.span = Span(mapping.span.start, max(mapping.span.start, _span(event).start))
                return mapping
            key = self._value(event, depth + 1)
            value = self._value(next(self._events), depth + 1)
            if not isinstance(key.value, str):
                written = quote(self._problems.text(key.span))
                message = f"the key {written} is not a text: YAML reads it as {_yaml_word(key.value)}"
                fixes = (
                    self._problems.fix(key.span, f'"{self._problems.text(key.span)}"')
                    if not key.children and key.style is None
                    else ()
                )
                self._problems.error("NAME_NOT_TEXT", message, key.span, "put the key in quotes", fixes)
                continue
            if key.value in values:
                if not is_other_entry:
                    self._duplicate(key.value, key.span)
                is_other_entry = is_other_entry or key.value == "name"
                continue
            values[key.value] = value.value
            mapping.keys[key.value] = key.span
            mapping.children[key.value] = value
        return mapping

    def _duplicate(self, key: str, span: Span) -> None:
        hint = "remove one of them"
        if key == "name":
            hint = "if another rule begins here, write `- name: …`"
        self._problems.error("YAML_DUPLICATE_KEY", f"duplicate key {quote(key)}", span, hint)

    def _sequence(self, start: yaml.CollectionStartEvent, depth: int) -> Located:
        values: list[object] = []
        sequence = Located(values, _span(start))
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                return sequence
            item = self._value(event, depth + 1)
            sequence.children[len(values)] = item
            values.append(item.value)
        return sequence

    def _scalar(self, event: yaml.ScalarEvent) -> Located:
        span, style = _span(event), event.style
        if not is_well_formed(event.value):
            self._problems.error("YAML_SYNTAX", "the text contains a lone surrogate, which is not a character", span)
            return Located("", span, style, broken=True, is_in_flow=self._flow_depth > 0)
        if style is not None:
            return Located(event.value, span, style, is_in_flow=self._flow_depth > 0)
        cut = _COMMENT.match(self._source.text, span.end) is not None
        tag: str = _RESOLVER.resolve(yaml.ScalarNode, event.value, (True, False))
        is_plain = tag == _STRING or event.value in _PLAIN_VALUES or _DECIMAL.fullmatch(event.value) is not None
        if not is_plain:
            self._surprise(event.value, tag.rsplit(":", 1)[-1], span)
        value, is_in_flow = _plain_value(event.value, tag), self._flow_depth > 0
        return Located(value, span, None, cut, broken=not is_plain, is_in_flow=is_in_flow)

    def _surprise(self, text: str, kind: str, span: Span) -> None:
        """Report a plain scalar that YAML converts unexpectedly."""
        hint = f'write "{text}" for a text; write numbers in decimal digits'
        fixes = self._problems.fix(span, f'"{text}"', Safety.UNSAFE)
        if kind == "bool":
            value = "true" if text.lower() in ("yes", "on", "y", "true") else "false"
            hint = f'write `{value}` for a boolean, "{text}" for a text'
            fixes = (*self._problems.fix(span, value, Safety.UNSAFE), *fixes)
        message = f"YAML reads {quote(text)} as {_KINDS.get(kind, kind)}"
        self._problems.error("YAML_SURPRISE", message, span, hint, fixes)


def _plain_value(text: str, tag: str) -> object:
    if tag != _STRING and text in _PLAIN_VALUES:
        return _PLAIN_VALUES[text]
    return int(text) if tag != _STRING and _DECIMAL.fullmatch(text) else text


def _yaml_word(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return {int: "a number", list: "a list", dict: "a map"}.get(type(value), "something else")


def _span(event: yaml.Event) -> Span:
    start = event.start_mark.index if event.start_mark else 0
    end = event.end_mark.index if event.end_mark else 0
    return Span(start, max(start, end))
