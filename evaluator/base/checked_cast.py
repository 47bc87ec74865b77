"""Casts a value to a type and checks the type at run time. An earlier check already guarantees the type."""

from __future__ import annotations

from typing import TypeVar

_T = TypeVar("_T")


def checked_cast(value: object, type_: type[_T]) -> _T:
    """Return the value, which must have the type `type_`. Raises TypeError for another type (a programming error)."""
    if not isinstance(value, type_):
        raise TypeError(f"expected a {type_.__name__}, found a {type(value).__name__}")
    return value
