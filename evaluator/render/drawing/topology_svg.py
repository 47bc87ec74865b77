"""Draw the interfaces of a host in layers, with the owners of host addresses and the role of each interface.

Host addresses are at the top, and lines connect each address to its owners. Each interface is above its lower devices.
`excerpt` selects the interfaces, `boxes` creates their texts, and `layout` computes their positions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from evaluator.decision.trace import InterfaceReasons
from evaluator.render.drawing.boxes import (
    MATCHED,
    PADDING,
    BoxContent,
    TextLine,
    address_box,
    hidden_box,
    interface_box,
    undescribed_box,
    unowned_box,
)
from evaluator.render.drawing.excerpt import Excerpt
from evaluator.render.drawing.layout import Box, Line, PlacedBox, lay_out
from evaluator.render.drawing.markup import Attribute, Html, element
from evaluator.render.drawing.roles import Role, RoleKind

_MAX_WIDTH = 1040
_MARGIN = 8
_CORNER_RADIUS = 7
_ADDRESS, _INTERFACE, _ABOVE, _BELOW, _OWNERS, _UNOWNED = "a", "i", "above", "below", "owners", "unowned"
_DESCRIPTION = (
    "The addresses of the host are at the top, connected to the interfaces that own them. Each interface is above its "
    "lower devices, and is a link to its explanation in this page."
)
_Key = str


class Drawing(Struct, frozen=True):
    """A drawing: the SVG picture, and the style classes of the lines in the picture."""

    svg: Html
    line_classes: frozenset[str]


def draw(excerpt: Excerpt, roles: Mapping[str, Role], anchors: Mapping[str, str], anchor: str = "drawing") -> Drawing:
    """Return the drawing of an excerpt.

    `anchors` has for each interface the id of the element to which the box of the interface links. `anchor` is the
    prefix of every id in the drawing. Two drawings on one page must have different prefixes.
    """
    boxes = dict(_boxes(excerpt, roles))
    edges = [(upper, lower) for upper, lower in _edges(excerpt) if upper in boxes and lower in boxes]
    layout = lay_out([Box(key, content.width, content.height) for key, content in boxes.items()], edges, _MAX_WIDTH)
    by_key = {placed.key: placed for placed in layout.boxes}
    links = {_key(_INTERFACE, name): anchor for name, anchor in anchors.items()}
    width, height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN
    svg = element(
        "svg",
        element("title", "The interfaces of the host in layers", id=f"{anchor}-title"),
        element("desc", _DESCRIPTION, id=f"{anchor}-desc"),
        *(_line(line) for line in layout.lines),
        *(_box(by_key[key], content, links.get(key)) for key, content in boxes.items()),
        viewBox=f"{-_MARGIN} {-_MARGIN} {width} {height}",
        width=width,
        height=height,
        role="group",
        aria_labelledby=f"{anchor}-title",
        aria_describedby=f"{anchor}-desc",
    )
    return Drawing(svg, frozenset(map(_line_class, layout.lines)))


def _key(kind: str, name: str) -> _Key:
    return f"{kind} {name}"


def _boxes(excerpt: Excerpt, roles: Mapping[str, Role]) -> Iterator[tuple[_Key, BoxContent]]:
    """Yield the boxes, the most important box first.

    This order matters, because components are drawn in the order of their first boxes.
    """
    involved = [interface for interface in excerpt.interfaces if roles[interface.name].kind is not RoleKind.NONE]
    for interface in involved:
        yield _interface(interface, roles, excerpt.matched)
    if not all(excerpt.owners.values()):
        yield _UNOWNED, unowned_box()
    for interface in excerpt.interfaces[len(involved) :]:
        yield _interface(interface, roles, excerpt.matched)
    for name in excerpt.undescribed:
        yield _key(_INTERFACE, name), undescribed_box(name)
    for name, names in excerpt.hidden_above.items():
        yield _key(_ABOVE, name), hidden_box(names, "above it")
    for name, names in excerpt.hidden_below.items():
        yield _key(_BELOW, name), hidden_box(names, "below it")
    for address in excerpt.owners:
        yield _key(_ADDRESS, address), address_box(address)
    for address, names in excerpt.hidden_owners.items():
        yield _key(_OWNERS, address), hidden_box(names, "owning it")


def _interface(
    interface: InterfaceReasons, roles: Mapping[str, Role], host_addresses: Sequence[str]
) -> tuple[_Key, BoxContent]:
    owned = frozenset(interface.addresses)
    matched = [address for address in host_addresses if address in owned]
    return _key(_INTERFACE, interface.name), interface_box(interface, roles[interface.name], matched)


def _edges(excerpt: Excerpt) -> Iterator[tuple[_Key, _Key]]:
    for address, owners in excerpt.owners.items():
        yield from ((_key(_ADDRESS, address), _key(_INTERFACE, owner)) for owner in owners)
        if not owners:
            yield _key(_ADDRESS, address), _UNOWNED
    for interface in excerpt.interfaces:
        yield from ((_key(_INTERFACE, interface.name), _key(_INTERFACE, lower)) for lower in interface.lowers)
    yield from ((_key(_ADDRESS, address), _key(_OWNERS, address)) for address in excerpt.hidden_owners)
    yield from ((_key(_ABOVE, name), _key(_INTERFACE, name)) for name in excerpt.hidden_above)
    yield from ((_key(_INTERFACE, name), _key(_BELOW, name)) for name in excerpt.hidden_below)


def _line_class(line: Line) -> str:
    if line.is_reversed:
        return "cycle"
    return "owns" if line.upper.startswith(f"{_ADDRESS} ") else "stacked"


def _line(line: Line) -> Html:
    x, y = line.points[0]
    path = [f"M{x} {y}"]
    for i, (to_x, to_y) in enumerate(line.points[1:]):
        half = (y + to_y) // 2
        is_gap = not i % 2
        path.append(f"C{x} {half} {to_x} {half} {to_x} {to_y}" if is_gap and x != to_x else f"V{to_y}")
        x, y = to_x, to_y
    return element("path", d="".join(path), class_=f"line {_line_class(line)}")


def _box(placed: PlacedBox, content: BoxContent, anchor: str | None) -> Html:
    x, y, width = placed.x, placed.y, placed.width
    parts = [element("title", content.title), _frame(x, y, width, placed.height, "frame")]
    if content.css_class == "more":
        parts.insert(1, _frame(x + 4, y - 4, width, placed.height, "frame behind"))
    if content.verdict:
        parts.append(_band(placed, placed.height - content.body_height))
    parts.extend(_text(content.lines, x + PADDING, y + PADDING // 2))
    parts.extend(_text(content.verdict, x + PADDING, y + content.body_height + 1))
    if anchor is None:
        return element("g", *parts, class_=f"box {content.css_class}")
    return element("a", *parts, href=f"#{anchor}", class_=f"box {content.css_class}")


def _frame(x: int, y: int, width: int, height: int, css_class: str) -> Html:
    return element("rect", x=x, y=y, width=width, height=height, rx=_CORNER_RADIUS, class_=css_class)


def _band(placed: PlacedBox, height: int) -> Html:
    """Return the area behind the verdict. The area fills the lower part of the box, inside the frame of the box."""
    x, y, inner = placed.x + 1, placed.y + placed.height - 1, _CORNER_RADIUS - 1
    wide, high = placed.width - 2, height - inner - 1
    round_ = f"a{inner} {inner} 0 0 1"
    outline = (
        f"M{x} {y - inner - high}h{wide}v{high}{round_}{-inner} {inner}h{2 * inner - wide}{round_}{-inner} {-inner}z"
    )
    return element("path", d=outline, class_="band")


def _text(lines: tuple[TextLine, ...], x: int, y: int) -> Iterator[Html]:
    for line in lines:
        style = line.style
        if style is MATCHED:
            yield element("rect", x=x - 5, y=y + 1, width=line.width + 10, height=style.height - 2, rx=4, class_="mark")
        fit: dict[str, Attribute] = {}
        if line.needs_fitting:
            fit = {"textLength": line.width, "lengthAdjust": "spacingAndGlyphs"}
        yield element("text", line.text, x=x, y=y + style.height - 5, class_=style.name, **fit)
        y += style.height
