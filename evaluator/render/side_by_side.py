"""Prints two decisions on one question in two columns: the explanations in sentences, and the effect of each rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from rich.table import Table
from rich.text import Text

from evaluator.base.text import flat, visible, visible_names
from evaluator.decision.decision import Decision
from evaluator.decision.trace import Step
from evaluator.render.text import console_for, print_lines

_MOST_NAMES = 6


def print_side_by_side(title: str, old: Decision, new: Decision, stream: TextIO) -> None:
    """Print the explanations of two decisions in two columns under the name of the question."""
    console = console_for(stream)
    table = Table(title=Text(f"\n{visible(title)}", style="bold"), title_justify="left", box=None, expand=True)
    for decision in (old, new):
        table.add_column(Text(f"{visible(decision.policy)}: {_answer(decision)}"), overflow="fold", ratio=1)
    table.add_row(*("\n".join(decision.reasons(0).summary) for decision in (old, new)))
    table.add_row(*(Text("\n".join(_rules(decision)), style="dim") for decision in (old, new)))
    with console.capture() as capture:
        console.print(table)
    print_lines(capture.get().splitlines(), stream)


def _answer(decision: Decision) -> str:
    name = decision.host_active_nic
    return str(decision.status) if name is None else f"{decision.status} {visible(name)}"


def _rules(decision: Decision) -> Iterator[str]:
    """Yield a line for each rule that changed the candidates or was true."""
    yield ""
    for step in decision.trace:
        if step.fired or step.before != step.after:
            yield flat(f"{step.rule} ({step.verb}): {_effect(step)}")


def _effect(step: Step) -> str:
    if step.before != step.after:
        return f"candidates are now {visible_names(step.after, _MOST_NAMES) if step.after else '(empty)'}"
    return f"true for {visible_names(step.hits, _MOST_NAMES)}" if step.hits else "true"
