"""A cast that is checked at run time, for values whose type an earlier check guarantees."""

from __future__ import annotations

from typing import TypeVar

_T = TypeVar("_T")


def checked_cast(value: object, type_: type[_T]) -> _T:
    """Return a value as this type. Raises TypeError if the value has another type, which is a programming error."""
    if not isinstance(value, type_):
        raise TypeError(f"expected a {type_.__name__}, found a {type(value).__name__}")
    return value
