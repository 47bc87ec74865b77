"""JSON text from outside becomes plain values, or a ReportError that says where it is wrong.

What is JSON is what msgspec accepts: UTF-8 without a byte order mark, no NaN, no lone surrogate. A number that is too
large for a double is the greatest one; where somebody reads it, it is refused like other large numbers.
Nesting is limited here so that nothing behind this door can meet the recursion limit.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import sys
from collections.abc import Iterator, Mapping

import msgspec

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.source import Source, Span
from evaluator.base.text import json_pointer, quote

DEEPEST = 64
LARGEST = 32 * 1024 * 1024
_MOST_DUPLICATES = 100
_NESTING = (dict, list)  # not as a union, which would be made for each value
_AS_BRACES = bytes.maketrans(b"[]", b"{}")
_NO_BRACKETS = bytes(sorted({*range(256)} - {*b"[]{}"}))
_NO_MARKS = bytes(sorted({*range(256)} - {*b'[]{}"\\'}))
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_GREATEST = sys.float_info.max
_SHORT = 4096  # such a text may have so few brackets that they cannot be nested too deeply
_BYTE_ORDER_MARK = "\ufeff"
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
_SEVERAL = "Extra data"  # the standard library's words
_SEVERAL_HINT = "give one document: run `ip -j -d addr show` once, without `dev`; routes go with `--route FILE`"


def parse_json(text: bytes | str, subject: str = "report") -> object:
    """Return the value of a JSON text; the last of several equal keys wins. Messages call the text `subject`."""
    if len(text) > LARGEST:
        raise ReportError([Diagnostic(ReportCode.TOO_LARGE, f"the {subject} is larger than {LARGEST >> 20} MiB")])
    try:
        value: object = _VALUES.decode(text)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ReportError([_not_json(text, error, subject)]) from None
    except RecursionError:
        raise ReportError([too_deep(subject)]) from None
    refuse_deep(value, subject)
    return value


def is_sound(text: bytes) -> bool:
    """Return whether what nobody reads in a JSON text is as it must be: UTF-8, and not nested too deeply."""
    if len(text) > LARGEST:
        return False
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError:
            return False
    if len(text) < _SHORT and len(text.translate(_AS_BRACES, _NO_BRACKETS)) <= 2 * DEEPEST:
        return True
    braces = _structure(text)
    for _ in range(DEEPEST):
        if not braces:
            break
        braces = braces.replace(b"{}", b"")
    return not braces


def written(document: object) -> bytes | None:
    """Return a document handed over in process as JSON text; None if it cannot be written, or is no sound text then."""
    try:
        text = msgspec.json.encode(document)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None
    return text if is_sound(text) else None


def _structure(text: bytes) -> bytes:
    """Return the brackets of a JSON text that stand in no string, as braces.

    Of most texts what is left of the strings are pairs of quotes; a bracket or a backslash shows that one holds more.
    """
    braces = text.translate(_AS_BRACES, _NO_MARKS).replace(b'""', b"")
    if b'"' in braces or b"\\" in braces:
        return _STRING.sub(b"", text).translate(_AS_BRACES, _NO_BRACKETS)
    return braces


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
        value: object = json.loads(
            shown, strict=False, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse_constant
        )
        refuse_deep(value)
    except (ValueError, RecursionError, ReportError):
        return None
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON")


def _finite(number: str | float) -> float:
    """Return a number, the greatest of its sign for one that no double can hold."""
    return min(max(float(number), -_GREATEST), _GREATEST)


_VALUES = msgspec.json.Decoder(float_hook=_finite)


def is_json(text: bytes | str) -> bool:
    """Return whether a text is JSON as Python reads it, with numbers of any size, NaN and lone surrogates."""
    try:
        json.loads(text, parse_int=float)
    except (ValueError, RecursionError):
        return False
    return True


def plain_copy(document: object) -> object:
    """Return a copy of a document handed over in process; ReportError if it does not consist of JSON values."""
    try:
        plain = _plain(document)
        msgspec.json.encode(plain)  # which refuses lone surrogates
    except (TypeError, UnicodeError) as error:
        raise ReportError(
            [Diagnostic(ReportCode.NOT_JSON, f"the document is not made of JSON values: {error}")]
        ) from None
    return plain


def _plain(value: object, depth: int = 0) -> object:
    """Return a value made of what JSON has; TypeError where it holds anything else."""
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            raise TypeError("NaN is no number")
        return _finite(value)
    if depth == DEEPEST:
        raise ReportError([too_deep()])
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("a key is no text")
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    raise TypeError(f"a {type(value).__name__} is none")


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


def _not_json(text: bytes | str, error: Exception, subject: str) -> Diagnostic:
    if not text.strip():
        return Diagnostic(ReportCode.EMPTY, f"the {subject} is empty", hint=_EMPTY_HINT)
    shown = text if isinstance(text, str) else text.decode("utf-8", errors="replace")
    said, offset = _what_is_wrong(shown, error)
    message = f"the {subject} is not JSON: {said}"
    hint = _hint(shown, said, offset)
    source = Source(subject, shown) if len(shown) < LARGEST >> 4 else None
    if source is None:
        return Diagnostic(ReportCode.NOT_JSON, message, f"{subject}: character {offset}", hint)
    span = Span(offset, min(offset + 1, len(shown)))
    return Diagnostic(ReportCode.NOT_JSON, message, source.place(span), hint, excerpt=source.excerpt(span))


def _what_is_wrong(text: str, error: Exception) -> tuple[str, int]:
    """Return what is wrong with a text and where: in the standard library's words, which know the place."""
    if text.startswith(_BYTE_ORDER_MARK):
        return "it begins with a byte order mark", 0
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as known:
        return known.msg, min(known.pos, len(text))
    except (ValueError, RecursionError) as known:
        return str(known), 0
    return str(error), max(text.find("\ufffd"), 0)


def _hint(text: str, said: str, offset: int) -> str:
    """Return what to do about a text that is not JSON, as far as its beginning or the error tells."""
    if said == _SEVERAL and text[offset : offset + 1] in ("[", "{"):
        return _SEVERAL_HINT
    return next((hint for head, hint in _HEADS if head.match(text)), "")
