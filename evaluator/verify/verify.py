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
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program
from evaluator.policy.run.required_facts import order_words
from evaluator.verify.abstractions import abstracted_words
from evaluator.verify.claim import check_claim
from evaluator.verify.effects import Effects
from evaluator.verify.memory import AnswerKind, Resources, question_of, remembered_work
from evaluator.verify.not_searched import words_not_searched
from evaluator.verify.property import (
    Claim,
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
from evaluator.verify.remembered_search import Searched
from evaluator.verify.stated import Expectation

FindEffects = Callable[[EveryRuleMatters | EveryClauseMatters], tuple[Effects, bool]]
Search = Callable[[Sequence[Claim | Unchanged]], Searched]
_EXPECTED = Expectation()


class Settings(Struct, frozen=True):
    """How a policy is verified.

    `parameters` are the given parameters, `seconds` is the time limit of each property, and `size` is the largest
    number of interfaces of the searched hosts.
    """

    parameters: Mapping[str, Value] = {}
    seconds: float = 10.0
    size: int = 4
    resources: Resources = Resources()


class _Known(Struct, frozen=True):
    """Facts about a verdict: the seconds that it took, the assumed laws, and whether it was remembered."""

    seconds: float = 0.0
    assumed: tuple[str, ...] = ()
    is_remembered: bool = False


_AT_ONCE = _Known()


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
    parts of the policy without an effect, and whether they were remembered. Raises PolicyError if a claim has mistakes.
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
        """Yield the results of the properties that need no search, and store the other properties for `searched`."""
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
                proof, is_remembered = next(proofs) if one in tried else (None, False)
                if proof is not None and proof.is_proved:
                    yield self._result(one, Proved(), _by_proof(proof, is_remembered))
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

    def _proofs(self, statements: Sequence[Claim | Unchanged]) -> Iterator[tuple[Proof, bool]]:
        """Yield the proof of each statement, and whether it was remembered."""
        settings = self._settings

        def prove_one(number: int) -> Proof:
            return prove(self._program, statements[number], settings.parameters, settings.seconds)

        questions = [question_of("proof", self._program, one, settings.parameters) for one in statements]
        kind = AnswerKind(Proof, is_final=lambda proof: proof.is_proved)
        return remembered_work(settings.resources, questions, kind, prove_one)

    def _proof(self, statement: Claim | Unchanged) -> tuple[Proof, bool]:
        (answer,) = self._proofs([statement])
        return answer

    def searched(self, search: Search) -> Iterator[PropertyResult]:
        """Search counterexamples of the properties that `without_search` stored, and yield the results."""
        start = perf_counter()
        statements = [statement for _, statement, _ in self._open]
        found = search(statements) if statements else Searched(())
        share = (perf_counter() - start) / max(1, len(self._open))
        for (one, statement, proof), example in zip(self._open, found.counterexamples, strict=True):
            if example is not None:
                # a proof that failed is not remembered: its time limit may be greater now
                known = _Known(share + (0.0 if proof is None else proof.seconds), (), found.is_remembered)
                yield self._result(one, Refuted(example), known)
                continue
            tried, is_remembered = self._proof(statement) if proof is None else (proof, False)
            known = _Known(share + tried.seconds, tried.laws, is_remembered and found.is_remembered)
            yield self._result(one, self._without_example(statement, tried), known)

    def effects(self, properties: Sequence[Property], find_effects: FindEffects) -> Iterator[PropertyResult]:
        """Yield the results of the properties about the parts of the policy."""
        for one in properties:
            if isinstance(one.statement, EveryRuleMatters | EveryClauseMatters):
                start = perf_counter()
                found, is_remembered = find_effects(one.statement)
                yield self._result(one, self._of_effects(found), _Known(perf_counter() - start, (), is_remembered))

    def _of_effects(self, found: Effects) -> Verdict:
        if found.redundant:
            return Refuted(parts=found.redundant)
        if found.words:
            return Undecided(0.0, found.silent, found.words)
        return Refuted(parts=found.silent, size=found.size) if found.silent else Proved()

    def _without_example(self, statement: Claim | Unchanged, proof: Proof) -> Verdict:
        if proof.is_proved:
            return Proved()
        words = words_not_searched(self._program, [statement], self._settings.parameters)
        if (proof.clauses or not proof.is_timeout) and not words:
            return ProvedUpTo(self._settings.size, proof.clauses)
        return Undecided(proof.seconds, proof.clauses, words)

    def _expectation(self, one: Property) -> Expectation:
        return self._expectations.get(one.name, _EXPECTED)

    def _result(self, one: Property, verdict: Verdict, known: _Known = _AT_ONCE) -> PropertyResult:
        expectation = self._expectation(one)
        return PropertyResult(
            one,
            verdict,
            known.seconds,
            expectation.is_true,
            expectation.because,
            known.assumed,
            self._abstracted(one) if isinstance(verdict, Proved | ProvedUpTo | Undecided) else (),
            known.is_remembered,
        )

    def _abstracted(self, one: Property) -> tuple[str, ...]:
        """Return the sentences about the words that the proof of a property models only in part."""
        if not isinstance(one.statement, Claim | Unchanged):
            return ()  # these properties are not proved by the solver
        return abstracted_words(self._program, one.statement, self._settings.parameters)


def _by_proof(proof: Proof, is_remembered: bool) -> _Known:
    return _Known(0.0 if is_remembered else proof.seconds, proof.laws, is_remembered)
