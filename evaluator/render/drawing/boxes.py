"""What is written in each box of the topology, and how much room it takes.

Nobody measures text here: a sign is taken to be as wide as in the widest of the usual fonts, twice
that in East Asian scripts. A text of other signs is given its width in the drawing, so that no
font can make it leave its box.
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
_NARROWEST = 112
_MOST_ADDRESSES = 4
_MOST_IN_TITLE = 20


class Style(Struct, frozen=True):
    """A way to write one line: its class in the style sheet, the line's height, a sign's width, the most signs."""

    name: str
    height: int
    cell: float
    most: int


NAME = Style("name", 21, 8.7, 26)
TARGET = Style("name", 21, 8.7, 39)  # an IPv6 address in full
KIND = Style("kind", 16, 7.5, 26)
ADDRESS = Style("address", 17, 7.4, 39)
MATCHED = Style("matched", 17, 7.4, 39)
VERDICT = Style("verdict", 18, 7.5, 30)


class Words(Struct, frozen=True):
    """One line of a box; `cells` counts the signs' widths."""

    text: str
    style: Style
    cells: int

    @property
    def width(self) -> int:
        """The room that it takes."""
        return round(self.cells * self.style.cell)

    @property
    def needs_fitting(self) -> bool:
        """Whether fonts may disagree on its width."""
        return any(char > "\u024f" and char != "…" for char in self.text)


class Face(Struct, frozen=True):
    """A box: its class in the style sheet, its lines, and the whole of what it stands for as `title`."""

    look: str
    title: str
    lines: tuple[Words, ...]
    verdict: tuple[Words, ...] = ()

    @property
    def width(self) -> int:
        """The room that the widest line takes."""
        return max(_NARROWEST, *(line.width + 2 * PADDING for line in (*self.lines, *self.verdict)))

    @property
    def body_height(self) -> int:
        """The height without the verdict."""
        return PADDING + sum(line.style.height for line in self.lines) + (4 if self.verdict else 0)

    @property
    def height(self) -> int:
        """The height of everything."""
        return self.body_height + sum(line.style.height for line in self.verdict) + (6 if self.verdict else 0)


def of_interface(interface: InterfaceReasons, role: Role, matched: Sequence[str]) -> Face:
    """Return the box of an interface; `matched` are the host addresses that it owns."""
    is_matched = frozenset(matched)
    shown = [*matched, *(address for address in interface.addresses if address not in is_matched)]
    most = len(shown) if len(shown) <= _MOST_ADDRESSES + 1 else _MOST_ADDRESSES
    lines = [_words(visible(interface.name), NAME), _words(interface.kind, KIND)]
    lines += [_words(address, MATCHED if address in is_matched else ADDRESS) for address in shown[:most]]
    if most < len(shown):
        lines.append(_words(f"and {len(shown) - most} more", KIND))
    if interface.name in interface.lowers:
        lines.append(_words("stands on itself", KIND))
    verdict = [_words(role.label, VERDICT)] if role.label else []
    if role.rule:
        verdict.append(_words(f"by {visible(role.rule)}", VERDICT))
    said = f": {role.label} by {visible(role.rule)}" if role.rule else f": {role.label}" if role.label else ""
    title = f"{visible(interface.name)} ({interface.kind}){said}"
    return Face(str(role.part), title, tuple(lines), tuple(verdict))


def of_undescribed(name: str) -> Face:
    """Return the box of a name that the report uses but does not describe."""
    shown = visible(name)
    return Face("ghost", f"{shown}: not in the report", (_words(shown, NAME), _words("not in the report", KIND)))


def of_address(address: str) -> Face:
    """Return the box of one of the host's addresses."""
    return Face("target", f"{address}: an address of the host", (_words(address, TARGET), _words("host address", KIND)))


def of_nobody() -> Face:
    """Return the box that stands where no interface owns an address."""
    lines = (_words("nobody", NAME), _words("on this host owns it", KIND))
    return Face("ghost", "no interface of this host owns it", lines)


def of_hidden(names: Sequence[str], what: str) -> Face:
    """Return the box that counts interfaces which are not drawn; `what` says what they do."""
    listed = ", ".join(map(visible, names[:_MOST_IN_TITLE])) + ", …" * (len(names) > _MOST_IN_TITLE)
    count = f"{len(names):,} more"
    return Face("more", f"{count}: {listed}", (_words(count, NAME), _words(what, KIND)))


def _words(text: str, style: Style) -> Words:
    cut = _cut(printable(text), style.most)
    return Words(cut, style, sum(map(_cells, cut)))


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _cut(text: str, most: int) -> str:
    """Return the text, its middle left out where it is long: names often differ at their ends."""
    if sum(map(_cells, text)) <= most:
        return text
    head = _start(text, most // 2)
    tail = _start(text[::-1], most - most // 2 - 1)[::-1]
    return f"{head}…{tail}"


def _start(text: str, most: int) -> str:
    room = most
    for i, char in enumerate(text):
        room -= _cells(char)
        if room < 0:
            return text[:i]
    return text
