"""Find a part of a document by the JSON Pointer that the reader stored in the facts."""

from __future__ import annotations

from typing import Any


def keys_of(pointer: str) -> list[str]:
    """Return the unescaped keys of a JSON Pointer."""
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]


def follow(document: Any, keys: list[str]) -> Any:  # noqa: ANN401 -- plain JSON values
    """Return the value at the keys. Raises KeyError or IndexError if the value does not exist."""
    for key in keys:
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document
