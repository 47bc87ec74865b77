"""`evaluator.frozen.dataclass` against the standard library's, on the same classes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import itertools
import pickle
import pprint
from collections.abc import Callable
from typing import Any

import pytest

from evaluator import frozen


def classes(dataclass: Callable[..., Any], field: Callable[..., Any]) -> tuple[type, ...]:
    """Return the same classes, made by one of the two decorators."""

    @dataclass(frozen=True, slots=True, order=True)
    class Pair:
        """Two fields."""

        first: int
        second: str = "two"

    @dataclass(frozen=True, slots=True)
    class One:
        """One field, which may not be hashable."""

        only: object

    @dataclass(frozen=True, slots=True)
    class Full:
        """Everything that is in use."""

        name: str
        items: dict[str, int] = field(default_factory=dict, compare=False)
        hidden: int = field(default=3, repr=False, compare=False)
        made: list[int] = field(default_factory=list, init=False, repr=False, compare=False)
        length: int = field(init=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "length", len(self.name))

        def __str__(self) -> str:
            return self.name

    @dataclass(frozen=True, slots=True, eq=False)
    class Own:
        """Its own comparison."""

        value: int
        other: int = 0

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Own) and self.value == other.value

        def __hash__(self) -> int:
            return hash(self.value)

    @dataclass(frozen=True, slots=True)
    class Empty:
        """No fields."""

    return Pair, One, Full, Own, Empty


OURS = classes(frozen.dataclass, frozen.field)
THEIRS = classes(dataclasses.dataclass, dataclasses.field)
Pair, One, Full, Own, Empty = OURS
for _class in OURS:  # so that they can be pickled
    globals()[_class.__name__] = _class
    _class.__qualname__ = _class.__name__
MADE: list[tuple[int, tuple[Any, ...]]] = [
    (0, (1,)),
    (0, (1, "a")),
    (0, (2, "a")),
    (1, (1,)),
    (1, ((1, 2),)),
    (2, ("x",)),
    (2, ("x", {"a": 1})),
    (2, ("xy", {}, 5)),
    (3, (1,)),
    (3, (1, 2)),
    (4, ()),
]


def both() -> list[tuple[Any, Any]]:
    return [(OURS[which](*given), THEIRS[which](*given)) for which, given in MADE]


def test_they_are_shown_and_described_alike() -> None:
    for ours, theirs in both():
        assert repr(ours) == repr(theirs).split("<locals>.")[-1]
        assert str(ours).split("<locals>.")[-1] == str(theirs).split("<locals>.")[-1]
        assert type(ours).__slots__ == type(theirs).__slots__
        assert type(ours).__match_args__ == type(theirs).__match_args__
        assert [f.name for f in dataclasses.fields(ours)] == [f.name for f in dataclasses.fields(theirs)]
        assert str(inspect.signature(type(ours))) == str(inspect.signature(type(theirs)))
        assert not hasattr(ours, "__dict__")


def test_they_compare_alike() -> None:
    for (ours, theirs), (ours2, theirs2) in itertools.product(both(), repeat=2):
        assert (ours == ours2) is (theirs == theirs2)
        assert (hash(ours) == hash(ours2)) or ours != ours2
    assert OURS[0](1) != THEIRS[0](1)
    pairs = [Pair(2, "b"), Pair(1, "c"), Pair(2, "a")]
    assert sorted(pairs) == [Pair(1, "c"), Pair(2, "a"), Pair(2, "b")]
    assert Pair(1) <= Pair(1) >= Pair(1) < Pair(2) > Pair(1)
    for a, b in ((Pair(1), One(1)), (One(1), One(2))):
        with pytest.raises(TypeError, match="not supported between"):
            assert a < b
    with pytest.raises(TypeError, match="unhashable"):
        hash(One([]))


def test_they_are_copied_and_never_changed() -> None:
    for ours, _ in both():
        for copied in (
            copy.copy(ours),
            copy.deepcopy(ours),
            pickle.loads(pickle.dumps(ours)),
            dataclasses.replace(ours),
        ):
            assert copied == ours
            assert repr(copied) == repr(ours)
    full = Full("x")
    for name in ("name", "other"):
        with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(full, name, "y")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'name'"):
        del full.name
    assert dataclasses.replace(full, name="abc").length == 3
    assert full.items is not Full("x").items


def test_wrong_arguments_are_refused_alike() -> None:
    for which, given in ((0, ()), (0, (1, 2, 3)), (2, ("a", {}, 1, [])), (4, (1,))):
        said = []
        for made in (OURS, THEIRS):
            with pytest.raises(TypeError) as caught:
                made[which](*given)
            said.append(str(caught.value).split("<locals>.")[-1])
        assert said[0] == said[1]
    with pytest.raises(ValueError, match="mutable default"):

        @frozen.dataclass(frozen=True, slots=True)
        class Wrong:
            items: list[int] = []  # noqa: RUF012 -- what is refused

    with pytest.raises(TypeError, match="non-default argument 'second' follows default argument"):

        @frozen.dataclass(frozen=True, slots=True)
        class Late:
            first: int = 1
            second: int

    with pytest.raises(TypeError, match="'strange' is the standard library's"):

        @frozen.dataclass(frozen=True, slots=True)
        class Strange:
            strange: list[int] = dataclasses.field(default_factory=list)

    with pytest.raises(ValueError, match="init=False") as ours:
        frozen.replace(Full("x"), length=3)
    with pytest.raises(ValueError, match="init=False") as theirs:
        dataclasses.replace(THEIRS[2]("x"), length=3)
    assert str(ours.value) == str(theirs.value)
    with pytest.raises(TypeError, match="only frozen"):
        frozen.dataclass(frozen=False, slots=True)


def test_the_standard_library_knows_them() -> None:
    for ours, theirs in both():
        assert dataclasses.is_dataclass(ours)
        assert dataclasses.is_dataclass(type(ours))
        assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
        assert pprint.pformat(ours) == pprint.pformat(theirs).split("<locals>.")[-1]
        for one, other in zip(dataclasses.fields(ours), dataclasses.fields(theirs), strict=True):
            for what in ("name", "type", "default", "init", "repr", "compare", "hash", "kw_only", "metadata"):
                assert getattr(one, what) == getattr(other, what)
            assert one.default_factory is other.default_factory


def test_copies_with_changes_are_the_standard_librarys() -> None:
    for ours, _ in both():
        assert frozen.replace(ours) == dataclasses.replace(ours) == ours
    assert frozen.replace(Pair(1), second="b") == dataclasses.replace(Pair(1), second="b") == Pair(1, "b")
    assert frozen.replace(Full("x"), name="abc").length == 3
    assert [field.name for field in frozen.fields(Full)] == [field.name for field in dataclasses.fields(Full)]
    with pytest.raises(TypeError, match="unexpected keyword"):
        frozen.replace(Pair(1), third=1)
