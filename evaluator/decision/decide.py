"""A checked policy and what is known of a host become a decision.

The one place where the two staircases, reports and policies, meet. Pure: no I/O, no clock, no
randomness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from evaluator.base.status import NAMING
from evaluator.decision.decision import Decision, Explainer, Interface
from evaluator.facts.host_addresses import HostAddresses
from evaluator.facts.link import Link
from evaluator.policy.compile.rules import Compiled, Said
from evaluator.policy.language.environment import Question, Value
from evaluator.policy.language.program import PolicyText, Program, Rule
from evaluator.policy.parameters import shown
from evaluator.policy.run.verdict import Trace, Verdict
from evaluator.report.reading import Report

if TYPE_CHECKING:
    from evaluator.base.finding import Finding
    from evaluator.decision.trace import Step


class Case(Struct, frozen=True):
    """One question in full: what decides, what it is asked about, and with which values."""

    compiled: Compiled
    report: Report
    host: HostAddresses
    parameters: Mapping[str, Value]

    @property
    def program(self) -> Program:
        """The checked policy."""
        return self.compiled.program

    def question(self) -> Question:
        """Return the part that the words of a policy look at."""
        return Question(self.report.facts, self.host, self.parameters)


class Made(Struct, frozen=True, dict=True):
    """What a decision was made from."""

    case: Case
    question: Question
    verdict: Verdict
    explain: Callable[[Case], Explainer]

    @property
    def host(self) -> HostAddresses:
        """What the host is addressed by."""
        return self.case.host

    @property
    def policy(self) -> PolicyText:
        """The policy's name and digest."""
        return PolicyText(self.case.program.name, self.case.program.digest)

    @property
    def policy_texts(self) -> tuple[PolicyText, ...]:
        """The texts of the policy, base first."""
        return self.case.program.texts

    def parameters(self) -> Mapping[str, object]:
        """Return the parameters, JSON-ready."""
        return {name: shown(value) for name, value in sorted(self.case.parameters.items())}

    def interface(self) -> Interface | None:
        """Return what a consumer needs of the interface that was found."""
        candidates = self.verdict.candidates
        return _interface(candidates[0], self.question) if self.verdict.status in NAMING else None

    def trace(self) -> tuple[Step, ...]:
        """Return what each rule did."""
        return _steps(self.case.program.rules, self._said[0])

    def findings(self) -> tuple[Finding, ...]:
        """Return what there is to say of what every rule did, those that only warn among them."""
        from evaluator.decision.findings import remarks  # noqa: PLC0415 -- when somebody asks what or why

        case = self.case
        return remarks(case.compiled, case.report, self.question, self.verdict.status, self._said)

    def explainer(self) -> Explainer:
        """Return what makes explanations of the decision."""
        return self.explain(self.case)

    @cached_property
    def _said(self) -> Said:
        """What every rule did, those that only warn among them, and what they found."""
        return self.case.compiled.say(self.question, self.verdict.trace)


def decide(case: Case, explain: Callable[[Case], Explainer]) -> Decision:
    """Return the decision; PolicyError where the policy's bound on this report is over the step budget."""
    question = case.question()
    verdict = case.compiled.decide(question)
    making = Made(case, question, verdict, explain)
    return Decision(verdict.status, _names(verdict.candidates), _names(question.owners), verdict.refusals, making)


def case_of(decision: Decision) -> Case:
    """Return the question in full that a decision was made on."""
    if not isinstance(decision.case, Case):
        raise TypeError("the decision was made on no case")
    return decision.case


def _names(links: Iterable[Link]) -> tuple[str, ...]:
    return tuple([link.name for link in links])


def _steps(rules: Iterable[Rule], trace: Trace) -> tuple[Step, ...]:
    from evaluator.decision.trace import Step  # noqa: PLC0415 -- when somebody asks why

    steps: list[Step] = []
    candidates: tuple[Link, ...] = ()
    before: tuple[str, ...] = ()
    for rule, held, after in zip(rules, *trace, strict=True):
        left = before if after is candidates else _names(after)
        hits = left if held is after else _names(held) if held and isinstance(held, tuple) else ()
        steps.append(Step(rule.name, rule.verb_name, rule.place, before, left, hits, bool(held)))
        candidates, before = after, left
    return tuple(steps)


def _interface(link: Link, question: Question) -> Interface:
    return Interface(
        name=link.name,
        kind=str(link.kind),
        matched_addresses=tuple(map(str, sorted(question.matched_set(link)))),
        base_interface=link.lowers.base or link.name,
        vlan_id=link.vlan_id,
        members=tuple(sorted({*link.lowers.slaves, *link.lowers.ports})),
        networks=link.networks,
    )
