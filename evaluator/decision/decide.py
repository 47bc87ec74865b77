"""Apply a compiled policy to the report and the addresses of one host, and return the decision.

Only this module uses a policy and a report together. It is pure: it uses no files, no network, no clock and no random
numbers.

`decide` runs only the rules that can change the status. The warnings, the trace and the messages are computed when a
caller reads them. For this, the decision holds a `CaseBasis` with the inputs and the verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from evaluator.base.cached_property import cached_property
from evaluator.base.status import NAMING
from evaluator.decision.decision import Decision, Explainer, Interface
from evaluator.facts.host_addresses import HostAddresses
from evaluator.facts.link import Link
from evaluator.policy.compile.rules import CompiledPolicy, ResultsAndFindings
from evaluator.policy.language.environment import Question, Value
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.parameters import shown
from evaluator.policy.run.verdict import Trace, Verdict
from evaluator.report.reading import Report

if TYPE_CHECKING:
    from evaluator.base.finding import Finding
    from evaluator.decision.trace import Step


class Case(Struct, frozen=True):
    """All inputs of one decision: the compiled policy, the report, the host's addresses and the parameters."""

    compiled: CompiledPolicy
    report: Report
    host: HostAddresses
    parameters: Mapping[str, Value]

    @property
    def program(self) -> Program:
        """The checked policy."""
        return self.compiled.program

    def question(self) -> Question:
        """Return the inputs that the words of a policy can read: facts, addresses and parameters."""
        return Question(self.report.facts, self.host, self.parameters)


class CaseBasis(Struct, frozen=True, dict=True):
    """The inputs and the verdict of one decision. The other parts of the decision are computed on first access."""

    case: Case
    question: Question
    verdict: Verdict
    explain: Callable[[Case], Explainer]

    @property
    def host(self) -> HostAddresses:
        """The host's addresses, and the name that was resolved to them."""
        return self.case.host

    @property
    def program(self) -> Program:
        """The checked policy."""
        return self.case.compiled.program

    def parameters(self) -> Mapping[str, object]:
        """Return the values of all parameters as JSON-ready data, sorted by name."""
        return {name: shown(value) for name, value in sorted(self.case.parameters.items())}

    def interface(self) -> Interface | None:
        """Return the details of the interface that the decision names; None if the decision names no interface."""
        candidates = self.verdict.candidates
        return _interface(candidates[0], self.question) if self.verdict.status in NAMING else None

    def trace(self) -> tuple[Step, ...]:
        """Return one step for each rule, in the order of the policy."""
        return _steps(self.case.program.rules, self._results_and_findings[0])

    def findings(self) -> tuple[Finding, ...]:
        """Return all findings, sorted, including the findings of `warn` rules."""
        from evaluator.decision.findings import all_findings  # noqa: PLC0415 -- a status and a name do not need it

        case = self.case
        return all_findings(case.compiled, case.report, self.question, self.verdict.status, self._results_and_findings)

    def explainer(self) -> Explainer:
        """Return the explainer of this decision."""
        return self.explain(self.case)

    @cached_property
    def _results_and_findings(self) -> ResultsAndFindings:
        """The results of all rules, including `warn` rules, and the findings of the rules."""
        return self.case.compiled.results_and_findings(self.question, self.verdict.trace)


def decide(case: Case, explain: Callable[[Case], Explainer]) -> Decision:
    """Return the decision on a case.

    Raises PolicyError if the upper bound of the policy's cost on this report exceeds the step budget.
    """
    question = case.question()
    verdict = case.compiled.decide(question)
    basis = CaseBasis(case, question, verdict, explain)
    owners = tuple(question.owned)
    candidates = owners if verdict.candidates is question.owners else _names(verdict.candidates)
    return Decision(verdict.status, candidates, owners, verdict.refusals, basis)


def case_of(decision: Decision) -> Case:
    """Return the inputs of a decision."""
    if not isinstance(decision.case, Case):
        raise TypeError("this decision does not contain its inputs")
    return decision.case


def _names(links: Iterable[Link]) -> tuple[str, ...]:
    return tuple([link.name for link in links])


def _steps(rules: Iterable[Rule], trace: Trace) -> tuple[Step, ...]:
    """Return the trace with names instead of links. Steps with the same candidates share one tuple of names."""
    from evaluator.decision.trace import Step  # noqa: PLC0415 -- a status and a name do not need it

    steps: list[Step] = []
    candidates: tuple[Link, ...] = ()
    names_before: tuple[str, ...] = ()
    for rule, result, after in zip(rules, *trace, strict=True):
        names_after = names_before if after is candidates else _names(after)
        hits: tuple[str, ...] = ()
        if isinstance(result, tuple) and result:
            hits = names_after if result is after else _names(result)
        steps.append(Step(rule.name, rule.verb_name, rule.place, names_before, names_after, hits, bool(result)))
        candidates, names_before = after, names_after
    return tuple(steps)


def _interface(link: Link, question: Question) -> Interface:
    lowers = link.lowers
    return Interface(
        name=link.name,
        kind=str(link.kind),
        matched_addresses=tuple(map(str, sorted(question.matched_set(link)))),
        base_interface=lowers.base or link.name,
        vlan_id=link.vlan_id,
        members=tuple(sorted({*lowers.slaves, *lowers.ports})),
        networks=link.networks,
    )
