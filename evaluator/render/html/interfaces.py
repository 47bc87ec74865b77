"""Every interface of a host on a decision's page: why it is or is not the answer, behind one line each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from evaluator.decision.trace import InterfaceReasons, Reason, Search
from evaluator.render.drawing.excerpt import Excerpt
from evaluator.render.drawing.markup import Html, element, joined, name
from evaluator.render.drawing.roles import Part, Role
from evaluator.render.drawing.stacks import Neighbours, lowers_of, uppers_of
from evaluator.render.html.parts import folded, names, plural, rest, role_badge, section, table, terms
from evaluator.render.html.reasons import because

_MOST_NAMES = 12
_MOST_ADDRESSES = 24
_MOST_EXPLAINED = 400
MOST_CHANGES = 250


class Cast(Struct, frozen=True):
    """The interfaces that are drawn and those that are not, with what became of each and its place in the page.

    `unexplained` counts those of which nothing is known here.
    """

    shown: Excerpt
    roles: Mapping[str, Role]
    anchors: Mapping[str, str]
    unexplained: int


def interfaces(cast: Cast) -> Html:
    """Return the section."""
    uppers = uppers_of(lowers_of([*cast.shown.interfaces, *cast.shown.left_out]))
    content = [element("p", "Open one to see which clause of which rule decided about it, and what the clause saw.")]
    if len(cast.roles) > MOST_CHANGES:
        content.append(
            element("p", "Changes are shown for candidates and owners only, because the host has many interfaces.")
        )
    content += [_interface(interface, cast, uppers) for interface in cast.shown.interfaces]
    if cast.shown.left_out:
        content.append(_rest(cast, uppers))
    if cast.unexplained:
        content.append(
            element("p", f"{plural(cast.unexplained, 'more interface')} without part in it are not explained.")
        )
    return section("Why, and why not, for each interface", "interfaces", *content)


def _rest(cast: Cast, uppers: Neighbours) -> Html:
    left_out = cast.shown.left_out
    explained = left_out[:_MOST_EXPLAINED]
    content = [_interface(interface, cast, uppers) for interface in explained]
    brief = left_out[_MOST_EXPLAINED:]
    if brief:
        content.append(element("p", f"Of {plural(len(brief), 'more interface')} only the outcome stands here."))
        rows = [(name(each.name), each.kind, each.outcome) for each in brief]
        content.append(table("More interfaces", ("interface", "kind", "outcome"), rows))
    heading = rest(len(left_out), cast.shown.players_left_out)
    return element("div", folded(heading, *content), id="others")


def _interface(interface: InterfaceReasons, cast: Cast, uppers: Neighbours) -> Html:
    role = cast.roles[interface.name]
    summary = joined(
        [
            name(interface.name),
            element("span", interface.kind, class_="kind"),
            role_badge(role),
            element("span", interface.outcome, class_="outcome"),
        ],
        " ",
    )
    body = [terms(_facts(interface, cast, uppers)), *_what_if(interface, role), *_reasons(interface.reasons)]
    look = "one" if role.part is Part.NONE else "one played"
    return folded(summary, element("div", *body, id=cast.anchors[interface.name]), look=look)


def _facts(interface: InterfaceReasons, cast: Cast, uppers: Neighbours) -> Iterator[tuple[str, Html | str]]:
    yield "on top of", names(interface.lowers, _MOST_NAMES) if interface.lowers else "nothing"
    if interface.name in uppers:
        yield "below", names(uppers[interface.name], _MOST_NAMES)
    yield "owns", _addresses(interface.addresses, frozenset(cast.shown.matched))
    if interface.pointer:
        yield "in the report at", name(interface.pointer, class_="place")


def _addresses(addresses: Sequence[str], of_host: frozenset[str]) -> Html:
    in_order = sorted(addresses, key=lambda address: address not in of_host)
    shown = [
        joined([name(address, class_="matched"), " (the host's)"]) if address in of_host else name(address)
        for address in in_order[:_MOST_ADDRESSES]
    ]
    more = [f"and {len(addresses) - _MOST_ADDRESSES:,} more"] if len(addresses) > _MOST_ADDRESSES else []
    return joined([*shown, *more], " ") if addresses else Html("no address")


def _what_if(interface: InterfaceReasons, role: Role) -> Iterator[Html]:
    goal = "not be rejected" if role.part is Part.REJECTED else "be the hostActiveNic"
    if interface.near_misses:
        near = element("ul", *(element("li", sentence) for sentence in interface.near_misses))
        yield element("div", element("h3", "Near misses"), near, class_="near")
    if interface.change is not None:
        steps = joined((element("span", step) for step in interface.change.steps), ", and if ")
        yield element("p", "If ", steps, f", it would {goal}.", class_="change")
    elif interface.search is not None:
        limit = "; the search stopped at its limit" if interface.search is Search.GAVE_UP else ""
        yield element("p", f"No change was found by which it would {goal}{limit}.", class_="change")


def _reasons(reasons: Sequence[Reason]) -> Iterator[Html]:
    judged = [reason for reason in reasons if reason.held is not None]
    if judged:
        rows = [(_rule(reason), reason.effect, because(reason)) for reason in judged]
        yield table("What each rule found", ("rule", "what followed", "because"), rows)
    silent = [reason.rule for reason in reasons if reason.held is None]
    if silent:
        yield element(
            "p", "Not judged, because it was not a candidate then: ", names(silent, len(silent)), class_="silent"
        )


def _rule(reason: Reason) -> Html:
    return joined([name(reason.rule), name(reason.place, class_="place")], " ")
