"""A checked policy and what is known of a host become a decision.

The one place where the two staircases, reports and policies, meet. Pure: no I/O, no clock, no
randomness.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from evaluator.decision import Decision, Details, Explainer, Interface, Status
from evaluator.facts.host import HostAddresses
from evaluator.facts.link import Link
from evaluator.policy.compile import Judge
from evaluator.policy.interpret import Judged, run
from evaluator.policy.parameters import shown
from evaluator.policy.program import Program
from evaluator.policy.scene import Question, Value
from evaluator.policy.vocabulary import VERBS
from evaluator.remarks import remarks
from evaluator.report.reading import Report
from evaluator.trace import Step

DECIDING = frozenset(VERBS) - {"warn"}


@dataclass(frozen=True, slots=True)
class Case:
    """One question in full: what decides, what it is asked about, and with which values.

    `judge` is the program compiled for the deciding verbs.
    """

    program: Program
    report: Report
    host: HostAddresses
    parameters: Mapping[str, Value]
    judge: Judge

    def question(self) -> Question:
        """Return the part that the words of a policy look at."""
        return Question(self.report.facts, self.host, self.parameters)


def decide(case: Case, explainer: Explainer) -> Decision:
    """Return the decision; PolicyError where the policy's bound on this report is over the step budget."""
    program, question = case.program, case.question()
    steps = case.judge(question)
    candidates = steps[-1].after
    status = status_of(question, steps)
    only = candidates[0] if status in (Status.RESOLVED, Status.REJECTED) else None

    @cache
    def details() -> Details:
        every_step = run(program.rules, question)
        return Details(remarks(program, case.report, question, status, every_step), tuple(map(_step, every_step)))

    return Decision(
        status=status,
        interface=None if only is None else _interface(only, question),
        candidates=_names(candidates),
        owners=_names(question.owners),
        policy=program.name,
        parameters=MappingProxyType({name: shown(value) for name, value in sorted(case.parameters.items())}),
        host=case.host,
        case=case,
        _details=details,
        _explainer=explainer,
    )


def status_of(question: Question, steps: Iterable[Judged]) -> Status:
    """Return the first status that holds, in the order of LANGUAGE 2.5."""
    steps = tuple(steps)
    candidates, host = steps[-1].after, question.host
    if not candidates:
        unanswered = not host.is_literal and not host.answers
        unproven = not host.complete and not question.owners
        return Status.UNKNOWN_HOST if unanswered or unproven else Status.NO_MATCH
    if len(candidates) > 1 or any(step.fired and step.rule.verb == "ambiguous" for step in steps):
        return Status.AMBIGUOUS
    rejected = {nic.name for step in steps if step.rule.verb == "reject" for nic in step.hits}
    return Status.REJECTED if candidates[0].name in rejected else Status.RESOLVED


def _names(links: Iterable[Link]) -> tuple[str, ...]:
    return tuple(link.name for link in links)


def _step(judged: Judged) -> Step:
    rule = judged.rule
    return Step(
        rule.name,
        rule.verb,
        rule.place,
        _names(judged.before),
        _names(judged.after),
        _names(judged.hits),
        judged.fired,
    )


def _interface(link: Link, question: Question) -> Interface:
    matched = sorted({owned.address for owned in question.matched.get(link.name, ())})
    return Interface(
        name=link.name,
        kind=str(link.kind),
        matched_addresses=tuple(map(str, matched)),
        base_interface=link.lowers.base or link.name,
        vlan_id=link.vlan_id,
        members=tuple(sorted({*link.lowers.slaves, *link.lowers.ports})),
        networks=link.networks,
    )
