"""Print a decision as one HTML page: first the result and its reason, then the drawing, then all details.

One decision always gives the same bytes. The page loads nothing and runs no scripts (`frame.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TextIO

from evaluator.base.status import Status
from evaluator.base.text import visible
from evaluator.base.version import __version__
from evaluator.decision.decide import case_of
from evaluator.decision.decision import Decision, Explanation
from evaluator.render.drawing.excerpt import excerpt
from evaluator.render.drawing.markup import Html, element, joined, lines, name
from evaluator.render.drawing.roles import roles_of
from evaluator.render.explained import explained
from evaluator.render.html.answers import answers
from evaluator.render.html.findings import findings
from evaluator.render.html.frame import html_document, style_sheet
from evaluator.render.html.interfaces import MOST_CHANGES, ExplainedInterfaces, interfaces
from evaluator.render.html.parts import badge, cut, folded, names, plural, section, terms
from evaluator.render.html.pipeline import pipeline
from evaluator.render.html.topology import topology
from evaluator.render.output import NO_RECORD, RecordInfo

_MOST_NAMES = 12
_MEANINGS = {
    Status.RESOLVED: "exactly one interface remains, and no rule rejects it",
    Status.REJECTED: "exactly one interface remains, and a rule rejects it",
    Status.AMBIGUOUS: "more than one interface remains, or a rule makes the decision ambiguous",
    Status.NO_MATCH: "the host's addresses are known, and no interface remains",
    Status.UNKNOWN_HOST: "no address of the host is known, or some addresses may be missing",
}


def print_page(decision: Decision, info: RecordInfo, stream: TextIO) -> None:
    """Write the HTML page of a decision to a stream."""
    stream.write(page(decision, info))


def print_explanation(explanation: Explanation, info: RecordInfo, stream: TextIO) -> None:
    """Write the HTML page of an explanation to a stream. The explanation may leave out interfaces."""
    stream.write(_page_of(explanation.decision, explanation, info))


def to_html(explanation: Explanation) -> str:
    """Return the page of an explanation: one HTML document that loads nothing and runs no scripts."""
    return _page_of(explanation.decision, explanation, NO_RECORD)


def page(decision: Decision, info: RecordInfo = NO_RECORD) -> str:
    """Return the page of a decision.

    If the decision has a record in the log, the page contains this record, and the head of the page shows facts of the
    record.

    Without a record, the page contains the decision document instead. For a large host, the page shows changes (that
    would make an interface the answer) only for candidates and owners.
    """
    return _page_of(decision, explained(decision, None, MOST_CHANGES), info)


def _page_of(decision: Decision, explanation: Explanation, info: RecordInfo) -> str:
    roles = roles_of(decision, explanation)
    drawn = excerpt(decision, explanation, roles)
    anchors = {interface.name: f"interface-{i}" for i, interface in enumerate(explanation.interfaces)}
    content = element(
        "main",
        _head(decision, explanation, info.facts),
        topology(drawn, roles, anchors),
        pipeline(decision, explanation),
        findings(decision.findings),
        answers(decision, explanation),
        interfaces(ExplainedInterfaces(drawn, roles, anchors, explanation.others)),
        _raw(decision, info.record),
    )
    title = f"{decision.status}: {visible(decision.host_active_nic or decision.host.name)} - activenic"
    return html_document(title, content, style_sheet())


def _head(decision: Decision, explanation: Explanation, facts: Mapping[str, str]) -> Html:
    result, *sentences = explanation.summary
    status = element(
        "p", badge(str(decision.status)), " ", element("span", _MEANINGS[decision.status]), class_="status"
    )
    reasons = (element("p", cut(sentence), class_="lead") for sentence in sentences)
    return element(
        "header",
        status,
        element("h1", cut(result)),
        *reasons,
        terms(_terms(decision, explanation, facts)),
        class_=str(decision.status),
    )


def _terms(decision: Decision, explanation: Explanation, facts: Mapping[str, str]) -> Iterator[tuple[str, Html | str]]:
    if not decision.host.is_literal:
        yield "host", name(decision.host.name)
    addresses = [str(address) for address in decision.host.answers]
    yield "addresses", names(addresses, _MOST_NAMES) if addresses else "none"
    if len(decision.candidates) > 1:
        yield "candidates", joined(_candidates(decision), ", ")
    yield "policy", joined([name(decision.policy), *_parameters(decision.parameters)], ", ")
    description = case_of(decision).program.description
    if description:
        yield "purpose", description
    yield "policy digest", name(decision.policy_sha256)
    yield (
        "report",
        f"{explanation.report_format}, {plural(len(explanation.interfaces) + explanation.others, 'interface')}",
    )
    yield from facts.items()
    yield "explained by", f"activenic {__version__}"


def _candidates(decision: Decision) -> Iterator[Html]:
    """Yield each candidate with the host addresses that it owns."""
    question = case_of(decision).question()
    by_name = question.facts.by_name
    for candidate in decision.candidates[:_MOST_NAMES]:
        addresses = sorted(question.matched_set(by_name[candidate])) if candidate in by_name else []
        owned = [name(str(address), css_class="matched") for address in addresses]
        yield joined([name(candidate), " with ", joined(owned, " ")]) if owned else name(candidate)
    more = len(decision.candidates) - _MOST_NAMES
    if more > 0:
        yield joined([f"and {plural(more, 'more interface')}"])


def _parameters(parameters: Mapping[str, object]) -> Iterator[Html]:
    for key, value in parameters.items():
        if value is not None:
            text = value if isinstance(value, str) else json.dumps(value)
            yield element("span", name(key), " = ", name(text), class_="parameter")


def _raw(decision: Decision, record: Mapping[str, object] | None) -> Html:
    text = json.dumps(decision.to_dict() if record is None else record, indent=2)
    summary = f"Show the {plural(text.count(chr(10)) + 1, 'line')} of JSON"
    title = "The decision document" if record is None else "The record"
    return section(title, "document", folded(summary, lines(text), css_class="rest document"))
