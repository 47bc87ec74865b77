"""Collects the values that a policy compares with each word: constants, and values of parameters.

For example, `nic.mtu >= 9000` compares the word `nic.mtu` with the constant 9000.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from evaluator.facts.address import Address, Cidr
from evaluator.policy.language.checked import (
    Condition,
    Constant,
    Expression,
    ParameterValue,
    Read,
    Related,
    RouteTo,
    walk,
)
from evaluator.policy.language.environment import Value


class Literals:
    """The constants and parameters that conditions compare with words."""

    def __init__(self, nodes: Iterable[Condition | Expression], parameters: Mapping[str, tuple[Value, ...]]) -> None:
        self._pairs = [(node.left, node.right) for node in nodes if isinstance(node, Related)]
        self._routes = [node.operand for node in nodes if isinstance(node, RouteTo)]
        self._parameters = parameters

    def of_word(self, *words: str) -> tuple[Value, ...]:
        """Return the values that are compared with one of these words."""
        sides = [(one, other) for pair in self._pairs for one, other in (pair, pair[::-1])]
        found = (
            value
            for one, other in sides
            if any(isinstance(node, Read) and node.word.name in words for node in walk(one))
            for value in self.values(other)
        )
        return tuple(dict.fromkeys(found))

    def networks(self) -> tuple[Cidr, ...]:
        """Return all networks that conditions compare with another value."""
        sides = (side for pair in self._pairs for side in pair)
        return tuple(dict.fromkeys(value for side in sides for value in self.values(side) if isinstance(value, Cidr)))

    def addresses(self) -> tuple[Address, ...]:
        """Return all addresses that conditions compare with another value, or use in `route_to(…)`."""
        sides = (*(side for pair in self._pairs for side in pair), *self._routes)
        values = (value for side in sides for value in self.values(side))
        return tuple(dict.fromkeys(value for value in values if isinstance(value, Address)))

    def values(self, side: Expression) -> Iterator[Value]:
        """Yield the values of the constants and parameters in an expression. A list yields its elements."""
        for node in walk(side):
            if isinstance(node, Constant):
                yield from node.value if isinstance(node.value, tuple) else (node.value,)
            elif isinstance(node, ParameterValue):
                for value in self._parameters.get(node.name, ("ovirtmgmt",)):
                    yield from value if isinstance(value, tuple) else (value,)
