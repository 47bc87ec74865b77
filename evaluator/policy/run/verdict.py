"""The result of the rules that decide (all except `warn`): the status, the remaining candidates and the trace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from evaluator.base.status import Status
from evaluator.facts.link import Link
from evaluator.policy.language.environment import Question
from evaluator.policy.language.verbs import Effect

if TYPE_CHECKING:
    from evaluator.policy.run.interpret import RuleResult

Links = tuple[Link, ...]
Trace = tuple[tuple[Links | bool, ...], tuple[Links, ...]]


class Verdict(Struct, frozen=True):
    """The result of a compiled policy.

    `trace` has two tuples. Each of them has one element for each rule that decides. In the first tuple, the element is
    the result of the rule: the interfaces for which the rule was true, or a boolean for a rule without a subject. In
    the second tuple, the element is the candidates after the rule. `refusals` are the codes of the `reject` and
    `ambiguous` rules that were true.
    """

    status: Status
    candidates: Links
    trace: Trace
    refusals: tuple[str, ...]


def status_of(question: Question, steps: Iterable[RuleResult]) -> Status:
    """Return the status that follows from the results of all rules. A compiled policy must give the same status."""
    steps = tuple(steps)
    candidates = steps[-1].after
    if not candidates:
        return status_without_candidates(question)
    if len(candidates) > 1 or any(step.fired and step.rule.verb.effect is Effect.MAKE_AMBIGUOUS for step in steps):
        return Status.AMBIGUOUS
    rejected = {nic.name for step in steps if step.rule.verb.effect is Effect.REJECT for nic in step.hits}
    return Status.REJECTED if candidates[0].name in rejected else Status.RESOLVED


def status_without_candidates(question: Question) -> Status:
    """Return the status if no candidate remains.

    The status is `unknown_host` if the name resolution returned no address. The status is also `unknown_host` if the
    name resolution returned only a part of the addresses, and no interface owns one of them. Otherwise the status is
    `no_match`.
    """
    host = question.host
    is_unresolved = not host.is_literal and not host.answers
    is_unproven = not host.complete and not question.owners
    return Status.UNKNOWN_HOST if is_unresolved or is_unproven else Status.NO_MATCH
