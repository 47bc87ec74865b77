"""JSON text from outside becomes plain values, or a ReportError that says where it is wrong.

What is JSON is what orjson accepts: UTF-8 without a byte order mark, no NaN, no lone surrogate.
Nesting is limited here so that nothing behind this door can meet the recursion limit.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from evaluator.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.source import Source, Span
from evaluator.text import json_pointer, quote

DEEPEST = 64
LARGEST = 32 * 1024 * 1024
_MOST_DUPLICATES = 100
_NESTING = (dict, list)  # not as a union, which would be made for each value
_TOO_LONG = "Integer exceeds 64-bit range"  # what orjson says
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_USE_IP = "this is the text of a tool for people; use `ip -j -d addr show` (iproute2 4.14 or newer)"
# how a text that is not JSON begins, and what to do about it
_HEADS = (
    # what `ansible -m setup` prints before the JSON
    (re.compile(r"[^\s{]{1,255} \| (SUCCESS|CHANGED)[^{\n]{0,40}=> *\{"), "cut off what stands before the first `{`"),
    (re.compile(r"\d{1,10}: [^\s:]{1,64}(:| +inet6? |    )"), _USE_IP),  # `ip addr`, `ip -o addr`
    (re.compile(r"[^\s{]{1,64} +(UP|DOWN|UNKNOWN|LOWERLAYERDOWN|DORMANT) "), _USE_IP),  # `ip -br addr`
    (re.compile(r"[^\s{]{1,64}(: flags=\d| +Link encap:)"), _USE_IP),  # `ifconfig`
)
_EMPTY_HINT = (
    "expected JSON: VDSM's reply to getCapabilities, or the output of `ip -j -d addr show` (iproute2 4.14 or newer), "
    "`nmstatectl show --json` or `ansible -m setup`"
)
_SEVERAL = "unexpected content after document"  # orjson's words
_SEVERAL_HINT = "give one document: run `ip -j -d addr show` once, without `dev`; routes go with `--route FILE`"


def parse_json(text: bytes | str, subject: str = "report") -> object:
    """Return the value of a JSON text; the last of several equal keys wins. Messages call the text `subject`."""
    import orjson  # noqa: PLC0415 -- a plain reply is decoded without it

    if len(text) > LARGEST:
        raise ReportError([Diagnostic(ReportCode.TOO_LARGE, f"the {subject} is larger than {LARGEST >> 20} MiB")])
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ReportError([_not_json(text, error, subject)]) from None
    refuse_deep(value, subject)
    return value


def parse_json_without_duplicates(text: bytes | str, subject: str = "report") -> object:
    """Return the value of a JSON text in which no object has a key twice."""
    value = parse_json(text, subject)
    pairs: object = json.loads(text, object_pairs_hook=_Pairs)
    problems = [
        Diagnostic(
            ReportCode.DUPLICATE_KEY,
            f"the key {quote(path[-1])} stands twice in one object",
            json_pointer(path),
        )
        for path in itertools.islice(_duplicates(pairs), _MOST_DUPLICATES)
    ]
    if problems:
        raise ReportError(problems)
    return value


def parse_kernel_json(text: bytes | str) -> object:
    """Return the value of a JSON text in whose strings iproute2 left octets as the kernel has them.

    Octets that are no UTF-8 become lone surrogates (PEP 383). None where the text is no such JSON.
    """
    shown = text if isinstance(text, str) else text.decode("utf-8", errors="surrogateescape")
    if _SURROGATE.search(shown):
        return None
    try:
        value: object = json.loads(shown, strict=False, object_pairs_hook=_unique, parse_constant=_refuse_constant)
        refuse_deep(value)
        _refuse_not_finite(value)
    except (ValueError, RecursionError, ReportError):
        return None
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON")


def without_nulls(value: Any) -> Any:  # noqa: ANN401 -- plain JSON
    """Return a JSON value without the members that are null: senders write null for a member that they leave out."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def is_json(text: bytes | str) -> bool:
    """Return whether a text is JSON as Python reads it, with numbers of any size, NaN and lone surrogates."""
    try:
        json.loads(text, parse_int=float)
    except (ValueError, RecursionError):
        return False
    return True


def plain_copy(document: object) -> object:
    """Return a copy of a document handed over in process; ReportError if it does not consist of JSON values."""
    import orjson  # noqa: PLC0415 -- as above

    only_json = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
    try:
        try:
            text = orjson.dumps(document, default=_as_dict, option=only_json)
        except TypeError as error:
            if str(error) != _TOO_LONG:
                raise
            text = orjson.dumps(_with_doubles(document), default=_as_dict, option=only_json)
    except TypeError as error:
        raise ReportError(
            [Diagnostic(ReportCode.NOT_JSON, f"the document is not made of JSON values: {error}")]
        ) from None
    copy: object = orjson.loads(text)
    refuse_deep(copy)
    if b"null" in text:
        _refuse_not_finite(document)
    return copy


def _as_dict(value: object) -> dict[object, object]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} is none")


def _with_doubles(value: object, depth: int = 0) -> object:
    """Return a value with integers over 64 bits as the doubles that orjson reads them as in a text."""
    if depth > DEEPEST:
        raise ReportError([too_deep()])
    if isinstance(value, Mapping):
        return {key: _with_doubles(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_doubles(item, depth + 1) for item in value]
    if not isinstance(value, int) or -(2**63) <= value < 2**64:
        return value
    try:
        return float(value)
    except OverflowError:
        raise ReportError([_not_finite()]) from None


class _Pairs(list[tuple[str, object]]):
    """An object's keys and values as they stand in the text."""


def _duplicates(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, item in value:
            if key in seen:
                yield (*path, key)
            seen.add(key)
            if isinstance(item, list):
                yield from _duplicates(item, (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            if isinstance(item, list):
                yield from _duplicates(item, (*path, str(at)))


def refuse_deep(value: object, subject: str = "report") -> None:
    """Raise ReportError where a value is nested deeper than a report may be."""
    level = [value] if isinstance(value, _NESTING) else []
    for _ in range(DEEPEST):
        if not level:
            return
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, _NESTING)
        ]
    if level:
        raise ReportError([too_deep(subject)])


def too_deep(subject: str = "report") -> Diagnostic:
    """Return the problem of a report that is nested too deeply."""
    return Diagnostic(ReportCode.TOO_DEEP, f"the {subject} is nested deeper than {DEEPEST} levels")


def _refuse_not_finite(value: object) -> None:
    """Refuse what orjson would write as null; the document is known to be no deeper than allowed."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ReportError([_not_finite()])
    children = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for child in children:
        _refuse_not_finite(child)


def _not_finite() -> Diagnostic:
    return Diagnostic(ReportCode.NOT_JSON, "the document holds a number that is not finite")


def _not_json(text: bytes | str, error: json.JSONDecodeError, subject: str) -> Diagnostic:
    if not text.strip():
        return Diagnostic(ReportCode.EMPTY, f"the {subject} is empty", hint=_EMPTY_HINT)
    shown = text if isinstance(text, str) else text.decode("utf-8", errors="replace")
    message = f"the {subject} is not JSON: {error.msg}"
    hint = _hint(shown, error)
    offset = min(error.pos, len(shown))
    source = Source(subject, shown) if len(shown) < LARGEST >> 4 else None
    if source is None:
        return Diagnostic(ReportCode.NOT_JSON, message, f"{subject}: character {offset}", hint)
    span = Span(offset, min(offset + 1, len(shown)))
    return Diagnostic(ReportCode.NOT_JSON, message, source.place(span), hint, excerpt=source.excerpt(span))


def _hint(text: str, error: json.JSONDecodeError) -> str:
    """Return what to do about a text that is not JSON, as far as its beginning or the error tells."""
    if error.msg.startswith(_SEVERAL) and text[error.pos : error.pos + 1] in ("[", "{"):
        return _SEVERAL_HINT
    return next((hint for head, hint in _HEADS if head.match(text)), "")
