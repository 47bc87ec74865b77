"""Verifies the properties of a policy: a proof for every host, or the smallest host that breaks the property.

The verification has two parts. First, the solver tries to prove each property for hosts of every size (`prove`). Then,
for all properties without a proof, one search among small hosts looks for counterexamples. The caller gives the search,
so this module needs no hosts. A property that is meant to be false is searched without an earlier proof, because the
proof would only end at the time limit.

Without a proof and without a counterexample, the verdict depends on the reason. If a clause has no exact translation,
or the solver found a model that describes no real host, the property is true for all small hosts (`ProvedUpTo`). If the
solver reached its time limit, or the search does not enumerate a word that matters, the property is `Undecided`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter

from msgspec import Struct

from evaluator.base.diagnostic import PolicyError
from evaluator.base.processes import available_processors, process_pool
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program
from evaluator.policy.run.required_facts import order_words
from evaluator.verify.abstractions import abstracted_words
from evaluator.verify.claim import check_claim
from evaluator.verify.effects import Effects
from evaluator.verify.not_searched import words_not_searched
from evaluator.verify.property import (
    Claim,
    Counterexample,
    EveryClauseMatters,
    EveryRuleMatters,
    NotAsked,
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

FindEffects = Callable[[EveryRuleMatters | EveryClauseMatters], Effects]
Search = Callable[[Sequence[Claim | Unchanged]], Sequence[Counterexample | None]]
_EXPECTED = Expectation()


class Settings(Struct, frozen=True):
    """The given parameters, the time limit of each property in seconds, and the largest size of the searched hosts."""

    parameters: Mapping[str, Value] = {}
    seconds: float = 10.0
    size: int = 4


def verify(
    program: Program,
    properties: Sequence[Property],
    settings: Settings,
    search: Search,
    find_effects: FindEffects,
    expectations: Mapping[str, Expectation],
) -> Iterator[PropertyResult]:
    """Yield the result of each property, the proved ones first.

    `search` returns the smallest counterexample of each statement, None if it has none. `find_effects` returns the
    parts of the policy without an effect. Raises PolicyError if a claim has mistakes.
    """
    run = _Run(program, settings, expectations)
    yield from run.without_search(properties)
    yield from run.searched(search)
    yield from run.effects(properties, find_effects)


class _Run:
    """The verification of one policy."""

    def __init__(self, program: Program, settings: Settings, expectations: Mapping[str, Expectation]) -> None:
        self._program = program
        self._settings = settings
        self._expectations = expectations
        self._open: list[tuple[Property, Claim | Unchanged, Proof | None]] = []

    def without_search(self, properties: Sequence[Property]) -> Iterator[PropertyResult]:
        """Yield the results of the properties that need no search, and remember the others for the search."""
        asked = [one for one in properties if isinstance(one.statement, Claim | Unchanged)]
        reasons = {one.name: self._reason_not_to_ask(one) for one in asked}
        tried = [one for one in asked if self._expectation(one).is_true and not reasons[one.name]]
        proofs = self._proofs([one.statement for one in tried if isinstance(one.statement, Claim | Unchanged)])
        for one in properties:
            if isinstance(one.statement, OrderIndependent):
                words = order_words(self._program)
                yield self._result(one, Refuted(parts=words) if words else Proved())
            elif reasons.get(one.name):
                yield self._result(one, NotAsked(reasons[one.name]))
            elif isinstance(one.statement, Claim | Unchanged):
                proof = next(proofs) if one in tried else None
                if proof is not None and proof.is_proved:
                    yield self._result(one, Proved(), proof.seconds, proof.laws)
                else:
                    self._open.append((one, one.statement, proof))

    def _reason_not_to_ask(self, one: Property) -> str:
        """Return why a claim has no meaning for the policy. The text is empty if the claim has a meaning."""
        try:
            if isinstance(one.statement, Claim):
                check_claim(one.statement, self._program)
        except PolicyError as error:
            return error.diagnostics[0].message
        return ""

    def _proofs(self, statements: Sequence[Claim | Unchanged]) -> Iterator[Proof]:
        """Yield the proofs of statements in the order of the statements. Several processors work at the same time."""
        processes = min(available_processors(), len(statements))
        if processes < 2:
            yield from map(self._prove, statements)
            return
        with process_pool(processes, "spawn") as pool:
            yield from pool.map(self._prove, statements)

    def searched(self, search: Search) -> Iterator[PropertyResult]:
        """Search counterexamples of the remembered properties, and yield the results."""
        start = perf_counter()
        statements = [statement for _, statement, _ in self._open]
        examples = search(statements) if statements else ()
        share = (perf_counter() - start) / max(1, len(self._open))
        for (one, statement, proof), example in zip(self._open, examples, strict=True):
            if example is not None:
                yield self._result(one, Refuted(example), share + (0.0 if proof is None else proof.seconds))
                continue
            found = self._prove(statement) if proof is None else proof
            yield self._result(one, self._without_example(statement, found), share + found.seconds, found.laws)

    def effects(self, properties: Sequence[Property], find_effects: FindEffects) -> Iterator[PropertyResult]:
        """Yield the results of the properties about the parts of the policy."""
        for one in properties:
            if isinstance(one.statement, EveryRuleMatters | EveryClauseMatters):
                start = perf_counter()
                found = find_effects(one.statement)
                yield self._result(one, self._of_effects(found), perf_counter() - start)

    def _of_effects(self, found: Effects) -> Verdict:
        if found.redundant:
            return Refuted(parts=found.redundant)
        if found.words:
            return Undecided(0.0, found.silent, found.words)
        return Refuted(parts=found.silent, size=found.size) if found.silent else Proved()

    def _prove(self, statement: Claim | Unchanged) -> Proof:
        return prove(self._program, statement, self._settings.parameters, self._settings.seconds)

    def _without_example(self, statement: Claim | Unchanged, proof: Proof) -> Verdict:
        if proof.is_proved:
            return Proved()
        words = words_not_searched(self._program, [statement], self._settings.parameters)
        if (proof.clauses or not proof.is_timeout) and not words:
            return ProvedUpTo(self._settings.size, proof.clauses)
        return Undecided(proof.seconds, proof.clauses, words)

    def _expectation(self, one: Property) -> Expectation:
        return self._expectations.get(one.name, _EXPECTED)

    def _result(
        self, one: Property, verdict: Verdict, seconds: float = 0.0, assumed: tuple[str, ...] = ()
    ) -> PropertyResult:
        expectation = self._expectation(one)
        return PropertyResult(
            one,
            verdict,
            seconds,
            expectation.is_true,
            expectation.because,
            assumed,
            self._abstracted(one) if isinstance(verdict, Proved | ProvedUpTo | Undecided) else (),
        )

    def _abstracted(self, one: Property) -> tuple[str, ...]:
        """Return the sentences about the words that the proof of a property models only in part."""
        if not isinstance(one.statement, Claim | Unchanged):
            return ()  # these properties are not proved by the solver
        return abstracted_words(self._program, one.statement, self._settings.parameters)
