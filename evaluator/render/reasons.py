"""Print an explanation as text, for readers who do not know the policy language: one paragraph for each interface.

A paragraph begins with the outcome and its reason in words. The detailed text also has the clause that decided and the
values in the clause. The places of the clause and of the values are stated too, so that a reader can check the reason.
The short text has one paragraph for all interfaces with the same reasons, because most interfaces of a large host have
the same few reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

from msgspec import Struct
from rich.console import Console, Group
from rich.padding import Padding
from rich.text import Text

from evaluator.base.text import flat, visible, visible_names
from evaluator.decision.decision import Explanation
from evaluator.decision.trace import InterfaceReasons, Reason, Search
from evaluator.explain.summary import goal, no_change
from evaluator.policy.language.verbs import VERBS, Effect
from evaluator.render.output import RecordInfo
from evaluator.render.text import (
    MOST_INTERFACES,
    STABILITY,
    because,
    console_for,
    findings_of,
    headline_of,
    plain_console,
    print_lines,
    seen,
)

_MOST_EDITS = 6
_MOST_NAMES = 6
_NOT_FOUND = {Search.NONE: "", Search.GAVE_UP: "; the search stopped at its limit"}


class _Paragraph(Struct, frozen=True):
    """The text about one interface, or about several interfaces with the same reasons."""

    names: str
    facts: str
    sentences: tuple[str, ...]
    details: tuple[str, ...]


def print_explanation(explanation: Explanation, info: RecordInfo, stream: TextIO) -> None:
    """Print why each interface is or is not the answer; interfaces with the same reasons share a paragraph."""
    _print(explanation, info, stream, _grouped)


def print_details(explanation: Explanation, info: RecordInfo, stream: TextIO) -> None:
    """Print for each interface the clauses that decided, the values in these clauses, and their places."""
    _print(explanation, info, stream, _detailed)


def to_text(explanation: Explanation) -> str:
    """Return the explanation as text without colours. Lines are wrapped at 80 columns if possible.

    The text is for people. Its wording and layout can change in every version.
    """
    return "".join(f"{line}\n" for line in _lines(explanation, plain_console(), _grouped(explanation)))


def details_of(explanation: Explanation) -> list[str]:
    """Return the lines about each interface: its outcome, the clauses that decided, and the values in these clauses."""
    lines: list[str] = []
    for paragraph in _detailed(explanation):
        lines.append(f"{paragraph.names}  {paragraph.facts}")
        lines += [f"  {line}" for line in paragraph.sentences]
        lines += [f"    {line}" for line in paragraph.details]
    return lines


def _print(
    explanation: Explanation,
    info: RecordInfo,
    stream: TextIO,
    paragraphs_of: Callable[[Explanation], Iterable[_Paragraph]],
) -> None:
    print_lines(_lines(explanation, console_for(stream), paragraphs_of(explanation)), stream)
    stream.writelines(f"{name}: {visible(value)}\n" for name, value in info.facts.items())


def _lines(explanation: Explanation, console: Console, paragraphs: Iterable[_Paragraph]) -> list[str]:
    decision = explanation.decision
    with console.capture() as capture:
        findings = findings_of(decision)
        if findings:
            console.print(Group(*findings))
        for paragraph in paragraphs:
            title = Text(f"\n{paragraph.names}", style="bold")
            title.append(f"  {paragraph.facts}", style="none")
            console.print(title)
            for line in paragraph.sentences:
                console.print(Padding(Text(flat(line)), (0, 0, 0, 2)))
            for line in paragraph.details:
                console.print(Padding(Text(flat(line), style="dim"), (0, 0, 0, 4)))
        if explanation.others:
            console.print(Text(f"\nand {_more(explanation.others)}, not shown", style="dim"))
    headline = headline_of(decision, explanation, console)
    return [line.rstrip() for line in (*headline, *_results_by_address(explanation), *capture.get().splitlines())]


def _more(count: int) -> str:
    return f"{count:,} more interface" + "s" * (count != 1)


def _detailed(explanation: Explanation) -> Iterator[_Paragraph]:
    for interface in explanation.interfaces:
        details = [line for reason in _deciding_reasons(interface) for line in _details(reason)]
        yield _paragraph(interface, explanation, details)


def _grouped(explanation: Explanation) -> Iterator[_Paragraph]:
    """Yield the paragraphs in the order of the first interface of each group."""
    involved = {*explanation.decision.candidates, *explanation.decision.owners}
    groups: dict[object, list[InterfaceReasons]] = {}
    for interface in explanation.interfaces:
        key = interface.name if interface.name in involved else _same_reasons(interface)
        groups.setdefault(key, []).append(interface)
    for members in groups.values():
        first = members[0]
        rules = [f"{reason.rule}: {reason.effect} ({reason.place})" for reason in _deciding_reasons(first)]
        if len(members) == 1:
            yield _paragraph(first, explanation, rules)
            continue
        kinds = ", ".join(sorted({interface.kind for interface in members}))
        sentences = [f"each: {first.outcome}", *_near_misses(first), *_example_of_change(first, explanation)]
        names = visible_names([interface.name for interface in members], _MOST_NAMES)
        yield _Paragraph(names, kinds, tuple(sentences), tuple(rules))


def _same_reasons(interface: InterfaceReasons) -> object:
    """Return a key. Interfaces with equal keys form one group.

    Two interfaces have equal keys if their paragraphs differ only in names, values and changes.
    """
    rules = tuple((reason.place, reason.effect) for reason in _deciding_reasons(interface))
    return interface.outcome, interface.near_misses, interface.search, rules


def _paragraph(interface: InterfaceReasons, explanation: Explanation, details: Iterable[str]) -> _Paragraph:
    sentences = [interface.outcome, *_near_misses(interface), *_change(interface, explanation, "it")]
    return _Paragraph(
        visible(interface.name), f"{interface.kind}{_owning(interface)}", tuple(sentences), tuple(details)
    )


def _owning(interface: InterfaceReasons) -> str:
    parts = [f", owns {', '.join(interface.addresses)}"] if interface.addresses else []
    if interface.lowers:
        parts.append(f", on top of {', '.join(map(visible, interface.lowers))}")
    return "".join(parts)


def _near_misses(interface: InterfaceReasons) -> Iterator[str]:
    return (f"near miss: {sentence}" for sentence in interface.near_misses)


def _example_of_change(interface: InterfaceReasons, explanation: Explanation) -> Iterator[str]:
    """Yield a sentence with the change that concerns one interface of a group. The sentence names this interface."""
    if interface.change is None:
        return _change(interface, explanation, "any of them")
    return (f"for example, {line}" for line in _change(interface, explanation, visible(interface.name)))


def _change(interface: InterfaceReasons, explanation: Explanation, subject: str) -> Iterator[str]:
    decision = explanation.decision
    if interface.change is not None:
        steps = interface.change.steps
        more = f", and {len(steps) - _MOST_EDITS} more" if len(steps) > _MOST_EDITS else ""
        effect = goal(interface.name, decision)
        yield f"{subject} would {effect} if {', and if '.join(steps[:_MOST_EDITS])}{more}"
    elif interface.search in _NOT_FOUND:
        sentence = no_change(subject, is_rejected=interface.name == decision.host_active_nic)
        yield f"{sentence}{_NOT_FOUND[interface.search]}"


def _deciding_reasons(interface: InterfaceReasons) -> tuple[Reason, ...]:
    """Return the rules that decided about an interface. Without such rules, return the first `match` rule."""
    judged = [reason for reason in interface.reasons if reason.held is not None]
    changed = [r for r in judged if r.held and VERBS[r.verb].settles]
    return tuple(changed or [r for r in judged if VERBS[r.verb].effect is Effect.ADD][:1])


def _details(reason: Reason) -> Iterator[str]:
    yield f"{because(reason)} ({reason.place})"
    for value in reason.seen:
        places = f"   {' '.join(value.pointers)}" if value.pointers else ""
        yield f"  {seen(value)}{places}"


def _results_by_address(explanation: Explanation) -> Iterator[str]:
    """If the host has several addresses, yield a line for each: the result if the host had only this address."""
    if len(explanation.answers) < 2:
        return
    outcomes = (
        f"{answer.address}: {visible(answer.host_active_nic) if answer.host_active_nic else answer.status}"
        for answer in explanation.answers[:MOST_INTERFACES]
    )
    yield f"  if each address is used alone: {STABILITY[explanation.stability]} ({', '.join(outcomes)})"
