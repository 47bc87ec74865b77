"""JSON text from outside becomes plain values, or a ReportError that says where it is wrong.

What is JSON is what orjson accepts: UTF-8 without a byte order mark, no NaN, no lone surrogate.
Nesting is limited here so that nothing behind this door can meet the recursion limit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping

import orjson

from evaluator.diagnostic import Diagnostic, ReportError
from evaluator.source import Source, Span
from evaluator.text import json_pointer, quote

DEEPEST = 64
LARGEST = 64 * 1024 * 1024


def parse_json(text: bytes | str) -> object:
    """Return the value of a JSON text; the last of several equal keys wins."""
    if len(text) > LARGEST:
        raise ReportError([Diagnostic("REPORT_TOO_LARGE", f"the report is larger than {LARGEST >> 20} MiB")])
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ReportError([_not_json(text, error)]) from None
    _refuse_deep(value)
    return value


def parse_json_without_duplicates(text: bytes | str) -> object:
    """Return the value of a JSON text in which no object has a key twice."""
    value = parse_json(text)
    pairs: object = json.loads(text, object_pairs_hook=_Pairs)
    problems = [
        Diagnostic(
            "REPORT_DUPLICATE_KEY",
            f"the key {quote(path[-1])} stands twice in one object",
            json_pointer(path),
        )
        for path in _duplicates(pairs)
    ]
    if problems:
        raise ReportError(problems)
    return value


def plain_copy(document: object) -> object:
    """Return a copy of a document handed over in process; ReportError where it is not made of JSON values."""
    try:
        copy: object = orjson.loads(orjson.dumps(document, default=_as_dict))
    except TypeError as error:
        raise ReportError(
            [Diagnostic("REPORT_NOT_JSON", f"the document is not made of JSON values: {error}")]
        ) from None
    _refuse_deep(document)
    return copy


def _as_dict(value: object) -> dict[object, object]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} is none")


class _Pairs(list[tuple[str, object]]):
    """An object's keys and values as they stand in the text."""


def _duplicates(value: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        found: list[tuple[str, ...]] = []
        for key, item in value:
            if key in seen:
                found.append((*path, key))
            seen.add(key)
            found.extend(_duplicates(item, (*path, key)))
        return found
    if isinstance(value, list):
        return [hit for i, item in enumerate(value) for hit in _duplicates(item, (*path, str(i)))]
    return []


def _refuse_deep(value: object) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [child for parent in level for child in _children(parent)]
        if any(isinstance(child, float) and not math.isfinite(child) for child in level):
            raise ReportError([Diagnostic("REPORT_NOT_JSON", "the document holds a number that is not finite")])
    if any(isinstance(child, Mapping | list | tuple) for child in level):
        raise ReportError([Diagnostic("REPORT_TOO_DEEP", f"the report is nested deeper than {DEEPEST} levels")])


def _children(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list | tuple) else ()


def _not_json(text: bytes | str, error: orjson.JSONDecodeError) -> Diagnostic:
    if not text.strip():
        return Diagnostic("REPORT_EMPTY", "the report is empty", hint="it should be the JSON reply of getCapabilities")
    shown = text if isinstance(text, str) else text.decode("utf-8", errors="replace")
    message = f"the report is not JSON: {error.msg}"
    offset = min(error.pos, len(shown))
    source = Source("report", shown) if len(shown) < LARGEST >> 4 else None
    if source is None:
        return Diagnostic("REPORT_NOT_JSON", message, f"report: character {offset}")
    span = Span(offset, min(offset + 1, len(shown)))
    return Diagnostic("REPORT_NOT_JSON", message, source.place(span), excerpt=source.excerpt(span))
