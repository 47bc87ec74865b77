"""The smallest change to answers, parameters or report that would make an interface the answer.

A search over combinations of single edits, fewest first; each is tried by deciding, so what is said
has been seen to be so. The effort is counted, not timed: the same question always gives the same change.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from evaluator.decide import Case
from evaluator.decision import Status
from evaluator.diagnostic import PolicyError
from evaluator.edits import Edit, edits_for
from evaluator.facts.link import Link
from evaluator.trace import Change

_MOST_EDITS_AT_ONCE = 3
_MOST_TRIES = 120
_MOST_WORK = 400_000


@dataclass(slots=True)
class Effort:
    """What may still be spent on one explanation, in rules judged for interfaces."""

    left: int = _MOST_WORK

    def spend(self, case: Case) -> bool:
        """Return whether there is enough left to decide the case once more, and spend it."""
        self.left -= len(case.program.rules) * max(len(case.report.facts.links), 1)
        return self.left >= 0


def smallest_change(case: Case, link: Link, effort: Effort) -> Change | None:
    """Return the smallest change found by which the interface would be resolved; None where none was found."""
    if effort.left <= 0:
        return None
    for tried, edits in enumerate(_combinations(edits_for(case, link))):
        if tried >= _MOST_TRIES or not effort.spend(case):
            return None
        changed = case
        for edit in edits:
            changed = edit.apply(changed)
        if _wins(changed, link.name):
            return Change(tuple(edit.said for edit in edits))
    return None


def _combinations(edits: tuple[Edit, ...]) -> Iterator[tuple[Edit, ...]]:
    """Yield what can be done together, the smallest first; two edits of one thing exclude each other."""
    yield from ((edit,) for edit in edits if edit.size == 1)  # mostly one of these will do
    found = [
        chosen
        for count in range(1, _MOST_EDITS_AT_ONCE + 1)
        for chosen in itertools.combinations(edits, count)
        if len({edit.subject for edit in chosen}) == count
    ]
    by_size = sorted((sum(edit.size for edit in chosen), at) for at, chosen in enumerate(found))
    yield from (found[at] for size, at in by_size if size > 1)


def _wins(case: Case, name: str) -> bool:
    try:
        verdict = case.compiled.decide(case.question())
    except PolicyError:
        return False
    return verdict.status is Status.RESOLVED and verdict.candidates[0].name == name
