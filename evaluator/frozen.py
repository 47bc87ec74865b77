"""Frozen, slotted dataclasses at a fifth of what the standard library's cost to define.

It compiles half a dozen functions for each class. For the sixty classes that a first decision needs
this takes longer than everything else the decision does. Here only `__init__` is compiled; the rest
is the same, `fields`, `replace`, copies and messages included, and a test holds the two together.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Iterable, Sequence
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

_Fields = tuple[dataclasses.Field[Any], ...]
_Method = Callable[..., object]
_ORDER = {f"__{relation.__name__}__": relation for relation in (operator.lt, operator.le, operator.gt, operator.ge)}
_NONE = dataclasses.MISSING


def _dataclass(*, frozen: bool, slots: bool, eq: bool = True, order: bool = False) -> Callable[[type], type]:
    """Return a decorator that does what the standard library's of the same arguments does."""
    if not (frozen and slots):
        raise TypeError("only frozen, slotted classes are made here")

    def make(cls: type) -> type:
        made: type[Any] = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
        fields = dataclasses.fields(made)
        methods = {**_FROZEN, "__init__": _init(made, fields), "__repr__": _repr(fields)}
        if eq:
            methods |= _comparisons([field.name for field in fields if field.compare], order=order)
        for name, method in methods.items():
            if vars(cls).get(name) is None:  # a class with an `__eq__` of its own has None as `__hash__`
                setattr(made, name, method)
        return made

    return make


def _init(made: type, fields: _Fields) -> _Method:
    """Compile `__init__`. Of the class its text holds the names of attributes only."""
    given, body = ["self"], []
    known: dict[str, object] = {"NONE": _NONE}
    for i, field in enumerate(fields):  # a slot's own setter is faster than one that looks for the slot
        known |= {f"default{i}": field.default, f"make{i}": field.default_factory}
        known[f"put{i}"] = getattr(made, field.name).__set__
        has_default, has_factory = field.default is not _NONE, field.default_factory is not _NONE
        value = f"make{i}()" if has_factory else f"default{i}"
        if field.init:
            given.append(field.name + ("=NONE" if has_factory else f"=default{i}" if has_default else ""))
            value = f"{value} if {field.name} is NONE else {field.name}" if has_factory else field.name
        if field.init or has_default or has_factory:
            body.append(f"put{i}(self, {value})")
    if hasattr(made, "__post_init__"):
        body.append("self.__post_init__()")
    define = f"def __init__({', '.join(given)}):\n  " + "\n  ".join(body or ["pass"])
    namespace: dict[str, Callable[..., _Method]] = {}
    exec(f"def wrap({', '.join(known)}):\n {define}\n return __init__", namespace)  # noqa: S102 -- names only
    init = namespace["wrap"](**known)
    init.__annotations__ = {**{field.name: field.type for field in fields if field.init}, "return": None}
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


def _repr(fields: _Fields) -> _Method:
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
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deleting(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[object]:  # noqa: ANN401 -- any of the classes made here
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _set_state(self: Any, state: Iterable[object]) -> None:  # noqa: ANN401 -- any of the classes made here
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_FROZEN: dict[str, _Method] = {
    "__setattr__": _refuse_setting,
    "__delattr__": _refuse_deleting,
    "__getstate__": _state,
    "__setstate__": _set_state,
}

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _dataclass
