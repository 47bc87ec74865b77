"""An explanation for a person who never saw the policy language: one paragraph for each interface.

What became of it and why in words first; the rule, the clause and the values it saw below, with the
places in the policy and in the report, for whoever wants to check.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from rich.padding import Padding
from rich.text import Text

from evaluator.decision import Decision
from evaluator.render.text import MOST_INTERFACES, console_for, headline_of, print_lines
from evaluator.text import flat, visible
from evaluator.trace import Explanation, InterfaceReasons, Reason

_CHOOSING = ("match", "discard", "prefer")


def print_explanation(decision: Decision, stream: TextIO) -> None:
    """Print why each interface is or is not the answer; of a large host the candidates and owners."""
    explanation = decision.explain(MOST_INTERFACES)
    console = console_for(stream)
    with console.capture() as capture:
        for one in explanation.interfaces:
            title = Text(f"\n{visible(one.name)}", style="bold")
            title.append(f"  {one.kind}" + _owning(one), style="none")
            console.print(title)
            for line in _sentences(one):
                console.print(Padding(Text(flat(line)), (0, 0, 0, 2)))
            for reason in _telling(one):
                for line in _details(reason):
                    console.print(Padding(Text(flat(line), style="dim"), (0, 0, 0, 4)))
        if explanation.others:
            console.print(Text(f"\nand {explanation.others} more interfaces that own no host address", style="dim"))
    print_lines(
        [*headline_of(decision, explanation, console), *_alone(explanation), *capture.get().splitlines()], stream
    )


def _owning(one: InterfaceReasons) -> str:
    parts = [f", owns {', '.join(one.addresses)}"] if one.addresses else []
    if one.lowers:
        parts.append(f", stands on {', '.join(map(visible, one.lowers))}")
    return "".join(parts)


def _sentences(one: InterfaceReasons) -> Iterator[str]:
    yield one.outcome
    yield from (f"nearly: {miss}" for miss in one.near_misses)
    if one.change is not None:
        yield f"it would be the hostActiveNic if {' and if '.join(one.change.steps)}"


def _telling(one: InterfaceReasons) -> tuple[Reason, ...]:
    """Return the reasons that decided: what changed its standing, else what it failed at first."""
    judged = [reason for reason in one.reasons if reason.held is not None]
    changed = [r for r in judged if r.held and r.verb in (*_CHOOSING, "reject")]
    return tuple(changed or [r for r in judged if r.verb == "match"][:1])


def _details(reason: Reason) -> Iterator[str]:
    yield f"{reason.rule} ({reason.place}): {reason.effect}, for this {'held' if reason.held else 'did not hold'}:"
    yield f"  {reason.clause}"
    for value in reason.seen:
        places = f"   {' '.join(value.pointers)}" if value.pointers else ""
        yield f"  {value.word} is {value.value}{places}"


def _alone(explanation: Explanation) -> Iterator[str]:
    """Yield, where there are several addresses, what each alone would have given."""
    if len(explanation.answers) < 2:
        return
    said = {
        "stable": "each of the host's addresses alone gives the same answer",
        "depends": "whoever takes one of the host's addresses gets different answers",
        "never": "none of the host's addresses alone leads to an interface",
    }
    outcomes = (
        f"{answer.address}: {visible(answer.host_active_nic) if answer.host_active_nic else answer.status}"
        for answer in explanation.answers[:MOST_INTERFACES]
    )
    yield f"  {said[explanation.stability]} ({', '.join(outcomes)})"
