"""A route of the kernel's main routing table: its destination and its metric."""

from __future__ import annotations

from msgspec import Struct

from evaluator.facts.address import Cidr


class Route(Struct, frozen=True, order=True):
    """One route of the main routing table. `metric` is the kernel's (lower wins), 0 if it is not known."""

    destination: Cidr
    metric: int = 0

    @property
    def rank(self) -> tuple[int, int]:
        """A sort key for the routes to one address: the kernel prefers the smallest (longest prefix, lowest metric)."""
        return -self.destination.prefix, self.metric
