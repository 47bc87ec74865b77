"""Compares two policies on the same questions, and finds the answers that differ.

Both policies decide each question. Answers are compared by status and interface, because these matter to an operator.
If the answers to a question are the same but the findings differ, the question is counted separately. If only one
policy declares a parameter, only this policy gets the parameter, because a new policy can have a new parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, PolicyError, QuestionError
from evaluator.base.text import did_you_mean, quote
from evaluator.decision.decision import Decision
from evaluator.decision.question import AskedQuestion
from evaluator.engine import Policy
from evaluator.policy.language.environment import Literal
from evaluator.policy.parameters import parse_assignments
from evaluator.workbench.corpus import Unreadable


class Compared(Struct, frozen=True):
    """One question and the decisions of the old and the new policy."""

    question: AskedQuestion
    old: Decision
    new: Decision

    @property
    def is_changed(self) -> bool:
        """Whether the status or the interface differs."""
        return _answer(self.old) != _answer(self.new)

    @property
    def has_other_findings(self) -> bool:
        """Whether the findings differ."""
        return self.old.findings != self.new.findings

    @property
    def transition(self) -> tuple[str, str]:
        """The two statuses, or the two interfaces if both statuses are the same."""
        if self.old.status is self.new.status:
            return str(self.old.host_active_nic), str(self.new.host_active_nic)
        return str(self.old.status), str(self.new.status)

    @property
    def first_differing_rules(self) -> tuple[str | None, str | None]:
        """The first rule of each policy that caused a difference; None if no rule of the policy did."""
        return _first_other(self.old, self.new), _first_other(self.new, self.old)


def compare(
    old: Policy, new: Policy, questions: Iterable[AskedQuestion | Unreadable], parameters: Mapping[str, Any]
) -> Iterator[Compared | Unreadable]:
    """Yield each question with both decisions, or the problems of an invalid question.

    `parameters` take precedence over the parameters of a question.
    """
    for question in questions:
        if isinstance(question, Unreadable):
            yield question
            continue
        given = {**question.parameters, **parameters}
        try:
            _refuse_unknown(given, old, new)
            decisions = [
                policy.decide(question.report, question.host, parameters=_of_policy(given, policy))
                for policy in (old, new)
            ]
            yield Compared(question, *decisions)
        except QuestionError as error:
            yield Unreadable(question.id, error.diagnostics)


def parse_for_policies(assignments: Iterable[str], *policies: Policy) -> dict[str, object]:
    """Return the values of `name=value` texts. The first policy that declares a parameter parses its value.

    Raises PolicyError if no policy declares a parameter, or if a text is invalid.
    """
    values: dict[str, object] = {}
    for assignment in assignments:
        name = assignment.partition("=")[0]
        declaring = [one for one in policies if name in {parameter.name for parameter in one.program.parameters}]
        values.update(parse_assignments((declaring or policies)[0].program, [assignment]))
    return values


def parse_for_each(assignments: Iterable[str], *policies: Policy) -> tuple[dict[str, Literal], ...]:
    """Return for each policy the values of its parameters. Each policy parses the texts `name=value` by its own types.

    Raises PolicyError if no policy declares a parameter, or if a text is invalid.
    """
    assignments = tuple(assignments)
    parse_for_policies(assignments, *policies)
    return tuple(parse_assignments(policy.program, _declared(assignments, policy)) for policy in policies)


def _declared(assignments: Iterable[str], policy: Policy) -> list[str]:
    names = {parameter.name for parameter in policy.program.parameters}
    return [assignment for assignment in assignments if assignment.partition("=")[0] in names]


def _answer(decision: Decision) -> tuple[str, str | None]:
    return decision.status, decision.host_active_nic


def _first_other(decision: Decision, other: Decision) -> str | None:
    """Return the first rule of `decision` that leaves other candidates than each rule of `other`.

    If `decision` has no such rule, return the first rule that fired in `decision` and did not fire in `other`.
    """
    left_by_other = {step.after for step in other.trace}
    for step in decision.trace:
        if step.after not in left_by_other:
            return step.rule
    fired = {step.rule for step in other.trace if step.fired}
    return next((step.rule for step in decision.trace if step.fired and step.rule not in fired), None)


def _of_policy(given: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    names = {parameter.name for parameter in policy.program.parameters}
    return {name: value for name, value in given.items() if name in names}


def _refuse_unknown(given: Mapping[str, Any], *policies: Policy) -> None:
    known = {parameter.name for policy in policies for parameter in policy.program.parameters}
    problems = [
        Diagnostic(
            "PARAMETER_UNKNOWN", f"neither policy has the parameter {quote(name)}", hint=did_you_mean(name, known)
        )
        for name in sorted(given.keys() - known)
    ]
    if problems:
        raise PolicyError(problems)
