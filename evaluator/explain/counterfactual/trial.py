"""Trials: edits of a case that the counterfactual search can apply.

A trial changes a whole case: the host addresses, a parameter, or the document of the report. A changed document is read
again. The old value of a changed fact is read from the case before the trial, and the new value from the case after the
trial. So the sentence and the data of an edit always describe the change that was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from evaluator.decision.decide import Case
from evaluator.decision.trace import Edit, EditKind
from evaluator.explain.restate.restate import ChangedFacts, restate
from evaluator.explain.restate.writer import ReportWriter
from evaluator.facts.link import LINK_FACTS, Link


class Applied(NamedTuple):
    """The case after a trial, and the edits of the trial."""

    case: Case
    edits: tuple[Edit, ...]


class Trial(Struct, frozen=True, eq=False):
    """One edit, or several edits that are applied at once. `apply` returns None if it cannot change the case.

    `subjects` name the things that are edited: two edits with the same subject are never combined. `size` is the number
    of facts that change. `reads` is true if the trial reads the report again.
    """

    subjects: tuple[str, ...]
    size: int
    reads: bool
    apply: Callable[[Case], Applied | None]


class Option(Struct, frozen=True, eq=False):
    """Trials that are tried together, because a single trial seldom helps.

    For example, two trials move an address: one interface loses the address, and another interface gains it.
    """

    trials: tuple[Trial, ...]

    @property
    def size(self) -> int:
        """Return the number of facts that change."""
        return sum(trial.size for trial in self.trials)

    @property
    def subjects(self) -> frozenset[str]:
        """Return the subjects of all edits."""
        return frozenset(subject for trial in self.trials for subject in trial.subjects)

    @property
    def edit_count(self) -> int:
        """Return the number of edits."""
        return sum(len(trial.subjects) for trial in self.trials)


class ReportEdit(NamedTuple):
    """One edit of a report. An edit changes a fact of the interface `link`, or of the host if `link` is None.

    `write` writes the edit into the report. `changes` are the facts that the edit may change. `value` reads the edited
    fact from the case before or after the edit, as JSON-ready data. `sentence` describes the edit in explanations.
    """

    what: EditKind
    link: Link | None
    write: Callable[[ReportWriter], None]
    changes: ChangedFacts
    value: Callable[[Case], object]
    sentence: str


BuildEdit = Callable[[Case], ReportEdit | None]  # returns None if the case has nothing to change


def report_trial(subject: str, build: BuildEdit, size: int = 1) -> Trial:
    """Return the trial of one edit of the report."""
    return report_trials({subject: build}, size)


def report_trials(builders: Mapping[str, BuildEdit], size: int) -> Trial:
    """Return one trial that makes several edits of the report.

    The keys of `builders` are the subjects of the edits, such as `vlan`. Each value makes the edit of its subject. The
    report is read only once for all edits.
    """

    def apply(case: Case) -> Applied | None:
        edits = [edit for build in builders.values() for edit in (build(case),) if edit is not None]
        report = None
        if len(edits) == len(builders):
            report = restate(case.report, partial(_write, edits), _union([edit.changes for edit in edits]))
        if report is None:
            return None
        changed = replace(case, report=report)
        applied = tuple([_applied(edit, case, changed) for edit in edits])
        return None if any(edit.before == edit.after for edit in applied) else Applied(changed, applied)

    return Trial(tuple(builders), size, True, apply)


def _write(edits: Iterable[ReportEdit], writer: ReportWriter) -> None:
    for edit in edits:
        edit.write(writer)


def _applied(edit: ReportEdit, before: Case, after: Case) -> Edit:
    name = None if edit.link is None else edit.link.name
    return Edit(edit.what, name, edit.value(before), edit.value(after), edit.sentence)


def _union(changes: Sequence[ChangedFacts]) -> ChangedFacts:
    links: dict[str, frozenset[str]] = {}
    for change in changes:
        for name, facts in change.links.items():
            links[name] = links.get(name, frozenset()) | facts
    every_link = frozenset[str]().union(*(change.every_link for change in changes))
    return ChangedFacts(links, every_link, frozenset[str]().union(*(change.host for change in changes)))


def changed_facts(
    links: Mapping[str, set[str]], every_link: set[str] | None = None, host: set[str] | None = None
) -> ChangedFacts:
    """Return the facts that an edit may change: facts of some interfaces, of every interface, or of the host."""
    by_name = {name: frozenset(facts) for name, facts in links.items()}
    unknown = frozenset(every_link or ()).union(*by_name.values()).difference(LINK_FACTS)
    if unknown:  # if a name is misspelled, each change of this fact looks like a change of another fact
        raise AssertionError(f"unknown facts of an interface: {sorted(unknown)}")
    return ChangedFacts(by_name, frozenset(every_link or ()), frozenset(host or ()))
