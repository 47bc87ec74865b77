"""One edit of a question that can be tried, and what belongs together of several.

An edit is applied to the whole question: to the answers, to a parameter, or to the report's document, which
is then read again. The changed facts, old and new, are taken from the question that it was applied
to, so that a sentence and its data state exactly the change that was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from evaluator.decision.decide import Case
from evaluator.decision.trace import Edit, EditKind
from evaluator.explain.restate.restate import Touched, restate
from evaluator.explain.restate.writer import Writer
from evaluator.facts.link import Link


class Applied(NamedTuple):
    """The question after a trial, and what its edits changed."""

    case: Case
    edits: tuple[Edit, ...]


class Trial(Struct, frozen=True, eq=False):
    """An edit, or several at once, that can be tried; `apply` returns None if the question cannot be put so.

    `subjects` are the things that are edited: two edits of one subject exclude each other. `size` counts the facts
    that change. `reads` is true if the report is read again.
    """

    subjects: tuple[str, ...]
    size: int
    reads: bool
    apply: Callable[[Case], Applied | None]


class Option(Struct, frozen=True, eq=False):
    """Edits that are tried together because one alone seldom helps: an address moves from one interface to another."""

    trials: tuple[Trial, ...]

    @property
    def size(self) -> int:
        """How many facts change."""
        return sum(trial.size for trial in self.trials)

    @property
    def subjects(self) -> frozenset[str]:
        """What is edited."""
        return frozenset(subject for trial in self.trials for subject in trial.subjects)

    @property
    def edits(self) -> int:
        """How many edits there are."""
        return sum(len(trial.subjects) for trial in self.trials)


class ReportEdit(NamedTuple):
    """What an edit of the report does: what it writes, which facts change with it, and its sentence.

    `value` returns the fact, before and after, as JSON-ready data; `link` is None for a fact of the host.
    """

    what: EditKind
    link: Link | None
    write: Callable[[Writer], None]
    touched: Touched
    value: Callable[[Case], object]
    sentence: str


Make = Callable[[Case], ReportEdit | None]  # it returns None if there is nothing to change


def report_trial(subject: str, make: Make, size: int = 1) -> Trial:
    """Return the trial of an edit of the report."""
    return report_trials({subject: make}, size)


def report_trials(makes: Mapping[str, Make], size: int) -> Trial:
    """Return the trial of several edits of the report at once, by their subjects: the report is read once."""

    def apply(case: Case) -> Applied | None:
        edits = [edit for make in makes.values() for edit in (make(case),) if edit is not None]
        report = None
        if len(edits) == len(makes):
            report = restate(case.report, partial(_write, edits), _together([edit.touched for edit in edits]))
        if report is None:
            return None
        changed = replace(case, report=report)
        made = tuple([_made(edit, case, changed) for edit in edits])
        return None if any(edit.before == edit.after for edit in made) else Applied(changed, made)

    return Trial(tuple(makes), size, True, apply)


def _write(edits: Iterable[ReportEdit], writer: Writer) -> None:
    for edit in edits:
        edit.write(writer)


def _made(edit: ReportEdit, before: Case, after: Case) -> Edit:
    name = None if edit.link is None else edit.link.name
    return Edit(edit.what, name, edit.value(before), edit.value(after), edit.sentence)


def _together(touched: Sequence[Touched]) -> Touched:
    links: dict[str, frozenset[str]] = {}
    for one in touched:
        for name, facts in one.links.items():
            links[name] = links.get(name, frozenset()) | facts
    every_link = frozenset[str]().union(*(one.every_link for one in touched))
    return Touched(links, every_link, frozenset[str]().union(*(one.host for one in touched)))


def touching(
    links: Mapping[str, set[str]], every_link: set[str] | None = None, host: set[str] | None = None
) -> Touched:
    """Return which facts change."""
    named = {name: frozenset(facts) for name, facts in links.items()}
    return Touched(named, frozenset(every_link or ()), frozenset(host or ()))
