"""Proves that a mutant and its policy decide every host in the same way. Uses all processors, remembers the proofs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program
from evaluator.verify.memory import AnswerKind, Resources, question_of, remembered_work
from evaluator.verify.mutants import Mutant
from evaluator.verify.prove import Proof, prove_same, prove_same_rule


def prove_mutants(
    program: Program,
    mutants: Sequence[Mutant],
    parameters: Mapping[str, Value],
    seconds: float,
    resources: Resources,
) -> Iterator[tuple[bool, bool]]:
    """Yield for each mutant whether it is proved to decide like its policy, and whether the proof was remembered.

    If the condition of a rule is changed, the proof shows that the rule is true for the same interfaces. If two rules
    are exchanged, the proof shows that the status and the interface are the same. If a rule is removed, no proof is
    tried.
    """

    def prove(number: int) -> Proof:
        return _prove(program, mutants[number], parameters, seconds)

    questions = [question_of("equal", program, mutant, parameters) for mutant in mutants]
    kind = AnswerKind(Proof, is_final=lambda proof: proof.is_proved)
    answers = remembered_work(resources, questions, kind, prove)
    return ((proof.is_proved, is_remembered) for proof, is_remembered in answers)


def _prove(program: Program, mutant: Mutant, parameters: Mapping[str, Value], seconds: float) -> Proof:
    other = mutant.program
    if len(other.rules) < len(program.rules):
        return Proof(is_proved=False, laws=(), clauses=(), orders=())
    if len(mutant.rules) > 1:
        return prove_same(program, other, parameters, seconds)
    (number,) = mutant.rules
    return prove_same_rule(program, number, other.rules[number].condition, parameters, seconds)
