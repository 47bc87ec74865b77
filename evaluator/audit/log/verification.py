"""The outcome of a verification, of a log or of an export."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from msgspec import Struct

from evaluator.audit.log.chain import Head
from evaluator.base.diagnostic import Diagnostic

MOST_PROBLEMS = 100


class Verification(Struct, frozen=True):
    """What a verification found: `problems` is empty if everything is what was written.

    `problems` are the first hundred, `others` how many more there are. `records` were read, `pruned` is the number of
    the last one that was removed, and `pruned_damaged` are the damaged records among those, as the checkpoints say. Of
    the `signed` ones the signatures were checked if `signatures_checked`.
    """

    problems: tuple[Diagnostic, ...]
    others: int
    records: int
    pruned: int
    pruned_damaged: tuple[int, ...]
    head: Head
    signed: int
    signatures_checked: bool

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def first_problems(problems: Iterable[Diagnostic]) -> tuple[tuple[Diagnostic, ...], int]:
    """Return the first problems, and how many more there are."""
    iterator = iter(problems)
    return tuple(islice(iterator, MOST_PROBLEMS)), sum(1 for _ in iterator)
