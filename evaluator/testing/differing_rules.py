"""Finds the rules that cause the difference between the expected and the actual result of a failing test.

**Idea.** Each rule is tried. The reference interpreter decides the case again, but reverses the result of this one rule
for one interface. For example, if the rule discarded `eth0`, it does not discard `eth0` in the trial. All other rules
are evaluated as usual. If the new decision is the expected decision, the rule causes the difference.

If the rule has no subject, its condition has one result for the whole decision, and this result is reversed. If it is
not enough to reverse the result for one interface, the results for several interfaces are reversed together.

The rules that cause the difference come first in the returned list. Then the list has rules that probably cause the
difference, but this is not verified: rules that removed an expected interface, did not match an expected interface, or
matched an unexpected interface.

**Limits.** A host can have thousands of interfaces. So at most eight interfaces are tried (`_names`), and the search
ends after a fixed number of evaluations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from evaluator.base.diagnostic import PolicyError
from evaluator.base.status import NAMING, Status
from evaluator.base.text import visible
from evaluator.decision.decide import Case, case_of
from evaluator.decision.decision import Decision
from evaluator.decision.trace import Reason
from evaluator.facts.link import Link
from evaluator.policy.language.environment import Environment, Question
from evaluator.policy.language.program import Rule
from evaluator.policy.language.verbs import Effect
from evaluator.policy.run.clause import ClauseFinder
from evaluator.policy.run.interpret import RuleResult, apply_rule, candidates_after, results_of, subjects
from evaluator.policy.run.verdict import status_of
from evaluator.testing.case_file import Expected
from evaluator.testing.outcome import DifferingRule

_MOST_RULES = 3
_MOST_INTERFACES = 8
_MOST_EVALUATIONS = 200_000


class _Flip(Struct, frozen=True):
    """A rule whose result is reversed for some interfaces. If the rule has no subject, its only result is reversed."""

    number: int
    names: tuple[str, ...] = ()


def differing_rules(expected: Expected, decision: Decision) -> tuple[DifferingRule, ...]:
    """Return the rules that explain why the decision is not the expected result, at most three.

    If no rule can explain the difference, the result is empty. For example, the expected interface does not exist, or
    the difference is in the owners or in findings that do not come from rules.
    """
    search = _Search(case_of(decision), expected, decision)
    rules: dict[str, DifferingRule] = {}
    for rule in (*search.verified(), *search.involved()):
        rules.setdefault(rule.reason.rule, rule)
    return tuple(rules.values())[:_MOST_RULES]


class _Search:
    """The search for one failing test."""

    def __init__(self, case: Case, expected: Expected, decision: Decision) -> None:
        self._expected = expected
        self._decision = decision
        self._question = case.question()
        self._rules = tuple(rule for rule in case.program.rules if rule.verb.decides or self._needs(rule))
        self._codes = {rule.code for rule in self._rules if rule.code}
        self._costs = case.compiled.costs
        self._results = tuple(results_of(self._rules, self._question, self._costs.budget(self._question)))
        self._links = case.report.facts.by_name

    def _needs(self, rule: Rule) -> bool:
        """Return whether the expected result can depend on a `warn` rule."""
        expected = self._expected
        return (
            expected.all_findings is not None
            or rule.code in expected.has_findings
            or rule.name in (*expected.fired, *expected.silent)
        )

    def verified(self) -> tuple[DifferingRule, ...]:
        """Return the rules whose opposite result gives the expected decision, from the last rule to the first rule."""
        if self._is_expected(self._results):
            return ()
        work = len(self._rules) * max(len(self._links), 1)
        rules: dict[int, DifferingRule] = {}
        for flip in list(self._flips())[: max(_MOST_EVALUATIONS // work, 1)]:
            if flip.number in rules or len(rules) == _MOST_RULES:
                continue
            results = self._decided_again(flip)
            if results and self._is_expected(results):
                rules[flip.number] = self._rule(flip.number, flip.names, _short(self._question, results))
        return tuple(rules.values())

    def involved(self) -> tuple[DifferingRule, ...]:
        """Return the rules that excluded an expected interface or matched an unexpected interface."""
        if self._is_expected(self._results):
            return ()
        pairs = dict.fromkeys(self._deciding())
        return tuple(self._rule(number, names) for number, names in list(pairs)[:_MOST_RULES])

    def _flips(self) -> Iterator[_Flip]:
        """Yield the rules to reverse (flips): first for single interfaces, then for several interfaces together."""
        numbers = range(len(self._rules) - 1, -1, -1)
        names = self._names()
        for number in numbers:
            if not self._rules[number].has_subject:
                yield _Flip(number)
            judged = self._judged(number)
            yield from (_Flip(number, (name,)) for name in names if name in judged)
        for number in numbers:
            together = tuple(name for name in names if name in self._judged(number))
            hits = _names(self._results[number].hits)
            misses = tuple(name for name in together if name not in hits)
            yield from (_Flip(number, group) for group in (hits, misses, together) if len(group) > 1)

    def _judged(self, number: int) -> set[str]:
        """Return the names of the interfaces for which a rule was evaluated."""
        rule = self._rules[number]
        environment = Environment(self._question, self._results[number].before)
        return {link.name for link in subjects(rule, environment)} if rule.has_subject else set()

    def _names(self) -> tuple[str, ...]:
        """Return the interfaces to try.

        The order is: the expected interfaces, the candidates, the interfaces for which a `reject` or `warn` rule is
        true, the owners.
        """
        hits = (link.name for result in self._results for link in result.hits if not result.rule.verb.chooses)
        names = dict.fromkeys((*self._wanted(), *self._decision.candidates, *hits, *self._decision.owners))
        if not names:
            names = dict.fromkeys(self._links)
        return tuple(name for name in names if name in self._links)[:_MOST_INTERFACES]

    def _wanted(self) -> tuple[str, ...]:
        """Return the candidates that the test expects."""
        expected = self._expected
        name = () if expected.host_active_nic is None else (expected.host_active_nic,)
        return (*name, *(expected.candidates or ()))

    def _decided_again(self, flip: _Flip) -> tuple[RuleResult, ...]:
        """Return the results of all rules if one rule has the opposite result; empty if this evaluation is too long."""
        results = list(self._results[: flip.number])
        result = self._results[flip.number]
        flipped = _flipped(result, Environment(self._question, result.before), flip.names)
        results.append(flipped)
        budget = self._costs.budget(self._question)
        candidates = flipped.after
        try:
            for rule in self._rules[flip.number + 1 :]:
                if budget is not None:
                    budget.charge(rule, len(candidates))
                results.append(apply_rule(rule, Environment(self._question, candidates)))
                candidates = results[-1].after
        except PolicyError:
            return ()
        return tuple(results)

    def _is_expected(self, results: Sequence[RuleResult]) -> bool:
        """Return whether all parts of the result that depend on rules are as expected."""
        expected = self._expected
        status, candidates = status_of(self._question, results), _names(results[-1].after)
        fired = {result.rule.name for result in results if result.fired}
        codes = {result.rule.code for result in results if result.fired and result.rule.code}
        all_codes = None if expected.all_findings is None else self._codes.intersection(expected.all_findings)
        return (
            expected.status == status
            and (not expected.names_interface or expected.host_active_nic == _named(status, candidates))
            and (expected.candidates is None or tuple(sorted(set(expected.candidates))) == candidates)
            and fired.issuperset(expected.fired)
            and fired.isdisjoint(expected.silent)
            and codes.issuperset(self._codes.intersection(expected.has_findings))
            and (all_codes is None or codes == all_codes)
        )

    def _deciding(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the index of each rule that decided, and the interface about which the rule decided.

        If the rule has no subject, the result has no interface.
        """
        wanted, candidates = self._wanted(), self._decision.candidates
        for name in wanted:
            if name in self._links and name not in candidates:
                yield from self._against(name)
        if wanted or self._expected.status in (Status.NO_MATCH, Status.UNKNOWN_HOST):
            for name in candidates:
                if name not in wanted:
                    yield from ((at, (name,)) for at in self._with_effect(Effect.ADD) if self._is_hit(at, name))
        for at, result in enumerate(self._results):
            names = _names(result.hits)[:1]
            if result.rule.name in self._expected.silent and result.fired:
                yield at, names
            elif result.rule.name in self._expected.fired and not result.fired:
                yield at, tuple(name for name in self._names() if name in self._judged(at))[:1]

    def _against(self, name: str) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the last rule that removed an interface.

        Without such a rule, yield the rules that did not match the interface.
        """
        removing = [at for at, result in enumerate(self._results) if name in _removed(result)]
        yield from ((at, (name,)) for at in removing[-1:] or self._with_effect(Effect.ADD))

    def _with_effect(self, effect: Effect) -> Iterator[int]:
        return (at for at, rule in enumerate(self._rules) if rule.verb.effect is effect)

    def _is_hit(self, number: int, name: str) -> bool:
        return any(link.name == name for link in self._results[number].hits)

    def _rule(self, number: int, names: tuple[str, ...], otherwise: str = "") -> DifferingRule:
        """Return a rule with the reason for its result. The reason is about the first interface in `names`.

        If the rule has a subject and `names` is empty, the reason is "no interface was evaluated".
        """
        rule, result = self._rules[number], self._results[number]
        if rule.has_subject and not names:
            return DifferingRule(Reason(rule.name, rule.verb_name, rule.place, None, "no interface was evaluated"), ())
        finder = ClauseFinder(Environment(self._question, result.before))
        found = finder.deciding_clause(rule.condition, {"nic": self._links[names[0]]} if names else {})
        effect = _effect(rule, result, found.held)
        reason = Reason(rule.name, rule.verb_name, rule.place, found.held, effect, found.clause, found.seen)
        return DifferingRule(reason, names, otherwise)


def _flipped(result: RuleResult, environment: Environment, names: Iterable[str]) -> RuleResult:
    """Return the result of a rule with the opposite outcome for these interfaces.

    A rule without a subject has one outcome, so its outcome is reversed.
    """
    rule = result.rule
    if not rule.has_subject:
        return RuleResult(rule, result.before, result.after, (), not result.fired)
    changed = {link.name for link in result.hits}.symmetric_difference(names)
    hits = tuple(link for link in subjects(rule, environment) if link.name in changed)
    return RuleResult(rule, result.before, candidates_after(rule.verb.effect, environment, hits), hits, bool(hits))


def _effect(rule: Rule, result: RuleResult, held: bool) -> str:
    verb = rule.verb
    if held:
        return verb.held
    return verb.failed if result.fired or not verb.unused else verb.unused


def _removed(result: RuleResult) -> set[str]:
    return {link.name for link in result.before} - {link.name for link in result.after}


def _names(links: Iterable[Link]) -> tuple[str, ...]:
    return tuple(link.name for link in links)


def _named(status: Status, candidates: tuple[str, ...]) -> str | None:
    return candidates[0] if status in NAMING else None


def _short(question: Question, results: Sequence[RuleResult]) -> str:
    """Return a decision in a few words: the status, the interface, the codes of the rules that fired."""
    status, candidates = status_of(question, results), _names(results[-1].after)
    name = _named(status, candidates)
    codes = ", ".join(sorted({result.rule.code for result in results if result.fired and result.rule.code}))
    return str(status) + ("" if name is None else f" {visible(name)}") + (f" ({codes})" if codes else "")
