"""The smallest change by which an interface would be resolved.

A breadth-first search over combinations of edits, the fewest changed facts first. Each combination is tried
in full: written into the report, read, and decided; then every edit is dropped that the answer does not
need. The effort is counted, not timed, so that the same question always gives the same change.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from msgspec import Struct, field

from evaluator.base.checked_cast import proven
from evaluator.base.diagnostic import PolicyError
from evaluator.base.status import Status
from evaluator.decision.decide import Case
from evaluator.decision.trace import Change, Edit, Search
from evaluator.explain.counterfactual.host import report_edits
from evaluator.explain.counterfactual.ownership import Owners
from evaluator.explain.counterfactual.question import answers, parameters
from evaluator.explain.counterfactual.trial import Option, Trial
from evaluator.explain.restate.restate import text_of
from evaluator.facts.link import Link

_MOST_OPTIONS_AT_ONCE = 3
_MOST_TRIES = 1_500
_MOST_WORK = 400_000
_MOST_WORK_ON_LARGE_OPTIONS = 400_000  # on options that the search reaches last, if it stops before them
_MOST_LEFT_OUT_IN_TURN = 8
_BYTES_A_UNIT = 40
_INTERFACES_A_UNIT = 8  # whose owners are looked at
_MOST_EDITS_TOGETHER = 64


class Effort(Struct):
    """What may still be spent on one explanation: a unit for a rule judged for an interface, or some bytes read."""

    reading: int
    owners: Owners
    left: int = _MOST_WORK
    left_for_large_options: int = _MOST_WORK_ON_LARGE_OPTIONS

    @classmethod
    def for_case(cls, case: Case) -> Effort:
        """Return the effort for one explanation."""
        return cls(len(text_of(case.report.document)) // _BYTES_A_UNIT + 1, Owners(case))

    def spend_on_options(self, case: Case) -> bool:
        """Return whether anything is left to find the edits for one interface, and spend it."""
        self.left -= case.report.facts.size // _INTERFACES_A_UNIT
        return max(self.left, self.left_for_large_options - self._cost(case, 1)) > 0

    def spend(self, case: Case, reads: int) -> bool:
        """Return whether there is enough left to read the report some times and decide once, and spend it."""
        self.left -= self._cost(case, reads)
        return self.left >= 0

    def spend_on_large_option(self, case: Case, reads: int) -> bool:
        """Return the same for an option with many edits, which has an effort of its own."""
        cost = self._cost(case, reads)
        if cost > self.left_for_large_options:
            return False
        self.left_for_large_options -= cost
        return True

    def _cost(self, case: Case, reads: int) -> int:
        return len(case.program.rules) * max(len(case.report.facts.links), 1) + reads * self.reading


class Found(Struct, frozen=True):
    """How a search ended; `case` is the question after the change."""

    search: Search
    change: Change | None = None
    case: Case | None = None


class _State(Struct, frozen=True):
    """A question after some edits."""

    case: Case
    edits: tuple[Edit, ...] = ()


class _Attempts(Struct):
    """The questions that were tried for one interface, by their edits, so that no report is read twice."""

    name: str
    start: Case
    states: dict[tuple[Trial, ...], _State | None] = field(default_factory=dict)

    def reads(self, trials: tuple[Trial, ...]) -> int:
        """Return how many reports have to be read for these edits."""
        count = 0
        while trials and trials not in self.states:
            count += trials[-1].reads
            trials = trials[:-1]
        return count

    def state(self, trials: tuple[Trial, ...]) -> _State | None:
        """Return the question after these edits, None if it cannot be put."""
        if not trials:
            return _State(self.start)
        if trials not in self.states:
            before = self.state(trials[:-1])
            applied = None if before is None else trials[-1].apply(before.case)
            made = None if before is None or applied is None else _State(applied.case, (*before.edits, *applied.edits))
            self.states[trials] = made
        return self.states[trials]

    def wins(self, trials: tuple[Trial, ...]) -> bool:
        """Return whether the interface is resolved after these edits."""
        state = self.state(trials)
        return state is not None and _wins(state.case, self.name)


def smallest_change(case: Case, link: Link, effort: Effort) -> Found:
    """Return the smallest change found by which the interface would be resolved."""
    if not effort.spend_on_options(case):
        return Found(Search.GAVE_UP)
    attempts = _Attempts(link.name, case)
    options = _options(case, link, effort.owners)
    for tried, trials in enumerate(_combinations(options)):
        if tried >= _MOST_TRIES or not effort.spend(case, attempts.reads(trials)):
            return _by_large_option(attempts, options, effort)
        if attempts.wins(trials):
            return _found(attempts, _needed(attempts, trials, effort))
    return Found(Search.NONE)


def _by_large_option(attempts: _Attempts, options: tuple[Option, ...], effort: Effort) -> Found:
    """Return the change of one option with many edits, such as all rivals losing an address; else the search gave up.

    The search tries the fewest edits first, so that it may stop before it reaches such an option.
    """
    for option in options:
        trials = _flat((option,))
        is_large = option.edits > _MOST_OPTIONS_AT_ONCE
        if is_large and effort.spend_on_large_option(attempts.start, attempts.reads(trials)) and attempts.wins(trials):
            return _found(attempts, _needed(attempts, trials, effort))
    return Found(Search.GAVE_UP)


def _found(attempts: _Attempts, trials: tuple[Trial, ...]) -> Found:
    state = proven(attempts.state(trials), _State)
    return Found(Search.FOUND, Change(_in_order(state.edits)), state.case)


def _options(case: Case, link: Link, owners: Owners) -> tuple[Option, ...]:
    """Return the edits that may make the interface the answer; the easiest for a person come first."""
    return (*answers(case, link), *parameters(case, link), *report_edits(case, link, owners))


def _combinations(options: tuple[Option, ...]) -> Iterator[tuple[Trial, ...]]:
    """Yield what can be tried together, the smallest first; edits of one subject exclude each other.

    An option of very many edits is tried alone.
    """
    subjects = {option: option.subjects for option in options}
    few = [option for option in options if option.edits <= _MOST_EDITS_TOGETHER]
    found = [
        chosen
        for count in range(1, _MOST_OPTIONS_AT_ONCE + 1)
        for chosen in itertools.combinations(options if count == 1 else few, count)
        if len(frozenset[str]().union(*map(subjects.__getitem__, chosen))) == sum(one.edits for one in chosen)
    ]
    found.sort(key=lambda chosen: sum(option.size for option in chosen))
    yield from (_flat(chosen) for chosen in found)


def _flat(options: tuple[Option, ...]) -> tuple[Trial, ...]:
    """Return the edits in the order in which they are made: the report is read before it is asked."""
    trials = (trial for option in options for trial in option.trials)
    return tuple(sorted(trials, key=lambda trial: not trial.reads))


def _needed(attempts: _Attempts, trials: tuple[Trial, ...], effort: Effort) -> tuple[Trial, ...]:
    """Return the edits without those that change nothing about the answer.

    Of many edits nothing is dropped: each of them would have to be left out in turn, and all others made again.
    """
    if len(trials) > _MOST_LEFT_OUT_IN_TURN:
        return trials
    for trial in trials:
        rest = tuple(one for one in trials if one is not trial)
        if rest and not effort.spend(attempts.start, attempts.reads(rest)):
            return trials
        if rest and attempts.wins(rest):
            return _needed(attempts, rest, effort)
    return trials


def _in_order(edits: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """Return the edits in the order of the sentence: those of the question first."""
    return tuple(sorted(edits, key=lambda edit: edit.what.rank))


def _wins(case: Case, name: str) -> bool:
    try:
        verdict = case.compiled.decide(case.question())
    except PolicyError:
        return False
    return verdict.status is Status.RESOLVED and verdict.candidates[0].name == name
