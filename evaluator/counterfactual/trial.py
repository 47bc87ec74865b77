"""One edit of a question that can be tried, and what belongs together of several.

An edit is applied to the whole question: to the answers, to a parameter, or to the report's document, which
is then read again. The changed facts, old and new, are taken from the question that it was applied
to, so that a sentence and its data state exactly the change that was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from evaluator.decide import Case
from evaluator.facts.link import Link
from evaluator.restate.restate import Touched, restate
from evaluator.restate.writer import Writer
from evaluator.trace import Edit, EditKind


class Applied(NamedTuple):
    """The question after an edit, and what the edit changed."""

    case: Case
    edit: Edit


class Trial(Struct, frozen=True, eq=False):
    """An edit that can be tried; `apply` returns None if the question cannot be put so.

    `subject` is the thing that is edited: two edits of one subject exclude each other. `size` counts the facts
    that change. `reads` is true if the report is read again.
    """

    subject: str
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
        return frozenset(trial.subject for trial in self.trials)


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


def report_trial(subject: str, make: Callable[[Case], ReportEdit | None], size: int = 1) -> Trial:
    """Return the trial of an edit of the report; `make` returns None if there is nothing to change."""

    def apply(case: Case) -> Applied | None:
        edit = make(case)
        report = None if edit is None else restate(case.report, edit.write, edit.touched)
        if edit is None or report is None:
            return None
        changed = replace(case, report=report)
        name = None if edit.link is None else edit.link.name
        before, after = edit.value(case), edit.value(changed)
        return None if before == after else Applied(changed, Edit(edit.what, name, before, after, edit.sentence))

    return Trial(subject, size, True, apply)


def touching(
    links: Mapping[str, set[str]], every_link: set[str] | None = None, host: set[str] | None = None
) -> Touched:
    """Return which facts change."""
    named = {name: frozenset(facts) for name, facts in links.items()}
    return Touched(named, frozenset(every_link or ()), frozenset(host or ()))
