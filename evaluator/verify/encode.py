"""The decision of a policy as formulas: which interfaces are candidates after each rule, and the status at the end.

Each rule that changes the candidates becomes one relation with one defining axiom. The status of the decision becomes a
constant of the sort Text, and the interface of the decision becomes a constant of the sort Nic. So claims can use the
status and the interface like any other value.

Finite hosts. A solver also considers hosts with infinitely many interfaces. On such a host, each interface can have
another interface above it, without end. Then the rule `discard nic when some other in candidates satisfies other above
nic …` removes all candidates, and the claim "if an owner exists, the status is not no_match" is false. First-order
logic has no sentence that means "finite". But it can state a consequence of finiteness, the *law of finite orders*. The
law is about a finite list with a strict order (a relation that is irreflexive and transitive). An element is topmost if
no element is above it. The law: if an element is not topmost, a topmost element is above it.

The solver is first asked, for each quantifier over a list of interfaces, whether the body of the quantifier is a strict
order on the list. The law is added only if this is proved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.status import Status
from evaluator.policy.language.checked import Condition, Quantified, Quantifier, Read, Variable, walk
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.language.types import Base
from evaluator.policy.language.verbs import Effect, Judges
from evaluator.verify.host_terms import Relation, Term, Untranslatable
from evaluator.verify.smt import (
    FALSE,
    TRUE,
    Formula,
    apply,
    conjunction,
    disjunction,
    distinct,
    equal,
    exists,
    forall,
    implication,
    negation,
)
from evaluator.verify.theory import BOOLEAN, NIC, TEXT
from evaluator.verify.translate import Scope, Translator

IsImpossible = Callable[[str], bool]
ANSWERED = "answered"  # the part of an outcome: the decision names an interface
_X, _Y, _Z = "x", "y", "z"


class Defined(Struct, frozen=True):
    """A relation on interfaces: the part of the policy that it encodes, its name, and its number of arguments."""

    part: str
    name: str
    arity: int


class Outcome(Struct, frozen=True):
    """The decision of a policy: the candidates at the end, the status, and the interface if there is one.

    `before` are the candidates before each rule. `relations` are the relations on interfaces that the rules define, in
    the order of the rules.
    """

    candidates: Relation
    status: str
    answer: Term
    before: tuple[Relation, ...] = ()
    relations: tuple[Defined, ...] = ()


class Encoder:
    """Encodes the rules of one policy for one host."""

    def __init__(self, translator: Translator, is_impossible: IsImpossible) -> None:
        self._translator = translator
        self._theory = translator.host.theory
        self._is_impossible = is_impossible
        self._relations: list[Defined] = []
        self.orders: list[str] = []  # the quantifiers whose bodies were proved to be strict orders

    def outcome(self, program: Program) -> Outcome:
        """Add the axioms of all rules that decide, and return the decision."""
        candidates: Relation = no_interface
        ambiguous: list[Formula] = []
        rejected: list[Relation] = []
        before: list[Relation] = []
        for rule in program.rules:
            before.append(candidates)
            effect = rule.verb.effect
            if effect is Effect.NOTE:
                continue
            if not rule.has_subject:
                ambiguous.append(self._translator.condition(rule.condition, Scope(candidates)))
                continue
            hits = self.hits(rule, candidates)
            if effect is Effect.REJECT:
                rejected.append(hits)
            else:
                candidates = self.after(rule, candidates, hits)
        result = self._result(candidates, disjunction(ambiguous), rejected)
        return replace(result, before=tuple(before), relations=tuple(self._relations))

    def hits(self, rule: Rule, candidates: Relation) -> Relation:
        """Return the relation of the interfaces for which a rule is true.

        `candidates` is the relation of the candidates before the rule.
        """
        scope = Scope(candidates, {"nic": Term(_X, Base.NIC)}, self._orders(rule.condition, candidates))
        condition = self._translator.condition(rule.condition, scope)
        judged = self._translator.host.is_here(_X) if rule.verb.judges is Judges.INTERFACES else candidates(_X)
        return self._defined(f"rule_{rule.name}", conjunction((judged, condition)))

    def _defined(self, words: str, formula: Formula) -> Relation:
        name, _, rest = formula[1:].partition(" ")
        if rest == f"{_X})":  # it is a relation already
            self._relations.append(Defined(words, name, 1))
            return partial(apply, name)
        return partial(apply, self._define(words, formula))

    def _define(self, words: str, formula: Formula) -> str:
        """Return a new relation, which is true for `x` exactly if a formula is true."""
        name = self._theory.define(words, _X, NIC, formula)
        self._relations.append(Defined(words, name, 1))
        return name

    def any_hits(self, rule: Rule) -> Relation:
        """Return a relation that replaces `hits` if a proof ignores the rule's condition. Any interfaces can match."""
        return partial(apply, self._theory.declare(self._theory.fresh(f"any_{rule.name}"), (NIC,)))

    def after(self, rule: Rule, before: Relation, hits: Relation) -> Relation:
        """Return the candidates after a rule. The rule changes the candidates."""
        effect, words = rule.verb.effect, f"after_{rule.name}"
        if effect is Effect.ADD:
            return self._defined(words, disjunction((before(_X), hits(_X))))
        if effect is Effect.REMOVE:
            return self._defined(words, conjunction((before(_X), negation(hits(_X)))))
        is_used = self._named(f"used_{rule.name}", self._translator.host.some_nic(hits))
        return self._defined(words, conjunction((before(_X), disjunction((negation(is_used), hits(_X))))))

    def _named(self, words: str, formula: Formula) -> str:
        """Return a constant that is true exactly if a formula is true."""
        name = self._theory.declare(self._theory.fresh(words), (), BOOLEAN)
        self._theory.axiom(equal(name, formula), name)
        self._relations.append(Defined(words, name, 0))
        return name

    def _result(self, candidates: Relation, is_ambiguous: Formula, rejected: list[Relation]) -> Outcome:
        translator, theory = self._translator, self._theory
        some = self._named("some_left", translator.host.some_nic(candidates))
        two = conjunction((candidates(_Y), candidates(_Z), distinct((_Y, _Z))))
        many = FALSE if translator.host.world.is_empty else exists([(_Y, NIC), (_Z, NIC)], two)
        many = self._named("many_left", many)
        ambiguous = self._named("ambiguous", is_ambiguous)
        answer = theory.declare(theory.fresh("answer"), (), NIC)
        known = self._named(ANSWERED, conjunction((some, negation(many), negation(ambiguous))))
        theory.axiom(implication(known, candidates(answer)), answer)
        is_rejected = self._named("rejected", conjunction((known, disjunction(hits(answer) for hits in rejected))))
        status = theory.declare(theory.fresh("status"), (), TEXT)
        unknown = self._named("unknown_host", self._is_unknown_host())
        for condition, value in (
            (conjunction((negation(some), unknown)), Status.UNKNOWN_HOST),
            (conjunction((negation(some), negation(unknown))), Status.NO_MATCH),
            (conjunction((some, disjunction((many, ambiguous)))), Status.AMBIGUOUS),
            (is_rejected, Status.REJECTED),
            (conjunction((known, negation(is_rejected))), Status.RESOLVED),
        ):
            theory.axiom(implication(condition, equal(status, theory.text(str(value)))), status)
        return Outcome(candidates, status, Term(answer, Base.NIC, known))

    def _is_unknown_host(self) -> Formula:
        """Return the formula that is true if no owner can be found because answers are missing.

        This means: the name has no answer, or the answers are incomplete and no interface owns one of them.
        """
        translator = self._translator
        variable = self._theory.fresh("a")
        some_answer = exists([(variable, "Address")], translator.host.fact("answer", variable))
        some_owner = translator.host.some_nic(translator.host.is_owner)
        literal, complete = (self._theory.declare(name, (), BOOLEAN) for name in ("is_literal", "is_complete"))
        return disjunction(
            (
                conjunction((negation(literal), negation(some_answer))),
                conjunction((negation(complete), negation(some_owner))),
            )
        )

    # -- finite hosts

    def _orders(self, condition: Condition, candidates: Relation) -> Mapping[Condition, str]:
        """Return a relation for each quantifier whose body is a strict order on its list.

        The translation uses this relation instead of the quantifier.
        """
        beaten = ((quantified, self._beaten(quantified, candidates)) for quantified in _orders_in(condition))
        return {quantified: name for quantified, name in beaten if name is not None}

    def _beaten(self, quantified: Quantified, candidates: Relation) -> str | None:
        """Return the relation that is true for an interface if an element of the quantifier's list is above it.

        The body of the quantifier defines "above". If the solver proves that "above" is a strict order, add the law of
        finite orders for it. Otherwise return None.
        """
        translator, theory = self._translator, self._theory
        before = len(translator.untranslated)
        try:
            members = translator.listed(quantified.domain, Scope(candidates))
        except Untranslatable:
            return None
        variables = {"nic": Term(_X, Base.NIC), quantified.variable.name: Term(_Y, Base.NIC)}
        body = translator.condition(quantified.body, Scope(candidates, variables))
        if len(translator.untranslated) > before:
            return None
        holds = negation(body) if quantified.quantifier is Quantifier.EVERY else body
        other = negation(equal(_X, _Y)) if quantified.others_only else TRUE
        beats = theory.declare(theory.fresh("beats"), (NIC, NIC))
        here = conjunction(
            (translator.host.is_here(_X), translator.host.is_here(_Y), members.contains(_Y), other, holds)
        )
        definition = forall([(_X, NIC), (_Y, NIC)], equal(apply(beats, _X, _Y), here))
        if not self._is_impossible(theory.script(definition, _no_strict_order(beats, members.contains))):
            return None
        self.orders.append(quantified.text)
        theory.axiom(definition, beats)
        part = f"order_{len(self.orders)}"
        self._relations.append(Defined(f"{part}_above", beats, 2))
        beaten = self._define(part, exists([(_Y, NIC)], apply(beats, _X, _Y)))
        unbeaten = exists([(_Y, NIC)], f"(and ({beats} x y) (not ({beaten} y)))")
        is_beaten = conjunction((members.contains(_X), f"({beaten} x)"))
        theory.axiom(forall([(_X, NIC)], implication(is_beaten, unbeaten)), beaten)
        return beaten


def _no_strict_order(beats: str, contains: Relation) -> Formula:
    """Return the formula that is true if a relation on a list is not irreflexive, or not transitive."""
    x, y, z = (_X, NIC), (_Y, NIC), (_Z, NIC)
    return disjunction(
        (
            exists([x], conjunction((contains(_X), apply(beats, _X, _X)))),
            exists([x, y, z], conjunction((contains(_X), f"({beats} x y)", f"({beats} y z)", f"(not ({beats} x z))"))),
        )
    )


def _orders_in(condition: Condition) -> Iterator[Quantified]:
    """Yield the quantifiers over interfaces whose bodies use only their own variables and the rule's `nic`."""
    for node in walk(condition):
        if isinstance(node, Quantified) and isinstance(node.domain, Read) and node.domain.owner is None:
            bound = {part.variable.name for part in walk(node.body) if isinstance(part, Quantified)}
            names = {part.name for part in walk(node.body) if isinstance(part, Variable)} - bound
            if node.variable.type.base is Base.NIC and names <= {"nic", node.variable.name}:
                yield node


def no_interface(_: str) -> Formula:
    """Return the formula for the candidates before the first rule. It is false, because there are no candidates."""
    return FALSE
