"""The parts that the sections of a decision's page are made of: badges, tables, folded lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evaluator.render.drawing.markup import Html, element, joined, name
from evaluator.render.drawing.roles import Part, Role

_LONGEST_MESSAGE = 600
_TONES = {
    "resolved": "good",
    "rejected": "bad",
    "ambiguous": "unsure",
    "no_match": "unsure",
    "unknown_host": "unsure",
    "error": "bad",
    "warning": "unsure",
    "info": "told",
}
_PART_TONES = {
    Part.ACTIVE: "good",
    Part.REJECTED: "bad",
    Part.LEFT: "unsure",
    Part.DISCARDED: "quiet",
    Part.OWNER: "quiet",
    Part.NEAR: "told",
}


def badge(word: str) -> Html:
    """Return a status or a severity: its word, coloured."""
    return element("span", word, class_=f"badge {_TONES.get(word, 'quiet')}")


def role_badge(role: Role) -> Html:
    """Return what became of an interface, coloured; nothing where it played no part."""
    if not role.label:
        return Html("")
    return element("span", role.label, class_=f"badge {_PART_TONES[role.part]}")


def section(title: str, anchor: str, *content: Html) -> Html:
    """Return a section with its heading."""
    heading = element("h2", title, id=anchor)
    return element("section", heading, *content, aria_labelledby=anchor)


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Html | str]]) -> Html:
    """Return a table; the first cell of a row is its head. A cell repeats its column's head, for narrow pages."""
    head = element("tr", *(element("th", text, scope="col") for text in heads))
    body = []
    for first, *rest in rows:
        cells = (element("td", cell, data_head=text) for text, cell in zip(heads[1:], rest, strict=True))
        body.append(element("tr", element("th", first, scope="row"), *cells))
    caption_ = element("caption", caption)
    return element("table", caption_, element("thead", head), element("tbody", *body))


def terms(pairs: Iterable[tuple[str, Html | str]]) -> Html:
    """Return terms with what each means here."""
    groups = (element("div", element("dt", term), element("dd", meaning)) for term, meaning in pairs)
    return element("dl", *groups)


def folded(summary: Html | str, *content: Html, look: str = "rest") -> Html:
    """Return content behind its summary, closed; `look` is its class in the style sheet."""
    return element("details", element("summary", summary), *content, class_=look)


def names(texts: Sequence[str], most: int) -> Html:
    """Return the first `most` of some names and how many more there are."""
    shown = [name(text) for text in texts[:most]]
    more = [f"and {len(texts) - most:,} more"] if len(texts) > most else []
    return joined([*shown, *more], " ") if texts else Html("none")


def cut(message: str) -> str:
    """Return a message, or the beginning of a very long one."""
    return message if len(message) <= _LONGEST_MESSAGE else message[: _LONGEST_MESSAGE - 1] + "…"


def rest(count: int, players: int) -> str:
    """Return how many interfaces are not drawn, and how many of them played a part."""
    part = f", {players:,} of which had a part in it" if players else " that had no part in it"
    return f"and {plural(count, 'more interface')}{part}"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
