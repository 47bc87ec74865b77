"""Encodes and decodes the JSON documents that this project writes; `report/json_text.py` reads reports."""

from __future__ import annotations

from typing import Any

import msgspec


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
