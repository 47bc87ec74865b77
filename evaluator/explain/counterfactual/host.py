"""Edits of the report: what an interface owns, what it is, what it carries, where routes lead.

Each is one that a report of the format could state; `restate` finds out. Facts that the policy does not look
at are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evaluator.base.text import quote, quote_all
from evaluator.decision.decide import Case
from evaluator.decision.trace import EditKind
from evaluator.explain.counterfactual.members import more_slaves, released
from evaluator.explain.counterfactual.ownership import Owners, lost, owned_texts, ownership
from evaluator.explain.counterfactual.trial import Option, ReportEdit, Trial, report_trial, touching
from evaluator.explain.restate.restate import has_routing_table
from evaluator.explain.restate.writer import DEFAULT_ROUTES, FULL_LENGTH
from evaluator.facts.address import Address, Cidr, network_of, parse_cidr
from evaluator.facts.link import Kind, Link
from evaluator.policy.language.checked import InState, walk

_ROUTE_WORDS = frozenset({"nic.routes", "nic.gateways", "route_to"})
_NETWORK_WORDS = frozenset({"nic.networks", "report.networks"})
_MEMBER_STATES = frozenset({"nic is slave", "nic is port"})
_MOST_NAMES = 3


def report_edits(case: Case, link: Link, owners: Owners) -> Iterator[Option]:
    """Yield edits of the report by which the interface may be the answer; none for a loopback link."""
    if link.kind is Kind.LOOPBACK:
        return
    asked = case.compiled.asked.keys()
    values = tuple(case.parameters[parameter.name] for parameter in case.program.parameters)
    yield from ownership(case, link, owners)
    if "nic.primary_addresses" in asked or _asks_for_primary(case):
        yield from (_primary(link.name, address) for address in _to_show_first(case, link))
    yield from _stack(case, link)
    if not _NETWORK_WORDS.isdisjoint(asked):
        yield from _networks(case, link, (value for value in values if isinstance(value, str)))
    if "nic.vlan_id" in asked and link.kind is Kind.VLAN:
        numbers = (value for value in values if isinstance(value, int) and not isinstance(value, bool))
        yield from (_vlan_id(link, number) for number in numbers if number != link.vlan_id)
    if not _ROUTE_WORDS.isdisjoint(asked):
        for value in (value for value in values if isinstance(value, Address)):
            yield from _routes(case, link, value)
    if "report.last_client_iface" in asked and case.report.facts.last_client_iface != link.name:
        yield _last_client(link)


def _stack(case: Case, link: Link) -> Iterator[Option]:
    """Yield edits of the kind and the memberships of the interface."""
    if link.kind in (Kind.BRIDGE, Kind.OTHER):
        yield _card(link)
    if not _MEMBER_STATES.isdisjoint(case.compiled.asked):
        free = tuple(released(case, link))
        yield from (Option(free),) * bool(free)
    if "nic.slaves" in case.compiled.asked and link.kind is Kind.BOND:
        yield from more_slaves(case, link)


def _asks_for_primary(case: Case) -> bool:
    nodes = (node for rule in case.program.rules for node in walk(rule.condition))
    return any(isinstance(node, InState) and node.state.name == "primary" for node in nodes)


def _to_show_first(case: Case, link: Link) -> tuple[Address, ...]:
    """Return the host addresses that are not the primary ones of the interface, or that it does not own yet."""
    primary = {owned.address for owned in link.addresses if owned.primary}
    first = (case.host.first,) if case.host.first in case.host.usable_set else ()
    found = dict.fromkeys((*first, *case.host.usable))
    return tuple(address for address in found if address is not None and address not in primary)[:_MOST_NAMES]


def _primary(name: str, address: Address) -> Option:
    def make(case: Case) -> ReportEdit | None:
        link = case.report.facts.by_name[name]
        if address not in link.address_set:
            return None
        return ReportEdit(
            EditKind.PRIMARY_ADDRESSES,
            link,
            lambda writer: writer.show_first(link, address),
            touching({name: {"addresses", "conflicts"}}),
            lambda case: owned_texts(one for one in case.report.facts.by_name[name].addresses if one.primary),
            f"the report showed {quote(str(address))} as a primary address of {quote(name)}",
        )

    return Option((report_trial("primary", make),))


def _card(link: Link) -> Option:
    name = link.name
    instead = " instead of a bridge" if link.kind is Kind.BRIDGE else ""
    below = f", without {quote_all(link.lowers.ports)} below it" if link.lowers.ports else ""

    def make(case: Case) -> ReportEdit:
        now = case.report.facts.by_name[name]
        return ReportEdit(
            EditKind.KIND,
            now,
            lambda writer: writer.make_card(now),
            # a port of a bridge carries the networks of the bridge; the place of an entry depends on its kind
            touching({name: {"kind", "lowers", "missing", "conflicts", "vlan_id"}}, {"networks", "position"}),
            lambda case: str(case.report.facts.by_name[name].kind),
            f"{quote(name)} were a network card{instead}{below}",
        )

    return Option((report_trial("kind", make),))


def _networks(case: Case, link: Link, networks: Iterable[str]) -> Iterator[Option]:
    for network in dict.fromkeys(networks):
        if network and network not in link.networks:
            yield _carrying(link.name, network)
            if network in case.report.facts.networks:
                yield _without_network(network)


def _carrying(name: str, network: str) -> Option:
    def make(case: Case) -> ReportEdit:
        facts = case.report.facts
        link = facts.by_name[name]
        is_elsewhere = any(network in other.networks for other in facts.links)
        alone = " instead of the interface that carries it" if is_elsewhere else ""
        return ReportEdit(
            EditKind.NETWORKS,
            link,
            lambda writer: writer.carry(link, network),
            touching({}, {"networks", "conflicts"}, {"networks"}),
            lambda case: list(case.report.facts.by_name[name].networks),
            f"{quote(name)} carried {quote(network)}{alone}",
        )

    return Option((report_trial(f"network {network}", make),))


def _without_network(network: str) -> Option:
    def make(case: Case) -> ReportEdit:
        return ReportEdit(
            EditKind.NETWORKS,
            None,
            lambda writer: writer.carry(None, network),
            touching({}, {"networks", "conflicts"}, {"networks"}),
            lambda case: list(case.report.facts.networks),
            f"the host had no network {quote(network)} yet",
        )

    return Option((report_trial(f"network {network}", make),))


def _vlan_id(link: Link, number: int) -> Option:
    name = link.name

    def make(case: Case) -> ReportEdit:
        now = case.report.facts.by_name[name]
        return ReportEdit(
            EditKind.VLAN_ID,
            now,
            lambda writer: writer.set_vlan_id(now, number),
            touching({name: {"vlan_id"}}),
            lambda case: case.report.facts.by_name[name].vlan_id,
            f"{quote(name)} had the VLAN ID {number}",
        )

    return Option((report_trial("vlan", make),))


def _routes(case: Case, link: Link, destination: Address) -> Iterator[Option]:
    """Yield the edit by which a route leads there; beside a default route, also by which no subnet leads elsewhere."""
    route = _route(case, link, destination)
    yield Option((route,))
    if not has_routing_table(case.report):
        others = (other for other in case.report.facts.links if other.name != link.name)
        near = ((other.name, _in_subnet_of(other, destination)) for other in others)
        gone = tuple((name, addresses) for name, addresses in near if addresses)
        yield from (Option((route, *lost(gone))),) * bool(gone)


def _in_subnet_of(link: Link, address: Address) -> tuple[Address, ...]:
    """Return the addresses of an interface whose subnet an address is in."""
    return tuple(owned.address for owned in link.addresses if owned.prefix is not None and address in owned.network)


def _route(case: Case, link: Link, destination: Address) -> Trial:
    version = destination.version
    is_listed = has_routing_table(case.report)
    network = network_of(destination, FULL_LENGTH[version]) if is_listed else parse_cidr(DEFAULT_ROUTES[version])
    others = [] if is_listed else [other.name for other in case.report.facts.links if _leads(other, network, link)]
    not_others = f", and not through {quote_all(others)}" if others else ""
    what = f"a route to {quote(str(network))}" if is_listed else f"the IPv{version} default route"
    name = link.name

    def make(case: Case) -> ReportEdit:
        now = case.report.facts.by_name[name]
        return ReportEdit(
            EditKind.ROUTES,
            now,
            (lambda writer: writer.add_route(now, network))
            if is_listed
            else (lambda writer: writer.lead_default(now, version)),
            touching({one: {"ways", "gateways"} for one in (name, *others)}),
            lambda case: _routes_to(case.report.facts.by_name[name], destination),
            f"{what} led through {quote(name)}{not_others}",
        )

    return report_trial("route", make)


def _leads(other: Link, network: Cidr, link: Link) -> bool:
    return other.name != link.name and any(way.destination == network for way in other.ways)


def _routes_to(link: Link, address: Address) -> list[str]:
    return [str(way.destination) for way in link.ways if address in way.destination]


def _last_client(link: Link) -> Option:
    name = link.name

    def make(case: Case) -> ReportEdit:
        now = case.report.facts.by_name[name]
        return ReportEdit(
            EditKind.LAST_CLIENT_IFACE,
            None,
            lambda writer: writer.set_last_client(now),
            touching({}, host={"last_client_iface"}),
            lambda case: case.report.facts.last_client_iface,
            f"the last client had connected through {quote(name)}",
        )

    return Option((report_trial("last client", make),))
