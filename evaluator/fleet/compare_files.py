"""Compares two policies on the questions in files, with all processors.

A process gets one range of questions after another. It decides each question with both policies, and compares the two
answers (`workbench/comparison.py`). It sends back only the changed answers, the invalid questions and some counts. So
the memory depends on the number of changes, not on the number of questions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from evaluator.engine import Policy
from evaluator.fleet.decide_files import Inputs
from evaluator.fleet.map_ranges import map_ranges
from evaluator.fleet.ranges import Range
from evaluator.fleet.summary import part_as_text
from evaluator.workbench import comparison
from evaluator.workbench.compare_policies import Compared, compare
from evaluator.workbench.comparison import AnswerChange, Comparison, Refused, collect
from evaluator.workbench.corpus import Unreadable

SCHEMA_VERSION = 1


class RangeComparison(Struct, frozen=True):
    """The comparison of one range. `findings` counts the hosts that get (`+CODE`) or lose (`-CODE`) a finding."""

    questions: int
    other_findings: int
    changes: tuple[AnswerChange, ...]
    refused: tuple[Refused, ...]
    findings: dict[str, int]


class CompareRange(Struct, frozen=True):
    """Compares two policies on the questions of a range."""

    old: Policy
    new: Policy
    parameters: Mapping[str, object]

    def __call__(self, part: Range) -> RangeComparison:
        """Return the comparison."""
        findings: Counter[str] = Counter()
        questions = part.questions((self.old, self.new))
        items = _counted(compare(self.old, self.new, questions, self.parameters), findings)
        result = collect(self.old, self.new, items)
        return RangeComparison(result.questions, result.other_findings, result.changes, result.refused, dict(findings))


class FleetComparison(Struct, frozen=True):
    """The comparison of a fleet, and how many hosts get or lose each finding."""

    comparison: Comparison
    findings: Mapping[str, int]

    @property
    def labels(self) -> tuple[tuple[str, int], ...]:
        """The number of changed hosts for each pair of a label and a transition. The greatest number is first.

        An example of a pair is `rack=r7 resolved → ambiguous`.
        """
        counts = Counter(
            f"{name}={value} {change.transition[0]} → {change.transition[1]}"
            for change in self.comparison.changes
            for name, value in change.labels.items()
        )
        return _in_order(counts)

    def to_dict(self) -> dict[str, object]:
        """Return the comparison as JSON-ready data (`schemas/fleet-diff.schema.json`)."""
        labels: Counter[tuple[str, str, str, str]] = Counter(
            (*change.transition, name, value)
            for change in self.comparison.changes
            for name, value in change.labels.items()
        )
        return {
            **self.comparison.to_dict(),
            "schema_version": SCHEMA_VERSION,
            "labels": [
                {"label": name, "value": value, "from": old, "to": new, "count": count}
                for (old, new, name, value), count in sorted(labels.items(), key=lambda one: (-one[1], one[0]))
            ],
            "findings": [
                {"code": code[1:], "change": "new" if code[0] == "+" else "gone", "count": count}
                for code, count in _in_order(self.findings)
            ],
        }


def compare_files(inputs: Inputs, job: CompareRange, results: list[RangeComparison]) -> Iterator[Range]:
    """Compare the answers to the questions of the inputs, and yield each range when it is finished.

    At the end, the comparisons are added to `results`, in the order of the ranges.

    Raises QuestionError if an input cannot be read, or if the operating system ends a process that decides questions.
    """
    files, _ = inputs.files()
    order: list[Range] = []
    finished: dict[int, RangeComparison] = {}
    for part, result in map_ranges(job, _remembered(inputs.plan(files), order)):
        finished[id(part)] = result
        yield part
    results.extend(finished[id(part)] for part in order)


def _remembered(ranges: Iterable[Range], order: list[Range]) -> Iterator[Range]:
    for part in ranges:
        order.append(part)
        yield part


def merged(job: CompareRange, parts: Iterable[RangeComparison]) -> FleetComparison:
    """Return the comparison of all ranges."""
    parts = tuple(parts)
    whole = Comparison(
        job.old,
        job.new,
        sum(part.questions for part in parts),
        sum(part.other_findings for part in parts),
        tuple(change for part in parts for change in part.changes),
        tuple(refused for part in parts for refused in part.refused),
    )
    findings: Counter[str] = Counter()
    for part in parts:
        findings.update(part.findings)
    return FleetComparison(whole, findings)


def as_text(fleet: FleetComparison) -> Iterator[str]:
    """Yield the lines of the comparison for a terminal."""
    yield from comparison.as_text(fleet.comparison)
    yield from part_as_text("changed hosts by label", list(fleet.labels))
    yield from part_as_text("number of hosts that get (+) or lose (-) a finding", list(_in_order(fleet.findings)))


def _counted(items: Iterable[Compared | Unreadable], findings: Counter[str]) -> Iterator[Compared | Unreadable]:
    for item in items:
        if isinstance(item, Compared):
            old, new = ({str(finding.code) for finding in one.findings} for one in (item.old, item.new))
            findings.update(f"+{code}" for code in new - old)
            findings.update(f"-{code}" for code in old - new)
        yield item


def _in_order(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
