"""Print the comparison of two policies as one HTML page. The page lists the changes.

For each change, the page shows the smallest host with this change. The host is drawn twice: once with the decision of
the old policy, and once with the decision of the new policy. The page loads nothing and runs no scripts (`frame.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from msgspec.structs import replace

from evaluator.base.text import visible
from evaluator.base.version import __version__
from evaluator.engine import Policy
from evaluator.render.drawing.markup import Html, element, joined, name
from evaluator.render.html.compact import CompactDecision, compact_decisions
from evaluator.render.html.frame import html_document, style_sheet
from evaluator.render.html.parts import section, table, terms
from evaluator.render.policy_differences import (
    cause_words,
    change_of_example,
    change_words,
    heading,
    reason_words,
    sorted_results,
)
from evaluator.verify.differences import Differences, PairDifferences
from evaluator.verify.policy_change import ChangedHost, PolicyAnswer
from evaluator.verify.search import decide_host


def write_page(found: Differences, stream: TextIO) -> None:
    """Write the HTML page of a comparison of two policies to a stream."""
    stream.write(page(found))


def page(found: Differences) -> str:
    """Return the page."""
    content = element(
        "main",
        _head(found),
        *(part for number, pair in enumerate(found.pairs) for part in _pair(found, pair, f"pair-{number}")),
        *_assumed(found),
    )
    title = f"{visible(found.old.name)} and {visible(found.new.name)}: differences - activenic"
    return html_document(title, content, style_sheet())


def _head(found: Differences) -> Html:
    if found.has_change:
        sentence, tone = "Some hosts get another status or interface.", "ambiguous"
    elif found.is_settled:
        sentence, tone = "Both policies give every host the same status and interface (proved).", "resolved"
    else:
        sentence, tone = "No change was found. For some changes, it is unknown whether they can happen.", "ambiguous"
    return element(
        "header",
        element("h1", "Differences of ", name(found.old.name), " and ", name(found.new.name)),
        element("p", sentence, class_="lead"),
        terms(
            (
                ("old policy", joined([name(found.old.name), name(found.old.digest)], " ")),
                ("new policy", joined([name(found.new.name), name(found.new.digest)], " ")),
                ("compared by", f"activenic {__version__}"),
            )
        ),
        class_=tone,
    )


def _pair(found: Differences, differences: PairDifferences, anchor: str) -> Iterator[Html]:
    """Yield the section of one pair of policies: its changes, then for each change the smallest host that shows it."""
    examples, never, others = sorted_results(differences.results)
    rows: list[tuple[Html, Html]] = []
    for number, (change, example) in enumerate(examples):
        link = element("a", change_of_example(change, example), href=f"#{anchor}-change-{number}")
        rows.append((link, _badge("happens", "unsure")))
    for result in others:
        causes = (element("p", line, class_="about") for line in cause_words(result))
        rows.append((_text(change_words(result.change)), joined([_badge(reason_words(result), "quiet"), *causes])))
    rows += [(_text(change_words(result.change)), _badge("never, proved for every host", "good")) for result in never]
    hosts = [
        _host(found, change_of_example(change, example), example, f"{anchor}-change-{number}")
        for number, (change, example) in enumerate(examples)
    ]
    yield section(heading(found, differences), anchor, table("Changes", ("change", "result"), rows), *hosts)


def _badge(words: str, tone: str) -> Html:
    return element("span", words, class_=f"badge {tone}")


def _text(words: str) -> Html:
    return element("span", words)


def _host(found: Differences, title: str, example: ChangedHost, anchor: str) -> Html:
    sides = (("old", found.old, example.old), ("new", found.new, example.new))
    return element(
        "section",
        element("h3", title, id=anchor),
        compact_decisions(_side(policy, answer, example, f"{anchor}-{side}") for side, policy, answer in sides),
        aria_labelledby=anchor,
    )


def _side(policy: Policy, answer: PolicyAnswer, example: ChangedHost, anchor: str) -> CompactDecision:
    """Return the decision of one of the two policies about a host."""
    decision = decide_host(policy, replace(example.host, parameters=answer.parameters))
    return CompactDecision(visible(policy.name), anchor, decision)


def _assumed(found: Differences) -> Iterator[Html]:
    laws = dict.fromkeys(law for pair in found.pairs for law in pair.assumed)
    if laws:
        items = element("ul", *(element("li", law) for law in laws))
        lead = element("p", "The proofs make these assumptions about every report:")
        yield section("What is assumed", "assumed", lead, items)
