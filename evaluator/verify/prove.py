"""Proves properties for hosts of every size.

The solver gets the axioms of the policy and the negation of a property. If these cannot be true together, the property
is proved. For the solver, each sort has at least one element, so every host has at least one interface. A second
question to the solver is therefore about the empty report.

Some properties are about a change, such as an additional interface. Such a property compares the decision before the
change with the decision after the change, so the policy is encoded twice. Both encodings share all symbols, except the
symbols whose values the change can affect:

- an additional host address changes the list of host addresses, the list of usable host addresses, the first address,
  and the facts that depend on them, such as the owners. If addresses were given instead of a name, it also changes
  `host.name`, because `host.name` then lists the given addresses;
- an additional interface changes the interfaces, the positions (but not their order), and the best routes.

So nothing is assumed about the changed facts except the laws of reports and the change itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from time import perf_counter, process_time

from msgspec import Struct
from msgspec.structs import replace

from evaluator.policy.language.checked import Condition
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program
from evaluator.policy.language.types import Base
from evaluator.verify.claim import ANSWER, STATUS, check_claim
from evaluator.verify.encode import ANSWERED, Encoder, Outcome
from evaluator.verify.host_terms import HostTerms, Term, World
from evaluator.verify.property import Change, Claim, Unchanged
from evaluator.verify.smt import (
    Formula,
    apply,
    conjunction,
    disjunction,
    equal,
    exists,
    forall,
    implication,
    negation,
)
from evaluator.verify.solver import LITTLE_EFFORT, Answer, ask
from evaluator.verify.theory import ADDRESS, NIC, TEXT, Theory
from evaluator.verify.translate import Scope, Translator

_LEMMA_SECONDS = 20.0


class Proof(Struct, frozen=True):
    """The result of an attempt to prove a property.

    `laws` are the sentences that were assumed about every report. `clauses` are the clauses without an exact
    translation. `orders` are the quantifiers that were proved to be strict orders. `is_timeout` is true if the solver
    reached the time limit. `seconds` is the time that was spent.
    """

    is_proved: bool
    laws: tuple[str, ...]
    clauses: tuple[str, ...]
    orders: tuple[str, ...]
    is_timeout: bool = False
    seconds: float = 0.0


class Query(Struct, frozen=True):
    """One question to the solver, with the laws, the untranslated clauses and the strict orders of its translation."""

    script: str
    laws: tuple[str, ...]
    clauses: tuple[str, ...]
    orders: tuple[str, ...]


def prove(program: Program, statement: Claim | Unchanged, parameters: Mapping[str, Value], seconds: float) -> Proof:
    """Return the proof of a statement about a policy, or the reasons why no proof was found.

    Raises PolicyError if the claim uses a parameter that has another type in the policy.
    """
    return proof_of(_queries(program, statement, parameters), seconds)


def proof_of(queries: Iterable[Query], seconds: float) -> Proof:
    """Ask the solver all questions, and return one proof.

    The property is proved if, for each question, the solver proves that its formulas cannot be true together.
    """
    laws, clauses, orders = dict[str, None](), dict[str, None](), dict[str, None]()
    start, end = perf_counter(), process_time() + seconds
    is_proved, is_timeout = True, False
    for query in queries:
        laws.update(dict.fromkeys(query.laws))
        clauses.update(dict.fromkeys(query.clauses))
        orders.update(dict.fromkeys(query.orders))
        answer = ask(query.script, max(0.0, end - process_time()))
        is_proved = is_proved and answer is Answer.IMPOSSIBLE
        is_timeout = is_timeout or answer is Answer.UNKNOWN
    return Proof(is_proved, tuple(laws), tuple(clauses), tuple(orders), is_timeout, perf_counter() - start)


def prove_same(old: Program, new: Program, parameters: Mapping[str, Value], seconds: float) -> Proof:
    """Return the proof that two policies give every host the same status and interface, or why no proof was found.

    If both policies have a parameter, it has the same value in both policies. Parameters with the same name but
    different types have independent values. Then there is usually no proof.
    """
    return proof_of((_same(old, new, parameters, is_empty=is_empty) for is_empty in (True, False)), seconds)


def _same(old: Program, new: Program, parameters: Mapping[str, Value], *, is_empty: bool) -> Query:
    """Return the question whether two policies can decide one host differently."""
    world = World(is_empty=is_empty, parameters=parameters)
    translator = Translator(Theory(), world)
    encoders = tuple(Encoder(translator, is_impossible) for _ in range(2))
    first, second = (encoder.outcome(program) for encoder, program in zip(encoders, (old, new), strict=True))
    if not is_empty:
        add_equal_steps(translator.host.theory, world, first, second)
    return query_of(translator.host.theory, (translator,), encoders, differ(first, second))


def prove_same_rule(
    program: Program, number: int, other: Condition, parameters: Mapping[str, Value], seconds: float
) -> Proof:
    """Return the proof that a rule with another condition is true for the same interfaces as before."""
    return proof_of((_same_rule(program, number, other, parameters, is_empty=e) for e in (True, False)), seconds)


def _same_rule(
    program: Program, number: int, other: Condition, parameters: Mapping[str, Value], *, is_empty: bool
) -> Query:
    """Return the question whether a rule can be true for an interface under only one of two conditions."""
    translator = Translator(Theory(), World(is_empty=is_empty, parameters=parameters))
    encoder = Encoder(translator, is_impossible)
    rule = program.rules[number]
    before = encoder.outcome(replace(program, rules=program.rules[:number]))

    def differs(nic: str) -> Formula:
        scope = Scope(before.candidates, {"nic": Term(nic, Base.NIC)} if rule.has_subject else {})
        old, new = (translator.condition(condition, scope) for condition in (rule.condition, other))
        return negation(equal(old, new))

    goal = translator.host.some_nic(differs) if rule.has_subject else differs("")
    return query_of(translator.host.theory, (translator,), (encoder,), goal)


def _queries(program: Program, statement: Claim | Unchanged, parameters: Mapping[str, Value]) -> Iterator[Query]:
    if isinstance(statement, Claim):
        for is_empty in (True, False):
            yield _claimed(program, statement, parameters, is_empty=is_empty)
    elif statement.change is Change.SEPARATE_INTERFACE:
        yield _with_separate_interface(program, parameters, is_empty=True)
        yield _with_separate_interface(program, parameters, is_empty=False)
    else:
        for is_empty in (True, False):
            yield _with_unowned_answer(program, parameters, is_empty=is_empty)


def is_impossible(script: str) -> bool:
    """Return whether the solver proves, with little effort, that some formulas cannot be true together."""
    return ask(script, _LEMMA_SECONDS, LITTLE_EFFORT) is Answer.IMPOSSIBLE


def _claimed(program: Program, claim: Claim, parameters: Mapping[str, Value], *, is_empty: bool) -> Query:
    declared = {parameter.name for parameter in program.parameters}
    defaults = {name: value for name, value in claim.defaults.items() if name not in declared}
    translator = Translator(Theory(), World(is_empty=is_empty, parameters={**defaults, **parameters}))
    encoder = Encoder(translator, is_impossible)
    outcome = encoder.outcome(program)
    variables = {STATUS: Term(outcome.status, Base.TEXT), ANSWER: outcome.answer}
    claimed = translator.condition(check_claim(claim, program), Scope(outcome.candidates, variables))
    return query_of(translator.host.theory, (translator,), (encoder,), negation(claimed))


def query_of(
    theory: Theory, translators: tuple[Translator, ...], encoders: tuple[Encoder, ...], *goals: Formula
) -> Query:
    """Return the question whether the axioms of a theory and some goals can be true together."""
    sentences = tuple(dict.fromkeys(law.sentence for law in theory.laws if law.sentence))
    clauses = tuple(dict.fromkeys(text for translator in translators for text in translator.untranslated))
    orders = tuple(dict.fromkeys(text for encoder in encoders for text in encoder.orders))
    return Query(theory.script(*goals), sentences, clauses, orders)


def _compared(theory: Theory, program: Program, old: World, new: World, *assumptions: Formula) -> Query:
    """Return the question whether the decisions about two hosts can differ in their status or interface."""
    translators = Translator(theory, old), Translator(theory, new)
    encoders = tuple(Encoder(translator, is_impossible) for translator in translators)
    first, second = (encoder.outcome(program) for encoder in encoders)
    for assumption in assumptions:
        theory.axiom(assumption)
    if not old.is_empty:
        _add_equal_facts(theory, new)
        add_equal_steps(theory, old, first, second)
    return query_of(theory, translators, encoders, differ(first, second))


def _add_equal_facts(theory: Theory, new: World) -> None:
    """If the solver proves that both hosts have the same owners, add this as an axiom."""
    variables = {"matched": [("n", NIC), ("a", ADDRESS)], "owner": [("n", NIC)]}
    for name, bound in variables.items():
        if name in new.renamed:
            terms = [variable for variable, _ in bound]
            same = equal(apply(name, *terms), apply(theory.symbol(name, new.renamed), *terms))
            theory.symbol(name)
            _add_if_proved(theory, forall(bound, same), name)


def add_equal_steps(theory: Theory, old: World, first: Outcome, second: Outcome) -> None:
    """Prove for each rule that its hits, and the candidates after it, are the same on both hosts. Add this as an axiom.

    The equalities are proved in the order of the rules, and each proof uses the earlier equalities. So the solver never
    searches for the whole chain at once. After the first equality without a proof, no more equalities are tried,
    because each rule begins with the candidates of the rule before.

    The equalities are not about an interface that only one host has. For such an interface, the solver tries to prove
    that it is never a hit or a candidate. If there is a proof, this is added as an axiom too.
    """
    by_part = {relation.part: relation for relation in second.relations}
    proved: set[str] = set()
    for one in first.relations:
        other = by_part.get(one.part)
        if other is None:
            return
        if one.name in proved:  # a rule that changes no candidate
            continue
        proved.add(one.name)
        names = ("x", "y")[: one.arity]
        here = conjunction(negation(equal(name, old.absent)) for name in names if old.absent is not None)
        same = equal(apply(one.name, *names), apply(other.name, *names))
        if not _add_if_proved(theory, forall([(x, NIC) for x in names], implication(here, same)), one.name, other.name):
            return
        if old.absent is not None and one.arity == 1:
            _add_if_proved(theory, negation(apply(other.name, old.absent)), other.name)
            _add_if_proved(theory, negation(apply(one.name, old.absent)), one.name)
        if one.part == ANSWERED:
            _add_if_proved(theory, negation(differ_in_interface(first, second)), first.answer.text)


def _add_if_proved(theory: Theory, formula: Formula, *about: str) -> bool:
    is_proved = is_impossible(theory.script(negation(formula)))
    if is_proved:
        theory.axiom(formula, *about)
    return is_proved


def differ(one: Outcome, other: Outcome) -> Formula:
    """Return the formula that is true if two decisions differ in their status or interface."""
    return disjunction((negation(equal(one.status, other.status)), differ_in_interface(one, other)))


def differ_in_interface(one: Outcome, other: Outcome) -> Formula:
    """Return the formula that is true if two decisions name different interfaces."""
    is_other = negation(equal(one.answer.text, other.answer.text))
    return conjunction((one.answer.known, other.answer.known, is_other))


def _with_unowned_answer(program: Program, parameters: Mapping[str, Value], *, is_empty: bool) -> Query:
    theory = Theory()
    changed = ("answer", "usable", "matched", "owner", "first_address", "first_address.known", "host_name")
    old = World(is_empty=is_empty, parameters=parameters)
    new = World({name: f"{name}.new" for name in changed}, is_empty=is_empty, parameters=parameters)
    added = theory.declare("added", (), ADDRESS)
    before, after = HostTerms(theory, old), HostTerms(theory, new)
    a, n = ("a", ADDRESS), ("n", NIC)
    name, new_name = (theory.declare(symbol, (), TEXT) for symbol in ("host_name", "host_name.new"))
    is_literal = theory.declare("is_literal", ())
    first, first_known = before.fact("first_address"), before.fact("first_address.known")
    new_first, new_known = after.fact("first_address"), after.fact("first_address.known")
    return _compared(
        theory,
        program,
        old,
        new,
        exists([a], before.fact("answer", "a")),
        forall([n], negation(before.fact("owns", "n", "added"))),
        forall([a], equal(after.fact("answer", "a"), disjunction((before.fact("answer", "a"), equal("a", added))))),
        forall([a], implication(before.fact("usable", "a"), after.fact("usable", "a"))),
        forall(
            [a], implication(after.fact("usable", "a"), disjunction((before.fact("usable", "a"), equal("a", added))))
        ),
        implication(negation(is_literal), equal(name, new_name)),
        implication(first_known, new_known),
        implication(
            new_known, disjunction((conjunction((first_known, equal(new_first, first))), equal(new_first, added)))
        ),
    )


def _with_separate_interface(program: Program, parameters: Mapping[str, Value], *, is_empty: bool) -> Query:
    """Return the question whether an added interface changes the decision.

    If `is_empty`, the original host has no interface.
    """
    theory = Theory()
    added = theory.declare("added", (), NIC)
    old = World(
        {"position": "position.old", "at_position": "at_position.old", "best_route": "best_route.old"},
        absent=added,
        is_empty=is_empty,
        parameters=parameters,
    )
    new = World(parameters=parameters)
    before, after = HostTerms(theory, old), HostTerms(theory, new)
    n, m, a, t = ("n", NIC), ("m", NIC), ("a", ADDRESS), ("t", TEXT)
    positions = (
        f"(= (< {after.fact('position', 'n')} {after.fact('position', 'm')}) "
        f"(< {before.fact('position', 'n')} {before.fact('position', 'm')}))"
    )
    others = conjunction((before.is_here("n"), before.is_here("m")))
    return _compared(
        theory,
        program,
        old,
        new,
        forall([a], negation(after.matched(added, "a"))),
        forall([t], negation(after.fact("carries", added, "t"))),
        forall([n], negation(disjunction((after.fact("lower", "n", added), after.fact("lower", added, "n"))))),
        forall([n], negation(disjunction((after.fact("above", "n", added), after.fact("above", added, "n"))))),
        forall([n, m], implication(others, positions)),
        forall([n], equal("n", added)) if is_empty else "true",
    )
