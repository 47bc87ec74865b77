"""Parses YAML text from `nmstatectl show` into the same value that the JSON of `nmstatectl show` gives.

YAML 1.1 converts some texts to other types. For example, an interface named `on` becomes true, `010` becomes 8, and
`12:34` becomes 754 (a number to the base 60). So this reader uses only PyYAML's events and resolves scalars itself. A
scalar is text unless its key has a number or a boolean in the schema (`NUMBER_KEYS`, `TRUTH_KEYS`; a test compares them
with the schema). Tags are refused. Aliases are resolved, because PyYAML writes an alias if a list occurs twice. The
expanded size is limited, because nested aliases can expand without bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NoReturn

import yaml
from msgspec import Struct, field

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.source import Source, Span
from evaluator.base.text import is_well_formed, json_pointer, quote
from evaluator.report.json_text import DEEPEST, refuse_deep, too_deep

LARGEST_YAML = 4 * 1024 * 1024
TRUTH_KEYS = frozenset({"enabled", "dhcp", "autoconf"})
NUMBER_KEYS = frozenset({"prefix-length", "mtu", "speed", "id", "metric", "table-id", "tag"})
_MOST_ALIASED = 200_000
_MOST_DUPLICATES = 100
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_ONE_DOCUMENT = "give one document; `kubectl get nodenetworkstates -o yaml` prints several states as one List"
# no plus sign and no leading zero: YAML 1.1 parses 010 as eight, YAML 1.2 as ten
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_NESTING_LIMIT = "exceeded maximum nesting depth"  # since libyaml 0.2.6, which PyYAML 6.0.4 contains
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEYS = "interfaces|apiVersion|kind|items|spec|status|currentState|desiredState"
_HAS_KEY = re.compile(rf"^(\{{\s*|- )?({_KEYS})[ \t]*:", re.MULTILINE)

Path = tuple[str | int, ...]


def yaml_in(text: bytes | str) -> str:
    """Return the text if it is not JSON and looks like YAML from nmstate or Kubernetes; else an empty text."""
    try:
        decoded = text if isinstance(text, str) else text.decode()
    except UnicodeDecodeError:
        return ""
    has_key = not decoded.startswith("\ufeff") and _HAS_KEY.search(decoded) is not None
    return decoded if has_key and is_well_formed(decoded) else ""


def parse_yaml(text: str, unique: bool) -> object:
    """Return the value of a YAML text. If an object has a key twice, the last value counts, unless `unique` is true.

    Raises ReportError if the text is invalid, too large or nested too deeply, or if `unique` is true and a key occurs
    twice.
    """
    if len(text) > LARGEST_YAML:
        limit = f"the report is larger than {LARGEST_YAML >> 20} MiB of YAML"
        hint = "use JSON, which has a higher limit: `nmstatectl show --json`"
        raise ReportError([Diagnostic(ReportCode.TOO_LARGE, limit, hint=hint)])
    reader = _Reader(Source("report", text))
    try:
        value = reader.document()
    except yaml.YAMLError as error:
        if _is_nesting_limit(error):
            _refuse_nesting(text, error)
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        reader.refuse(f"the report is neither JSON nor YAML: {problem}", mark.index if mark else 0)
    refuse_deep(value)  # an alias may be replaced by a deep value
    if unique and reader.duplicates:
        raise ReportError(reader.duplicates[:_MOST_DUPLICATES])
    return value


def _is_nesting_limit(error: yaml.YAMLError) -> bool:
    return getattr(error, "problem", None) == _NESTING_LIMIT


def _refuse_nesting(text: str, error: yaml.YAMLError) -> NoReturn:
    """Raise the error of `_Reader` for a text that libyaml refuses because of its nesting.

    `_Reader` allows `DEEPEST` levels, and libyaml 0.2.6 refuses level 1000. But libyaml scans up to 1024 characters
    ahead, so its error can come before the error of `_Reader`. Then the text before level 1000 is parsed again. libyaml
    accepts this text, and `_Reader` refuses it.
    """
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        parse_yaml(text[: mark.index], unique=False)
    raise ReportError([too_deep()])


class _Value(Struct, frozen=True):
    """A value, and the number of values that it contains. The value itself is counted too."""

    value: object
    size: int = 1


class _Reader(Struct):
    """Builds plain values from YAML events.

    The reader calls itself for each level of nesting, up to `DEEPEST` levels.
    """

    source: Source
    duplicates: list[Diagnostic] = field(default_factory=list)
    _anchors: dict[str, _Value] = field(default_factory=dict)
    _aliased: int = 0

    def document(self) -> object:
        """Return the value of the only document; None if the text has no document."""
        root: _Value | None = None
        events = _events(self.source.text)
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self.refuse("a second document begins here", event, _ONE_DOCUMENT)
                root = self._value(next(events), events, ())
        return None if root is None else root.value

    def refuse(self, message: str, where: yaml.Event | int, hint: str = "") -> NoReturn:
        """Raise ReportError with the place of an event or an offset."""
        mark = where if isinstance(where, int) else where.start_mark
        offset = min(mark if isinstance(mark, int) else mark.index if mark else 0, len(self.source.text))
        span = Span(offset, min(offset + 1, len(self.source.text)))
        place, excerpt = self.source.place(span), self.source.excerpt(span)
        raise ReportError([Diagnostic(ReportCode.NOT_YAML, message, place, hint, excerpt=excerpt)])

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], path: Path) -> _Value:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            self.refuse("a value is missing", event)
        if event.tag is not None:
            self.refuse(f"the tag {quote(str(event.tag))} is not allowed in a report", event)
        if isinstance(event, yaml.ScalarEvent):
            value = _Value(self._scalar(event, path[-1] if path else ""))
        elif len(path) >= DEEPEST:
            raise ReportError([too_deep()])
        elif isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(events, path)
        else:
            value = self._sequence(events, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _alias(self, event: yaml.AliasEvent) -> _Value:
        value = self._anchors.get(event.anchor or "")
        if value is None:
            self.refuse(f"undefined alias {quote(event.anchor or '')}: no anchor before it has this name", event)
        self._aliased += value.size
        if self._aliased > _MOST_ALIASED:
            self.refuse(f"the aliases expand to more than {_MOST_ALIASED} values", event)
        return value

    def _mapping(self, events: Iterator[yaml.Event], path: Path) -> _Value:
        values: dict[str, object] = {}
        size = 1
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
                self.refuse("a key must be a string", event)
            key = self._text(event)
            item = self._value(next(events), events, (*path, key))
            if key in values:
                message = f"the key {quote(key)} occurs twice in one object"
                self.duplicates.append(Diagnostic(ReportCode.DUPLICATE_KEY, message, json_pointer((*path, key))))
            values[key] = item.value
            size += item.size
        return _Value(values, size)

    def _sequence(self, events: Iterator[yaml.Event], path: Path) -> _Value:
        values: list[object] = []
        size = 1
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            item = self._value(event, events, (*path, len(values)))
            values.append(item.value)
            size += item.size
        return _Value(values, size)

    def _text(self, event: yaml.ScalarEvent) -> str:
        text: str = event.value
        if not is_well_formed(text):
            self.refuse("the text has a lone surrogate, which is not a character", event)
        return text

    def _scalar(self, event: yaml.ScalarEvent, key: str | int) -> object:
        text = self._text(event)
        if event.style:  # quoted, or a block scalar
            return text
        if key in TRUTH_KEYS and text in _TRUTHS:
            return _TRUTHS[text]
        if key in NUMBER_KEYS and _NUMBER.fullmatch(text):
            return int(text)
        return None if text in _NOTHING else text


def _events(text: str) -> Iterator[yaml.Event]:
    loader = _LOADER(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()
