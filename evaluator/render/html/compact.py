"""One decision as a part of a page about several decisions: its result, the drawing, the rules and the interfaces."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct

from evaluator.decision.decision import Decision
from evaluator.render.drawing.excerpt import excerpt
from evaluator.render.drawing.markup import Html, element, joined, name
from evaluator.render.drawing.roles import roles_of
from evaluator.render.html.findings import finding_list
from evaluator.render.html.interfaces import ExplainedInterfaces, interface_list
from evaluator.render.html.parts import badge, folded, plural, terms
from evaluator.render.html.pipeline import rules_table
from evaluator.render.html.topology import picture


class CompactDecision(Struct, frozen=True):
    """A decision on a page, with its title. If the page shows no other decision beside it, the title is empty.

    The ids of its elements begin with `anchor`, which is unique in the page. `added` contains the interface names and
    the addresses that are new in comparison with another decision of the page.
    """

    title: str
    anchor: str
    decision: Decision
    added: frozenset[str] = frozenset()


def compact_decisions(shown: Iterable[CompactDecision]) -> Html:
    """Return the HTML of one decision, or of several decisions side by side."""
    return element("div", *map(_compact_decision, shown), class_="decisions")


def _compact_decision(shown: CompactDecision) -> Html:
    decision = shown.decision
    explanation = decision.reasons()
    roles = roles_of(decision, explanation)
    drawn = excerpt(decision, explanation, roles)
    names = [interface.name for interface in explanation.interfaces]
    anchors = {name: f"{shown.anchor}-interface-{number}" for number, name in enumerate(names)}
    result, *sentences = explanation.summary
    return element(
        "div",
        *([element("h4", shown.title)] if shown.title else []),
        element("p", badge(str(decision.status)), " ", result, class_="result"),
        *(element("p", sentence) for sentence in sentences),
        terms(_terms(shown, names)),
        *picture(drawn, roles, anchors, f"{shown.anchor}-drawing", shown.title or "Topology"),
        *_findings(decision),
        *interface_list(ExplainedInterfaces(drawn, roles, anchors, explanation.others)),
        folded("How the policy decided", rules_table(decision, explanation)),
        class_="decision",
    )


def _findings(decision: Decision) -> Iterator[Html]:
    if decision.findings:
        yield folded(plural(len(decision.findings), "finding"), finding_list(decision.findings))


def _terms(shown: CompactDecision, interfaces: Collection[str]) -> Iterator[tuple[str, Html | str]]:
    decision = shown.decision
    if not decision.host.is_literal:
        yield "host", name(decision.host.name)
    addresses = [str(address) for address in decision.host.answers]
    yield "addresses", _marked(addresses, shown.added) if addresses else "none"
    if len(addresses) > 1:
        yield "first address", name(str(decision.host.first))
    if not decision.host.complete:
        yield "lookup", "some addresses may be missing"
    added = [text for text in interfaces if text in shown.added]
    if added:
        yield "added interface", joined(map(name, added), " ")
    parameters = {key: value for key, value in decision.parameters.items() if value is not None}
    if parameters:
        yield "parameters", joined((_parameter(key, value) for key, value in parameters.items()), " ")


def _marked(addresses: Collection[str], added: Collection[str]) -> Html:
    return joined((joined([name(text), " (added)"]) if text in added else name(text) for text in addresses), " ")


def _parameter(key: str, value: object) -> Html:
    text = value if isinstance(value, str) else json.dumps(value)
    return element("span", name(key), " = ", name(text), class_="parameter")
