"""The section on findings: the message and the hint of each finding, and the rule or check that caused the finding."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.base.finding import Finding
from evaluator.render.drawing.markup import Html, element, name
from evaluator.render.html.parts import badge, cut, folded, names, plural, section

_MOST_FINDINGS = 60
_MOST_NAMES = 12


def findings(all_findings: Sequence[Finding]) -> Html:
    """Return the section on findings as HTML."""
    if not all_findings:
        return section("Findings", "findings", element("p", "There are no findings."))
    content = [finding_list(all_findings[:_MOST_FINDINGS])]
    if len(all_findings) > _MOST_FINDINGS:
        rest = finding_list(all_findings[_MOST_FINDINGS:])
        content.append(folded(f"and {plural(len(all_findings) - _MOST_FINDINGS, 'more finding')}", rest))
    return section("Findings", "findings", *content)


def finding_list(all_findings: Sequence[Finding]) -> Html:
    """Return the HTML list of the given findings."""
    return element("ul", *map(_finding, all_findings), class_="findings")


def _finding(finding: Finding) -> Html:
    parts = [
        element("p", badge(str(finding.severity)), " ", element("b", finding.code)),
        element("p", cut(finding.message)),
    ]
    if cut(finding.message) != finding.message:
        parts.append(folded("the whole message", element("p", finding.message)))
    if finding.hint:
        parts.append(element("p", element("b", "What to do: "), finding.hint))
    subjects = [*finding.interfaces, *finding.addresses]
    if subjects:
        parts.append(element("p", "concerns ", names(subjects, _MOST_NAMES), class_="about"))
    if finding.rule:
        parts.append(element("p", "from the rule at ", name(finding.rule, css_class="place"), class_="about"))
    return element("li", *parts, class_=str(finding.severity))
