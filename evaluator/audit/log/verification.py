"""Defines the result of the verification of a log or an export."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from msgspec import Struct

from evaluator.audit.log.chain import Head
from evaluator.base.diagnostic import Diagnostic

MAX_PROBLEMS = 100


class Verification(Struct, frozen=True):
    """The result of a verification: `problems` is empty if nothing was altered.

    `problems` contains at most the first hundred problems, and `others` is the number of further problems. `records` is
    the number of records, and `signed` the number of records with a signature. `head` is the head of the chain. If
    `signatures_checked` is true, the signatures were verified. `pruned` is the number of the last pruned record.
    `pruned_damaged` are the numbers of the pruned records that were damaged, from the lists in the checkpoints.
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
        """Whether the verification found no problems."""
        return not self.problems


def first_problems(problems: Iterable[Diagnostic]) -> tuple[tuple[Diagnostic, ...], int]:
    """Return the first hundred problems, and the number of further problems."""
    iterator = iter(problems)
    return tuple(islice(iterator, MAX_PROBLEMS)), sum(1 for _ in iterator)
