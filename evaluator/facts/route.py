"""Where an interface leads: a destination and what the way there costs."""

from __future__ import annotations

from msgspec import Struct

from evaluator.facts.address import Cidr


class Route(Struct, frozen=True, order=True):
    """One route of the main table: `metric` is the kernel's, the lower one wins; 0 where none is known."""

    destination: Cidr
    metric: int = 0

    @property
    def rank(self) -> tuple[int, int]:
        """The kernel's order of routes to one address: the smaller, the better."""
        return -self.destination.prefix, self.metric
