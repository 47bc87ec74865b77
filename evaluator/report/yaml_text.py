"""YAML text as `nmstatectl show` prints it becomes the value that its JSON would give.

YAML makes something else of what a person reads as text: an interface called `on` becomes true, `1e3` a
thousand, `12:34` a number of minutes. So here a scalar stays text unless its key says that it is a number
or a truth value (a test holds those keys to the schema), and no tag is obeyed. Aliases are followed,
because PyYAML writes them for lists that it meets twice, and counted, because they expand without bound.
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
# no sign but minus, no leading zero: YAML 1.1 reads 010 as eight and 1.2 as ten
_ONE_DOCUMENT = "give one document; `kubectl get nodenetworkstates -o yaml` prints several states as one List"
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_NESTING_LIMIT = "exceeded maximum nesting depth"  # since libyaml 0.2.6, which PyYAML 6.0.4 brings
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEYS = "interfaces|apiVersion|kind|items|spec|status|currentState|desiredState"
_HAS_KEY = re.compile(rf"^(\{{\s*|- )?({_KEYS})[ \t]*:", re.MULTILINE)

Path = tuple[str | int, ...]


def yaml_in(text: bytes | str) -> str:
    """Return a text that is no JSON if it looks like YAML of nmstate or of Kubernetes, else an empty one."""
    try:
        shown = text if isinstance(text, str) else text.decode()
    except UnicodeDecodeError:
        return ""
    has_key = not shown.startswith("\ufeff") and _HAS_KEY.search(shown) is not None
    return shown if has_key and is_well_formed(shown) else ""


def parse_yaml(text: str, unique: bool) -> object:
    """Return the value of a YAML text; of equal keys the last wins, unless they must be unique."""
    if len(text) > LARGEST_YAML:
        limit = f"the report is larger than {LARGEST_YAML >> 20} MiB of YAML"
        raise ReportError(
            [Diagnostic(ReportCode.TOO_LARGE, limit, hint="JSON may be larger: `nmstatectl show --json`")]
        )
    reader = _Reader(Source("report", text))
    try:
        value = reader.document()
    except yaml.YAMLError as error:
        if _is_nesting_limit(error):
            _refuse_nesting(text, error)
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        reader.refuse(f"the report is neither JSON nor YAML: {problem}", mark.index if mark else 0)
    refuse_deep(value)  # aliases may stand for deep values
    if unique and reader.duplicates:
        raise ReportError(reader.duplicates[:_MOST_DUPLICATES])
    return value


def _is_nesting_limit(error: yaml.YAMLError) -> bool:
    return getattr(error, "problem", None) == _NESTING_LIMIT


def _refuse_nesting(text: str, error: yaml.YAMLError) -> NoReturn:
    """Raise what a libyaml without a nesting limit of its own would lead to.

    libyaml 0.2.6 refuses 1000 levels, and its scanner reads up to 1024 characters ahead of its events, so
    the refusal may come before the event that is too deep for us, or that is wrong for another reason.
    The text before the refused level is within libyaml's limit and beyond ours: its events decide.
    """
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        parse_yaml(text[: mark.index], unique=False)
    raise ReportError([too_deep()])


class _Value(Struct, frozen=True):
    """A value and of how many parts it consists."""

    value: object
    size: int = 1


class _Reader(Struct):
    """Builds plain values from YAML's events; one level of nesting is one level of calls, limited above."""

    source: Source
    duplicates: list[Diagnostic] = field(default_factory=list)
    _anchors: dict[str, _Value] = field(default_factory=dict)
    _aliased: int = 0

    def document(self) -> object:
        """Return the value of the one document."""
        found: _Value | None = None
        events = _events(self.source.text)
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if found is not None:
                    self.refuse("a second document begins here", event, _ONE_DOCUMENT)
                found = self._value(next(events), events, ())
        return None if found is None else found.value

    def refuse(self, message: str, where: yaml.Event | int, hint: str = "") -> NoReturn:
        """Raise the error with its place: an event or an offset."""
        mark = where if isinstance(where, int) else where.start_mark
        at = min(mark if isinstance(mark, int) else mark.index if mark else 0, len(self.source.text))
        span = Span(at, min(at + 1, len(self.source.text)))
        place, excerpt = self.source.place(span), self.source.excerpt(span)
        raise ReportError([Diagnostic(ReportCode.NOT_YAML, message, place, hint, excerpt=excerpt)])

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], path: Path) -> _Value:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            self.refuse("a value is missing", event)
        if event.tag is not None:
            self.refuse(f"the tag {quote(str(event.tag))} has no place in a report", event)
        if isinstance(event, yaml.ScalarEvent):
            found = _Value(self._scalar(event, path[-1] if path else ""))
        elif len(path) >= DEEPEST:
            raise ReportError([too_deep()])
        elif isinstance(event, yaml.MappingStartEvent):
            found = self._mapping(events, path)
        else:
            found = self._sequence(events, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = found
        return found

    def _alias(self, event: yaml.AliasEvent) -> _Value:
        found = self._anchors.get(event.anchor or "")
        if found is None:
            self.refuse(f"the alias {quote(event.anchor or '')} stands for nothing before it", event)
        self._aliased += found.size
        if self._aliased > _MOST_ALIASED:
            self.refuse("the aliases stand for more than a report can hold", event)
        return found

    def _mapping(self, events: Iterator[yaml.Event], path: Path) -> _Value:
        values: dict[str, object] = {}
        size = 1
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
                self.refuse("a key is no text", event)
            key = self._text(event)
            item = self._value(next(events), events, (*path, key))
            if key in values:
                message = f"the key {quote(key)} stands twice in one object"
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
            self.refuse("the text has a lone surrogate, which is no character", event)
        return text

    def _scalar(self, event: yaml.ScalarEvent, key: str | int) -> object:
        text = self._text(event)
        if event.style:  # quoted, or a block
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
