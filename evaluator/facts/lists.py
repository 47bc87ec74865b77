"""The sizes of the lists of a host's interfaces. The cost of a decision is estimated from these sizes."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class Lists(Struct, frozen=True):
    """Upper bounds for the sizes of lists: `most` for the length of one list, `total` for the sum of all lengths."""

    most: int
    total: int

    @classmethod
    def of(cls, lengths: Iterable[int]) -> Lists:
        """Return the sizes of lists that have these lengths."""
        values = list(lengths)
        return cls(max(values, default=0), sum(values))
