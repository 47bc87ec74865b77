"""Encodes and decodes the JSON documents that this project writes; `report/json_text.py` reads reports."""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec

_DELETE = b"\x7f"
_NOT_ASCII = re.compile(r"[^\x00-\x7e]")


def loads(text: bytes | str) -> Any:  # noqa: ANN401 -- any JSON value
    """Return the value of a JSON text. Raises ValueError if the text is not JSON."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None


def dumps(value: object) -> bytes:
    """Return a value as compact JSON. Raises TypeError or ValueError if the value is not JSON."""
    return msgspec.json.encode(value)


def dumps_sorted(value: object) -> bytes:
    """Return a value as compact JSON with the keys of each object sorted.

    Raises TypeError or ValueError if the value is not JSON.
    """
    return msgspec.json.encode(value, order="sorted")


def canonical(value: object) -> bytes:
    """Return the canonical JSON (RFC 8785) of a value.

    The library rfc8785 always writes the canonical text, but msgspec is ten times as fast. So the text of msgspec is
    used if it is certainly the canonical text. It may be another text if the value contains one of these:

    - a fraction, an integer above 2^53 - 1, or a key with characters outside the Basic Multilingual Plane;
    - a key that is not a string. Then the JSON value, parsed from the text, is not equal to the given value.

    For such a value, rfc8785 writes the text, or raises its errors: CanonicalizationError, UnicodeEncodeError,
    RecursionError or TypeError.
    """
    try:
        text = dumps_sorted(value)
        is_plain = not _needs_care(text) and _NO_FRACTIONS.decode(text) == value
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        is_plain = False
    if is_plain:
        return text
    import rfc8785  # noqa: PLC0415 -- slow to import, and seldom needed

    return rfc8785.dumps(cast("str", value))  # it raises an error for a value of another type


def _refuse_fraction(number: str) -> object:
    raise ValueError(f"{number} is not an integer")


def _needs_care(text: bytes) -> bool:
    """Return whether a JSON text may contain an integer above 2^53 - 1, or a character above U+FFFF.

    Such an integer has at least 16 digits, and UTF-8 encodes such a character in four octets. The result is also true
    for a string with 16 digits.
    """
    if not text.isascii() and _FOUR_OCTETS.search(text):
        return True
    return _LONG_NUMBER in text.translate(_DIGITS_AS_ZERO)


_FOUR_OCTETS = re.compile(rb"[\xf0-\xf4]")
_LONG_NUMBER = b"0" * 16
_DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_NO_FRACTIONS = msgspec.json.Decoder(float_hook=_refuse_fraction)


def to_ascii(text: bytes) -> bytes:
    """Return a JSON text in which every character outside printable ASCII is an escape."""
    is_plain = text.isascii() and _DELETE not in text
    return text if is_plain else _NOT_ASCII.sub(_escaped, text.decode()).encode("ascii")


def _escaped(match: re.Match[str]) -> str:
    """Return a character as JSON escapes, one escape for each UTF-16 code unit (two for a character above U+FFFF)."""
    octets = match.group().encode("utf-16-be")
    return "".join(f"\\u{octets[at : at + 2].hex()}" for at in range(0, len(octets), 2))
