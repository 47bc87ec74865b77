"""The lengths of lists that belong to the interfaces of a host. The cost of a decision is estimated from them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class Lists(Struct, frozen=True):
    """Upper bounds for the sizes of lists: `most` for the length of one list, `total` for the sum of all lengths."""

    most: int
    total: int

    @classmethod
    def of(cls, lengths: Iterable[int]) -> Lists:
        """Return the greatest length and the sum of the lengths."""
        values = list(lengths)
        return cls(max(values, default=0), sum(values))
