"""Verifies the properties of a policy: a proof for every host, or the smallest host that breaks the property.

Two legs. The solver tries a proof for hosts of every size (`prove`). For all properties without a proof, one search
goes through the small hosts and looks for counterexamples. The search is given by the caller, so this module needs no
hosts. A property that is meant to be false is searched first, because its proof would only end at the time limit.

Without a proof and without a counterexample, the verdict depends on the reason. If a clause has no exact translation,
or the solver found a model that describes no real host, the property is true for the hosts that were searched
(`ProvedUpTo`). If the solver reached its time limit, the property is `Undecided`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter

from msgspec import Struct

from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program
from evaluator.policy.run.required_facts import order_words
from evaluator.verify.property import (
    Claim,
    Counterexample,
    OrderIndependent,
    Property,
    PropertyResult,
    Proved,
    ProvedUpTo,
    Refuted,
    Unchanged,
    Undecided,
    Verdict,
)
from evaluator.verify.prove import Proof, prove
from evaluator.verify.stated import Expectation

Search = Callable[[Sequence[Claim | Unchanged]], Sequence[Counterexample | None]]
_EXPECTED = Expectation()


class Settings(Struct, frozen=True):
    """The parameters that are given, the time limit of each property, and the size of the searched hosts."""

    parameters: Mapping[str, Value] = {}
    seconds: float = 10.0
    size: int = 4


def verify(
    program: Program,
    properties: Sequence[Property],
    settings: Settings,
    search: Search,
    expectations: Mapping[str, Expectation],
) -> Iterator[PropertyResult]:
    """Yield the result of each property, the proved ones first.

    `search` returns the smallest counterexample of each statement, None if it has none. Raises PolicyError if a claim
    has mistakes.
    """
    run = _Run(program, settings, expectations)
    yield from filter(None, map(run.without_search, properties))
    yield from run.searched(search)


class _Run:
    """The verification of one policy; `open` are the properties that the search decides."""

    def __init__(self, program: Program, settings: Settings, expectations: Mapping[str, Expectation]) -> None:
        self._program = program
        self._settings = settings
        self._expectations = expectations
        self._open: list[tuple[Property, Claim | Unchanged, Proof | None, float]] = []

    def without_search(self, one: Property) -> PropertyResult | None:
        """Return the result of a property if it needs no search, else remember the property for the search."""
        start = perf_counter()
        if isinstance(one.statement, OrderIndependent):
            words = order_words(self._program)
            return self._result(one, Refuted(parts=words) if words else Proved(), perf_counter() - start)
        if not isinstance(one.statement, Claim | Unchanged):
            raise TypeError(f"cannot verify {one.name}")
        proof = self._prove(one.statement) if self._expectation(one).is_true else None
        seconds = perf_counter() - start
        if proof is not None and proof.is_proved:
            return self._result(one, Proved(), seconds, proof.laws)
        self._open.append((one, one.statement, proof, seconds))
        return None

    def searched(self, search: Search) -> Iterator[PropertyResult]:
        """Yield the results of the properties that were left for the search."""
        start = perf_counter()
        statements = [statement for _, statement, _, _ in self._open]
        examples = search(statements) if statements else ()
        share = (perf_counter() - start) / max(1, len(self._open))
        for (one, statement, proof, seconds), example in zip(self._open, examples, strict=True):
            if example is not None:
                yield self._result(one, Refuted(example), seconds + share)
                continue
            start = perf_counter()
            found = self._prove(statement) if proof is None else proof
            spent = seconds + share + perf_counter() - start
            yield self._result(one, self._without_example(found), spent, found.laws)

    def _prove(self, statement: Claim | Unchanged) -> Proof:
        return prove(self._program, statement, self._settings.parameters, self._settings.seconds)

    def _without_example(self, proof: Proof) -> Verdict:
        if proof.is_proved:
            return Proved()
        if proof.clauses or not proof.is_timeout:
            return ProvedUpTo(self._settings.size, proof.clauses)
        return Undecided(self._settings.seconds)

    def _expectation(self, one: Property) -> Expectation:
        return self._expectations.get(one.name, _EXPECTED)

    def _result(self, one: Property, verdict: Verdict, seconds: float, assumed: tuple[str, ...] = ()) -> PropertyResult:
        expectation = self._expectation(one)
        return PropertyResult(one, verdict, seconds, expectation.is_true, expectation.because, assumed)
