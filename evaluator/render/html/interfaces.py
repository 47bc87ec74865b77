"""The section on interfaces: one line for each interface with its outcome.

A click on the line shows the reasons of the outcome, and the change that would make the interface the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from evaluator.decision.trace import InterfaceReasons, Reason, Search
from evaluator.explain.summary import no_change
from evaluator.render.drawing.excerpt import Excerpt
from evaluator.render.drawing.markup import Html, element, joined, name
from evaluator.render.drawing.roles import Role, RoleKind
from evaluator.render.drawing.stacks import Neighbours, lowers_of, uppers_of
from evaluator.render.html.parts import folded, names, not_drawn, plural, role_badge, section, table, terms
from evaluator.render.html.reasons import because

_MOST_NAMES = 12
_MOST_ADDRESSES = 24
_MOST_EXPLAINED = 400
MOST_CHANGES = 250


class ExplainedInterfaces(Struct, frozen=True):
    """The explained interfaces (drawn or not drawn), their roles and their link targets.

    `unexplained` is the number of interfaces that the explanation leaves out.
    """

    excerpt: Excerpt
    roles: Mapping[str, Role]
    anchors: Mapping[str, str]
    unexplained: int


def interface_list(explained: ExplainedInterfaces) -> list[Html]:
    """Return one folded HTML element for each drawn interface."""
    uppers = uppers_of(lowers_of(_all(explained)))
    return [_interface(interface, explained, uppers) for interface in explained.excerpt.interfaces]


def interfaces(explained: ExplainedInterfaces) -> Html:
    """Return the section on interfaces as HTML."""
    uppers = uppers_of(lowers_of(_all(explained)))
    content = [
        element(
            "p",
            "Open an interface to see the rules that decided about the interface. "
            "Each rule shows its clauses, and the values in the clauses.",
        )
    ]
    unsearched = sum(_is_unsearched(interface, explained) for interface in _all(explained))
    if unsearched:
        count = plural(unsearched, "interface")
        content.append(element("p", f"activenic did not search for the smallest change for {count}."))
    content += interface_list(explained)
    if explained.excerpt.left_out:
        content.append(_left_out(explained, uppers))
    if explained.unexplained:
        count = plural(explained.unexplained, "more interface")
        content.append(element("p", f"Interfaces that are not part of the decision are not explained: {count}."))
    return section("The reasons for each interface", "interfaces", *content)


def _all(explained: ExplainedInterfaces) -> tuple[InterfaceReasons, ...]:
    return (*explained.excerpt.interfaces, *explained.excerpt.left_out)


def _is_unsearched(interface: InterfaceReasons, explained: ExplainedInterfaces) -> bool:
    return interface.search is None and explained.roles[interface.name].kind is not RoleKind.ACTIVE


def _left_out(explained: ExplainedInterfaces, uppers: Neighbours) -> Html:
    left_out = explained.excerpt.left_out
    content = [_interface(interface, explained, uppers) for interface in left_out[:_MOST_EXPLAINED]]
    brief = left_out[_MOST_EXPLAINED:]
    if brief:
        content.append(element("p", f"Only the outcome is shown for {plural(len(brief), 'more interface')}."))
        rows = [(name(each.name), each.kind, each.outcome) for each in brief]
        content.append(table("More interfaces", ("interface", "kind", "outcome"), rows))
    heading = not_drawn(len(left_out), explained.excerpt.involved_left_out)
    return element("div", folded(heading, *content), id="others")


def _interface(interface: InterfaceReasons, explained: ExplainedInterfaces, uppers: Neighbours) -> Html:
    role = explained.roles[interface.name]
    summary = joined(
        [
            name(interface.name),
            element("span", interface.kind, class_="kind"),
            role_badge(role),
            element("span", interface.outcome, class_="outcome"),
        ],
        " ",
    )
    body = [
        terms(_facts(interface, explained, uppers)),
        *_counterfactual(interface, role),
        *_reasons(interface.reasons),
    ]
    css_class = "interface" if role.kind is RoleKind.NONE else "interface involved"
    return folded(summary, element("div", *body, id=explained.anchors[interface.name]), css_class=css_class)


def _facts(
    interface: InterfaceReasons, explained: ExplainedInterfaces, uppers: Neighbours
) -> Iterator[tuple[str, Html | str]]:
    yield "on top of", names(interface.lowers, _MOST_NAMES) if interface.lowers else "nothing"
    if interface.name in uppers:
        yield "below", names(uppers[interface.name], _MOST_NAMES)
    yield "owns", _addresses(interface.addresses, frozenset(explained.excerpt.matched))
    if interface.pointer:
        yield "in the report at", name(interface.pointer, css_class="place")


def _addresses(addresses: Sequence[str], host_addresses: frozenset[str]) -> Html:
    in_order = sorted(addresses, key=lambda address: address not in host_addresses)
    items = [
        joined([name(address, css_class="matched"), " (host address)"]) if address in host_addresses else name(address)
        for address in in_order[:_MOST_ADDRESSES]
    ]
    more = [f"and {len(addresses) - _MOST_ADDRESSES:,} more"] if len(addresses) > _MOST_ADDRESSES else []
    return joined([*items, *more], " ") if addresses else Html("no address")


def _counterfactual(interface: InterfaceReasons, role: Role) -> Iterator[Html]:
    is_rejected = role.kind is RoleKind.REJECTED
    if interface.near_misses:
        near = element("ul", *(element("li", sentence) for sentence in interface.near_misses))
        yield element("div", element("h3", "Near misses"), near, class_="near")
    if interface.change is not None:
        steps = joined((element("span", step) for step in interface.change.steps), ", and if ")
        goal = "not be rejected" if is_rejected else "be the hostActiveNic"
        yield element("p", "If ", steps, f", it would {goal}.", class_="change")
    elif interface.search is not None:
        limit = "; the search stopped at its limit" if interface.search is Search.GAVE_UP else ""
        sentence = no_change("this interface", is_rejected=is_rejected)
        yield element("p", f"{sentence[0].upper()}{sentence[1:]}{limit}.", class_="change")


def _reasons(reasons: Sequence[Reason]) -> Iterator[Html]:
    judged = [reason for reason in reasons if reason.held is not None]
    if judged:
        rows = [(_rule(reason), reason.effect, because(reason)) for reason in judged]
        yield table("Rules", ("rule", "effect", "because"), rows)
    not_judged = [reason.rule for reason in reasons if reason.held is None]
    if not_judged:
        yield element(
            "p",
            "These rules were not evaluated for this interface, because it was not a candidate: ",
            names(not_judged, len(not_judged)),
            class_="silent",
        )


def _rule(reason: Reason) -> Html:
    return joined([name(reason.rule), name(reason.place, css_class="place")], " ")
