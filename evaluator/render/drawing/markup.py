"""Build HTML and SVG. Foreign text can never become markup.

Interface names, DNS answers, messages and policies can contain any characters. Every part of a page is built with
`element`. `element` escapes every child that is not `Html`, and replaces characters that cannot be printed. The markup
is ASCII, so that terminals, mail programs and wrong character sets cannot damage a page.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable

from msgspec import Struct

from evaluator.base.text import flat, visible

_VOID = frozenset({"br", "meta"})
_MOST_MARKS = 2
_LONGEST_WHOLE = 32  # characters that fit into one line of a narrow page
Attribute = str | int | None


class Html(Struct, frozen=True):
    """Markup that becomes part of a page unchanged. Only `element` and `joined` convert text from outside to `Html`."""

    source: str


def element(tag: str, *children: Html | str, **attributes: Attribute) -> Html:
    """Return an element. Children that are text are escaped.

    Write `class_` and `aria_label` for the attributes `class` and `aria-label`. An attribute that is None is omitted.
    """
    attribute_text = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_escaped(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Html(f"<{tag}{attribute_text}>")
    return Html(f"<{tag}{attribute_text}>{joined(children).source}</{tag}>")


def joined(parts: Iterable[Html | str], separator: str = "") -> Html:
    """Return the parts in order, with a separator. Parts that are text are escaped."""
    sources = (part.source if isinstance(part, Html) else _escaped(part) for part in parts)
    return Html(_escaped(separator).join(sources))


def name(text: str, css_class: str = "") -> Html:
    """Return a name from the host, the policy or DNS as a code element, with invisible characters made visible.

    A browser never breaks a line inside a short text, such as the name of an interface, but it can break a long text.
    """
    content = visible(text)
    is_short = content.isascii() and len(content) <= _LONGEST_WHOLE  # another character can be very wide
    breaks = "whole" if is_short else "long"
    return element("code", content, class_=f"{css_class} {breaks}".lstrip())


def lines(text: str) -> Html:
    """Return a text of several lines, preformatted."""
    return element("pre", Html("\n".join(map(_escaped, text.split("\n")))))


def printable(text: str) -> str:
    """Return a text of printable characters, with at most two combining marks on each letter."""
    flattened = text if text.isprintable() else flat(text)
    return flattened if flattened.isascii() else _limit_marks(flattened)


def _escaped(text: str) -> str:
    return html.escape(printable(text)).encode("ascii", "xmlcharrefreplace").decode("ascii")


def _limit_marks(text: str) -> str:
    """Replace each combining mark that would cover other lines. The number of its code point is written instead.

    Such a mark is the third or a later mark of a letter, or a mark at the beginning of a text.
    """
    characters: list[str] = []
    marks = _MOST_MARKS
    for char in text:
        marks = marks + 1 if unicodedata.category(char).startswith("M") else 0
        characters.append(char if marks <= _MOST_MARKS else f"\\u{ord(char):04x}")
    return "".join(characters)
