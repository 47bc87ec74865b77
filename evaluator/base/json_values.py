"""Encodes and decodes the JSON documents that this project writes; `report/json_text.py` reads reports."""

from __future__ import annotations

import re
from typing import Any

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


def to_ascii(text: bytes) -> bytes:
    """Return a JSON text in which every character outside printable ASCII is an escape."""
    is_plain = text.isascii() and _DELETE not in text
    return text if is_plain else _NOT_ASCII.sub(_escaped, text.decode()).encode("ascii")


def _escaped(match: re.Match[str]) -> str:
    """Return a character as JSON escapes, one escape for each UTF-16 code unit (two for a character above U+FFFF)."""
    octets = match.group().encode("utf-16-be")
    return "".join(f"\\u{octets[at : at + 2].hex()}" for at in range(0, len(octets), 2))
