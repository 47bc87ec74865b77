"""Print a decision as text for a terminal: the result and its reason in the first two lines, then the details.

Names are from the host and can contain any characters. So each name is printed through `visible`, and no text is parsed
as markup.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from evaluator.base.diagnostic import Severity
from evaluator.base.status import Status
from evaluator.base.text import flat, visible, visible_names
from evaluator.decision.decision import Decision, Explanation
from evaluator.decision.trace import InterfaceReasons, Reason, Step
from evaluator.policy.language.verbs import VERBS, Effect
from evaluator.policy.run.clause_value import ClauseValue
from evaluator.render.output import RecordInfo

MOST_INTERFACES = 40
_MOST_NAMES = 6
_MIN_WIDTH, _DEFAULT_WIDTH = 20, 80
_MOST_REASONS = 3
_LONGEST_MESSAGE = 600
STABILITY = {
    "stable": "the result is the same for each address",
    "depends": "the result depends on which address is used",
    "never": "no address gives an interface",
}
_STATUS_STYLES = {
    Status.RESOLVED: "bold green",
    Status.REJECTED: "bold red",
    Status.AMBIGUOUS: "bold yellow",
    Status.NO_MATCH: "bold yellow",
    Status.UNKNOWN_HOST: "bold yellow",
}
_SEVERITY_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def console_for(stream: TextIO) -> Console:
    """Return a console that does not parse markup, and uses colours only on a terminal.

    With the variable FORCE_COLOR, colours are used everywhere. With NO_COLOR, no colours are used. If both variables
    are set, NO_COLOR counts.
    """
    is_terminal = stream.isatty() or bool(os.environ.get("FORCE_COLOR"))
    is_plain = bool(os.environ.get("NO_COLOR"))
    console = Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=is_terminal and not is_plain,
        no_color=is_plain,
    )
    if console.width < _MIN_WIDTH:
        console.width = _DEFAULT_WIDTH
    return console


def plain_console() -> Console:
    """Return a console for text that does not depend on a terminal or on the environment."""
    return Console(
        file=io.StringIO(), width=_DEFAULT_WIDTH, color_system=None, highlight=False, markup=False, emoji=False
    )


def print_decision(decision: Decision, _: RecordInfo, stream: TextIO) -> None:
    """Print the decision with its findings, its trace and the reason for each interface."""
    explanation = decision.reasons(MOST_INTERFACES)
    console = console_for(stream)
    headline = headline_of(decision, explanation, console)
    parts: list[RenderableType] = []
    parts += findings_of(decision)
    parts += [_heading(f"trace of the policy {visible(decision.policy)}"), _indented(_trace(decision))]
    if len(explanation.answers) > 1:
        parts += [
            _heading(f"if each address is used alone: {STABILITY[explanation.stability]}"),
            _indented(_answers(explanation)),
        ]
    parts += [
        _heading(f"interfaces of the {visible(explanation.report_format)} report"),
        _indented(_interfaces(decision, explanation)),
    ]
    body = _captured(console, Group(*parts), soft_wrap=False)
    print_lines([*headline, *body.splitlines()], stream)


def headline_of(decision: Decision, explanation: Explanation, console: Console) -> list[str]:
    """Return the headline: the result, then the sentences of its reason, one line each."""
    return _captured(console, _headline(decision, explanation), soft_wrap=True).splitlines()


def print_lines(lines: list[str], stream: TextIO) -> None:
    """Print lines, which can contain terminal styles."""
    stream.writelines(f"{line.rstrip()}\n" for line in lines)


def _captured(console: Console, renderable: RenderableType, soft_wrap: bool) -> str:
    """Return the text that rich would print.

    Rich itself must not print, because it ends the program if a pipe is closed.
    """
    with console.capture() as capture:
        console.print(renderable, soft_wrap=soft_wrap)
    return capture.get()


def _headline(decision: Decision, explanation: Explanation) -> Text:
    result, *reasons = explanation.summary
    line = Text(f"{decision.status}: ", style=_STATUS_STYLES[decision.status])
    line.append(_short(result), style="bold")
    for sentence in reasons:
        line.append(f"\n  {_short(sentence)}", style="none")
    return line


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _indented(renderable: RenderableType) -> Padding:
    return Padding(renderable, (0, 0, 0, 2), expand=False)


def _grid(columns: int) -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in range(columns):
        table.add_column(overflow="fold")
    return table


def findings_of(decision: Decision) -> list[RenderableType]:
    """Return the findings under a heading, in the order of the document. Without findings, return an empty list."""
    return [_heading("findings"), _indented(_findings(decision))] if decision.findings else []


def _findings(decision: Decision) -> Table:
    table = _grid(2)
    for finding in decision.findings:
        text = Text(finding.code, style="bold")
        text.append(f"\n{_short(finding.message)}", style="none")
        if finding.hint:
            text.append(f"\nhint: {_short(finding.hint)}", style="dim")
        table.add_row(Text(str(finding.severity), style=_SEVERITY_STYLES[finding.severity]), text)
    return table


def _trace(decision: Decision) -> Table:
    table = _grid(4)
    for step in decision.trace:
        changed = step.before != step.after or step.fired
        style = "none" if changed else "dim"
        cells = (step.rule, step.verb, effect_of(step), step.place)
        table.add_row(*(Text(visible(cell), style=style) for cell in cells))
    return table


def effect_of(step: Step) -> str:
    """Return the effect of a rule in a few words, for example `+ bond0`, `no change` or `fired for br0`."""
    added = sorted(set(step.after) - set(step.before))
    removed = sorted(set(step.before) - set(step.after))
    if added:
        return f"+ {visible_names(added, _MOST_NAMES)}"
    if removed:
        return f"- {visible_names(removed, _MOST_NAMES)}"
    if VERBS[step.verb].chooses:
        return "no change"
    if not step.fired:
        return "did not fire"
    return f"fired for {visible_names(step.hits, _MOST_NAMES)}" if step.hits else "fired"


def _short(message: str) -> str:
    """Return a message without control characters, shortened if it is very long."""
    flattened = flat(message)
    return flattened if len(flattened) <= _LONGEST_MESSAGE else flattened[: _LONGEST_MESSAGE - 1] + "…"


def _answers(explanation: Explanation) -> Table:
    table = _grid(3)
    for answer in explanation.answers[:MOST_INTERFACES]:
        cells = (answer.address, answer.status, visible(answer.host_active_nic or ""))
        table.add_row(*map(Text, cells))
    return table


def _interfaces(decision: Decision, explanation: Explanation) -> Group:
    table = _grid(3)
    for interface in explanation.interfaces:
        style = "bold" if interface.name in decision.candidates else "none"
        text = Text(_short(interface.outcome), style=style)
        for line in _why(interface):
            text.append(f"\n{_short(line)}", style="dim")
        table.add_row(Text(visible(interface.name), style=style), Text(interface.kind), text)
    parts: list[RenderableType] = [table]
    if explanation.others:
        parts.append(Text(f"and {explanation.others} more interfaces, not shown", style="dim"))
    return Group(*parts)


def _why(interface: InterfaceReasons) -> Iterator[str]:
    """Yield the clauses that decided about an interface, and the values in these clauses."""
    judged = [r for r in interface.reasons if r.held is not None and VERBS[r.verb].settles]
    adding = [r for r in judged if VERBS[r.verb].effect is Effect.ADD]
    deciding = [reason for reason in judged if reason.held and reason not in adding] or adding
    for reason in deciding[:_MOST_REASONS]:
        yield because(reason)
        if reason.seen:
            yield "where " + ", ".join(map(seen, reason.seen))


def because(reason: Reason) -> str:
    """Return the effect of a rule and the clause that decided."""
    return f"{reason.rule}: {reason.effect}, because this is {'true' if reason.held else 'false'}: {reason.clause}"


def seen(value: ClauseValue) -> str:
    """Return a word of a clause and its value, as `word = value`."""
    return f"{value.word} = {value.value}"
