"""Measures which rules and clauses of a policy the tests exercise, with the reference interpreter.

Each decision of a test is repeated by the reference interpreter (`policy/run/interpret.py`), which defines the meaning
of a policy, in an environment that reports every condition with its result. Conditions are recognized as objects: the
same clause can occur twice in a policy, and each occurrence is a place of its own.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from evaluator.base.shipped import shipped_path
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
from evaluator.policy.source.chain import PolicyChain, files_of, read_chain
from evaluator.policy.source.find import find_policy, plain_text
from evaluator.testing.covered import CoveredPlace, PolicyFile

_COMPOUND = AllOf | AnyOf | Not


ChainOf = Callable[[str], PolicyChain]  # from the name or path of a policy


def chains_in(search: Sequence[Path] = ()) -> ChainOf:
    """Return a function that reads the texts of a policy from its files; `search` is the policy path."""
    return lambda name: read_chain(find_policy(name, search), files_of(search))


class CoverageMeter:
    """Counts the outcomes of the rules and clauses of some policies; `chain_of` returns the texts of a policy."""

    def __init__(self, chain_of: ChainOf) -> None:
        self._chain_of = chain_of
        self._policies: dict[str, _PolicyMeter] = {}

    def add(self, name: str, policy: Policy, decision: Decision | None) -> None:
        """Count the places of a policy under test, and the outcomes of its decision; None for a refused report.

        `name` is the name or path from which the policy was loaded.
        """
        meter = self._policies.get(name)
        if meter is None:
            files = _files_of(self._chain_of(name), policy.program)
            meter = self._policies[name] = _PolicyMeter(policy.program, files)
        if decision is not None:
            meter.observe(case_of(decision))

    def places(self) -> tuple[CoveredPlace, ...]:
        """Return all places with their counts."""
        return tuple(place for meter in self._policies.values() for place in meter.places())


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


def _files_of(chain: PolicyChain, program: Program) -> tuple[PolicyFile, ...]:
    """Return the files of the texts of a policy, base first."""
    return tuple(
        PolicyFile(text.name, text.sha256, _path_of(source))
        for text, source in zip(program.texts, chain.sources, strict=True)
    )


def _path_of(source: Source) -> str:
    """Return the path of a text, relative to the working directory if the file is in it."""
    path = source.path or shipped_path("policies", source.name)
    if path is None:
        return source.name
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative
