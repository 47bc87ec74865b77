"""The names of interfaces that conditions can distinguish.

Two names are in one class if the same globs and texts of the policy match them. Each class has names that the kernel
accepts for an interface: at most 15 octets, without a slash, a colon and a space. If the kernel accepts no text of a
class, the class has no names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache

from msgspec import Struct

from evaluator.verify.classes import Combination, glob_witnesses, matches

_MOST_OCTETS = 15
_MOST_NAMES = 9  # of one class: one for each interface of a small host, and one that is not on the host
_OTHER_CHARACTERS = "x0q7z"
_NOT_IN_NAMES = "/:"


class NameTexts(Struct, frozen=True):
    """The names of each class. Without globs, each interface has only one name."""

    globs: tuple[str, ...] = ()
    names: Mapping[Combination, tuple[str, ...]] = {}

    @classmethod
    def of(cls, globs: Sequence[str]) -> NameTexts | None:
        """Return the names that some globs distinguish; None if there are too many classes."""
        witnesses = glob_witnesses(globs, _characters(globs))
        if witnesses is None:
            return None
        return cls(tuple(globs), {one: tuple(_names_like(text, globs, one)) for one, text in witnesses.items()})

    def options(self, default: str, used: Collection[object]) -> tuple[str, ...]:
        """Return one unused name of each class.

        If `default` is unused, it is the name of its class, and the first name in the result.
        """
        own = class_of(self.globs, default)
        first = () if default in used else (default,)
        others = (
            next((name for name in names if name not in used), None)
            for one, names in self.names.items()
            if one != own or not first
        )
        return (*first, *(name for name in others if name is not None))


@cache
def class_of(globs: tuple[str, ...], text: str) -> Combination:
    """Return which globs match a text."""
    return tuple(matches(glob, text) for glob in globs)


def _characters(globs: Sequence[str]) -> list[str]:
    """Return characters of names.

    They are the characters in the globs, the neighbours of these characters, and some other characters.
    """
    codes = {ord(character) + offset for character in "".join(globs) for offset in (-1, 0, 1)}
    found = {chr(code) for code in codes if code > 0}
    return sorted({one for one in found if one.isprintable() and not one.isspace()} - set(_NOT_IN_NAMES)) + [
        one for one in _OTHER_CHARACTERS if one not in found
    ]


def _names_like(text: str, globs: Sequence[str], combination: Combination) -> Iterator[str]:
    """Yield different names of a class: the given text, then texts in which a number is inserted at one place."""
    found: dict[str, None] = {}
    numbers = range(_MOST_NAMES)
    texts = (text, *(f"{text[:at]}{number}{text[at:]}" for at in range(len(text), -1, -1) for number in numbers))
    for candidate in texts:
        if _is_name(candidate) and class_of(tuple(globs), candidate) == combination:
            found[candidate] = None
        if len(found) == _MOST_NAMES:
            break
    yield from found


def _is_name(text: str) -> bool:
    return text not in ("", ".", "..") and len(text.encode()) <= _MOST_OCTETS
