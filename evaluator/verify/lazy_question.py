"""The host addresses and the parameters of a small host. Their values are chosen when a rule first reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from evaluator.facts.address import Address, in_order
from evaluator.facts.host_addresses import HostAddresses
from evaluator.policy.language.environment import Literal, Value
from evaluator.verify.choices import Choices, chosen
from evaluator.verify.space import AnswerSet, Space

_NAME = "host.example"
_LITERAL, _COMPLETE = ("literal",), ("complete",)


class LazyAnswers(HostAddresses, frozen=True, dict=True, eq=False, kw_only=True):
    """Host addresses, given as literals or by the DNS answer for a name. The DNS answer can be incomplete.

    `order` are the addresses in the order in which they were given or answered.
    """

    order: AnswerSet
    choices: Choices

    @classmethod
    def in_the_order(cls, order: AnswerSet, choices: Choices) -> LazyAnswers:
        """Return the host addresses for the given answers, in the given order."""
        return cls(in_order(order), order=order, choices=choices)

    @property
    def is_literal(self) -> bool:
        """Whether addresses were given instead of a name."""
        return self.choices.choose(_LITERAL, (True, False))

    def _asked(self) -> str | None:
        return None if self.is_literal else _NAME

    def _complete(self) -> bool:
        return self.is_literal or self.choices.choose(_COMPLETE, (True, False))

    def _first(self) -> Address | None:
        """Return the first address. For a name, A answers come before AAAA answers."""
        order = self.order
        if len({address.version for address in order}) > 1 and not self.is_literal:
            return min(order, key=_version)
        return order[0] if order else None

    asked = chosen(_asked)
    complete = chosen(_complete)
    first = chosen(_first)


def _version(address: Address) -> int:
    return address.version


class LazyParameters(dict[str, Value]):
    """Parameters with chosen values. The dict itself is always empty: each read of a value is a choice."""

    def __init__(self, space: Space, choices: Choices) -> None:
        super().__init__()
        self._space = space
        self._choices = choices

    def __missing__(self, name: str) -> Value:
        values = self._space.parameters[name]
        return values[0] if len(values) == 1 else self._choices.choose(("parameter", name), values)


def stated_answers(choices: Choices) -> tuple[str | None, bool]:
    """Return the name of the host and whether the answer is complete. The name is None if addresses were given."""
    if choices.made.get(_LITERAL, True):
        return None, True
    return _NAME, bool(choices.made.get(_COMPLETE, True))


def stated_parameters(space: Space, choices: Choices) -> Mapping[str, Literal]:
    """Return the parameters of the policy. A parameter that was not read has the first of its values."""
    made = choices.made
    return {
        name: cast("Literal", made.get(("parameter", name), space.parameters[name][0]))
        for name in space.policy_parameters
    }
