"""Sets of texts, described by allowed values, excluded values, and globs.

If a finite set of allowed values is known, the set is exact: each value is tested. Otherwise two simple tests are used,
because the intersection of globs in general needs automata:

- two globs are disjoint if their fixed beginnings, or their fixed ends, differ: `eth*` and `virbr*`;
- a glob is inside `PREFIX*` if its fixed beginning starts with the prefix: `eth0*` is inside `eth*`.

They are sound, not complete: a set that is reported as empty is empty, but some empty sets are not recognised.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from msgspec import Struct

_WILD = re.compile(r"[*?\[]")


class Texts(Struct, frozen=True):
    """A set of texts.

    A text is in the set if it is in `only` (None: any text) and not in `never`. It must also match at least one glob of
    each list in `like`, and no glob in `unlike`. If `is_lower` is true, it must have no capital letters.
    """

    only: frozenset[str] | None = None
    never: frozenset[str] = frozenset()
    like: tuple[tuple[str, ...], ...] = ()
    unlike: tuple[str, ...] = ()
    is_lower: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the set is certainly empty."""
        if self.only is not None:
            return not any(map(self._may_be, self.only))
        lists = [tuple(glob for glob in globs if not self._rules_out(glob)) for globs in self.like]
        if "*" in self.unlike or not all(lists):
            return True
        return any(
            all(_are_disjoint(glob, earlier) for glob in globs for earlier in earlier_globs)
            for at, globs in enumerate(lists)
            for earlier_globs in lists[:at]
        )

    def intersection(self, other: Texts) -> Texts:
        """Return the intersection of two sets."""
        if self.only is None or other.only is None:
            only = self.only if other.only is None else other.only
        else:
            only = self.only & other.only
        return Texts(
            only,
            self.never | other.never,
            (*self.like, *other.like),
            (*self.unlike, *other.unlike),
            self.is_lower or other.is_lower,
        )

    def _may_be(self, text: str) -> bool:
        return (
            text not in self.never
            and all(any(fnmatchcase(text, glob) for glob in globs) for globs in self.like)
            and not any(fnmatchcase(text, glob) for glob in self.unlike)
            and not (self.is_lower and text != text.lower())
        )

    def _rules_out(self, glob: str) -> bool:
        """Return whether it is certain that no text in the set matches the glob."""
        if not _WILD.search(glob):
            return not self._may_be(glob)
        if self.is_lower and has_capitals(glob):
            return True
        return any(_is_inside(glob, unlike) for unlike in self.unlike)


def has_capitals(glob: str) -> bool:
    """Return whether each text that the glob matches has a capital letter."""
    fixed = re.sub(r"\[[^\]]*\]", "", glob)
    return fixed != fixed.lower()


def mac_form(glob: str) -> str:
    """Return a glob for MAC addresses in the form of reports: lower case, with colons."""
    return re.sub(r"[-.](?![^\[]*\])", ":", glob).lower()


def _fixed_start(glob: str) -> str:
    return _WILD.split(glob, maxsplit=1)[0]


def _fixed_end(glob: str) -> str:
    return re.split(r"[*?\]]", glob)[-1] if _WILD.search(glob) else glob


def _are_disjoint(one: str, other: str) -> bool:
    a, b = _fixed_start(one), _fixed_start(other)
    if not (a.startswith(b) or b.startswith(a)):
        return True
    a, b = _fixed_end(one), _fixed_end(other)
    return not (a.endswith(b) or b.endswith(a))


def _is_inside(glob: str, outer: str) -> bool:
    """Return whether it is certain that `outer` matches every text that `glob` matches."""
    if glob == outer:
        return True
    start, star, rest = outer.partition("*")
    return star == "*" and not rest and not _WILD.search(start) and _fixed_start(glob).startswith(start)
