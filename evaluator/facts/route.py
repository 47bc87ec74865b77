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
        """A sort key for the routes to one address.

        The kernel prefers the route with the smallest key: the longest prefix, then the lowest metric.
        """
        return -self.destination.prefix, self.metric
