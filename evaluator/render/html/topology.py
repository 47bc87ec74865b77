"""The section with the drawing of the host, its legend, and the number of interfaces that are not drawn."""

from __future__ import annotations

from collections.abc import Mapping

from evaluator.render.drawing.excerpt import Excerpt
from evaluator.render.drawing.markup import Html, element
from evaluator.render.drawing.roles import Role
from evaluator.render.drawing.topology_svg import draw
from evaluator.render.html.parts import not_drawn, section

_LEGEND = {
    "owns": "address of this interface",
    "stacked": "on top of the lower device",
    "cycle": "part of a cycle: in the report, the lower box is on top of the upper box",
}


def topology(excerpt: Excerpt, roles: Mapping[str, Role], anchors: Mapping[str, str]) -> Html:
    """Return the section with the drawing as HTML; `anchors` has the link target of each interface."""
    return section("The host", "host", *picture(excerpt, roles, anchors, "drawing", "Topology"))


def picture(
    excerpt: Excerpt, roles: Mapping[str, Role], anchors: Mapping[str, str], anchor: str, label: str
) -> list[Html]:
    """Return the drawing and its legend.

    The ids in the drawing begin with `anchor`. `label` is the name of the drawing for screen readers.
    """
    if not excerpt.interfaces and not excerpt.owners:
        return [element("p", "Neither interfaces nor addresses are known.")]
    drawing = draw(excerpt, roles, anchors, anchor)
    region = element("div", drawing.svg, class_="picture", role="region", aria_label=label, tabindex=0)
    keys = [
        element("span", text, class_=f"key {line}") for line, text in _LEGEND.items() if line in drawing.line_classes
    ]
    legend = [element("p", *keys, class_="legend")] if keys else []
    return [region, *legend, *_left_out(excerpt)]


def _left_out(excerpt: Excerpt) -> list[Html]:
    notes = []
    if excerpt.left_out:
        more = element("a", not_drawn(len(excerpt.left_out), excerpt.involved_left_out), href="#others")
        notes.append(element("p", more, ", not drawn"))
    if excerpt.addresses_left_out:
        notes.append(element("p", f"and {excerpt.addresses_left_out:,} more host addresses, not drawn"))
    return notes
