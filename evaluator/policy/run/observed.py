"""An environment that reports the result of every condition that the reference interpreter evaluates.

The coverage of policy tests needs to know which clauses were true and which were false. `holds` reports each condition
with its result. With this environment, the interpreter does not use its shortcuts for quantifiers. A shortcut skips
elements of a list, so the results of the clauses for these elements would be missing.
"""

from __future__ import annotations

from collections.abc import Callable

from evaluator.policy.language.checked import Condition
from evaluator.policy.language.environment import Environment

Observe = Callable[[Condition, bool], None]


class ObservedEnvironment(Environment, frozen=True, kw_only=True):
    """The environment of a rule, with a function that is called with each condition and its result."""

    observe: Observe
