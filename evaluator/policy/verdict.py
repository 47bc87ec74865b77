"""What the rules come to: the status, in the order of LANGUAGE 2.5, and the steps that led there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from evaluator.decision import Status
from evaluator.facts.link import Link
from evaluator.policy.program import Rule
from evaluator.policy.scene import Question
from evaluator.policy.verbs import Effect

if TYPE_CHECKING:
    from evaluator.policy.interpret import Judged

Compact = tuple[tuple[Link, ...] | bool, ...]


class Verdict(NamedTuple):
    """What a compiled policy hands on, thousands of times a second, and so a named tuple.

    `trace` holds two entries for each rule that was judged: for which interfaces it held (of a rule without subject
    whether it held at all), and the candidates after it. `expand` makes steps of it. `refusals` are the codes of the
    reject and ambiguous rules that held.
    """

    status: Status
    candidates: tuple[Link, ...]
    trace: Compact
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


def expand(rules: Iterable[Rule], trace: Compact) -> tuple[Judged, ...]:
    """Return the steps of a compact trace; `rules` are those that were judged."""
    from evaluator.policy.interpret import Judged  # noqa: PLC0415 -- the reference, where its steps are asked for

    steps = []
    before: tuple[Link, ...] = ()
    for rule, held, after in zip(rules, trace[::2], trace[1::2], strict=True):
        assert isinstance(after, tuple)  # noqa: S101 -- compile.py writes it so
        hits = held if isinstance(held, tuple) else ()
        steps.append(Judged(rule, before, after, hits, bool(held)))
        before = after
    return tuple(steps)
