"""Decisions by the formulas of the solver, by the interpreter and by the compiled rules: all three must be equal.

Each case is a random policy and a random host: a report of any format, with cycles, missing names and contradictions,
or an empty report. The formulas are evaluated for this host (`ground.py`). The interfaces for which each rule is true,
the candidates after it, the status and the interface must be those that the interpreter computes. No other status and
no other interface may be possible, and every law and axiom must be true.

    python -m tests.verify.ground_decisions --cases 100000 --seed 7
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import yaml

import evaluator
from evaluator import HostAddresses, PolicyError
from evaluator.base.diagnostic import Severity
from evaluator.base.source import Source
from evaluator.facts.address import parse_address, parse_cidr
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.policy.language.checked import Condition, InState, Read, Related, Variable, walk
from evaluator.policy.language.environment import Environment, Question, Value
from evaluator.policy.language.program import Program
from evaluator.policy.language.verbs import Effect
from evaluator.policy.load import read_program
from evaluator.policy.run.interpret import RuleResult, holds, results_of
from evaluator.policy.run.verdict import status_of
from evaluator.verify.encode import Encoder, Outcome
from evaluator.verify.host_terms import Term, World
from evaluator.verify.smt import Formula
from evaluator.verify.solver import Answer, ask
from evaluator.verify.theory import Theory
from evaluator.verify.translate import Scope, Translator
from tests.equality import policy as table_policy
from tests.equality import seeded_case
from tests.support.captured import CAPTURES
from tests.support.random_conditions import NAMED, PARAMETERS, condition_with, random_condition
from tests.support.random_policies import CHOOSERS, OWNERS
from tests.verify.ground import Clause, Evaluated, GroundPolicy, Sentences, asserted, table
from tests.verify.host_symbols import HostSymbols

SHIPPED = ("strict", "ovirt-engine", "keep-management", "last-client-iface", "route-to-engine")
STATUSES = ("resolved", "rejected", "ambiguous", "no_match", "unknown_host")
EMPTY: tuple[Any, ...] = (
    {"nics": {}, "vlans": {}, "bondings": {}, "bridges": {}, "networks": {}},
    [],
    {"interfaces": []},
    {"ansible_facts": {"ansible_interfaces": [], "ansible_all_ipv4_addresses": []}},
)
VALUES: Mapping[str, tuple[Value, ...]] = {
    "net": ("ovirtmgmt", "b*"),
    "alias": (None, "uplink A"),
    "limit": (0, 1, 24),
    "maybe": (None, None, 0, 5),
    "sure": (False, True),
    "peer": (parse_address("10.0.0.1"), parse_address("2001:db8::2")),
    "site": (parse_cidr("10.0.0.0/8"), parse_cidr("2001:db8::/64")),
    "nets": ((), ("storage", "bond?")),
    "numbers": ((), (2, 1500)),
    "peers": ((), (parse_address("10.0.1.2"),)),
    "wide": ((), (parse_cidr("0.0.0.0/0"),)),
    "engine_address": (parse_address("10.0.1.9"), parse_address("10.0.0.1")),
}
_QUESTIONS = 6  # about one report
_LAWS = 0.1  # the share of the cases in which the laws and the axioms are evaluated too
_GIVEN = 0.2  # the share of the cases whose parameters are literals in the formulas
_MOST_LINKS = 12  # of a captured report
_EFFORT = 15_000
_INVALID = {"BAD_LITERAL", "RULE_TOO_DEEP", "RULE_TOO_LONG"}  # mistakes that random policies can have


@dataclass(frozen=True)
class Encoded:
    """The formulas of one policy as a Python function, and the conditions that replace clauses without translation."""

    ground: GroundPolicy
    clauses: Mapping[str, tuple[Condition, tuple[tuple[str, Term], ...]]]
    untranslated: frozenset[str]
    orders: int


class _Recorder(Translator):
    """A translator that records which condition each new relation replaces, and the candidates there."""

    def __init__(self, theory: Theory, world: World) -> None:
        super().__init__(theory, world)
        self.replaced: dict[str, tuple[Condition, Scope]] = {}

    def _abstracted(self, node: Condition, scope: Scope) -> Formula:
        formula = super()._abstracted(node, scope)
        self.replaced.setdefault(formula.strip("()").split()[0], (node, scope))
        return formula


@cache
def is_impossible(script: str) -> bool:
    """Return whether a relation is an order; the scripts of one policy are asked of the solver once."""
    return ask(script, 5, _EFFORT) is Answer.IMPOSSIBLE


# -- policies


@cache
def program(number: int) -> Program:
    """Return a policy: the shipped ones, then policies of conditions of a table, and of random conditions."""
    if number < len(SHIPPED):
        return evaluator.load_policy(SHIPPED[number]).program
    if number % 3 == 0:
        return table_policy(number)[0].program
    rng, feature = random.Random(number), number // 3 * 2 + number % 3
    while True:
        document = _document(rng, condition_with(rng, feature))
        try:
            return read_program(Source("tried", yaml.safe_dump(document, width=10_000, sort_keys=False)))
        except PolicyError as error:
            errors = (problem for problem in error.diagnostics if problem.severity is Severity.ERROR)
            if not {problem.code for problem in errors} <= _INVALID:
                raise


def _document(rng: random.Random, condition: str) -> Mapping[str, Any]:
    """Return a policy as YAML data, with a rule that has a condition; a third of them extends a shipped policy."""
    certain = {"name": "certain", "rule": f"{rng.choice(CHOOSERS)} nic when {condition}"}
    if rng.random() < 0.33:
        base = evaluator.load_policy(rng.choice(("strict", "ovirt-engine", "keep-management"))).program
        names = [rule.name for rule in base.rules if rule.verb.decides][1:]
        replaced, removed, anchor = rng.sample(names, 3)
        rules: list[dict[str, Any]] = [certain, {**_rule(rng, "new"), "after": anchor}]
        rules += [{**_rule(rng, replaced), "replace": True}]
        rules += [{"remove": removed}] * (rng.random() < 0.5)
        return {"policy": "tried", "extends": base.name, "parameters": PARAMETERS, "conditions": NAMED, "rules": rules}
    rules = [certain, *(_rule(rng, f"r{number}") for number in range(rng.randint(1, 4)))]
    verb, condition = OWNERS if rng.random() < 0.7 else ("match nic", random_condition(rng, 1, is_of_nic=True))
    first = {"name": "first", "rule": f"{verb} when {condition}"}
    return {"policy": "tried", "parameters": PARAMETERS, "conditions": NAMED, "rules": [first, *rules]}


def _rule(rng: random.Random, name: str) -> dict[str, Any]:
    verb = rng.choice((*(f"{verb} nic" for verb in (*CHOOSERS, "discard", "prefer", "reject")), "ambiguous"))
    condition = random_condition(rng, rng.choice((0, 1, 2, 2, 3)), is_of_nic="nic" in verb)
    judged = {} if verb.split()[0] in CHOOSERS else {"code": "CODE", "message": "said"}
    return {"name": name, "rule": f"{verb} when {condition}", **judged}


def parameters(rng: random.Random, decided: Program) -> dict[str, Value]:
    """Return values for the parameters: half of the time the defaults."""
    values: dict[str, Value] = {}
    for one in decided.parameters:
        is_default = rng.random() < 0.5 and not one.is_required
        values[one.name] = one.default if is_default else rng.choice(VALUES.get(one.name, (one.default,)))
    return values


@cache
def compiled(number: int) -> CompiledPolicy:
    """Return the compiled rules of a policy."""
    return CompiledPolicy(program(number))


@cache
def fixed_parameters(number: int) -> Mapping[str, Value]:
    """Return the parameters that are given for a policy in some of the cases."""
    return parameters(random.Random(number), program(number))


@cache
def encoded(number: int, *, is_empty: bool, is_given: bool) -> Encoded:
    """Return the formulas of a policy whose parameters are given, or free constants."""
    given = fixed_parameters(number) if is_given else {}
    return encode(program(number), World(is_empty=is_empty, parameters=given))


def encode(decided: Program, world: World) -> Encoded:
    """Return the formulas of a policy."""
    theory = Theory()
    translator = _Recorder(theory, world)
    encoder = Encoder(translator, is_impossible)
    outcome = encoder.outcome(decided)
    laws = [law.formula for law in theory.laws]
    axioms = [text for text in _axioms(theory, outcome) if text not in laws]
    relations = {one.part: _applied(one.name, one.arity) for one in outcome.relations}
    relations["candidates"] = 1, outcome.candidates("x")
    relations["known"] = 0, outcome.answer.known
    clauses = {
        symbol: Clause(symbol, len(_variables_of(node, scope)), scope.candidates("x"))
        for symbol, (node, scope) in translator.replaced.items()
    }
    sentences = Sentences(axioms, laws, relations, outcome.answer.text, outcome.status, clauses)
    conditions = {symbol: (node, _variables_of(node, scope)) for symbol, (node, scope) in translator.replaced.items()}
    return Encoded(GroundPolicy(sentences), conditions, frozenset(translator.untranslated), len(encoder.orders))


def _axioms(theory: Theory, outcome: Outcome) -> list[str]:
    """Return all axioms of a policy: those of a question that uses all its relations, without the question."""
    uses = [outcome.answer.text, *(relation.name for relation in outcome.relations)]
    question = (f"(= {outcome.status} |text:resolved|)", outcome.answer.known, f"(used {' '.join(uses)})")
    return asserted(theory.script(*question))[: -len(question)]


def _applied(name: str, arity: int) -> tuple[int, str]:
    return arity, f"({' '.join((name, *('x', 'y')[:arity]))})" if arity else name


def _variables_of(node: Condition, scope: Scope) -> tuple[tuple[str, Term], ...]:
    """Return the arguments of the relation that replaces a clause: its variables that have a value, sorted."""
    names = {part.name for part in walk(node) if isinstance(part, Variable)}
    return tuple((name, scope.variables[name]) for name in sorted(names & set(scope.variables)))


# -- hosts


@cache
def _captures() -> tuple[str, ...]:
    texts = [file.read_text(encoding="utf-8") for file in sorted(CAPTURES.glob("*/*/*.json"))]
    reports = []
    for text in texts:
        try:
            if len(evaluator.read_report(text).facts.links) <= _MOST_LINKS:
                reports.append(text)
        except evaluator.ReportError:
            continue
    return tuple(reports)


def report_of(rng: random.Random) -> evaluator.Report:
    """Return a random report, a captured one, or an empty one."""
    kind = rng.random()
    if kind < 0.04:
        return evaluator.read_report(json.dumps(rng.choice(EMPTY)))
    return evaluator.read_report(rng.choice(_captures()) if kind < 0.12 else seeded_case(rng).text)


def host_of(rng: random.Random, report: evaluator.Report) -> HostAddresses:
    """Return host addresses: most of them are owned by an interface of the report."""
    owned = [str(address) for link in report.facts.links for address in link.addresses]
    pool = [*owned * 2, "10.0.0.1", "10.0.1.2", "2001:db8::1", "203.0.113.9", "127.0.0.1", "fe80::1"]
    chosen = dict.fromkeys(rng.sample(pool, rng.choice((0, 1, 1, 1, 2, 2, 3))))
    name = rng.choice((None, None, None, "node7.example.org"))
    return HostAddresses.of(*chosen, name=name, complete=name is None or rng.random() < 0.8)


# -- comparison


def evaluated(policy: Encoded, question: Question, answer: int, seed: int) -> Evaluated:
    """Return the values of the formulas of a policy for a host."""
    symbols = HostSymbols(question, seed)
    domains = symbols.domains(policy.ground.literals, policy.ground.integers)

    def clause(symbol: str, candidates: Callable[[], Sequence[int]]) -> Any:
        node, variables = policy.clauses[symbol]
        links = tuple(symbols.links[at] for at in candidates() if symbols.links)

        def holds_for(*elements: Any) -> bool:
            bound = {
                name: symbols.element(term.base, one) for (name, term), one in zip(variables, elements, strict=True)
            }
            try:
                return holds(node, Environment(question, links), bound)
            except (TypeError, AttributeError):  # an unknown value, or the interface that stands for none
                return False

        return table(len(variables), holds_for)

    return policy.ground.evaluate(domains, symbols.value_of, clause, answer)


def steps_of(decided: Program, question: Question) -> Sequence[RuleResult]:
    """Return the results of the interpreter, without a step budget, because all hosts are small."""
    return tuple(results_of(decided.rules, question, None))


def difference(policy: Encoded, steps: Sequence[RuleResult], question: Question, seed: int, *, with_laws: bool) -> str:
    """Return how the formulas differ from the results of the interpreter; an empty text if they are equal."""
    status, candidates = str(status_of(question, steps)), steps[-1].after
    is_named = status in ("resolved", "rejected")
    index = {link.name: at for at, link in enumerate(question.facts.links)}
    answer = index[candidates[0].name] if is_named else 0
    values = evaluated(policy, question, answer, seed)
    for part, links in {**_relations_of(steps), "candidates": candidates}.items():
        found = [at for at in range(len(index)) if values.relations[part][at]]
        if found != [index[link.name] for link in links]:
            return f"{part}: {found}, not {[link.name for link in links]}"
    if values.relations["known"] is not is_named:
        return "the interface is known"
    statuses = [one for one in STATUSES if values.about_status(one)]
    if statuses != [status]:
        return f"possible statuses: {statuses}, not {status}"
    answers = [at for at in range(len(index)) if values.about_answer(at)]
    if is_named and answers != [answer]:
        return f"possible interfaces: {answers}, not {answer}"
    if with_laws and (broken := [*values.laws(), *values.axioms()]):
        return f"false: {broken}"
    return ""


def _relations_of(steps: Sequence[RuleResult]) -> dict[str, Sequence[Any]]:
    """Return the hits of each rule and the candidates after it, by the names of the relations."""
    relations: dict[str, Sequence[Any]] = {}
    for step in steps:
        if step.rule.verb.decides and step.rule.has_subject:
            relations[f"rule_{step.rule.name}"] = step.hits
            if step.rule.verb.effect is not Effect.REJECT:
                relations[f"after_{step.rule.name}"] = step.after
    return relations


def compiled_difference(rules: CompiledPolicy, steps: Sequence[RuleResult], question: Question) -> str:
    """Return how the compiled rules differ from the results of the interpreter; an empty text if they are equal."""
    verdict = rules.decide(question)
    deciding = [step for step in steps if step.rule.verb.decides]
    results = tuple(step.hits if step.rule.has_subject else step.fired for step in deciding)
    expected = status_of(question, steps), steps[-1].after, (results, tuple(step.after for step in deciding))
    actual = verdict.status, verdict.candidates, verdict.trace
    return "" if actual == expected else f"compiled: {actual}, not {expected}"


class Case(NamedTuple):
    """One decision: the number of the policy, whether its parameters are given in the formulas, and the question."""

    policy: int
    is_given: bool
    report: evaluator.Report
    question: Question


def cases(rng: random.Random, number: int, policies: int) -> Iterator[Case]:
    """Yield random cases, several for each report."""
    while number:
        report = report_of(rng)
        host = host_of(rng, report)
        for _ in range(min(_QUESTIONS, number)):
            chosen, is_given = rng.randrange(len(SHIPPED) if rng.random() < 0.2 else policies), rng.random() < _GIVEN
            values = fixed_parameters(chosen) if is_given else parameters(rng, program(chosen))
            yield Case(chosen, is_given, report, Question(report.facts, host, values))
            number -= 1


def compare(seed: int, number: int, policies: int) -> Counter[str]:
    """Return how often each part of the language was met. Raises AssertionError with the first case that differs."""
    rng, met = random.Random(seed), Counter[str]()
    for at, (chosen, is_given, report, question) in enumerate(cases(rng, number, policies)):
        decided = program(chosen)
        policy = encoded(chosen, is_empty=not report.facts.links, is_given=is_given)
        where = f"seed {seed}, case {at}, policy {chosen}: {decided.text}\n{report!r}\n{question.host!r}"
        steps = steps_of(decided, question)
        problem = difference(policy, steps, question, at, with_laws=rng.random() < _LAWS)
        problem = problem or compiled_difference(compiled(chosen), steps, question)
        assert not problem, f"{problem}\n{where}"
        met.update(_met(chosen))
        met[f"report {report.format}"] += 1
        met[f"status {status_of(question, steps)}"] += 1
        met["empty reports"] += not report.facts.links
        met["cycles"] += any(
            link.name in question.facts._reachable_below(link.name) for link in report.facts.links if link.lowers.names
        )
        met["orders"] += bool(policy.orders)
        met["decisions with an untranslated clause"] += bool(policy.untranslated)
        met["given parameters"] += is_given
        met["decisions"] += 1
    return met


@cache
def _met(number: int) -> tuple[str, ...]:
    """Return the verbs, words, states and relations in the deciding rules of a policy."""
    rules = [rule for rule in program(number).rules if rule.verb.decides]
    parts = {f"verb {rule.verb_name}" for rule in rules}
    for node in (node for rule in rules for node in walk(rule.condition)):
        parts.add(f"part {type(node).__name__}")
        if isinstance(node, Read):
            parts.add(f"word {node.word.shown}")
        elif isinstance(node, InState):
            parts.add(f"state {node.state.shown}")
        elif isinstance(node, Related):
            parts.add(f"relation {node.relation}")
    return tuple(parts)


def main() -> None:
    """Compare many decisions, and print what was met."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--policies", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    met = compare(options.seed, options.cases, options.policies)
    print("\n".join(f"{count:>9} {name}" for name, count in sorted(met.items())))


if __name__ == "__main__":
    main()
