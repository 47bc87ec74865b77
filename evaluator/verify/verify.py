"""Verifies the properties of a policy: a proof for every host, or the smallest host that breaks the property.

The verification has three parts:

1. A search among hosts of at most two interfaces looks for counterexamples of all properties. It takes little time, and
   most false properties have such a counterexample.
2. If a property has no such counterexample, the solver tries to prove it for hosts of every size (`prove`).
3. If a property has no proof, the search continues with larger hosts, up to the full size.

The search is first, because a false property has no proof: the solver would work until its time limit. If a property is
meant to be false, its proof is not tried before the full search. The caller gives the search, so this module needs no
hosts.

Without a proof and without a counterexample, the verdict depends on the reason. If a clause has no exact translation,
or the solver found a model that does not describe a real host, the verdict is that the property is true for all small
hosts (`ProvedUpTo`). If the solver reached its time limit, the verdict is `Undecided`. The verdict is also `Undecided`
if the search does not try all values of a word on which the property depends.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from time import perf_counter

from msgspec import Struct
from msgspec.structs import replace

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
Search = Callable[[Sequence[Claim | Unchanged], int], Searched]  # the second argument is the size
_EXPECTED = Expectation()
_FEW_INTERFACES = 2  # of the search before the proofs


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


class _Open(Struct, frozen=True):
    """A property without a verdict so far: its statement, the proof that failed, and the seconds of the searches."""

    of: Property
    statement: Claim | Unchanged
    proof: Proof | None = None
    seconds: float = 0.0
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
    """Yield the result of each property. The results of properties that need the full search come last.

    `search` takes statements and a size. It returns for each statement the smallest counterexample among hosts of at
    most this size, None if no host is a counterexample. `find_effects` returns which parts of the policy have no
    effect, and whether this result was remembered. Raises PolicyError if a claim has mistakes.
    """
    run = _Run(program, settings, expectations)
    yield from run.without_statement(properties)
    yield from run.refuted(properties, search)
    yield from run.proved()
    yield from run.searched(search)
    yield from run.effects(properties, find_effects)


class _Run:
    """The verification of one policy."""

    def __init__(self, program: Program, settings: Settings, expectations: Mapping[str, Expectation]) -> None:
        self._program = program
        self._settings = settings
        self._expectations = expectations
        self._open: list[_Open] = []

    def without_statement(self, properties: Sequence[Property]) -> Iterator[PropertyResult]:
        """Yield the results of properties about words, and of properties that have no meaning for the policy."""
        for one in properties:
            if isinstance(one.statement, OrderIndependent):
                words = order_words(self._program)
                yield self._result(one, Refuted(parts=words) if words else Proved())
            elif reason := self._reason_not_to_ask(one):
                yield self._result(one, NotAsked(reason))

    def refuted(self, properties: Sequence[Property], search: Search) -> Iterator[PropertyResult]:
        """Yield the results of the properties that a small host breaks, and store the other properties for `proved`."""
        asked = [
            _Open(one, one.statement)
            for one in properties
            if isinstance(one.statement, Claim | Unchanged) and not self._reason_not_to_ask(one)
        ]
        self._open = yield from self._without_counterexample(asked, search, min(self._settings.size, _FEW_INTERFACES))

    def proved(self) -> Iterator[PropertyResult]:
        """Try to prove the stored properties. Yield the results with a proof, and store the rest for `searched`."""
        tried = [one for one in self._open if self._expectation(one.of).is_true]
        proofs = self._proofs([one.statement for one in tried])
        rest: list[_Open] = []
        for one in self._open:
            proof, is_remembered = next(proofs) if one in tried else (None, False)
            if proof is not None and proof.is_proved:
                yield self._result(one.of, Proved(), _by_proof(proof, is_remembered))
            else:
                rest.append(_Open(one.of, one.statement, proof))
        self._open = rest

    def _without_counterexample(
        self, tried: Sequence[_Open], search: Search, size: int
    ) -> Generator[PropertyResult, None, list[_Open]]:
        """Search hosts of at most `size` interfaces.

        Yield the results of the properties that are false, and return the other properties.
        """
        if not tried:
            return []
        start = perf_counter()
        found = search([one.statement for one in tried], size)
        share = (perf_counter() - start) / len(tried)
        rest: list[_Open] = []
        for one, example in zip(tried, found.counterexamples, strict=True):
            seconds = one.seconds + share
            if example is None:
                rest.append(_Open(one.of, one.statement, one.proof, seconds, found.is_remembered))
            else:
                yield self._result(one.of, Refuted(example), _Known(seconds, (), found.is_remembered))
        return rest

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
        """Search counterexamples of the stored properties up to the full size, and yield the results."""
        rest: Sequence[_Open] = self._open
        if self._settings.size > _FEW_INTERFACES:
            rest = yield from self._without_counterexample(rest, search, self._settings.size)
        for one in rest:
            tried, is_remembered = self._proof(one.statement) if one.proof is None else (one.proof, False)
            known = _Known(one.seconds + tried.seconds, tried.laws, is_remembered and one.is_remembered)
            yield self._result(one.of, self._without_example(one.statement, tried), known)

    def effects(self, properties: Sequence[Property], find_effects: FindEffects) -> Iterator[PropertyResult]:
        """Yield the results of the properties about the parts of the policy."""
        for one in properties:
            if isinstance(one.statement, EveryRuleMatters | EveryClauseMatters):
                start = perf_counter()
                found, is_remembered = find_effects(one.statement)
                result = self._result(one, self._of_effects(found), _Known(perf_counter() - start, (), is_remembered))
                yield replace(result, witnesses=found.witnesses)

    def _of_effects(self, found: Effects) -> Verdict:
        if found.redundant:
            return Refuted(parts=found.redundant)
        if found.words:
            return Undecided(0.0, words=found.words, parts=found.silent)
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
        """Return a sentence for each word that the proof of a property does not model exactly."""
        if not isinstance(one.statement, Claim | Unchanged):
            return ()  # these properties are not proved by the solver
        return abstracted_words(self._program, one.statement, self._settings.parameters)


def _by_proof(proof: Proof, is_remembered: bool) -> _Known:
    return _Known(0.0 if is_remembered else proof.seconds, proof.laws, is_remembered)
