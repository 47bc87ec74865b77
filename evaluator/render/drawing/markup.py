"""Markup that foreign text cannot break out of.

Interface names, DNS answers, messages and policies may hold anything. A page is built of `element`
alone: whatever is not `Html` already is escaped there, and what does not print becomes a sign that
does. The markup is ASCII, so that no terminal, mail or wrong charset changes a page.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable

from msgspec import Struct

from evaluator.base.text import flat, visible

_VOID = frozenset({"br", "meta"})
_MOST_MARKS = 2
Attribute = str | int | None


class Html(Struct, frozen=True):
    """Markup that stands in a page as it is. Foreign text becomes one through `element` and `joined` only."""

    source: str


def element(tag: str, *children: Html | str, **attributes: Attribute) -> Html:
    """Return an element; a text among its children is escaped.

    An attribute is written `class_` or `aria_label` for `class` and `aria-label`, and left out where it is None.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_escaped(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Html(f"<{tag}{written}>")
    return Html(f"<{tag}{written}>{joined(children).source}</{tag}>")


def joined(parts: Iterable[Html | str], between: str = "") -> Html:
    """Return the parts one after the other; a text among them is escaped."""
    sources = (part.source if isinstance(part, Html) else _escaped(part) for part in parts)
    return Html(_escaped(between).join(sources))


def name(text: str, **attributes: Attribute) -> Html:
    """Return a name that the host, the policy or DNS gave, apart from the words around it and made visible."""
    return element("code", visible(text), **attributes)


def lines(text: str) -> Html:
    """Return a text of several lines as they stand."""
    return element("pre", Html("\n".join(map(_escaped, text.split("\n")))))


def printable(text: str) -> str:
    """Return a text in which every sign prints, and no more marks stand on a letter than letters have."""
    shown = text if text.isprintable() else flat(text)
    return shown if shown.isascii() else _without_towers(shown)


def _escaped(text: str) -> str:
    return html.escape(printable(text)).encode("ascii", "xmlcharrefreplace").decode("ascii")


def _without_towers(text: str) -> str:
    """Show combining marks beyond what a letter bears, or without a letter, by number: they would cover other lines."""
    written: list[str] = []
    marks = _MOST_MARKS
    for char in text:
        marks = marks + 1 if unicodedata.category(char).startswith("M") else 0
        written.append(char if marks <= _MOST_MARKS else f"\\u{ord(char):04x}")
    return "".join(written)
