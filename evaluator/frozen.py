"""Frozen, slotted dataclasses at a fraction of what the standard library's cost to define.

It imports `inspect`, makes each class twice and compiles half a dozen functions for it. For the sixty
classes that a first decision needs this takes longer than everything else the decision does. Here only
`__init__` is compiled; the rest is the same, `fields`, `replace`, copies and messages included, the
standard library's own functions work on the classes, and a test holds the two together.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from reprlib import recursive_repr
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from evaluator import frozen_field
from evaluator.frozen_field import MISSING, Field, described, fields_of

__all__ = ["dataclass", "field", "fields", "replace"]

_Method = Callable[..., object]
_ORDER = {f"__{relation.__name__}__": relation for relation in (operator.lt, operator.le, operator.gt, operator.ge)}


def _dataclass(*, frozen: bool, slots: bool, eq: bool = True, order: bool = False) -> Callable[[type], type]:
    """Return a decorator that does what the standard library's of the same arguments does."""
    if not (frozen and slots):
        raise TypeError("only frozen, slotted classes are made here")

    def make(cls: type) -> type:
        found = fields_of(cls)
        methods = {**_FROZEN, "__init__": _Init(found), "__repr__": _repr(found)}
        if eq:
            methods |= _comparisons([field.name for field in found if field.compare], order=order)
        names = tuple(field.name for field in found)
        kept = {name: value for name, value in vars(cls).items() if name not in (*names, "__dict__", "__weakref__")}
        # a class with an `__eq__` of its own has None as `__hash__`
        added = {name: method for name, method in methods.items() if kept.get(name) is None}
        kept.setdefault("__match_args__", tuple(field.name for field in found if field.init))
        about = described(found, eq=eq, order=order)
        return type(cls)(
            cls.__name__,
            cls.__bases__,
            {**kept, **added, **about, "__slots__": names, "__qualname__": cls.__qualname__},
        )

    return make


class _Init:
    """Stands for a class's `__init__` until the first object is made; of many classes none is, in most processes."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = fields
        self._owner: type = object

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner = owner

    def __get__(self, made: object, owner: type) -> object:
        init: Any = _init(self._owner, self._fields)
        setattr(self._owner, "__init__", init)  # noqa: B010 -- mypy takes it for a mistake otherwise
        return init.__get__(made, owner)


def _init(made: type, fields: Sequence[Field]) -> _Method:
    """Return `__init__`: the code of all classes of this shape, with this one's names and defaults."""
    known: dict[str, Any] = {"NONE": MISSING}
    body = []
    for i, field in enumerate(fields):
        value = f"a{i}"
        if field.default_factory is not MISSING:
            known[f"make{i}"] = field.default_factory
            value = f"make{i}() if a{i} is NONE else a{i}" if field.init else f"make{i}()"
        elif not field.init:
            known[f"default{i}"] = field.default
            value = f"default{i}"
        if field.is_set:
            known[f"put{i}"] = getattr(made, field.name).__set__  # faster than what looks for the slot
            body.append(f"put{i}(self, {value})")
    if hasattr(made, "__post_init__"):
        body.append("self.__post_init__()")
    given = ", ".join(["self", *(f"a{i}" for i, field in enumerate(fields) if field.init)])
    code = _code(f"def __init__({given}):\n  " + "\n  ".join(body or ["pass"]))
    names: dict[object, Any] = {f"a{i}": field.name for i, field in enumerate(fields)}
    variables, constants = (tuple(names.get(one, one) for one in part) for part in (code.co_varnames, code.co_consts))
    init = FunctionType(code.replace(co_varnames=variables, co_consts=constants), known, "__init__")
    init.__defaults__ = tuple(field.default for field in fields if field.init and field.has_default)
    init.__annotations__ = {**{field.name: field.type for field in fields if field.init}, "return": None}
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


@lru_cache(maxsize=64)
def _code(text: str) -> CodeType:
    """Return the code of a function; its text holds no name that a class gives."""
    namespace: dict[str, FunctionType] = {}
    exec(text, namespace)  # noqa: S102 -- made of numbers only
    return namespace["__init__"].__code__


def _repr(fields: Sequence[Field]) -> _Method:
    names = [field.name for field in fields if field.repr]

    def show(self: object) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return recursive_repr()(show)


def _comparisons(names: Sequence[str], *, order: bool) -> dict[str, _Method]:
    values = _values_of(names)

    def equal(self: object, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def hash_of(self: object) -> int:
        return hash(values(self))

    def ordering(relation: Callable[[Any, Any], Any]) -> _Method:
        def compare(self: object, other: object) -> bool:
            same = other.__class__ is self.__class__
            return bool(relation(values(self), values(other))) if same else NotImplemented

        return compare

    orderings = {name: ordering(relation) for name, relation in _ORDER.items()} if order else {}
    return {"__eq__": equal, "__hash__": hash_of, **orderings}


def _values_of(names: Sequence[str]) -> Callable[[object], object]:
    """Return what gives the values of some attributes as a tuple, however many they are."""
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _refuse_setting(self: object, name: str, value: object) -> None:
    raise _frozen(f"cannot assign to field {name!r}")


def _refuse_deleting(self: object, name: str) -> None:
    raise _frozen(f"cannot delete field {name!r}")


def _frozen(message: str) -> AttributeError:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 -- what callers know the error by, where there is one

    return FrozenInstanceError(message)


def _state(self: object) -> list[object]:
    return [getattr(self, field.name) for field in frozen_field.fields(self)]


def _set_state(self: object, state: Iterable[object]) -> None:
    for field, value in zip(frozen_field.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_FROZEN: dict[str, _Method] = {
    "__setattr__": _refuse_setting,
    "__delattr__": _refuse_deleting,
    "__getstate__": _state,
    "__setstate__": _set_state,
    "__replace__": frozen_field.replace,
}

if TYPE_CHECKING:
    from dataclasses import dataclass, field, fields, replace
else:
    dataclass = _dataclass
    field, fields, replace = frozen_field.field, frozen_field.fields, frozen_field.replace
