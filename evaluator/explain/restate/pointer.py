"""Find the parts of a plain document by the JSON Pointers that a reader left in the facts."""

from __future__ import annotations

from typing import Any


def parts_of(pointer: str) -> list[str]:
    """Return the keys of a JSON Pointer."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def follow(document: Any, parts: list[str]) -> Any:  # noqa: ANN401 -- plain JSON values
    """Return the value that the keys lead to; KeyError or IndexError if it is missing."""
    for part in parts:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document
