"""Proves that a change between the decisions of two policies never happens, such as from `resolved` to `no_match`.

Both policies are encoded for one host: they share all facts, and each has its own rules. For this change, the solver is
asked whether the old status can be `resolved` and the new status `no_match`. If this is impossible, no host has the
change. All changes between two policies share one encoding, because the lemmas of an encoding take longer than most
proofs.

If both policies have equal rules, the solver first proves rule by rule that these rules have the same effect
(`prove.add_equal_steps`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from evaluator.base.parallel import compute_in_processes
from evaluator.policy.language.program import Program
from evaluator.verify.encode import Encoder
from evaluator.verify.host_terms import Relation, World
from evaluator.verify.memory import AnswerKind, Resources, question_of, remembered
from evaluator.verify.policy_change import Change, FindingChange, FindingKey, Transition, rules_of_finding
from evaluator.verify.policy_pair import PolicyPair
from evaluator.verify.prove import (
    Proof,
    Query,
    add_equal_steps,
    differ,
    differ_in_interface,
    is_impossible,
    proof_of,
    query_of,
)
from evaluator.verify.smt import TRUE, Formula, conjunction, disjunction, equal, negation
from evaluator.verify.theory import Theory
from evaluator.verify.translate import Scope, Translator

_MOST_IN_GROUP = 6


def prove_never(
    pair: PolicyPair, changes: Sequence[Change], seconds: float, resources: Resources
) -> Iterator[tuple[Proof, bool]]:
    """Yield two values for each change: a result of the solver, and whether this result was remembered.

    The result is the proof that no host shows the change, or the reason why no proof was found. The work is done on all
    processors.
    """

    def prove(group: Sequence[int]) -> list[Proof]:
        return _prove_group(pair, [changes[number] for number in group], seconds=seconds)

    def compute(numbers: Sequence[int]) -> Iterator[tuple[int, Proof]]:
        groups = list(_groups(numbers, changes))
        for at, proofs in compute_in_processes(prove, groups, resources.progress):
            yield from zip(groups[at], proofs, strict=True)

    questions = [question_of("never", pair, change) for change in changes]
    kind = AnswerKind(Proof, is_final=lambda proof: proof.is_proved)
    return remembered(resources.memory, questions, kind, compute)


def _groups(numbers: Sequence[int], changes: Sequence[Change]) -> Iterator[Sequence[int]]:
    """Yield groups of changes that share an encoding. A group has some transitions, or the changes of one finding."""
    for key, group in groupby(numbers, lambda number: _key(changes[number])):
        members = tuple(group)
        size = _MOST_IN_GROUP if key is None else len(members)
        yield from (members[start : start + size] for start in range(0, len(members), size))


def _key(change: Change) -> FindingKey | None:
    return change.key if isinstance(change, FindingChange) else None


def _prove_group(pair: PolicyPair, changes: Sequence[Change], *, seconds: float) -> list[Proof]:
    worlds = [World(is_empty=is_empty, parameters=pair.fixed) for is_empty in (True, False)]
    both = [_Both(pair.old, pair.new, world, pair.known) for world in worlds]
    return [proof_of([one.query(one.change(change)) for one in both], seconds) for change in changes]


class _Both:
    """The decisions of two policies about one host, encoded together."""

    def __init__(self, old: Program, new: Program, world: World, known: Sequence[str] = ()) -> None:
        self._translator = Translator(Theory(), world)
        self._old, self._new = _Side(self._translator, old), _Side(self._translator, new)
        self._theory = self._translator.host.theory
        for name in known:
            self._theory.axiom(self._theory.declare(f"given.{name}", ()))
        if not world.is_empty:
            add_equal_steps(self._theory, world, self._old.outcome, self._new.outcome)

    def query(self, goal: Formula) -> Query:
        """Return the question whether a formula about both decisions can be true."""
        return query_of(self._theory, (self._translator,), (self._old.encoder, self._new.encoder), goal)

    def differ(self) -> Formula:
        """Return the formula that is true if the two decisions differ in their status or interface."""
        return differ(self._old.outcome, self._new.outcome)

    def change(self, change: Change) -> Formula:
        """Return the formula that is true if a change happens."""
        return self._transition(change) if isinstance(change, Transition) else self._other_finding(change)

    def _transition(self, change: Transition) -> Formula:
        old, new = self._old.outcome, self._new.outcome
        pairs = (old, change.old), (new, change.new)
        statuses = (equal(outcome.status, self._theory.text(str(status))) for outcome, status in pairs)
        return conjunction((*statuses, differ_in_interface(old, new) if change.old is change.new else TRUE))

    def _other_finding(self, change: FindingChange) -> Formula:
        """Return the formula for the change of a finding.

        It is true if only one policy makes the finding, and both policies give the same status and interface.
        """
        makes, lacks = (self._new, self._old) if change.appears else (self._old, self._new)
        key = change.key
        about_nic = self._translator.host.some_nic(
            lambda nic: conjunction((makes.about(key, nic), negation(lacks.about(key, nic))))
        )
        without_nic = conjunction((makes.without_nic(key), negation(lacks.without_nic(key))))
        return conjunction((negation(self.differ()), disjunction((about_nic, without_nic))))


class _Side:
    """The encoded decision of one of the two policies."""

    def __init__(self, translator: Translator, program: Program) -> None:
        self.encoder = Encoder(translator, is_impossible)
        self.outcome = self.encoder.outcome(program)
        self._translator = translator
        self._program = program
        self._hits: dict[FindingKey, list[Relation]] = {}

    def about(self, key: FindingKey, nic: str) -> Formula:
        """Return the formula that is true if the policy makes a finding about an interface."""
        if key not in self._hits:
            rules = rules_of_finding(self._program, key)
            before = self.outcome.before
            self._hits[key] = [self.encoder.hits(rule, before[at]) for at, rule in rules if rule.has_subject]
        return disjunction([hits(nic) for hits in self._hits[key]])

    def without_nic(self, key: FindingKey) -> Formula:
        """Return the formula that is true if a rule without `nic` makes a finding."""
        rules = [(at, rule) for at, rule in rules_of_finding(self._program, key) if not rule.has_subject]
        translate, before = self._translator.condition, self.outcome.before
        return disjunction([translate(rule.condition, Scope(before[at])) for at, rule in rules])
