"""Explain a decision: for every interface and every rule, the clause that decided and the values in the clause.

Compiled rules made the decision, and compiled rules do not record reasons. An explanation runs the conditions again
with the reference interpreter, on the same input. For each interface, the interpreter must give the same result as the
compiled rule. Otherwise an AssertionError is raised. So an explanation always explains the decision that was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.finding import FindingCode
from evaluator.base.lazy_import import lazy_module
from evaluator.base.status import NAMING, Status
from evaluator.decision.decide import Case
from evaluator.decision.decision import Decision, Explanation, Selection
from evaluator.decision.trace import AnswerOutcome, InterfaceReasons, Reason
from evaluator.explain.near_miss import NearMisses
from evaluator.explain.summary import RuleResults, outcome, summary
from evaluator.facts.address import Address
from evaluator.facts.link import Link
from evaluator.policy.language.environment import Environment, Question
from evaluator.policy.language.program import Rule
from evaluator.policy.run.clause import ClauseFinder
from evaluator.policy.run.interpret import subjects
from evaluator.policy.run.verdict import Links

if TYPE_CHECKING:
    from evaluator.explain.counterfactual import search
else:
    search = lazy_module("evaluator.explain.counterfactual.search")  # `reasons` does not need it

_MOST_WORK_ON_ANSWERS = 16_000_000  # the limit for rules · interfaces · addresses
_FEWEST_ANSWERS = 16
_NOT_A_CANDIDATE = "not evaluated: the interface was not a candidate before this rule"
_IGNORED_ADDRESS_CODES = (FindingCode.ADDRESS_NOT_COUNTED, FindingCode.DUPLICATE_ADDRESS)


class CaseExplainer(Struct, frozen=True):
    """Explains the decision on one case. The interfaces are selected as in `Decision.explain`."""

    case: Case

    def reasons(self, decision: Decision, selection: Selection) -> Explanation:
        """Return the explanation without the changes that would lead to another decision."""
        return _explain(self.case, decision, selection)

    def explain(self, decision: Decision, selection: Selection) -> Explanation:
        """Return the full explanation."""
        explanation = _explain(self.case, decision, selection)
        return replace(explanation, interfaces=_with_changes(self.case, decision, explanation.interfaces))


def _explain(case: Case, decision: Decision, selection: Selection) -> Explanation:
    question = case.question()
    steps = _steps(case, question)
    owners = question.facts.owners_of(_addresses_to_decide(case))
    answers = tuple(_decide_for_address(case, address, names) for address, names in owners.items())
    links = question.facts.links
    by_name = question.facts.by_name
    explained = _selected(links, by_name, decision, selection)
    near_misses = _NearMissSentences(question, decision)
    return Explanation(
        summary=summary(decision, by_name, lambda name: _results(by_name[name], steps)),
        report_format=case.report.format,
        interfaces=tuple(_interface(link, steps, decision, near_misses) for link in explained),
        others=len(links) - len(explained),
        rules=tuple(_reason(step, None) for step in steps if not step.rule.has_subject),
        answers=answers,
        stability=_stability(decision, answers),
        decision=decision,
    )


def _selected(
    links: tuple[Link, ...], by_name: Mapping[str, Link], decision: Decision, selection: Selection
) -> tuple[Link, ...]:
    if selection.names is not None:
        return tuple(by_name[name] for name in sorted(selection.names))
    if selection.most is None or len(links) <= selection.most:
        return links
    return _involved(links, decision)[: selection.most]


def _involved(links: tuple[Link, ...], decision: Decision) -> tuple[Link, ...]:
    names = {*decision.candidates, *decision.owners}
    return tuple(link for link in links if link.name in names)


def _addresses_to_decide(case: Case) -> tuple[Address, ...]:
    """Return the host addresses with which the case is decided again, each time with only one address.

    If the host is large, these are only the first addresses, to save time.
    """
    work = len(case.program.rules) * max(case.report.facts.size, 1)
    return (case.host.answers or case.host.withheld)[: max(_MOST_WORK_ON_ANSWERS // work, _FEWEST_ANSWERS)]


def _decide_for_address(case: Case, address: Address, owners: tuple[str, ...]) -> AnswerOutcome:
    """Return the decision on the same case with this address as the only address of the host."""
    host = replace(case.host, answers=(address,), first=address)
    owned = {} if address.unusable else dict.fromkeys(owners, frozenset((address,)))
    verdict = case.compiled.decide(Question(case.report.facts, host, case.parameters, owned))
    return AnswerOutcome(
        str(address), str(verdict.status), verdict.candidates[0].name if verdict.status in NAMING else None
    )


def _stability(decision: Decision, answers: tuple[AnswerOutcome, ...]) -> str:
    names = {answer.host_active_nic for answer in answers}
    if names <= {None}:
        return "never"
    is_stable = all((a.status, a.host_active_nic) == (decision.status, decision.host_active_nic) for a in answers)
    return "stable" if is_stable else "depends"


class _Step:
    """The result of one rule in the decision. It has sets of names, so that the look-up of an interface is fast."""

    def __init__(self, rule: Rule, question: Question, result: Links | bool, before: Links, after: Links) -> None:
        self.rule = rule
        self.fired = bool(result)
        environment = Environment(question, before)
        self.clause_finder = ClauseFinder(environment)
        self.subjects = {link.name for link in subjects(rule, environment)}
        self.hits = {link.name for link in result} if isinstance(result, tuple) else set()
        self.removed = {link.name for link in before} - {link.name for link in after}

    def is_true_for(self, link: Link | None) -> bool:
        """Return whether the rule was true for the interface. A rule without a subject has the interface None."""
        return self.fired if link is None else link.name in self.hits


def _steps(case: Case, question: Question) -> list[_Step]:
    """Return the result of each rule in the decision, in order."""
    results, afters = case.compiled.results_and_findings(question, case.compiled.decide(question).trace)[0]
    befores = ((), *afters)
    return [_Step(*step) for step in zip(case.program.rules, repeat(question), results, befores, afters, strict=False)]


def _with_changes(
    case: Case, decision: Decision, interfaces: tuple[InterfaceReasons, ...]
) -> tuple[InterfaceReasons, ...]:
    """Return the interfaces, each with the smallest change that makes it the hostActiveNic.

    The searches for all interfaces share one budget. The search begins with the candidates and owners. If the budget is
    used up, the remaining interfaces get no change.
    """
    involved = {*decision.candidates, *decision.owners}
    answer = decision.host_active_nic if decision.status is Status.RESOLVED else None
    effort = search.Effort.for_case(case)
    in_order = sorted((entry.name for entry in interfaces), key=lambda name: (name not in involved, name))
    results = {
        name: search.smallest_change(case, case.report.facts.by_name[name], effort)
        for name in in_order
        if name != answer
    }
    return tuple(
        replace(entry, change=results[entry.name].change, search=results[entry.name].search)
        if entry.name in results
        else entry
        for entry in interfaces
    )


class _NearMissSentences:
    """Sentences about interfaces that almost own a host address.

    The sentences are near misses, and messages about host addresses that activenic ignores. For example, it ignores the
    addresses of a loopback link.
    """

    def __init__(self, question: Question, decision: Decision) -> None:
        self._near = NearMisses(question)
        self._ignored: dict[str, list[str]] = {}
        usable = {str(address) for address in decision.host.usable}
        for finding in decision.findings:
            if finding.code in _IGNORED_ADDRESS_CODES and not usable.isdisjoint(finding.addresses):
                for name in finding.interfaces:
                    self._ignored.setdefault(name, []).append(finding.message)

    def of(self, link: Link) -> tuple[str, ...]:
        """Return the near misses and the messages of the findings about one interface, each sentence once."""
        return tuple(dict.fromkeys((*self._near.of(link), *self._ignored.get(link.name, ()))))


def _interface(link: Link, steps: list[_Step], decision: Decision, near_misses: _NearMissSentences) -> InterfaceReasons:
    results = _results(link, steps)
    return InterfaceReasons(
        name=link.name,
        kind=str(link.kind),
        pointer=link.pointer(),
        addresses=tuple(dict.fromkeys(str(owned) for owned in link.addresses)),
        outcome=outcome(link, results, decision),
        reasons=results.reasons,
        lowers=link.lowers.names,
        near_misses=near_misses.of(link),
    )


def _results(link: Link, steps: list[_Step]) -> RuleResults:
    judging = [step for step in steps if step.rule.has_subject]
    reasons = tuple(_reason(step, link) for step in judging)
    removing = [reason for step, reason in zip(judging, reasons, strict=True) if link.name in step.removed]
    return RuleResults(reasons, removing[-1] if removing else None)


def _reason(step: _Step, link: Link | None) -> Reason:
    rule = step.rule
    if link is not None and link.name not in step.subjects:
        return Reason(rule.name, rule.verb_name, rule.place, None, _NOT_A_CANDIDATE)
    verdict = step.clause_finder.deciding_clause(rule.condition, {} if link is None else {"nic": link})
    if verdict.held is not step.is_true_for(link):
        raise AssertionError(f"the interpreter and the compiled rule {rule.name} disagree")
    effect = _effect(step, verdict.held)
    return Reason(rule.name, rule.verb_name, rule.place, verdict.held, effect, verdict.clause, verdict.seen)


def _effect(step: _Step, held: bool) -> str:
    verb = step.rule.verb
    if held:
        return verb.held
    return verb.failed if step.fired or not verb.unused else verb.unused
