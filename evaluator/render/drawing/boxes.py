"""The text in each box of the topology drawing, and the size of the box.

The fonts of the reader are not known, so the width of a text is estimated. The estimate uses the character width of the
widest common font. A character of an East Asian script counts as two characters. If the width of a text depends on the
font, the drawing states the width, and the viewer fits the text to this width. So the text always stays in its box.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from msgspec import Struct

from evaluator.base.text import visible
from evaluator.decision.trace import InterfaceReasons
from evaluator.render.drawing.markup import printable
from evaluator.render.drawing.roles import Role

PADDING = 10
_MIN_WIDTH = 112
_MOST_ADDRESSES = 4
_MOST_NAMES_IN_TITLE = 20


class Style(Struct, frozen=True):
    """The style of a line: its class in the style sheet, height, width of a cell, and maximum number of cells.

    A cell is the space of one narrow character.
    """

    name: str
    height: int
    cell_width: float
    max_cells: int


NAME = Style("name", 21, 8.7, 26)
HOST_ADDRESS = Style("name", 21, 8.7, 39)  # wide enough for a full IPv6 address
KIND = Style("kind", 16, 7.5, 26)
ADDRESS = Style("address", 17, 7.4, 39)
MATCHED = Style("matched", 17, 7.4, 39)
VERDICT = Style("verdict", 18, 7.5, 30)


class TextLine(Struct, frozen=True):
    """One line of a box; `cells` is its width in cells."""

    text: str
    style: Style
    cells: int

    @property
    def width(self) -> int:
        """Return the estimated width of the line in pixels."""
        return round(self.cells * self.style.cell_width)

    @property
    def needs_fitting(self) -> bool:
        """Return whether the width of the line differs between fonts."""
        return any(char > "\u024f" and char != "…" for char in self.text)


class BoxContent(Struct, frozen=True):
    """The content of a box: its class in the style sheet, its tooltip, and its lines of text.

    The lines in `verdict` are about the decision; they are below the other lines.
    """

    css_class: str
    title: str
    lines: tuple[TextLine, ...]
    verdict: tuple[TextLine, ...] = ()

    @property
    def width(self) -> int:
        """Return the width of the box in pixels: the width of the widest line plus the padding."""
        return max(_MIN_WIDTH, *(line.width + 2 * PADDING for line in (*self.lines, *self.verdict)))

    @property
    def body_height(self) -> int:
        """Return the height of the box in pixels, without the lines of the verdict."""
        return PADDING + sum(line.style.height for line in self.lines) + (4 if self.verdict else 0)

    @property
    def height(self) -> int:
        """Return the height of the box, in pixels."""
        return self.body_height + sum(line.style.height for line in self.verdict) + (6 if self.verdict else 0)


def interface_box(interface: InterfaceReasons, role: Role, matched: Sequence[str]) -> BoxContent:
    """Return the box of an interface. `matched` are the host addresses of the interface. The box lists them first."""
    matched_set = frozenset(matched)
    addresses = [*matched, *(address for address in interface.addresses if address not in matched_set)]
    count = len(addresses) if len(addresses) <= _MOST_ADDRESSES + 1 else _MOST_ADDRESSES
    lines = [text_line(visible(interface.name), NAME), text_line(interface.kind, KIND)]
    lines += [text_line(address, MATCHED if address in matched_set else ADDRESS) for address in addresses[:count]]
    if count < len(addresses):
        lines.append(text_line(f"and {len(addresses) - count} more", KIND))
    if interface.name in interface.lowers:
        lines.append(text_line("is on top of itself", KIND))
    verdict = [text_line(role.label, VERDICT)] if role.label else []
    if role.rule:
        verdict.append(text_line(f"by {visible(role.rule)}", VERDICT))
    role_text = f": {role.label} by {visible(role.rule)}" if role.rule else f": {role.label}" if role.label else ""
    title = f"{visible(interface.name)} ({interface.kind}){role_text}"
    return BoxContent(str(role.kind), title, tuple(lines), tuple(verdict))


def undescribed_box(name: str) -> BoxContent:
    """Return the box of an interface that the report refers to but does not describe."""
    text = visible(name)
    lines = (text_line(text, NAME), text_line("not in the report", KIND))
    return BoxContent("ghost", f"{text}: not in the report", lines)


def address_box(address: str) -> BoxContent:
    """Return the box of a host address."""
    lines = (text_line(address, HOST_ADDRESS), text_line("host address", KIND))
    return BoxContent("target", f"{address}: an address of the host", lines)


def unowned_box() -> BoxContent:
    """Return the box below host addresses that no interface owns."""
    lines = (text_line("no owner", NAME), text_line("on this host", KIND))
    return BoxContent("ghost", "no interface of this host owns the address", lines)


def hidden_box(names: Sequence[str], position: str) -> BoxContent:
    """Return the box with the number of the interfaces that are not drawn, and their position, such as `"above it"`."""
    listed = ", ".join(map(visible, names[:_MOST_NAMES_IN_TITLE])) + ", …" * (len(names) > _MOST_NAMES_IN_TITLE)
    count = f"{len(names):,} more"
    return BoxContent("more", f"{count}: {listed}", (text_line(count, NAME), text_line(position, KIND)))


def text_line(text: str, style: Style) -> TextLine:
    """Return a line of a box with a text from the report. If the text is too wide for its style, it is shortened."""
    shortened = _shorten(printable(text), style.max_cells)
    return TextLine(shortened, style, sum(map(_cells, shortened)))


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _shorten(text: str, max_cells: int) -> str:
    """Return the text. If the text is too long, its middle is left out, because names often differ at their ends."""
    if sum(map(_cells, text)) <= max_cells:
        return text
    head = _prefix(text, max_cells // 2)
    tail = _prefix(text[::-1], max_cells - max_cells // 2 - 1)[::-1]
    return f"{head}…{tail}"


def _prefix(text: str, max_cells: int) -> str:
    remaining = max_cells
    for i, char in enumerate(text):
        remaining -= _cells(char)
        if remaining < 0:
            return text[:i]
    return text
