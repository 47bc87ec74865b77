"""Find the smallest change after which an interface would be the hostActiveNic.

The idea: an explanation is most useful if it names a change that an operator can make. Examples are another host
address, another parameter, or an address on another interface. `host`, `ownership`, `members` and `question` propose
such changes as options. An option consists of trials that are tried together. A trial consists of edits that are always
applied together (`trial.py`). This module finds the options that, alone or together, make the interface the
hostActiveNic.

The invariant: no change is reported unless it was verified. Each candidate change is written into the document of the
report. The changed document is read and validated again. Then the policy decides the changed case from the beginning.
Nothing is derived from the rules, so an explanation cannot contradict the evaluator.

The algorithm: a best-first search over combinations of up to three options, ordered by the number of changed facts.
Options with the same number are tried in the order in which they were proposed. The options that are easiest for a
person are proposed first. The search ends at the first combination after which the interface is the hostActiveNic.

The minimality: a combination can still contain a trial that has no effect, because an option may have several trials.
So the search leaves out one trial after another, and decides again each time. If the interface is the hostActiveNic
without a trial, the trial is dropped. So every trial in the result is necessary, unless the effort limit ended the
search before all trials were left out once. A change of more than eight trials is not reduced, because every attempt
would write and read the whole report again.

The effort limit: all interfaces of a host share one budget of counted work (`Effort`). No time is measured, so the
result does not depend on the speed of the machine. If the budget or the number of attempts is exhausted, the search
ends with `GAVE_UP`. The search tries small combinations first. It could exhaust the budget with small combinations
before it tries an option with many edits, such as the option that removes an address from every other owner. So such
options have a separate budget. Before the search gives up, it tries each of them alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from msgspec import Struct, field

from evaluator.base.checked_cast import checked_cast
from evaluator.base.diagnostic import PolicyError
from evaluator.base.status import Status
from evaluator.decision.decide import Case
from evaluator.decision.trace import Change, Edit, Search
from evaluator.explain.counterfactual.host import report_options
from evaluator.explain.counterfactual.ownership import Owners
from evaluator.explain.counterfactual.question import address_options, parameter_options
from evaluator.explain.counterfactual.trial import Option, Trial
from evaluator.explain.restate.restate import text_of
from evaluator.facts.link import Link

_MOST_OPTIONS_AT_ONCE = 3
_MOST_ATTEMPTS = 1_500
_MOST_WORK = 400_000
_MOST_WORK_ON_LARGE_OPTIONS = 400_000
_MOST_EDITS_TO_REDUCE = 8
_BYTES_PER_UNIT = 40  # reading this many bytes of a report is one unit of work
_INTERFACES_PER_UNIT = 8  # finding the owners among this many interfaces is one unit of work
_MOST_EDITS_TOGETHER = 64


class Effort(Struct):
    """The amount of work that the searches of one explanation may still do.

    One unit is the evaluation of one rule for one interface.
    """

    cost_of_reading: int
    owners: Owners
    remaining: int = _MOST_WORK
    remaining_for_large_options: int = _MOST_WORK_ON_LARGE_OPTIONS

    @classmethod
    def for_case(cls, case: Case) -> Effort:
        """Return the effort limit for one explanation."""
        return cls(len(text_of(case.report.document)) // _BYTES_PER_UNIT + 1, Owners(case))

    def spend_on_options(self, case: Case) -> bool:
        """Subtract the cost of `_options` for one interface. Return whether the budget allows a trial after this."""
        self.remaining -= case.report.facts.size // _INTERFACES_PER_UNIT
        return max(self.remaining, self.remaining_for_large_options - self._cost(case, 1)) > 0

    def spend(self, case: Case, reads: int) -> bool:
        """Subtract the cost of one decision and of reading `reads` reports. Return whether the budget was enough."""
        self.remaining -= self._cost(case, reads)
        return self.remaining >= 0

    def spend_on_large_option(self, case: Case, reads: int) -> bool:
        """Do the same as `spend`, but with the separate budget for options that have many edits."""
        cost = self._cost(case, reads)
        if cost > self.remaining_for_large_options:
            return False
        self.remaining_for_large_options -= cost
        return True

    def _cost(self, case: Case, reads: int) -> int:
        return len(case.program.rules) * max(len(case.report.facts.links), 1) + reads * self.cost_of_reading


class SearchResult(Struct, frozen=True):
    """How a search ended. If the search found a change, `case` is the case after this change."""

    search: Search
    change: Change | None = None
    case: Case | None = None


class _ChangedCase(Struct, frozen=True):
    """A case after some edits."""

    case: Case
    edits: tuple[Edit, ...] = ()


class _Attempts(Struct):
    """Stores each changed case of one interface with the trials that lead to it, so that no report is read twice."""

    name: str
    start: Case
    changed_cases: dict[tuple[Trial, ...], _ChangedCase | None] = field(default_factory=dict)

    def reads(self, trials: tuple[Trial, ...]) -> int:
        """Return the number of reports that must be read to apply these trials."""
        count = 0
        while trials and trials not in self.changed_cases:
            count += trials[-1].reads
            trials = trials[:-1]
        return count

    def changed_case(self, trials: tuple[Trial, ...]) -> _ChangedCase | None:
        """Return the case after these trials; None if a trial cannot be applied."""
        if not trials:
            return _ChangedCase(self.start)
        if trials not in self.changed_cases:
            before = self.changed_case(trials[:-1])
            applied = None if before is None else trials[-1].apply(before.case)
            self.changed_cases[trials] = (
                None
                if before is None or applied is None
                else _ChangedCase(applied.case, (*before.edits, *applied.edits))
            )
        return self.changed_cases[trials]

    def succeeds(self, trials: tuple[Trial, ...]) -> bool:
        """Return whether the decision is `resolved` with this interface after these trials."""
        changed = self.changed_case(trials)
        return changed is not None and _is_resolved(changed.case, self.name)


def smallest_change(case: Case, link: Link, effort: Effort) -> SearchResult:
    """Return the smallest verified change that makes this interface the `resolved` answer, and how the search ended."""
    if not effort.spend_on_options(case):
        return SearchResult(Search.GAVE_UP)
    attempts = _Attempts(link.name, case)
    options = _options(case, link, effort.owners)
    for attempt, trials in enumerate(_combinations(options)):
        if attempt >= _MOST_ATTEMPTS or not effort.spend(case, attempts.reads(trials)):
            return _try_large_options(attempts, options, effort)
        if attempts.succeeds(trials):
            return _result(attempts, _without_needless(attempts, trials, effort))
    return SearchResult(Search.NONE)


def _try_large_options(attempts: _Attempts, options: tuple[Option, ...], effort: Effort) -> SearchResult:
    """Try each option that has many edits, one at a time. The search stopped before it reached these options."""
    for option in options:
        trials = _in_order_of_trial((option,))
        is_large = option.edit_count > _MOST_OPTIONS_AT_ONCE
        is_affordable = is_large and effort.spend_on_large_option(attempts.start, attempts.reads(trials))
        if is_affordable and attempts.succeeds(trials):
            return _result(attempts, _without_needless(attempts, trials, effort))
    return SearchResult(Search.GAVE_UP)


def _result(attempts: _Attempts, trials: tuple[Trial, ...]) -> SearchResult:
    changed = checked_cast(attempts.changed_case(trials), _ChangedCase)
    return SearchResult(Search.FOUND, Change(_in_order_of_sentence(changed.edits)), changed.case)


def _options(case: Case, link: Link, owners: Owners) -> tuple[Option, ...]:
    """Return the options (possible changes) for an interface. The changes that are easiest for a person are first."""
    return (*address_options(case, link), *parameter_options(case, link), *report_options(case, link, owners))


def _combinations(options: tuple[Option, ...]) -> Iterator[tuple[Trial, ...]]:
    """Yield combinations of one to three options, as trials. Combinations that change the fewest facts are first.

    Two options with a common subject are not combined. An option that has very many edits is not combined with other
    options.
    """
    subjects = {option: option.subjects for option in options}
    combinable = [option for option in options if option.edit_count <= _MOST_EDITS_TOGETHER]
    combinations = [
        combination
        for count in range(1, _MOST_OPTIONS_AT_ONCE + 1)
        for combination in itertools.combinations(options if count == 1 else combinable, count)
        if len(frozenset[str]().union(*map(subjects.__getitem__, combination)))
        == sum(option.edit_count for option in combination)
    ]
    combinations.sort(key=lambda combination: sum(option.size for option in combination))
    yield from map(_in_order_of_trial, combinations)


def _in_order_of_trial(options: tuple[Option, ...]) -> tuple[Trial, ...]:
    """Return the trials of the options. Trials that change the report are before trials that change the question."""
    trials = (trial for option in options for trial in option.trials)
    return tuple(sorted(trials, key=lambda trial: not trial.reads))


def _without_needless(attempts: _Attempts, trials: tuple[Trial, ...], effort: Effort) -> tuple[Trial, ...]:
    """Return the trials without the needless ones.

    A trial is needless if the interface also becomes the hostActiveNic without this trial. To find this out, the search
    decides again without the trial. With more than eight trials, this takes too long, so all trials are returned.
    """
    if len(trials) > _MOST_EDITS_TO_REDUCE:
        return trials
    for trial in trials:
        others = tuple(other for other in trials if other is not trial)
        if others and not effort.spend(attempts.start, attempts.reads(others)):
            return trials
        if others and attempts.succeeds(others):
            return _without_needless(attempts, others, effort)
    return trials


def _in_order_of_sentence(edits: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """Return the edits in the order in which a sentence lists them. Edits of the question are first."""
    return tuple(sorted(edits, key=lambda edit: edit.what.rank))


def _is_resolved(case: Case, name: str) -> bool:
    try:
        verdict = case.compiled.decide(case.question())
    except PolicyError:
        return False
    return verdict.status is Status.RESOLVED and verdict.candidates[0].name == name
