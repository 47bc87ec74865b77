"""A route of the kernel's main routing table: its destination and its metric."""

from __future__ import annotations

from msgspec import Struct

from evaluator.facts.address import Cidr


class Route(Struct, frozen=True, order=True):
    """One route of the main routing table.

    `metric` is the metric in the kernel, 0 if it is unknown. The kernel prefers the route with the lowest metric.
    """

    destination: Cidr
    metric: int = 0

    @property
    def rank(self) -> tuple[int, int]:
        """The sort key of the route. If several routes lead to an address, the kernel uses the smallest key.

        A longer prefix gives a smaller key. If two prefixes have the same length, a lower metric gives a smaller key.
        """
        return -self.destination.prefix, self.metric
