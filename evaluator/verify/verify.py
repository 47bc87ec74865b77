"""Verifies the properties of a policy: a proof for every host, or the smallest host that breaks the property.

First the solver tries a proof (`prove`). Without a proof, a search among small hosts looks for a counterexample. The
search is given by the caller, so that this module needs no hosts. The verdict without both is `Undecided` if the solver
reached its time limit. If the solver finished without a proof, the abstraction was too coarse for one, and the property
is true for the hosts that were searched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
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

Search = Callable[[Property], Counterexample | None]


class Settings(Struct, frozen=True):
    """The parameters that are given, the time limit of each property, and the size of the searched hosts."""

    parameters: Mapping[str, Value] = {}
    seconds: float = 10.0
    size: int = 4


class Expectation(Struct, frozen=True):
    """The expected result of a property, and the reason if it is meant to be false."""

    is_true: bool = True
    because: str = ""


_EXPECTED = Expectation()


def verify(
    program: Program,
    properties: Iterable[Property],
    settings: Settings,
    search: Search | None = None,
    expectations: Mapping[str, Expectation] | None = None,
) -> Iterator[PropertyResult]:
    """Yield the result of each property, in their order.

    Without `search`, no counterexample is looked for. Raises PolicyError if a claim has mistakes.
    """
    for one in properties:
        start = perf_counter()
        expectation = (expectations or {}).get(one.name, _EXPECTED)
        verdict, assumed = _verdict(program, one, settings, search)
        seconds = perf_counter() - start
        yield PropertyResult(one, verdict, seconds, expectation.is_true, expectation.because, assumed)


def _verdict(
    program: Program, one: Property, settings: Settings, search: Search | None
) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict on a property, and what was assumed about every report."""
    statement = one.statement
    if isinstance(statement, OrderIndependent):
        words = order_words(program)
        return (Refuted(parts=words) if words else Proved()), ()
    if not isinstance(statement, Claim | Unchanged):
        raise TypeError(f"cannot verify {one.name}")
    start = perf_counter()
    proof = prove(program, statement, settings.parameters, settings.seconds)
    if proof.is_proved:
        return Proved(), proof.laws
    counterexample = None if search is None else search(one)
    if counterexample is not None:
        return Refuted(counterexample), proof.laws
    return _without_proof(proof, settings, perf_counter() - start, is_searched=search is not None), proof.laws


def _without_proof(proof: Proof, settings: Settings, seconds: float, *, is_searched: bool) -> Verdict:
    if is_searched and (proof.clauses or not proof.is_timeout):
        return ProvedUpTo(settings.size, proof.clauses)
    return Undecided(seconds)
