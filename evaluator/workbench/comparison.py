"""Writes the result of a comparison of two policies as text, JSON and Markdown.

A corpus can have many thousands of questions, and few answers change. So `collect` stores only the changed answers and
the invalid questions. Other questions are counted. Decisions and reports are not stored. Changed answers are grouped by
transition, such as `ambiguous → resolved`, because an operator wants to see the kinds of changes first. The sort order
is fixed (number of questions, then name), so that two runs print the same text.

The text names at most six ids of a transition. Markdown also has a folded table of all changes, and the JSON document
has all ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic
from evaluator.base.text import visible
from evaluator.decision.decision import Decision
from evaluator.engine import Policy
from evaluator.render.escape import markdown_text
from evaluator.workbench.compare_policies import Compared
from evaluator.workbench.corpus import Unreadable

SCHEMA_VERSION = 1
_MOST_NAMES = 6


class Answer(Struct, frozen=True):
    """The answer of one policy to a question."""

    status: str
    hostActiveNic: str | None
    refusals: tuple[str, ...]

    @classmethod
    def of(cls, decision: Decision) -> Answer:
        """Return the answer of a decision."""
        return cls(str(decision.status), decision.host_active_nic, decision.refusals)

    def to_dict(self) -> dict[str, object]:
        """Return the answer as JSON-ready data."""
        return {"status": self.status, "hostActiveNic": self.hostActiveNic, "refusals": list(self.refusals)}


class AnswerChange(Struct, frozen=True):
    """A question that the two policies answer differently; `rules` are the first rules that caused a difference."""

    id: str
    labels: dict[str, str]
    transition: tuple[str, str]
    old: Answer
    new: Answer
    rules: tuple[str | None, str | None]


class Refused(Struct, frozen=True):
    """An invalid question."""

    id: str
    diagnostics: tuple[Diagnostic, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the question as JSON-ready data."""
        return {"id": self.id, "diagnostics": [problem.to_dict() for problem in self.diagnostics]}


class Comparison(Struct, frozen=True):
    """The differences between the old and the new policy.

    `other_findings` is the number of questions with the same answer but different findings.
    """

    old: Policy
    new: Policy
    questions: int
    other_findings: int
    changes: tuple[AnswerChange, ...]
    refused: tuple[Refused, ...]

    @property
    def same(self) -> int:
        """The number of questions with the same status and interface under both policies."""
        return self.questions - len(self.changes) - len(self.refused)

    @property
    def transitions(self) -> tuple[tuple[tuple[str, str], tuple[str, ...]], ...]:
        """The ids of the questions whose answer changed, by transition; the most frequent transition is first."""
        ids: dict[tuple[str, str], list[str]] = {}
        for change in self.changes:
            ids.setdefault(change.transition, []).append(change.id)
        found = ((transition, tuple(names)) for transition, names in ids.items())
        return tuple(sorted(found, key=lambda one: (-len(one[1]), one[0])))

    def to_dict(self) -> dict[str, object]:
        """Return the comparison as JSON-ready data (`schemas/policy-diff.schema.json`)."""
        return {
            "schema_version": SCHEMA_VERSION,
            "old": {"name": self.old.name, "sha256": self.old.digest},
            "new": {"name": self.new.name, "sha256": self.new.digest},
            "questions": self.questions,
            "same": self.same,
            "other_findings": self.other_findings,
            "transitions": [
                {"from": old, "to": new, "count": len(ids), "ids": list(ids)} for (old, new), ids in self.transitions
            ],
            "changes": [_change(change) for change in self.changes],
            "refused": [refused.to_dict() for refused in self.refused],
        }


def collect(old: Policy, new: Policy, items: Iterable[Compared | Unreadable]) -> Comparison:
    """Return the comparison of two policies. Each item is the result for one question."""
    questions = other_findings = 0
    changes: list[AnswerChange] = []
    refused: list[Refused] = []
    for item in items:
        questions += 1
        if isinstance(item, Unreadable):
            refused.append(Refused(item.id, item.diagnostics))
        elif item.is_changed:
            answers = Answer.of(item.old), Answer.of(item.new)
            question = item.question
            labels = dict(question.labels)
            changes.append(AnswerChange(question.id, labels, item.transition, *answers, item.first_differing_rules))
        else:
            other_findings += item.has_other_findings
    return Comparison(old, new, questions, other_findings, tuple(changes), tuple(refused))


def _change(change: AnswerChange) -> dict[str, object]:
    return {
        "id": change.id,
        "labels": change.labels,
        "old": change.old.to_dict(),
        "new": change.new.to_dict(),
        "rules": list(change.rules),
    }


def as_text(comparison: Comparison) -> Iterator[str]:
    """Yield the lines of the comparison for a terminal."""
    yield _head(comparison)
    for (old, new), ids in comparison.transitions:
        yield f"  {len(ids):>5}  {visible(old)} → {visible(new)}: {_some(ids)}"
    if comparison.other_findings:
        yield f"  {comparison.other_findings:>5}  same answer, different findings"
    for one in comparison.refused:
        for problem in one.diagnostics:
            yield f"  {visible(one.id)}: {problem.message} [{problem.code}]"


def as_json(comparison: Comparison) -> Iterator[str]:
    """Yield the comparison as one JSON document."""
    yield json.dumps(comparison.to_dict(), indent=2)


def as_markdown(comparison: Comparison) -> Iterator[str]:
    """Yield the comparison for the description of a merge request."""
    yield f"### {_head(comparison)}\n"
    if comparison.changes:
        yield "| change | questions | examples |\n| --- | ---: | --- |"
        for (old, new), ids in comparison.transitions:
            yield f"| {markdown_text(f'{old} → {new}')} | {len(ids)} | {markdown_text(_some(ids))} |"
        yield "\n<details><summary>Every change</summary>\n"
        yield "| question | before | after | rule |\n| --- | --- | --- | --- |"
        for change in comparison.changes:
            rule = " → ".join(rule or "none" for rule in change.rules)
            cells = change.id, answer_text(change.old), answer_text(change.new), rule
            yield f"| {' | '.join(map(markdown_text, cells))} |"
        yield "\n</details>"
    if comparison.refused:
        yield f"\n{len(comparison.refused)} invalid questions: {_some([one.id for one in comparison.refused])}"


def _head(comparison: Comparison) -> str:
    questions = f"{comparison.questions} question" + "s" * (comparison.questions != 1)
    counts = f"{questions}, {comparison.same} same, {len(comparison.changes)} changed"
    refused = f", {len(comparison.refused)} invalid" if comparison.refused else ""
    return f"{visible(comparison.old.name)} → {visible(comparison.new.name)}: {counts}{refused}"


def _some(ids: Iterable[str]) -> str:
    names = [visible(name) for name in ids]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def answer_text(answer: Answer) -> str:
    """Return an answer in one line: the status, the interface and the refusals."""
    name = f" {answer.hostActiveNic}" if answer.hostActiveNic is not None else ""
    codes = f" ({', '.join(answer.refusals)})" if answer.refusals else ""
    return f"{answer.status}{name}{codes}"
