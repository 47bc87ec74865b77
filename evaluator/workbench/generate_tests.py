"""Generates a small set of tests in which every outcome of every rule and clause occurs.

An outcome is "the rule fired", "the rule did not fire", "the clause was true" or "the clause was false", as in the
coverage of tests (`testing/measure_coverage.py`). For each outcome, the smallest host with this outcome is searched
(`verify/bounded.py`). Each rule has its own search, in which only the facts that the rule reads have several values.

One host has many outcomes. The hosts are chosen by the greedy algorithm for set cover: each step chooses the host that
adds the most new outcomes. A later host can make an earlier host redundant. So at the end, each host is removed if the
other chosen hosts have all of its outcomes. Then every test is needed, but another choice of hosts could need fewer
tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from msgspec import Struct

from evaluator.decision.decision import Decision
from evaluator.engine import Policy
from evaluator.facts.link import Link
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.policy.language.checked import AllOf, AnyOf, Condition, Not, walk
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.run.interpret import apply_rule
from evaluator.policy.run.observed import ObservedEnvironment
from evaluator.testing.covered import CoveredPlace, PolicyFile
from evaluator.testing.measure_coverage import CoverageMeter
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.bounded import Check, Example, SmallHost, find_within
from evaluator.verify.distinguish import fired_rules
from evaluator.verify.memory import AnswerKind, Resources, question_of, remembered_work
from evaluator.verify.search import decide_host
from evaluator.verify.searched_policy import SearchedPolicy
from evaluator.verify.space import space_of
from evaluator.workbench.new_case import NewCase, result_of
from evaluator.workbench.small_host_case import small_host_case

_Outcome = tuple[int, bool]  # the id of a clause or rule
_Covered = tuple[str, str, int, bool]  # the place of a rule or clause, its kind and length, and the outcome
DEFAULT_SIZE = 3  # the number of interfaces of a bond with two slaves
_MOST_CALLS = 60_000  # of the search for the outcomes of one rule


class Generated(Struct, frozen=True):
    """Generated tests, and a sentence for each outcome that no searched host has."""

    tests: tuple[NewCase, ...]
    missing: tuple[str, ...]


class _Searched(Struct, frozen=True):
    """The result of the search for the outcomes of one rule.

    `hosts` has the smallest host for each outcome that occurs. All hosts of at most `size` interfaces were searched,
    but not with all values of the words in `left_out`.
    """

    hosts: tuple[AbstractHost, ...]
    size: int
    left_out: tuple[str, ...]


class _Candidate(Struct, frozen=True):
    """A host with its decision, and the outcomes that the decision has."""

    host: AbstractHost
    decision: Decision
    outcomes: frozenset[_Covered]


class _OutcomeName(Struct, frozen=True):
    """An outcome in words: the name of its rule, a title for a test, and a sentence.

    The sentence states that the outcome never occurs, for example "the rule top-of-stack never fires".
    """

    rule: str
    title: str
    never: str


def generate_tests(
    policy: Policy,
    files: Sequence[PolicyFile],
    size: int,
    parameters: Mapping[str, Value],
    resources: Resources,
) -> Generated:
    """Return tests in which the outcomes of all rules and clauses occur, on hosts of at most `size` interfaces.

    `files` are the files of the policy's texts, base first. `parameters` have fixed values. Every other parameter takes
    several values.
    """
    searches = _searches(policy.program, size, parameters, resources)
    searched = {rule.name: one for rule, one in zip(policy.program.rules, searches, strict=True)}
    hosts = {repr(host): host for one in searched.values() for host in one.hosts}  # by their text: a host has mappings
    candidates = [_candidate(policy, files, host) for host in hosts.values()]
    names = _all_outcomes(policy, files)
    chosen = _without_redundant(_greedy_cover(candidates, frozenset(names)), frozenset(names))
    pending = set(names)
    tests: list[NewCase] = []
    for one in chosen:
        new = min(pending & one.outcomes)
        tests.append(_test(policy, one, names[new].title))
        pending -= one.outcomes
    missing = (_missing(names[outcome], searched[names[outcome].rule]) for outcome in sorted(pending))
    return Generated(tuple(tests), tuple(missing))


def _greedy_cover(candidates: Sequence[_Candidate], wanted: frozenset[_Covered]) -> list[_Candidate]:
    """Return some of the candidates. Together they have every wanted outcome that any candidate has."""
    chosen: list[_Candidate] = []
    pending = set(wanted)
    while True:
        best = max(candidates, key=lambda one: len(pending & one.outcomes), default=None)
        if best is None or not pending & best.outcomes:
            return chosen
        chosen.append(best)
        pending -= best.outcomes


def _without_redundant(chosen: Sequence[_Candidate], wanted: frozenset[_Covered]) -> list[_Candidate]:
    """Return the chosen candidates without redundant candidates.

    A candidate is redundant if the other candidates together have all wanted outcomes of this candidate.
    """
    kept = list(chosen)
    for one in chosen:
        others: set[_Covered] = set().union(*(other.outcomes for other in kept if other is not one))
        if one.outcomes & wanted <= others:
            kept.remove(one)
    return kept


def _searches(
    program: Program, size: int, parameters: Mapping[str, Value], resources: Resources
) -> Iterator[_Searched]:
    """Yield the search for the outcomes of each rule. All processors work."""
    compiled = SearchedPolicy(program)
    questions = [question_of("outcomes", program, number, size, parameters) for number in range(len(program.rules))]
    answers = remembered_work(
        resources, questions, AnswerKind(_Searched), lambda number: _search(compiled, number, size, parameters)
    )
    return (searched for searched, _ in answers)


def _search(compiled: CompiledPolicy, number: int, size: int, parameters: Mapping[str, Value]) -> _Searched:
    """Find the smallest host for each outcome of one rule and of its clauses."""
    program = compiled.program
    rule = program.rules[number]
    rules = [rule, *(other for other in program.rules if other.verb.decides)]
    space = space_of([one.condition for one in rules], program.parameters, parameters)
    parts = [id(rule), *(id(clause) for clause in _clauses(rule))]
    checks = [_check(compiled, number, (part, outcome)) for part in parts for outcome in (True, False)]
    examples, reached = find_within(checks, space, size, _MOST_CALLS)
    return _Searched(tuple(example.host for example in examples if example is not None), reached, space.left_out)


def _clauses(rule: Rule) -> Iterator[Condition]:
    for node in walk(rule.condition):
        if isinstance(node, Condition) and not isinstance(node, AllOf | AnyOf | Not):
            yield node


def _check(compiled: CompiledPolicy, number: int, outcome: _Outcome) -> Check:
    def check(host: SmallHost) -> Example | None:
        computed, key = host.facts.choices.computed, ("outcomes", number)
        if key not in computed:
            computed[key] = _observed(compiled, number, host)
        return Example(host.stated()) if outcome in cast("set[_Outcome]", computed[key]) else None

    return check


def _observed(compiled: CompiledPolicy, number: int, host: SmallHost) -> set[_Outcome]:
    """Return the outcomes of one rule and of its clauses for a host."""
    rules = compiled.program.rules
    earlier = sum(rule.verb.decides for rule in rules[:number])
    candidates: tuple[Link, ...] = host.verdict(compiled).trace[1][earlier - 1] if earlier else ()
    observed: set[_Outcome] = set()

    def observe(condition: Condition, is_true: bool) -> None:
        observed.add((id(condition), is_true))

    environment = ObservedEnvironment(host.question, candidates, observe=observe)
    observed.add((id(rules[number]), apply_rule(rules[number], environment).fired))
    return observed


def _candidate(policy: Policy, files: Sequence[PolicyFile], host: AbstractHost) -> _Candidate:
    decision = decide_host(policy, host)
    meter = CoverageMeter(lambda _: tuple(files))
    meter.add(policy.name, policy, decision)
    outcomes = frozenset(
        (place.place, place.kind, place.end, outcome)
        for place in meter.places()
        for outcome, count in ((True, place.true), (False, place.false))
        if count
    )
    return _Candidate(host, decision, outcomes)


def _all_outcomes(policy: Policy, files: Sequence[PolicyFile]) -> Mapping[_Covered, _OutcomeName]:
    """Return the name of each outcome of a policy."""
    meter = CoverageMeter(lambda _: tuple(files))
    meter.add(policy.name, policy, None)
    names: dict[_Covered, _OutcomeName] = {}
    for place in meter.places():
        for outcome in (True, False):
            names.setdefault((place.place, place.kind, place.end, outcome), _name(place, outcome))
    return names


def _name(place: CoveredPlace, outcome: bool) -> _OutcomeName:
    if place.kind == "rule":
        title, never = ("fires", "never fires") if outcome else ("does not fire", "always fires")
        return _OutcomeName(place.rule, f"{place.rule}: {title}", f"the rule {place.rule} {never}")
    clause, value = f"`{' '.join(place.text.split())}`", str(outcome).lower()
    return _OutcomeName(place.rule, f"{place.rule}: {clause} is {value}", f"{clause} in {place.rule} is never {value}")


def _missing(name: _OutcomeName, searched: _Searched) -> str:
    """Return a sentence about an outcome that no searched host has."""
    interfaces = "interface" if searched.size == 1 else "interfaces"
    sentence = f"{name.never} on hosts of at most {searched.size} {interfaces}"
    if not searched.left_out:
        return sentence
    return f"{sentence}; the search did not try all values of these words: {', '.join(searched.left_out)}"


def _test(policy: Policy, candidate: _Candidate, title: str) -> NewCase:
    fired = sorted(fired_rules(candidate.decision))
    want = {**result_of(candidate.decision), **({"fired": fired} if fired else {})}
    return small_host_case(candidate.host, title, want, policy)
