"""What the rules come to: the status, in the order of LANGUAGE 2.5, and the steps that led there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from evaluator.base.status import Status
from evaluator.facts.link import Link
from evaluator.policy.language.environment import Question
from evaluator.policy.language.verbs import Effect

if TYPE_CHECKING:
    from evaluator.policy.run.interpret import Judged

Links = tuple[Link, ...]
Trace = tuple[tuple[Links | bool, ...], tuple[Links, ...]]


class Verdict(NamedTuple):
    """What a compiled policy hands on, thousands of times a second, and so a named tuple.

    `trace` tells of each rule that decides for which interfaces it held (of a rule without subject whether it held at
    all), and the candidates after it. `refusals` are the codes of the reject and ambiguous rules
    that held.
    """

    status: Status
    candidates: Links
    trace: Trace
    refusals: tuple[str, ...]


def status_of(question: Question, steps: Iterable[Judged]) -> Status:
    """Return the first status that holds: the reference, which a compiled policy must agree with."""
    steps = tuple(steps)
    candidates = steps[-1].after
    if not candidates:
        return status_of_none(question)
    if len(candidates) > 1 or any(step.fired and step.rule.verb.effect is Effect.MAKE_AMBIGUOUS for step in steps):
        return Status.AMBIGUOUS
    rejected = {nic.name for step in steps if step.rule.verb.effect is Effect.REJECT for nic in step.hits}
    return Status.REJECTED if candidates[0].name in rejected else Status.RESOLVED


def status_of_none(question: Question) -> Status:
    """Return the status where no candidate is left."""
    host = question.host
    unanswered = not host.is_literal and not host.answers
    unproven = not host.complete and not question.owners
    return Status.UNKNOWN_HOST if unanswered or unproven else Status.NO_MATCH
