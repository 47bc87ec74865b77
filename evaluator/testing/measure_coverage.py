"""Measures which outcomes of the rules and clauses of a policy occur in the tests.

The reference interpreter (`policy/run/interpret.py`) defines the meaning of a policy. It decides the question of each
test again, and reports the result of every condition. A clause that is written twice in a policy counts as two clauses,
because each has its own place. So conditions are compared by object identity, not by value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from evaluator.base.source import Source, join
from evaluator.decision.decide import Case, case_of
from evaluator.decision.decision import Decision
from evaluator.engine import Policy
from evaluator.facts.link import Link
from evaluator.policy.language.checked import AllOf, AnyOf, Condition, Not, walk
from evaluator.policy.language.environment import Question
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.run.interpret import results_of
from evaluator.policy.run.observed import ObservedEnvironment
from evaluator.policy.source.find import plain_text
from evaluator.testing.covered import CoveredPlace, PolicyFile

_COMPOUND = AllOf | AnyOf | Not


FilesOf = Callable[[str], tuple[PolicyFile, ...]]  # of the policy with this name or path


class CoverageMeter:
    """Counts the outcomes of rules and clauses in several policies; `files_of` returns the files of a policy."""

    def __init__(self, files_of: FilesOf) -> None:
        self._files_of = files_of
        self._meters: dict[str, _PolicyMeter] = {}

    def add(self, name: str, policy: Policy, decision: Decision | None) -> None:
        """Count the places of a policy under test, and the outcomes in a decision (None if the report was refused).

        `name` is the name or path from which the policy was loaded.
        """
        meter = self._meters.get(name)
        if meter is None:
            meter = self._meters[name] = _PolicyMeter(policy.program, self._files_of(name))
        if decision is not None:
            meter.observe(case_of(decision))

    def places(self) -> tuple[CoveredPlace, ...]:
        """Return all places with their counts."""
        return tuple(place for meter in self._meters.values() for place in meter.places())


class _Place(Struct, frozen=True):
    """The place of a rule or clause in the texts of a policy."""

    file: PolicyFile
    line: int
    column: int
    end: int


class _PolicyMeter:
    """Counts the outcomes of the rules and clauses of one policy."""

    def __init__(self, program: Program, files: Sequence[PolicyFile]) -> None:
        self._program = program
        self._files = files
        self._source = join(
            [Source(file.policy, plain_text(text)) for file, text in zip(files, program.contents, strict=True)]
        )
        self._rules: Counter[tuple[int, bool]] = Counter()  # by the index of the rule and its outcome
        self._conditions: Counter[tuple[int, bool]] = Counter()  # by the id of the condition and its outcome

    def observe(self, case: Case) -> None:
        """Evaluate the policy on the inputs of a decision and count the outcomes."""
        question = case.question()

        def observe(condition: Condition, is_true: bool) -> None:
            self._conditions[id(condition), is_true] += 1

        def new_environment(question: Question, candidates: tuple[Link, ...]) -> ObservedEnvironment:
            return ObservedEnvironment(question, candidates, observe=observe)

        budget = case.compiled.costs.budget(question)
        results = results_of(self._program.rules, question, budget, new_environment)
        for number, result in enumerate(results):
            self._rules[number, result.fired] += 1

    def places(self) -> Iterator[CoveredPlace]:
        """Yield the rules, each followed by its clauses."""
        for number, rule in enumerate(self._program.rules):
            counts = self._rules[number, True], self._rules[number, False]
            yield self._covered(self._place_of_rule(rule), "rule", rule, rule.text, counts)
            for clause in walk(rule.condition):
                if isinstance(clause, Condition) and not isinstance(clause, _COMPOUND):
                    counts = self._conditions[id(clause), True], self._conditions[id(clause), False]
                    place = self._place(clause.span.start, clause.span.end)
                    yield self._covered(place, "clause", rule, clause.text, counts)

    @staticmethod
    def _covered(place: _Place, kind: str, rule: Rule, text: str, counts: tuple[int, int]) -> CoveredPlace:
        return CoveredPlace(place.file, place.line, place.column, place.end, kind, rule.name, text, *counts)

    def _place_of_rule(self, rule: Rule) -> _Place:
        name, line, column = rule.place.rsplit(":", 2)
        file = next(file for file in self._files if file.policy == name)
        return _Place(file, int(line), int(column), 0)

    def _place(self, start: int, end: int) -> _Place:
        number = max(at for at, part in enumerate(self._source.parts) if part.start <= start)
        line, column = self._source.line_column(start)
        return _Place(self._files[number], line, column, end - start)
