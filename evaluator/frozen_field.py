"""The fields of a frozen class: what `frozen.py` knows of each, without the standard library's `dataclasses`.

That imports `inspect`, which took longer than any other module that a first decision waited for. It
works on our classes all the same: what it keeps of a class is made when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FIELDS = "__frozen_fields__"
_STANDARD = ("__dataclass_fields__", "__dataclass_params__")


class _Missing:
    """Stands where there is no default, and in a signature for one that is made anew for each object."""

    def __repr__(self) -> str:
        return "<factory>"


MISSING = _Missing()


class Field:
    """What a class says of one attribute."""

    __slots__ = ("compare", "default", "default_factory", "init", "name", "repr", "type")

    def __init__(
        self,
        default: object,
        default_factory: Any = MISSING,  # noqa: ANN401 -- a function, or MISSING
        *,
        init: bool = True,
        repr: bool = True,
        compare: bool = True,
    ) -> None:
        self.name = self.type = ""
        self.default, self.default_factory = default, default_factory
        self.init, self.repr, self.compare = init, repr, compare

    @property
    def has_default(self) -> bool:
        """Whether `__init__` can do without a value."""
        return self.default is not MISSING or self.default_factory is not MISSING

    @property
    def is_set(self) -> bool:
        """Whether `__init__` sets the attribute."""
        return self.init or self.has_default

    def standard(self) -> object:
        """Return the same as the standard library has it."""
        import dataclasses  # noqa: PLC0415 -- only where somebody asks for it

        given = {"default": self.default, "default_factory": self.default_factory}
        known: Any = {key: value for key, value in given.items() if value is not MISSING}
        return dataclasses.field(init=self.init, repr=self.repr, compare=self.compare, **known)


def field(*, default: object = MISSING, default_factory: object = MISSING, **kinds: bool) -> Field:
    """Return what `dataclasses.field` would: a default, and what the attribute takes part in."""
    return Field(default, default_factory, **kinds)


def fields(made: object) -> tuple[Field, ...]:
    """Return the fields of a frozen class or of one of its objects."""
    found: tuple[Field, ...] = getattr(made, _FIELDS)
    return found


def replace(made: Any, /, **changes: object) -> object:  # noqa: ANN401 -- any of the classes made here
    """Return a copy with other values in some fields."""
    for one in fields(made):
        if one.init:
            changes.setdefault(one.name, getattr(made, one.name))
        elif one.name in changes:
            raise ValueError(f"field {one.name} is declared with init=False, it cannot be specified with replace()")
    return made.__class__(**changes)


def fields_of(cls: type) -> tuple[Field, ...]:
    """Return the fields that a class describes by its annotations and their values."""
    found: list[Field] = []
    for name, annotation in cls.__annotations__.items():
        value = vars(cls).get(name, MISSING)
        one = value if isinstance(value, Field) else Field(value)
        one.name, one.type = name, annotation
        kind: Any = type(one.default)
        if kind.__module__ == "dataclasses":
            raise TypeError(f"the field {name!r} is the standard library's")
        if kind.__hash__ is None:
            raise ValueError(f"mutable default {kind} for field {name} is not allowed: use default_factory")
        if one.init and not one.has_default and any(before.init and before.has_default for before in found):
            raise TypeError(f"non-default argument {name!r} follows default argument")
        found.append(one)
    return tuple(found)


def described(found: tuple[Field, ...], *, eq: bool, order: bool) -> Mapping[str, object]:
    """Return the attributes by which a class is known as one with fields, here and to the standard library."""
    return {_FIELDS: found, **{name: _Standard(name, found, eq=eq, order=order) for name in _STANDARD}}


class _Standard:
    """Stands for what the standard library keeps of a class, until somebody asks for it."""

    def __init__(self, name: str, found: tuple[Field, ...], *, eq: bool, order: bool) -> None:
        self._name, self._fields, self._eq, self._order = name, found, eq, order
        self._owner: type = object

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner = owner

    def __get__(self, made: object, owner: type) -> object:
        import dataclasses  # noqa: PLC0415 -- only where somebody asks for it

        described = [(one.name, one.type, one.standard()) for one in self._fields]
        name = self._owner.__name__
        twin = dataclasses.make_dataclass(name, described, frozen=True, eq=self._eq, order=self._order)
        value: object = getattr(twin, self._name)
        setattr(self._owner, self._name, value)
        return value
