"""The interfaces of a host in layers: who stands on whom, owns the host's addresses, won, or fell to which rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from evaluator.decision.trace import InterfaceReasons
from evaluator.render.drawing import boxes as faces
from evaluator.render.drawing.boxes import PADDING, Face, Words
from evaluator.render.drawing.excerpt import Excerpt
from evaluator.render.drawing.layout import Box, Line, Placed, lay_out
from evaluator.render.drawing.markup import Attribute, Html, element
from evaluator.render.drawing.roles import Part, Role

_MOST_WIDTH = 1040
_MARGIN = 8
_ROUND = 7
_ADDRESS, _INTERFACE, _ABOVE, _BELOW, _OWNERS, _NOBODY = "a", "i", "above", "below", "owners", "nobody"
_DESCRIBED = (
    "The host's addresses are on top, joined to the interfaces that own them; each interface is above those it stands "
    "on. Each leads to the place in this page that says what became of it."
)
_Key = str


class Drawing(Struct, frozen=True):
    """The picture, and which looks of lines are in it."""

    svg: Html
    lines: frozenset[str]


def draw(shown: Excerpt, roles: Mapping[str, Role], anchors: Mapping[str, str]) -> Drawing:
    """Draw the excerpt; `anchors` are the places in the page to which the interfaces lead."""
    boxes = dict(_boxes(shown, roles))
    edges = [(upper, lower) for upper, lower in _edges(shown) if upper in boxes and lower in boxes]
    layout = lay_out([Box(key, face.width, face.height) for key, face in boxes.items()], edges, _MOST_WIDTH)
    by_key = {placed.key: placed for placed in layout.boxes}
    links = {_key(_INTERFACE, name): anchor for name, anchor in anchors.items()}
    width, height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN
    svg = element(
        "svg",
        element("title", "The host's interfaces in layers", id="drawing-title"),
        element("desc", _DESCRIBED, id="drawing-desc"),
        *(_line(line) for line in layout.lines),
        *(_box(by_key[key], face, links.get(key)) for key, face in boxes.items()),
        viewBox=f"{-_MARGIN} {-_MARGIN} {width} {height}",
        width=width,
        height=height,
        role="group",
        aria_labelledby="drawing-title",
        aria_describedby="drawing-desc",
    )
    return Drawing(svg, frozenset(map(_look, layout.lines)))


def _key(what: str, name: str) -> _Key:
    return f"{what} {name}"


def _boxes(shown: Excerpt, roles: Mapping[str, Role]) -> Iterator[tuple[_Key, Face]]:
    """Yield the boxes, the most telling first: the parts of the drawing come in the order of their first boxes."""
    played = [interface for interface in shown.interfaces if roles[interface.name].part is not Part.NONE]
    for interface in played:
        yield _interface(interface, roles, shown.matched)
    if not all(shown.owners.values()):
        yield _NOBODY, faces.of_nobody()
    for interface in shown.interfaces[len(played) :]:
        yield _interface(interface, roles, shown.matched)
    for name in shown.undescribed:
        yield _key(_INTERFACE, name), faces.of_undescribed(name)
    for name, names in shown.hidden_above.items():
        yield _key(_ABOVE, name), faces.of_hidden(names, "above it")
    for name, names in shown.hidden_below.items():
        yield _key(_BELOW, name), faces.of_hidden(names, "below it")
    for address in shown.owners:
        yield _key(_ADDRESS, address), faces.of_address(address)
    for address, names in shown.hidden_owners.items():
        yield _key(_OWNERS, address), faces.of_hidden(names, "owning it")


def _interface(
    interface: InterfaceReasons, roles: Mapping[str, Role], host_addresses: Sequence[str]
) -> tuple[_Key, Face]:
    owned = frozenset(interface.addresses)
    matched = [address for address in host_addresses if address in owned]
    return _key(_INTERFACE, interface.name), faces.of_interface(interface, roles[interface.name], matched)


def _edges(shown: Excerpt) -> Iterator[tuple[_Key, _Key]]:
    for address, owners in shown.owners.items():
        yield from ((_key(_ADDRESS, address), _key(_INTERFACE, owner)) for owner in owners)
        if not owners:
            yield _key(_ADDRESS, address), _NOBODY
    for interface in shown.interfaces:
        yield from ((_key(_INTERFACE, interface.name), _key(_INTERFACE, lower)) for lower in interface.lowers)
    yield from ((_key(_ADDRESS, address), _key(_OWNERS, address)) for address in shown.hidden_owners)
    yield from ((_key(_ABOVE, name), _key(_INTERFACE, name)) for name in shown.hidden_above)
    yield from ((_key(_INTERFACE, name), _key(_BELOW, name)) for name in shown.hidden_below)


def _look(line: Line) -> str:
    if line.closes_circle:
        return "circle"
    return "owns" if line.upper.startswith(f"{_ADDRESS} ") else "stands"


def _line(line: Line) -> Html:
    x, y = line.points[0]
    way = [f"M{x} {y}"]
    for i, (to_x, to_y) in enumerate(line.points[1:]):
        half = (y + to_y) // 2
        is_gap = not i % 2
        way.append(f"C{x} {half} {to_x} {half} {to_x} {to_y}" if is_gap and x != to_x else f"V{to_y}")
        x, y = to_x, to_y
    return element("path", d="".join(way), class_=f"line {_look(line)}")


def _box(placed: Placed, face: Face, anchor: str | None) -> Html:
    x, y, width = placed.x, placed.y, placed.width
    parts = [element("title", face.title), _frame(x, y, width, placed.height, "frame")]
    if face.look == "more":
        parts.insert(1, _frame(x + 4, y - 4, width, placed.height, "frame behind"))
    if face.verdict:
        parts.append(_band(placed, placed.height - face.body_height))
    parts.extend(_written(face.lines, x + PADDING, y + PADDING // 2))
    parts.extend(_written(face.verdict, x + PADDING, y + face.body_height + 1))
    if anchor is None:
        return element("g", *parts, class_=f"box {face.look}")
    return element("a", *parts, href=f"#{anchor}", class_=f"box {face.look}")


def _frame(x: int, y: int, width: int, height: int, look: str) -> Html:
    return element("rect", x=x, y=y, width=width, height=height, rx=_ROUND, class_=look)


def _band(placed: Placed, height: int) -> Html:
    """Return the ground of the verdict: the foot of the box, within its frame."""
    x, y, inner = placed.x + 1, placed.y + placed.height - 1, _ROUND - 1
    wide, high = placed.width - 2, height - inner - 1
    round_ = f"a{inner} {inner} 0 0 1"
    foot = f"M{x} {y - inner - high}h{wide}v{high}{round_}{-inner} {inner}h{2 * inner - wide}{round_}{-inner} {-inner}z"
    return element("path", d=foot, class_="band")


def _written(lines: tuple[Words, ...], x: int, y: int) -> Iterator[Html]:
    for line in lines:
        style = line.style
        if style is faces.MATCHED:
            yield element("rect", x=x - 5, y=y + 1, width=line.width + 10, height=style.height - 2, rx=4, class_="mark")
        fitted: dict[str, Attribute] = {}
        if line.needs_fitting:
            fitted = {"textLength": line.width, "lengthAdjust": "spacingAndGlyphs"}
        yield element("text", line.text, x=x, y=y + style.height - 5, class_=style.name, **fitted)
        y += style.height
