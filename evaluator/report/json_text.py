"""Parses JSON text that comes from outside of the program into plain values.

If a text is invalid, the ReportError shows the place of the problem.

A text is valid if msgspec accepts it. The text must be UTF-8 without a byte order mark, NaN or lone surrogates. A
number that is too large for a double becomes the greatest double. If a schema has a limit for the number, the greatest
double is above the limit, so the schema refuses it. The nesting depth is limited here, so that no later code can exceed
Python's recursion limit.
"""

from __future__ import annotations

import itertools
import math
import re
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.lazy_import import lazy_module
from evaluator.base.source import Source, Span
from evaluator.base.text import json_pointer, quote

if TYPE_CHECKING:
    import json
else:
    json = lazy_module("json")

DEEPEST = 64
LARGEST = 32 * 1024 * 1024
_MOST_DUPLICATES = 100
_NESTING = (dict, list)  # a tuple, because `dict | list` would create a union for each value
_AS_BRACES = bytes.maketrans(b"[]", b"{}")
_NO_BRACKETS = bytes(sorted({*range(256)} - {*b"[]{}"}))
_NO_MARKS = bytes(sorted({*range(256)} - {*b'[]{}"\\'}))
# patterns are compiled when they are first used, because most reports need none
_STRING = rb'"(?:[^"\\]|\\.)*"'
_GREATEST = sys.float_info.max
_SHORT = 4096  # if a text is shorter, its number of brackets is first compared with the limit
_BYTE_ORDER_MARK = "\ufeff"
_SURROGATE = r"\\u[dD][89a-fA-F]"
_USE_IP = "this is plain text output, not JSON; use `ip -j -d addr show` (iproute2 4.14 or newer)"
# hints for texts that are not JSON, by their beginning
_HEADS = (
    # `ansible -m setup` prints this before the JSON
    (r"[^\s{]{1,255} \| (SUCCESS|CHANGED)[^{\n]{0,40}=> *\{", "remove the text before the first `{`"),
    (r"\d{1,10}: [^\s:]{1,64}(:| +inet6? |    )", _USE_IP),  # `ip addr`, `ip -o addr`
    (r"[^\s{]{1,64} +(UP|DOWN|UNKNOWN|LOWERLAYERDOWN|DORMANT) ", _USE_IP),  # `ip -br addr`
    (r"[^\s{]{1,64}(: flags=\d| +Link encap:)", _USE_IP),  # `ifconfig`
)
_EMPTY_HINT = (
    "expected JSON: VDSM's reply to getCapabilities, or the output of `ip -j -d addr show` (iproute2 4.14 or newer), "
    "`nmstatectl show --json` or `ansible -m setup`"
)
_SEVERAL = "Extra data"  # the message of `json.loads` for several documents
_SEVERAL_HINT = "give one document: run `ip -j -d addr show` once, without `dev`; give routes with `--route FILE`"


def parse_json(text: bytes | str, subject: str = "report") -> object:
    """Return the value of a JSON text. If an object has a key twice, the last value counts.

    Raises ReportError if the text is invalid, too large or nested too deeply. The error message uses `subject` as the
    name of the text.
    """
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


def is_within_limits(text: bytes) -> bool:
    """Return whether a JSON text is UTF-8, not too large and not nested too deeply.

    This check is necessary because a typed decoder does not check the members that it skips. The check does not parse
    the text. It takes only the brackets that are outside of strings. Then it removes all innermost pairs of brackets,
    once for each allowed level. If a bracket remains, the nesting is too deep.
    """
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


def to_json_text(document: object) -> bytes | None:
    """Return a document as JSON text; None if the document is not a JSON value, or if the text exceeds the limits."""
    try:
        text = msgspec.json.encode(document)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None
    return text if is_within_limits(text) else None


def _structure(text: bytes) -> bytes:
    """Return the brackets of a JSON text that are outside of strings. Square brackets are replaced by braces.

    First, all octets except brackets, quotes and backslashes are removed. In most texts, no string contains a bracket
    or an escape. So each string is now empty, and removing the quotes removes the strings. In any other text, a regular
    expression removes the strings, which takes longer.
    """
    marks = text.translate(_AS_BRACES, _NO_MARKS)
    braces = marks.translate(None, b'"\\')
    if len(braces) + 2 * marks.count(b'""') == len(marks):
        return braces
    return re.sub(_STRING, b"", text).translate(_AS_BRACES, _NO_BRACKETS)


def parse_json_without_duplicates(text: bytes | str, subject: str = "report") -> object:
    """Return the value of a JSON text. Raises ReportError if the text is invalid, or if an object has a key twice."""
    value = parse_json(text, subject)
    if isinstance(text, bytes) and has_unique_keys(text):
        return value
    pairs: object = json.loads(text, object_pairs_hook=_Pairs)
    problems = [
        Diagnostic(
            ReportCode.DUPLICATE_KEY,
            f"the key {quote(path[-1])} occurs twice in one object",
            json_pointer(path),
        )
        for path in itertools.islice(_duplicates(pairs), _MOST_DUPLICATES)
    ]
    if problems:
        raise ReportError(problems)
    return value


def has_unique_keys(text: bytes) -> bool:
    """Return whether a text is JSON in which no object has a key twice; false if only a slower check can decide.

    The text is decoded and encoded again. If an object has a key twice, the decoder drops the first value. A colon is
    either inside a string or after a key. So if both texts have the same number of colons, no value was dropped. The
    text must have no escaped colons, because the encoder writes colons without escapes.
    """
    try:
        value = _VALUES.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return b"\\u003" not in text and text.count(b":") == msgspec.json.encode(value).count(b":")


def parse_kernel_json(text: bytes | str) -> object:
    """Return the value of a JSON text from iproute2, which copies the octets of a name into a string unchanged.

    Octets that are not valid UTF-8 become lone surrogates (PEP 383). The result is None if the text is invalid JSON for
    another reason, or if an object has a key twice.
    """
    decoded = text if isinstance(text, str) else text.decode("utf-8", errors="surrogateescape")
    if re.search(_SURROGATE, decoded):
        return None
    try:
        value: object = json.loads(
            decoded, strict=False, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse_constant
        )
        refuse_deep(value)
    except (ValueError, RecursionError, ReportError):
        return None
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key occurs twice")
    return dict(pairs)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _finite(number: str | float) -> float:
    """Return a number as a double. A number that is too large becomes the greatest double with the same sign."""
    return min(max(float(number), -_GREATEST), _GREATEST)


_VALUES = msgspec.json.Decoder(float_hook=_finite)


def is_json(text: bytes | str) -> bool:
    """Return whether Python's `json` accepts a text. It accepts NaN, lone surrogates and numbers of any size."""
    try:
        json.loads(text, parse_int=float)
    except (ValueError, RecursionError):
        return False
    return True


def plain_copy(document: object) -> object:
    """Return a copy of a document that consists of plain dicts, lists and scalars.

    Raises ReportError if the document has a value that JSON cannot represent, or is nested too deeply.
    """
    try:
        plain = _plain(document)
        msgspec.json.encode(plain)  # refuses lone surrogates
    except (TypeError, UnicodeError) as error:
        raise ReportError([Diagnostic(ReportCode.NOT_JSON, f"the document is not valid JSON: {error}")]) from None
    return plain


def _plain(value: object, depth: int = 0) -> object:
    """Return a copy of a value that consists of JSON types. Raises TypeError if the value contains another type."""
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            raise TypeError("NaN is not a JSON number")
        return _finite(value)
    if depth == DEEPEST:
        raise ReportError([too_deep()])
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("a key is not a string")
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    raise TypeError(f"unsupported type `{type(value).__name__}`")


class _Pairs(list[tuple[str, object]]):
    """The keys and values of an object in the order of the text. The same key can occur several times."""


def _duplicates(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of each key that occurs again in its object."""
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, item in value:
            if key in seen:
                yield (*path, key)
            seen.add(key)
            if isinstance(item, list):
                yield from _duplicates(item, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            if isinstance(item, list):
                yield from _duplicates(item, (*path, str(i)))


def refuse_deep(value: object, subject: str = "report") -> None:
    """Raise ReportError if a value is nested deeper than `DEEPEST` levels."""
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
    """Return the diagnostic for a report that is nested too deeply."""
    return Diagnostic(ReportCode.TOO_DEEP, f"the {subject} is nested deeper than {DEEPEST} levels")


def _not_json(text: bytes | str, error: Exception, subject: str) -> Diagnostic:
    if not text.strip():
        return Diagnostic(ReportCode.EMPTY, f"the {subject} is empty", hint=_EMPTY_HINT)
    decoded = text if isinstance(text, str) else text.decode("utf-8", errors="replace")
    problem, offset = _problem_of(decoded, error)
    message = f"the {subject} is not JSON: {problem}"
    hint = _hint(decoded, problem, offset)
    source = Source(subject, decoded) if len(decoded) < LARGEST >> 4 else None
    if source is None:
        return Diagnostic(ReportCode.NOT_JSON, message, f"{subject}: character {offset}", hint)
    span = Span(offset, min(offset + 1, len(decoded)))
    return Diagnostic(ReportCode.NOT_JSON, message, source.place(span), hint, excerpt=source.excerpt(span))


def _problem_of(text: str, error: Exception) -> tuple[str, int]:
    """Return the reason why a text is not JSON, and the offset of the problem.

    The message is the message of Python's `json`, because only the errors of `json` have the offset. If `json` accepts
    the text, the message is from `error`.
    """
    if text.startswith(_BYTE_ORDER_MARK):
        return "it begins with a byte order mark", 0
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as problem:
        return problem.msg, min(problem.pos, len(text))
    except (ValueError, RecursionError) as problem:
        return str(problem), 0
    return str(error), max(text.find("\ufffd"), 0)


def _hint(text: str, problem: str, offset: int) -> str:
    """Return a hint for a text that is not JSON.

    The hint depends on the problem or on the beginning of the text. The hint can be empty.
    """
    if problem == _SEVERAL and text[offset : offset + 1] in ("[", "{"):
        return _SEVERAL_HINT
    return next((hint for head, hint in _HEADS if re.match(head, text)), "")
