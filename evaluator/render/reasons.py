"""Print an explanation as text, for readers who do not know the policy language: one paragraph for each interface.

A paragraph begins with the outcome and its reason in words. Then it has the rule, the clause and the values in the
clause, with their places in the policy and in the report. So a reader can check the reason.
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
from evaluator.render.output import RecordInfo
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


def print_explanation(decision: Decision, info: RecordInfo, stream: TextIO) -> None:
    """Print for each interface why it is or is not the answer; for a large host, only for candidates and owners."""
    explanation = decision.explain(MOST_INTERFACES)
    console = console_for(stream)
    with console.capture() as capture:
        findings = findings_of(decision)
        if findings:
            console.print(Group(*findings))
        for interface in explanation.interfaces:
            title = Text(f"\n{visible(interface.name)}", style="bold")
            title.append(f"  {interface.kind}" + _owning(interface), style="none")
            console.print(title)
            for line in _sentences(interface, goal(interface.name, decision)):
                console.print(Padding(Text(flat(line)), (0, 0, 0, 2)))
            for reason in _deciding_reasons(interface):
                for line in _details(reason):
                    console.print(Padding(Text(flat(line), style="dim"), (0, 0, 0, 4)))
        if explanation.others:
            console.print(Text(f"\nand {explanation.others} more interfaces, not shown", style="dim"))
    print_lines(
        [*headline_of(decision, explanation, console), *_results_by_address(explanation), *capture.get().splitlines()],
        stream,
    )
    stream.writelines(f"{name}: {visible(value)}\n" for name, value in info.facts.items())


def _owning(interface: InterfaceReasons) -> str:
    parts = [f", owns {', '.join(interface.addresses)}"] if interface.addresses else []
    if interface.lowers:
        parts.append(f", on top of {', '.join(map(visible, interface.lowers))}")
    return "".join(parts)


def _sentences(interface: InterfaceReasons, goal: str) -> Iterator[str]:
    yield interface.outcome
    yield from (f"near miss: {sentence}" for sentence in interface.near_misses)
    if interface.change is not None:
        steps = interface.change.steps
        more = f", and {len(steps) - _MOST_EDITS} more" if len(steps) > _MOST_EDITS else ""
        yield f"it would {goal} if {', and if '.join(steps[:_MOST_EDITS])}{more}"
    elif interface.search in _NOT_FOUND:
        yield f"no change was found after which it would {goal}{_NOT_FOUND[interface.search]}"


def _deciding_reasons(interface: InterfaceReasons) -> tuple[Reason, ...]:
    """Return the rules that decided about an interface; without such a rule, the first rule that could have matched."""
    judged = [reason for reason in interface.reasons if reason.held is not None]
    changed = [r for r in judged if r.held and VERBS[r.verb].settles]
    return tuple(changed or [r for r in judged if VERBS[r.verb].effect is Effect.ADD][:1])


def _details(reason: Reason) -> Iterator[str]:
    yield f"{because(reason)} ({reason.place})"
    for value in reason.seen:
        places = f"   {' '.join(value.pointers)}" if value.pointers else ""
        yield f"  {seen(value)}{places}"


def _results_by_address(explanation: Explanation) -> Iterator[str]:
    """Yield a line with the result for each host address alone, if there are several."""
    if len(explanation.answers) < 2:
        return
    outcomes = (
        f"{answer.address}: {visible(answer.host_active_nic) if answer.host_active_nic else answer.status}"
        for answer in explanation.answers[:MOST_INTERFACES]
    )
    yield f"  each address alone: {STABILITY[explanation.stability]} ({', '.join(outcomes)})"
