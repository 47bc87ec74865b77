"""Finds the smallest host for each change between two policies.

A change is a transition (another status or interface) or a change of a finding. One search looks for all transitions,
because they depend on the same facts. Each finding has its own search. On each host, this search first evaluates only
the rules that make the finding. If these rules give the same result in both policies, the policies do not decide the
host. This saves time: the search does not try several values for facts that these rules do not read.

A host is returned only if the library confirms it: both policies decide the report of the host, and the two decisions
really have the change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from evaluator.decision.decide import case_of
from evaluator.decision.decision import Decision
from evaluator.engine import Policy
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.policy.language.environment import Environment
from evaluator.policy.run.interpret import apply_rule
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.bounded import Check, Example, Examples, SmallHost, find, find_within
from evaluator.verify.distinguish import reads_candidates
from evaluator.verify.memory import AnswerKind, Resources, question_of, remembered, remembered_work
from evaluator.verify.policy_change import (
    Change,
    ChangedHost,
    FindingChange,
    PolicyAnswer,
    Transition,
    rules_of_finding,
)
from evaluator.verify.policy_pair import PolicyPair
from evaluator.verify.search import Unconfirmed, answer_of, decide_host
from evaluator.verify.searched_policy import SearchedPolicy
from evaluator.verify.space import Space, space_of

_Answer = tuple[str, str | None]  # the status and the interface


class Searched(Struct, frozen=True):
    """The result of a search for one change.

    `example` is the smallest host that shows the change, None without such a host. All hosts of at most `size`
    interfaces were decided. The rules read the words in `words`, but the search did not try all values of these words.
    `is_remembered` is true if an earlier run found the result.
    """

    example: ChangedHost | None
    size: int
    words: tuple[str, ...]
    is_remembered: bool = False


class Policies(Struct, frozen=True):
    """Two compiled policies. `pair` has the names and values of their parameters."""

    old: Policy
    new: Policy
    pair: PolicyPair


class Limits(Struct, frozen=True):
    """The limits of a search.

    Hosts have at most `size` interfaces. The search for the changes of one finding ends after `comparisons`
    comparisons. One comparison checks whether one host shows one change.
    """

    size: int
    comparisons: int


class _Found(Struct, frozen=True):
    """The hosts that a search found for some changes. All hosts of at most `size` interfaces were decided."""

    hosts: tuple[AbstractHost | None, ...]
    size: int
    words: tuple[str, ...]


def search_changes(
    policies: Policies, changes: Sequence[Change], limits: Limits, resources: Resources
) -> Iterator[Searched]:
    """Yield the result of the search for each change.

    In `changes`, all changes of one finding must be next to each other, because the search tests them together. Raises
    Unconfirmed if the search found a host for a change, but the decisions of the library do not have this change.
    """
    transitions = tuple(change for change in changes if isinstance(change, Transition))
    findings = [change for change in changes if isinstance(change, FindingChange)]
    if transitions:
        yield from _searched(policies, transitions, _transitions(policies, transitions, limits.size, resources))
    groups = [tuple(group) for _, group in groupby(findings, lambda change: change.key)]
    for group, answer in zip(groups, _findings(policies, groups, limits, resources), strict=True):
        yield from _searched(policies, group, answer)


def _searched(policies: Policies, changes: Sequence[Change], answer: tuple[_Found, bool]) -> Iterator[Searched]:
    """Yield the result for each change. If the search found a host, the library confirms the host first."""
    found, is_remembered = answer
    for change, host in zip(changes, found.hosts, strict=True):
        example = None if host is None else _confirmed(policies, change, host)
        yield Searched(example, found.size, found.words, is_remembered)


def _is_confirmed(policies: Policies, changes: Sequence[Change], found: _Found) -> bool:
    try:
        return len(list(_searched(policies, changes, (found, True)))) == len(changes)
    except Unconfirmed:
        return False


def _transitions(
    policies: Policies, changes: Sequence[Transition], size: int, resources: Resources
) -> tuple[_Found, bool]:
    """Search all transitions together. Return the hosts that were found, and whether they were remembered."""
    pair = policies.pair

    def compute(numbers: Sequence[int]) -> Iterator[tuple[int, _Found]]:
        for number in numbers:
            space = _space(pair, ())
            compiled = SearchedPolicy(pair.old), SearchedPolicy(pair.new)
            checks = [partial(_check, change, *compiled) for change in changes]
            yield number, _found(find(checks, space, size, resources.progress), size, space)

    kind = AnswerKind(_Found, is_confirmed=lambda _, found: _is_confirmed(policies, changes, found))
    question = question_of("transitions", pair, changes, size)
    (answer,) = remembered(resources.memory, [question], kind, compute)
    return answer


def _findings(
    policies: Policies, groups: Sequence[Sequence[FindingChange]], limits: Limits, resources: Resources
) -> Iterator[tuple[_Found, bool]]:
    """Yield for each finding the smallest hosts, one host for each change. All processors share the work."""
    pair = policies.pair
    kind = AnswerKind(_Found, is_confirmed=lambda number, found: _is_confirmed(policies, groups[number], found))
    questions = [question_of("findings", pair, group, limits) for group in groups]
    return remembered_work(resources, questions, kind, lambda number: _finding(pair, groups[number], limits))


def _found(examples: Examples, size: int, space: Space) -> _Found:
    return _Found(tuple(None if one is None else one.host for one in examples), size, space.left_out)


def _space(pair: PolicyPair, findings: Sequence[FindingChange]) -> Space:
    """Return the values that facts have in a search.

    They depend on the deciding rules of both policies, and on the rules that make the findings of the changes.
    """
    conditions = [rule.condition for program in (pair.old, pair.new) for rule in program.rules if rule.verb.decides]
    for key in dict.fromkeys(change.key for change in findings):
        rules = (rule for program in (pair.old, pair.new) for _, rule in rules_of_finding(program, key))
        conditions.extend(rule.condition for rule in rules)
    return space_of(conditions, pair.parameters, pair.fixed)


def _check(change: Transition, old: CompiledPolicy, new: CompiledPolicy, host: SmallHost) -> Example | None:
    is_changed = _is_transition(change, answer_of(host.verdict(old)), answer_of(host.verdict(new)))
    return Example(host.stated()) if is_changed else None


def _is_transition(change: Transition, old: _Answer, new: _Answer) -> bool:
    return (old[0], new[0]) == (change.old, change.new) and old != new


def _finding(pair: PolicyPair, changes: Sequence[FindingChange], limits: Limits) -> _Found:
    space = _space(pair, changes)
    sides = _Side(SearchedPolicy(pair.old), changes[0]), _Side(SearchedPolicy(pair.new), changes[0])
    checks: list[Check] = [partial(_check_finding, change, *sides) for change in changes]
    examples, searched = find_within(checks, space, limits.size, limits.comparisons)
    return _found(examples, searched, space)


class _Side:
    """The rules of one policy that make a finding."""

    def __init__(self, compiled: CompiledPolicy, change: FindingChange) -> None:
        self.compiled = compiled
        self._rules = [
            (rule, sum(one.verb.decides for one in compiled.program.rules[:number]))
            for number, rule in rules_of_finding(compiled.program, change.key)
        ]

    def subjects(self, host: SmallHost) -> frozenset[str]:
        """Return the interfaces that have the finding. If the finding has no interface, the name is empty."""
        key = id(self), id(host.question)
        computed = host.facts.choices.computed
        if key not in computed:
            computed[key] = frozenset(self._subjects(host))
        return cast("frozenset[str]", computed[key])

    def _subjects(self, host: SmallHost) -> Iterator[str]:
        for rule, earlier in self._rules:
            needs_candidates = earlier and reads_candidates(rule)
            candidates = host.verdict(self.compiled).trace[1][earlier - 1] if needs_candidates else ()
            result = apply_rule(rule, Environment(host.question, candidates))
            if rule.has_subject:
                yield from (nic.name for nic in result.hits)
            elif result.fired:
                yield ""


def _check_finding(change: FindingChange, old: _Side, new: _Side, host: SmallHost) -> Example | None:
    if not _only(change, old.subjects(host), new.subjects(host)):
        return None
    is_same = answer_of(host.verdict(old.compiled)) == answer_of(host.verdict(new.compiled))
    return Example(host.stated()) if is_same else None


def _only(change: FindingChange, old: frozenset[str], new: frozenset[str]) -> frozenset[str]:
    """Return the interfaces that have the finding only in `new`, or only in `old` if the change removes the finding."""
    return new - old if change.appears else old - new


def _confirmed(policies: Policies, change: Change, host: AbstractHost) -> ChangedHost:
    """Return the host with the decisions of the library. Raises Unconfirmed if the change is not in the decisions."""
    pair = policies.pair
    values = pair.of_old(host.parameters), pair.of_new(host.parameters)
    of_old, of_new = (replace(host, parameters=own) for own in values)
    old, new = decide_host(policies.old, of_old), decide_host(policies.new, of_new)
    answers = _answer(old), _answer(new)
    subjects: frozenset[str] = frozenset()
    if isinstance(change, Transition):
        is_confirmed = _is_transition(change, *answers)
    else:
        subjects = _only(change, _subjects_of(old, change), _subjects_of(new, change))
        is_confirmed = answers[0] == answers[1] and bool(subjects)
    if not is_confirmed:
        raise Unconfirmed(f"the library does not confirm the change {change} of the host {host}")
    before, after = (PolicyAnswer(*answer, own) for answer, own in zip(answers, values, strict=True))
    return ChangedHost(of_new, before, after, tuple(sorted(subjects - {""})))


def _answer(decision: Decision) -> _Answer:
    return str(decision.status), decision.host_active_nic


def _subjects_of(decision: Decision, change: FindingChange) -> frozenset[str]:
    """Return the interfaces that have the finding of `change` in a decision.

    If the finding has no interface, the name is empty.
    """
    names: set[str] = set()
    for rule, step in zip(case_of(decision).program.rules, decision.trace, strict=True):
        if (rule.code, rule.severity) == change.key and step.fired:
            names.update(step.hits if rule.has_subject else ("",))
    return frozenset(names)
