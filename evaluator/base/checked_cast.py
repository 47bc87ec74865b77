"""Values whose type an earlier check has proven, although their annotation is wider."""

from __future__ import annotations

from typing import TypeVar

_T = TypeVar("_T")


def proven(value: object, type_: type[_T]) -> _T:
    """Return a value that can be of this type only."""
    if not isinstance(value, type_):
        raise TypeError(f"there is a {type(value).__name__} where only a {type_.__name__} can be")
    return value
