"""Values with parts that are worked out later.

Most values are frozen `msgspec.Struct`s. A few have parts that are worked out when they are first asked for
(`functools.cached_property`); these are of this class.
"""

from __future__ import annotations

from typing import NoReturn


class Value:
    """An object that nobody changes once it is made; `__init__` fills `vars(self)`."""

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} cannot be changed: {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} cannot be changed: {name!r}")
