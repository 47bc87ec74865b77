"""The picture of a host on a decision's page, with what its lines mean and what it leaves out."""

from __future__ import annotations

from collections.abc import Mapping

from evaluator.render.drawing.excerpt import Excerpt
from evaluator.render.drawing.markup import Html, element
from evaluator.render.drawing.roles import Role
from evaluator.render.drawing.topology_svg import draw
from evaluator.render.html.parts import rest, section

_LEGEND = {
    "owns": "is an address of",
    "stands": "stands on what is below it",
    "circle": "closes a circle: the lower one says that it stands on the upper one",
}


def topology(shown: Excerpt, roles: Mapping[str, Role], anchors: Mapping[str, str]) -> Html:
    """Return the section; `anchors` are the places in the page to which the interfaces lead."""
    if not shown.interfaces and not shown.owners:
        return section("The host", "host", element("p", "Neither interfaces nor addresses are known."))
    drawing = draw(shown, roles, anchors)
    picture = element("div", drawing.svg, class_="picture", role="region", aria_label="Topology", tabindex=0)
    keys = [element("span", text, class_=f"key {look}") for look, text in _LEGEND.items() if look in drawing.lines]
    legend = [element("p", *keys, class_="legend")] if keys else []
    return section("The host", "host", picture, *legend, *_left_out(shown))


def _left_out(shown: Excerpt) -> list[Html]:
    said = []
    if shown.left_out:
        more = element("a", rest(len(shown.left_out), shown.players_left_out), href="#others")
        said.append(element("p", more, ", not drawn"))
    if shown.addresses_left_out:
        said.append(element("p", f"and {shown.addresses_left_out:,} more of the host's addresses, not drawn"))
    return said
