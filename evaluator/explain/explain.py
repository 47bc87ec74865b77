"""Why, and why not: for every interface and every rule, the clause that decided and what it saw.

The reference interpreter computes the reasons, for the input of the decision. For each subject it must give the result
that the compiled rule gave in the decision, so that an explanation never explains another decision.
"""

from __future__ import annotations

from itertools import repeat

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.finding import FindingCode
from evaluator.base.status import NAMING, Status
from evaluator.decision.decide import Case
from evaluator.decision.decision import Decision
from evaluator.decision.trace import AnswerOutcome, Explanation, InterfaceReasons, Reason
from evaluator.explain.counterfactual.search import Effort, smallest_change
from evaluator.explain.near_miss import NearMisses
from evaluator.explain.summary import Fate, outcome, summary
from evaluator.facts.address import Address
from evaluator.facts.link import Link
from evaluator.policy.language.environment import Question, Scene
from evaluator.policy.language.program import Rule
from evaluator.policy.run.clause import Sight
from evaluator.policy.run.interpret import subjects
from evaluator.policy.run.verdict import Links

_MOST_WORK_ON_ANSWERS = 16_000_000  # rules times interfaces
_FEWEST_ANSWERS = 16
_NOT_COUNTED = (FindingCode.ADDRESS_NOT_COUNTED, FindingCode.DUPLICATE_ADDRESS)


class CaseExplainer(Struct, frozen=True):
    """Explains decisions that were made on one case; `most` is as in `Decision.explain`."""

    case: Case

    def reasons(self, decision: Decision, most: int | None) -> Explanation:
        """Return the explanation without the changes that would decide otherwise."""
        return _explain(self.case, decision, most)

    def explain(self, decision: Decision, most: int | None) -> Explanation:
        """Return the full explanation."""
        found = _explain(self.case, decision, most)
        return replace(found, interfaces=_with_changes(self.case, decision, found.interfaces))


def _explain(case: Case, decision: Decision, most: int | None) -> Explanation:
    question = case.question()
    views = _views(case, question)
    owners = question.facts.owners_of(_asked_for(case))
    answers = tuple(_on_one_answer(case, address, names) for address, names in owners.items())
    links = question.facts.links
    chosen = links if most is None or len(links) <= most else _involved(links, decision)[:most]
    by_name = question.facts.by_name
    missed = _Missed(question, decision)
    return Explanation(
        summary=summary(decision, by_name, lambda name: _fate(by_name[name], views)),
        report_format=case.report.format,
        interfaces=tuple(_interface(link, views, decision, missed) for link in chosen),
        others=len(links) - len(chosen),
        rules=tuple(_reason(view, None) for view in views if not view.rule.has_subject),
        answers=answers,
        stability=_stability(decision, answers),
    )


def _involved(links: tuple[Link, ...], decision: Decision) -> tuple[Link, ...]:
    names = {*decision.candidates, *decision.owners}
    return tuple(link for link in links if link.name in names)


def _asked_for(case: Case) -> tuple[Address, ...]:
    """Return the addresses on which a decision is made alone: all, for a large host as many as are affordable."""
    work = len(case.program.rules) * max(case.report.facts.size, 1)
    return (case.host.answers or case.host.withheld)[: max(_MOST_WORK_ON_ANSWERS // work, _FEWEST_ANSWERS)]


def _on_one_answer(case: Case, address: Address, owners: tuple[str, ...]) -> AnswerOutcome:
    """Decide the same case as if the host had this address alone."""
    alone = replace(case.host, answers=(address,), first=address)
    owned = {} if address.unusable else dict.fromkeys(owners, frozenset((address,)))
    verdict = case.compiled.decide(Question(case.report.facts, alone, case.parameters, owned))
    return AnswerOutcome(
        str(address), str(verdict.status), verdict.candidates[0].name if verdict.status in NAMING else None
    )


def _stability(decision: Decision, answers: tuple[AnswerOutcome, ...]) -> str:
    named = {answer.host_active_nic for answer in answers}
    if named <= {None}:
        return "never"
    alike = all((a.status, a.host_active_nic) == (decision.status, decision.host_active_nic) for a in answers)
    return "stable" if alike else "depends"


class _View:
    """What one rule did in the decision, with everything that is needed for each interface computed once."""

    def __init__(self, rule: Rule, question: Question, result: Links | bool, before: Links, after: Links) -> None:
        self.rule = rule
        self.fired = bool(result)
        scene = Scene(question, before)
        self.sight = Sight(scene)
        self.subjects = {link.name for link in subjects(rule, scene)}
        self.hits = {link.name for link in result} if isinstance(result, tuple) else set()
        self.removed = {link.name for link in before} - {link.name for link in after}

    def is_true_for(self, link: Link | None) -> bool:
        """Return whether the rule was true for an interface; for None, whether it was true at all."""
        return self.fired if link is None else link.name in self.hits


def _views(case: Case, question: Question) -> list[_View]:
    """Return what each rule did in the decision."""
    results, afters = case.compiled.say(question, case.compiled.decide(question).trace)[0]
    befores = ((), *afters)
    return [_View(*step) for step in zip(case.program.rules, repeat(question), results, befores, afters, strict=False)]


def _with_changes(
    case: Case, decision: Decision, interfaces: tuple[InterfaceReasons, ...]
) -> tuple[InterfaceReasons, ...]:
    """Add the change by which each would be the answer; the effort goes to those first that nearly are."""
    involved = {*decision.candidates, *decision.owners}
    answer = decision.host_active_nic if decision.status is Status.RESOLVED else None
    effort = Effort.for_case(case)
    found = {
        one.name: smallest_change(case, case.report.facts.by_name[one.name], effort)
        for one in sorted(interfaces, key=lambda one: (one.name not in involved, one.name))
        if one.name != answer
    }
    return tuple(
        replace(one, change=found[one.name].change, search=found[one.name].search) if one.name in found else one
        for one in interfaces
    )


class _Missed:
    """What interfaces nearly own, and what the report says of host addresses that they have and that do not count."""

    def __init__(self, question: Question, decision: Decision) -> None:
        self._near = NearMisses(question)
        self._not_counted: dict[str, list[str]] = {}
        asked = {str(address) for address in decision.host.usable}
        for finding in decision.findings:
            if finding.code in _NOT_COUNTED and not asked.isdisjoint(finding.addresses):
                for name in finding.interfaces:
                    self._not_counted.setdefault(name, []).append(finding.message)

    def by(self, link: Link) -> tuple[str, ...]:
        """Return it in sentences."""
        return tuple(dict.fromkeys((*self._near.of(link), *self._not_counted.get(link.name, ()))))


def _interface(link: Link, views: list[_View], decision: Decision, missed: _Missed) -> InterfaceReasons:
    fate = _fate(link, views)
    return InterfaceReasons(
        name=link.name,
        kind=str(link.kind),
        pointer=link.pointer(),
        addresses=tuple(dict.fromkeys(str(owned) for owned in link.addresses)),
        outcome=outcome(link, fate, decision),
        reasons=fate.reasons,
        lowers=link.lowers.names,
        near_misses=missed.by(link),
    )


def _fate(link: Link, views: list[_View]) -> Fate:
    judging = [view for view in views if view.rule.has_subject]
    reasons = tuple(_reason(view, link) for view in judging)
    removing = [reason for view, reason in zip(judging, reasons, strict=True) if link.name in view.removed]
    return Fate(reasons, removing[-1] if removing else None)


def _reason(view: _View, link: Link | None) -> Reason:
    rule = view.rule
    if link is not None and link.name not in view.subjects:
        return Reason(rule.name, rule.verb_name, rule.place, None, "not judged: no candidate here")
    found = view.sight.verdict(rule.condition, {} if link is None else {"nic": link})
    if found.held is not view.is_true_for(link):
        raise AssertionError(f"the interpreter and the compiled rule {rule.name} disagree")
    return Reason(
        rule.name, rule.verb_name, rule.place, found.held, _effect(view, found.held), found.clause, found.seen
    )


def _effect(view: _View, held: bool) -> str:
    verb = view.rule.verb
    if held:
        return verb.held
    return verb.failed if view.fired or not verb.unused else verb.unused
