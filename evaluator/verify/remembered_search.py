"""Finds the smallest counterexamples of statements, and remembers them.

All statements of a search share one enumeration. The values in this enumeration depend on all statements. So the
answers of a search are remembered together. The library decides each remembered host again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from evaluator.engine import Policy
from evaluator.policy.language.environment import Value
from evaluator.verify.bounded import Examples
from evaluator.verify.memory import AnswerKind, Resources, question_of, remembered
from evaluator.verify.property import Claim, Counterexample, Unchanged
from evaluator.verify.search import Unconfirmed, confirmed_examples, smallest_examples


class Searched(Struct, frozen=True):
    """The smallest counterexample of each statement. For a statement without a counterexample, it is None.

    `is_remembered` is true if an earlier run found the counterexamples.
    """

    counterexamples: tuple[Counterexample | None, ...]
    is_remembered: bool = False


def search_counterexamples(
    policy: Policy,
    statements: Sequence[Claim | Unchanged],
    size: int,
    parameters: Mapping[str, Value],
    resources: Resources,
) -> Searched:
    """Find the smallest host that breaks a statement about a policy, for each of the statements.

    The hosts have at most `size` interfaces. Raises Unconfirmed if the library does not confirm that a host breaks the
    statement.
    """

    def is_confirmed(_: int, examples: Examples) -> bool:
        try:
            return len(confirmed_examples(policy, statements, examples)) == len(statements)
        except Unconfirmed:
            return False

    def compute(numbers: Sequence[int]) -> Iterator[tuple[int, Examples]]:
        for number in numbers:
            yield number, smallest_examples(policy.program, statements, size, parameters, resources.progress)

    question = question_of("counterexamples", policy.program, statements, size, parameters)
    kind = AnswerKind(Examples, is_confirmed=is_confirmed)
    ((examples, is_remembered),) = remembered(resources.memory, [question], kind, compute)
    return Searched(confirmed_examples(policy, statements, examples), is_remembered)
