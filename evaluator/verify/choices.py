"""Runs a function once for each combination of the choices that it makes.

This is depth-first search by re-execution. A run makes its choices one after the other. After the run, the last choice
that has an option left takes its next option. The choices after it are forgotten, and the function runs again. So a
fact that a run never reads is never varied. This is the idea of Korat (Boyapati, Khurshid and Marinov, 2002), which
prunes the enumeration of inputs by the fields that a predicate reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, cast

_T = TypeVar("_T")
_Owner = TypeVar("_Owner")
Key = tuple[object, ...]


class Choices:
    """The choices of the current run, by key. A choice is made once in a run; later reads return the same option.

    `computed` is a cache of other values that are computed only once in a run.
    """

    def __init__(self) -> None:
        self._path: list[tuple[int, int]] = []  # the index of each chosen option, and the number of options
        self._depth = 0
        self._is_restarted = False
        self.made: dict[Key, object] = {}
        self.computed: dict[Key, object] = {}

    def choose(self, key: Key, options: Sequence[_T]) -> _T:
        """Return the option that this run chooses for a key. `options` must only depend on earlier choices."""
        if key in self.made:
            return cast("_T", self.made[key])
        if self._depth == len(self._path):
            self._path.append((0, len(options)))
        option = options[self._path[self._depth][0]]
        self._depth += 1
        self.made[key] = option
        return option

    def restart(self) -> None:
        """Let the next run begin the enumeration again, with the first option of each choice.

        Call this method if the following runs read fewer facts, for example because a check has its counterexample.
        Otherwise the enumeration would try all options of facts that are not read any more.
        """
        self._is_restarted = True

    def runs(self) -> Iterator[None]:
        """Yield at the start of each run. The caller makes all choices of a run before it asks for the next run."""
        while True:
            self._depth = 0
            self.made, self.computed = {}, {}
            yield
            if self._is_restarted:
                self._path, self._is_restarted = [], False
                continue
            while self._path and self._path[-1][0] + 1 == self._path[-1][1]:
                self._path.pop()
            if not self._path:
                return
            index, count = self._path[-1]
            self._path[-1] = index + 1, count


def chosen(choose: Callable[[_Owner], _T]) -> _T:
    """Return a property that replaces a field of a Struct. Its value is chosen when it is first read in a run."""
    return cast("_T", property(choose))
