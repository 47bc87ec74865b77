"""A value with a key, for cached functions: two arguments count as equal if their keys are equal."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

_Value = TypeVar("_Value")


class Keyed(Generic[_Value]):
    """A value with a key. Two of these values are equal if their keys are equal."""

    def __init__(self, key: Hashable, value: _Value) -> None:
        self.key = key
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Keyed) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)
