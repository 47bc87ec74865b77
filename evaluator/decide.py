"""A checked policy and what is known of a host become a decision.

The one place where the two staircases, reports and policies, meet. Pure: no I/O, no clock, no
randomness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from evaluator.decision import NAMING, Decision, Details, Explainer, Interface
from evaluator.facts.host import HostAddresses
from evaluator.facts.link import Link
from evaluator.policy.compile import Compiled
from evaluator.policy.parameters import shown
from evaluator.policy.program import Program
from evaluator.policy.scene import Question, Value
from evaluator.policy.verdict import Verdict, expand
from evaluator.report.reading import Report

if TYPE_CHECKING:
    from evaluator.finding import Finding
    from evaluator.policy.interpret import Judged
    from evaluator.trace import Step


class Case(NamedTuple):
    """One question in full: what decides, what it is asked about, and with which values.

    Made for each decision, and so a named tuple.
    """

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


class _Made(NamedTuple):
    """What a decision was made from."""

    case: Case
    question: Question
    verdict: Verdict
    explainer: Callable[[Case], Explainer]

    def interface(self) -> Interface | None:
        candidates = self.verdict.candidates
        return _interface(candidates[0], self.question) if self.verdict.status in NAMING else None

    def parameters(self) -> Mapping[str, object]:
        given = sorted(self.case.parameters.items())
        return MappingProxyType({name: shown(value) for name, value in given})

    def details(self) -> Callable[[], Details]:
        return cache(lambda: DetailsMade(self))


class DecisionMade(Decision):
    """A decision as `decide` makes it: a field is filled in when it is first asked for.

    An engine that only wants the name pays for the name.
    """

    __slots__ = ("_parts",)
    _parts: tuple[Case, Question, Verdict, Callable[[Case], Explainer]]  # of a `_Made`

    def __getattr__(self, name: str) -> object:
        if name not in _FIELDS:
            raise AttributeError(f"a decision has no {name!r}")
        value = _FIELDS[name](_Made(*self._parts))
        object.__setattr__(self, name, value)
        return value


class DetailsMade(Details):
    """The trace and the findings, each made when it is first asked for; the trace has no need of the whole report."""

    __slots__ = ("_made",)
    _made: _Made

    def __init__(self, made: _Made) -> None:
        object.__setattr__(self, "_made", made)

    def __getattr__(self, name: str) -> object:
        if name not in ("trace", "findings"):
            raise AttributeError(f"details have no {name!r}")
        made = self._made
        steps = expand(made.case.program.rules, made.case.compiled.judge_all(made.question).trace)
        value: object = tuple(map(_step, steps)) if name == "trace" else _findings(made, steps)
        object.__setattr__(self, name, value)
        return value


_FIELDS: Mapping[str, Callable[[_Made], object]] = {
    "interface": _Made.interface,
    "owners": lambda made: _names(made.question.owners),
    "policy": lambda made: made.case.program.name,
    "policy_sha256": lambda made: made.case.program.digest,
    "policy_texts": lambda made: made.case.program.texts,
    "parameters": _Made.parameters,
    "host": lambda made: made.case.host,
    "case": lambda made: made.case,
    "_details": _Made.details,
    "_explainer": lambda made: made.explainer(made.case),
}


# a decision is frozen, and these are the quickest way to fill one
_NEW = DecisionMade.__new__
_put_parts, _put_status, _put_candidates, _put_refusals = (
    getattr(DecisionMade, slot).__set__ for slot in ("_parts", "status", "candidates", "refusals")
)


def decide(case: Case, explainer: Callable[[Case], Explainer]) -> Decision:
    """Return the decision; PolicyError where the policy's bound on this report is over the step budget."""
    question = Question(case.report.table, case.host, case.parameters)
    verdict = case.compiled.decide(question)
    status, candidates, _, refusals = verdict
    decision = _NEW(DecisionMade)
    _put_parts(decision, (case, question, verdict, explainer))
    _put_status(decision, status)
    _put_candidates(decision, _names(candidates))
    _put_refusals(decision, refusals)
    return decision


def _findings(made: _Made, steps: tuple[Judged, ...]) -> tuple[Finding, ...]:
    """Return what there is to say of what every rule did, those that only warn among them."""
    from evaluator.remarks import remarks  # noqa: PLC0415 -- when somebody asks what or why

    case = made.case
    return remarks(case.compiled, case.report, case.question(), made.verdict.status, steps)


def _names(links: Iterable[Link]) -> tuple[str, ...]:
    return tuple([link.name for link in links])


def _step(judged: Judged) -> Step:
    from evaluator.trace import Step  # noqa: PLC0415 -- when somebody asks why

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
    return Interface(
        name=link.name,
        kind=str(link.kind),
        matched_addresses=tuple(map(str, sorted(question.matched_set(link)))),
        base_interface=link.lowers.base or link.name,
        vlan_id=link.vlan_id,
        members=tuple(sorted({*link.lowers.slaves, *link.lowers.ports})),
        networks=link.networks,
    )
