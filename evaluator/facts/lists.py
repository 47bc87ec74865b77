"""How long the lists of a host's interfaces are, which a decision may have to know before it looks at them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class Lists(Struct, frozen=True):
    """Lists of interfaces: no list of one is longer than `most`, and all of them together not than `total`."""

    most: int
    total: int

    @classmethod
    def of(cls, lengths: Iterable[int]) -> Lists:
        """Return the sizes of lists of these lengths."""
        known = list(lengths)
        return cls(max(known, default=0), sum(known))
