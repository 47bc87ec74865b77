"""An attribute that is computed on first access and then stored in the instance.

It replaces `functools.cached_property`, which in Python 3.11 takes a lock that all instances share. Without the lock,
the first access takes a third of the time, and threads do not wait for each other. If two threads read the attribute at
the same time, both compute the same value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

_T = TypeVar("_T")


class cached_property(Generic[_T]):
    """Turn a method without arguments into an attribute. Instances need a `__dict__`."""

    def __init__(self, compute: Callable[[Any], _T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> _T:
        if instance is None:  # for programs that read the class, such as `help`
            return cast("_T", self)
        value = instance.__dict__[self._name] = self._compute(instance)
        return value
