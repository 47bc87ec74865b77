"""Elements that several sections of the page use: badges, tables, folded content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evaluator.render.drawing.markup import Html, element, joined, name
from evaluator.render.drawing.roles import Role, RoleKind

_LONGEST_MESSAGE = 600
_TONES = {
    "resolved": "good",
    "rejected": "bad",
    "ambiguous": "unsure",
    "no_match": "unsure",
    "unknown_host": "unsure",
    "error": "bad",
    "warning": "unsure",
    "info": "notice",
}
_ROLE_TONES = {
    RoleKind.ACTIVE: "good",
    RoleKind.REJECTED: "bad",
    RoleKind.CANDIDATE: "unsure",
    RoleKind.REMOVED: "quiet",
    RoleKind.OWNER: "quiet",
    RoleKind.NEAR_MISS: "notice",
}


def badge(word: str) -> Html:
    """Return the badge of a status or a severity: a coloured word."""
    return element("span", word, class_=f"badge {_TONES.get(word, 'quiet')}")


def role_badge(role: Role) -> Html:
    """Return the badge of a role; empty for an interface without a role."""
    if not role.label:
        return Html("")
    return element("span", role.label, class_=f"badge {_ROLE_TONES[role.kind]}")


def section(title: str, anchor: str, *content: Html) -> Html:
    """Return a section with its heading; `anchor` is the id of the heading."""
    heading = element("h2", title, id=anchor)
    return element("section", heading, *content, aria_labelledby=anchor)


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Html | str]]) -> Html:
    """Return a table.

    The first cell of a row is the header of the row. Each cell also contains its column header, for narrow pages.
    """
    head = element("tr", *(element("th", text, scope="col") for text in heads))
    body = []
    for first, *rest in rows:
        cells = (element("td", cell, data_head=text) for text, cell in zip(heads[1:], rest, strict=True))
        body.append(element("tr", element("th", first, scope="row"), *cells))
    caption_ = element("caption", caption)
    return element("table", caption_, element("thead", head), element("tbody", *body))


def terms(pairs: Iterable[tuple[str, Html | str]]) -> Html:
    """Return a description list of terms and their values."""
    groups = (element("div", element("dt", term), element("dd", value)) for term, value in pairs)
    return element("dl", *groups)


def folded(summary: Html | str, *content: Html, css_class: str = "rest") -> Html:
    """Return content that is collapsed under a summary; `css_class` is its class in the style sheet."""
    return element("details", element("summary", summary), *content, class_=css_class)


def names(texts: Sequence[str], most: int) -> Html:
    """Return the first `most` names, followed by the number of the names that are left out."""
    items = [name(text) for text in texts[:most]]
    more = [f"and {len(texts) - most:,} more"] if len(texts) > most else []
    return joined([*items, *more], " ") if texts else Html("none")


def cut(message: str) -> str:
    """Return a message, shortened if it is very long."""
    return message if len(message) <= _LONGEST_MESSAGE else message[: _LONGEST_MESSAGE - 1] + "…"


def not_drawn(count: int, involved: int) -> str:
    """Return a text about the interfaces that a drawing leaves out: `count` interfaces.

    `involved` of these interfaces are involved in the decision.
    """
    role = f", {involved:,} of them involved in the decision" if involved else ", not involved in the decision"
    return f"and {plural(count, 'more interface')}{role}"


def plural(count: int, noun: str) -> str:
    """Return a count with a noun in singular or plural."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
