"""The sizes of the lists of a host's interfaces; a decision may need them to estimate its cost."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class Lists(Struct, frozen=True):
    """Sizes of lists: `most` is an upper bound for the length of one list, `total` for the sum of all lengths."""

    most: int
    total: int

    @classmethod
    def of(cls, lengths: Iterable[int]) -> Lists:
        """Return the sizes of lists with these lengths."""
        values = list(lengths)
        return cls(max(values, default=0), sum(values))
