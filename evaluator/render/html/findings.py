"""The findings on a decision's page: what its reader should know, what to do about it, and who says so."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.base.finding import Finding
from evaluator.render.drawing.markup import Html, element, name
from evaluator.render.html.parts import badge, cut, folded, names, plural, section

_MOST_FINDINGS = 60
_MOST_NAMES = 12


def findings(found: Sequence[Finding]) -> Html:
    """Return the section."""
    if not found:
        return section("Findings", "findings", element("p", "There are none: nothing to warn of."))
    content = [element("ul", *map(_finding, found[:_MOST_FINDINGS]), class_="findings")]
    if len(found) > _MOST_FINDINGS:
        rest = element("ul", *map(_finding, found[_MOST_FINDINGS:]), class_="findings")
        content.append(folded(f"and {plural(len(found) - _MOST_FINDINGS, 'more finding')}", rest))
    return section("Findings", "findings", *content)


def _finding(finding: Finding) -> Html:
    parts = [
        element("p", badge(str(finding.severity)), " ", element("b", finding.code)),
        element("p", cut(finding.message)),
    ]
    if cut(finding.message) != finding.message:
        parts.append(folded("the whole message", element("p", finding.message)))
    if finding.hint:
        parts.append(element("p", element("b", "What to do: "), finding.hint))
    about = [*finding.interfaces, *finding.addresses]
    if about:
        parts.append(element("p", "about ", names(about, _MOST_NAMES), class_="about"))
    if finding.rule:
        parts.append(element("p", "found by the rule at ", name(finding.rule, class_="place"), class_="about"))
    return element("li", *parts, class_=str(finding.severity))
