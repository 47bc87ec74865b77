"""Print the results of `activenic verify` as one HTML page: the properties, the counterexamples and the assumptions.

Each counterexample is drawn and explained like a decision. The page loads nothing and runs no scripts (`frame.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from evaluator.base.text import visible
from evaluator.base.version import __version__
from evaluator.engine import Policy
from evaluator.render.counterexample import added_addresses, added_interfaces
from evaluator.render.drawing.markup import Html, element, joined, name
from evaluator.render.html.compact import CompactDecision, compact_decisions
from evaluator.render.html.frame import html_document, style_sheet
from evaluator.render.html.parts import plural, section, table, terms
from evaluator.render.html.reasons import clause_with_values
from evaluator.render.verdict_words import (
    NOT_COVERED,
    abstractions,
    assumptions,
    time_words,
    verdict_details,
    verdict_words,
    witness_lines,
)
from evaluator.verify.explain_example import ExplainedExample, explain_example
from evaluator.verify.property import PropertyResult, Refuted, Undecided

_EXPECTED, _UNEXPECTED, _UNDECIDED = "as expected", "not as expected", "undecided"
_TONES = {_EXPECTED: "good", _UNEXPECTED: "bad", _UNDECIDED: "unsure"}
_HEADER_CLASSES = {_UNEXPECTED: "rejected", _UNDECIDED: "ambiguous", _EXPECTED: "resolved"}  # the worst first


def write_page(policy: Policy, results: Iterable[PropertyResult], stream: TextIO) -> None:
    """Write the HTML page of all verification results to a stream."""
    stream.write(page(policy, tuple(results)))


def page(policy: Policy, results: Sequence[PropertyResult]) -> str:
    """Return the page."""
    anchors = {result.of.name: f"property-{number}" for number, result in enumerate(results)}
    examples = {result.of.name: example for result, example in _explained(policy, results)}
    content = element(
        "main",
        _head(policy, results),
        section("Properties", "properties", _properties(results, {one: anchors[one] for one in examples})),
        *_counterexamples(results, examples, anchors),
        *_assumed(results),
    )
    return html_document(f"{visible(policy.name)}: properties - activenic", content, style_sheet())


def _explained(policy: Policy, results: Iterable[PropertyResult]) -> Iterator[tuple[PropertyResult, ExplainedExample]]:
    for result in results:
        example = result.verdict.counterexample if isinstance(result.verdict, Refuted) else None
        if example is not None:
            yield result, explain_example(policy, result.of.statement, example)


def _head(policy: Policy, results: Sequence[PropertyResult]) -> Html:
    counts = Counter(map(_state, results))
    worst = next((state for state in _HEADER_CLASSES if counts[state]), _EXPECTED)
    parts = ", ".join(f"{counts[state]} {state}" for state in _TONES if counts[state])
    verdicts = Counter(map(verdict_words, results))
    return element(
        "header",
        element("h1", "Properties of the policy ", name(policy.name)),
        element("p", f"{plural(len(results), 'result')}: {parts}", class_="lead"),
        terms(
            (
                ("results", ", ".join(f"{count} {words}" for words, count in verdicts.items())),
                *([("purpose", policy.program.description)] if policy.program.description else []),
                ("policy digest", name(policy.program.digest)),
                ("verified by", f"activenic {__version__}"),
            )
        ),
        class_=_HEADER_CLASSES[worst],
    )


def _state(result: PropertyResult) -> str:
    if isinstance(result.verdict, Undecided):
        return _UNDECIDED
    return _EXPECTED if result.is_as_expected else _UNEXPECTED


def _properties(results: Iterable[PropertyResult], anchors: dict[str, str]) -> Html:
    """Return the table of the properties; `anchors` has the link target of each counterexample."""
    rows = [(_name(result, anchors), _verdict(result), _expected(result), _time(result)) for result in results]
    properties = table("Properties", ("property", "result", "expected", "time"), rows)
    return element("div", properties, class_="properties")


def _time(result: PropertyResult) -> Html:
    return element("span", time_words(result), class_="time")


def _name(result: PropertyResult, anchors: dict[str, str]) -> Html:
    label = name(result.of.name)
    if result.of.name in anchors:
        label = element("a", label, href=f"#{anchors[result.of.name]}")
    return joined([label, element("span", result.of.sentence, class_="sentence")], " ")


def _verdict(result: PropertyResult) -> Html:
    state = element("span", verdict_words(result), class_=f"badge {_TONES[_state(result)]}")
    details = [element("p", detail, class_="about") for detail in verdict_details(result)]
    return joined([state, *details, *_witnesses(result)])


def _witnesses(result: PropertyResult) -> Iterator[Html]:
    if result.witnesses:
        summary = element("summary", f"decisions that show the effect of {plural(len(result.witnesses), 'part')}")
        yield element("details", summary, *(element("p", line, class_="about") for line in witness_lines(result)))


def _expected(result: PropertyResult) -> Html:
    because = [element("p", result.because, class_="about")] if result.because else []
    return joined(["true" if result.expected else "false", *because])


def _counterexamples(
    results: Iterable[PropertyResult], examples: dict[str, ExplainedExample], anchors: dict[str, str]
) -> Iterator[Html]:
    if examples:
        sections = [
            _counterexample(result, examples[result.of.name], anchors[result.of.name])
            for result in results
            if result.of.name in examples
        ]
        lead = element(
            "p", "For each property that is false, this section shows the smallest host that breaks the property."
        )
        yield section("Counterexamples", "counterexamples", lead, *sections)


def _counterexample(result: PropertyResult, example: ExplainedExample, anchor: str) -> Html:
    clause = example.clause
    broken = []
    if clause is not None:
        words = f"The property is false because this clause is {str(clause.held).lower()}: "
        broken = [element("div", clause_with_values(words, clause.clause, clause.seen), class_="change")]
    return element(
        "section",
        element("h3", name(result.of.name), id=anchor),
        element("p", result.of.sentence, class_="lead"),
        *broken,
        compact_decisions(_decisions(example, anchor)),
        aria_labelledby=anchor,
    )


def _decisions(example: ExplainedExample, anchor: str) -> Iterator[CompactDecision]:
    first, changed = example.first, example.changed
    title = "" if changed is None else "Before the change"
    yield CompactDecision(title, f"{anchor}-first", first.decision)
    if changed is not None:
        added = added_interfaces(first, changed) | added_addresses(first, changed)
        yield CompactDecision("After the change", f"{anchor}-changed", changed.decision, added)


def _assumed(results: Sequence[PropertyResult]) -> Iterator[Html]:
    assumed, abstracted = assumptions(results), abstractions(results)
    content: list[Html] = []
    if assumed:
        content.append(element("p", "The proofs make these assumptions about every report:"))
        content.append(element("ul", *(element("li", law) for law in assumed)))
        content.append(element("p", NOT_COVERED))
    if abstracted:
        content.append(element("p", "The proofs do not model these facts exactly, and so allow every value of them:"))
        content.append(element("ul", *(element("li", sentence) for sentence in abstracted)))
    if content:
        yield section("What is assumed", "assumed", *content)
