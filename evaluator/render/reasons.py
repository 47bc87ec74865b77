"""An explanation for a person who never saw the policy language: one paragraph for each interface.

What became of it and why in words first; the rule, the clause and the values it saw below, with the
places in the policy and in the report, for whoever wants to check.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from evaluator.base.text import flat, visible
from evaluator.decision.decision import Decision
from evaluator.decision.trace import Explanation, InterfaceReasons, Reason, Search
from evaluator.explain.summary import goal
from evaluator.policy.language.verbs import VERBS, Effect
from evaluator.render.output import Kept
from evaluator.render.text import (
    MOST_INTERFACES,
    STABILITY,
    because,
    console_for,
    findings_of,
    headline_of,
    print_lines,
    seen,
)

_MOST_EDITS = 6
_NOT_FOUND = {Search.NONE: "", Search.GAVE_UP: "; the search stopped at its limit"}


def print_explanation(decision: Decision, kept: Kept, stream: TextIO) -> None:
    """Print why each interface is or is not the answer; of a large host the candidates and owners."""
    explanation = decision.explain(MOST_INTERFACES)
    console = console_for(stream)
    with console.capture() as capture:
        findings = findings_of(decision)
        if findings:
            console.print(Group(*findings))
        for one in explanation.interfaces:
            title = Text(f"\n{visible(one.name)}", style="bold")
            title.append(f"  {one.kind}" + _owning(one), style="none")
            console.print(title)
            for line in _sentences(one, goal(one.name, decision)):
                console.print(Padding(Text(flat(line)), (0, 0, 0, 2)))
            for reason in _telling(one):
                for line in _details(reason):
                    console.print(Padding(Text(flat(line), style="dim"), (0, 0, 0, 4)))
        if explanation.others:
            console.print(Text(f"\nand {explanation.others} more interfaces, not shown", style="dim"))
    print_lines(
        [*headline_of(decision, explanation, console), *_alone(explanation), *capture.get().splitlines()], stream
    )
    stream.writelines(f"{name}: {visible(value)}\n" for name, value in kept.facts.items())


def _owning(one: InterfaceReasons) -> str:
    parts = [f", owns {', '.join(one.addresses)}"] if one.addresses else []
    if one.lowers:
        parts.append(f", on top of {', '.join(map(visible, one.lowers))}")
    return "".join(parts)


def _sentences(one: InterfaceReasons, goal: str) -> Iterator[str]:
    yield one.outcome
    yield from (f"near miss: {miss}" for miss in one.near_misses)
    if one.change is not None:
        steps = one.change.steps
        more = f", and {len(steps) - _MOST_EDITS} more" if len(steps) > _MOST_EDITS else ""
        yield f"it would {goal} if {', and if '.join(steps[:_MOST_EDITS])}{more}"
    elif one.search in _NOT_FOUND:
        yield f"no change was found by which it would {goal}{_NOT_FOUND[one.search]}"


def _telling(one: InterfaceReasons) -> tuple[Reason, ...]:
    """Return the reasons that decided: what changed its standing, else what it failed at first."""
    judged = [reason for reason in one.reasons if reason.held is not None]
    changed = [r for r in judged if r.held and VERBS[r.verb].settles]
    return tuple(changed or [r for r in judged if VERBS[r.verb].effect is Effect.ADD][:1])


def _details(reason: Reason) -> Iterator[str]:
    yield f"{because(reason)} ({reason.place})"
    for value in reason.seen:
        places = f"   {' '.join(value.pointers)}" if value.pointers else ""
        yield f"  {seen(value)}{places}"


def _alone(explanation: Explanation) -> Iterator[str]:
    """Yield, if there are several addresses, the result for each alone."""
    if len(explanation.answers) < 2:
        return
    outcomes = (
        f"{answer.address}: {visible(answer.host_active_nic) if answer.host_active_nic else answer.status}"
        for answer in explanation.answers[:MOST_INTERFACES]
    )
    yield f"  each address alone: {STABILITY[explanation.stability]} ({', '.join(outcomes)})"
