"""Possible changes of the report: addresses, kinds, members, logical networks, VLAN IDs and routes of interfaces.

Only facts that the policy reads are changed. A report cannot state every change. For example, only reports of VDSM have
logical networks. This module does not check whether a report can state a change: `restate` does this, and refuses the
change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evaluator.base.text import quote, quote_all
from evaluator.decision.decide import Case
from evaluator.decision.trace import EditKind
from evaluator.explain.counterfactual.members import more_slaves, removed_from_masters
from evaluator.explain.counterfactual.ownership import Owners, losing, owned_texts, ownership_options
from evaluator.explain.counterfactual.trial import Option, ReportEdit, Trial, changed_facts, report_trial
from evaluator.explain.restate.restate import has_routing_table
from evaluator.explain.restate.writer import DEFAULT_ROUTES, FULL_LENGTH
from evaluator.facts.address import Address, Cidr, network_of, parse_cidr
from evaluator.facts.link import Kind, Link
from evaluator.policy.language.checked import InState, walk

_ROUTE_WORDS = frozenset({"nic.routes", "nic.gateways", "route_to"})
_NETWORK_WORDS = frozenset({"nic.networks", "report.networks"})
_MEMBER_STATES = frozenset({"nic is slave", "nic is port"})
_MOST_NAMES = 3


def report_options(case: Case, link: Link, owners: Owners) -> Iterator[Option]:
    """Yield the options (possible changes of the report) that can make the interface the answer.

    For a loopback link, nothing is yielded.
    """
    if link.kind is Kind.LOOPBACK:
        return
    words = case.compiled.required_facts.keys()
    values = tuple(case.parameters[parameter.name] for parameter in case.program.parameters)
    yield from ownership_options(case, link, owners)
    if "nic.primary_addresses" in words or _tests_primary(case):
        yield from (_primary(link.name, address) for address in _not_primary(case, link))
    yield from _stack(case, link)
    if not _NETWORK_WORDS.isdisjoint(words):
        yield from _networks(case, link, (value for value in values if isinstance(value, str)))
    if "nic.vlan_id" in words and link.kind is Kind.VLAN:
        numbers = (value for value in values if isinstance(value, int) and not isinstance(value, bool))
        yield from (_vlan_id(link, number) for number in numbers if number != link.vlan_id)
    if not _ROUTE_WORDS.isdisjoint(words):
        for value in (value for value in values if isinstance(value, Address)):
            yield from _routes(case, link, value)
    if "report.last_client_iface" in words and case.report.facts.last_client_iface != link.name:
        yield _last_client(link)


def _stack(case: Case, link: Link) -> Iterator[Option]:
    """Yield possible changes of the kind, the masters or the slaves of the interface."""
    if link.kind in (Kind.BRIDGE, Kind.OTHER):
        yield _physical(link)
    if not _MEMBER_STATES.isdisjoint(case.compiled.required_facts):
        trials = tuple(removed_from_masters(case, link))
        if trials:
            yield Option(trials)
    if "nic.slaves" in case.compiled.required_facts and link.kind is Kind.BOND:
        yield from more_slaves(case, link)


def _tests_primary(case: Case) -> bool:
    nodes = (node for rule in case.program.rules for node in walk(rule.condition))
    return any(isinstance(node, InState) and node.state.name == "primary" for node in nodes)


def _not_primary(case: Case, link: Link) -> tuple[Address, ...]:
    """Return at most `_MOST_NAMES` host addresses that are not primary addresses of the interface."""
    primary = {owned.address for owned in link.addresses if owned.primary}
    first = (case.host.first,) if case.host.first in case.host.usable_set else ()
    addresses = dict.fromkeys((*first, *case.host.usable))
    return tuple(address for address in addresses if address is not None and address not in primary)[:_MOST_NAMES]


def _primary(name: str, address: Address) -> Option:
    def build(case: Case) -> ReportEdit | None:
        link = case.report.facts.by_name[name]
        if address not in link.address_set:
            return None
        return ReportEdit(
            EditKind.PRIMARY_ADDRESSES,
            link,
            lambda writer: writer.list_first(link, address),
            changed_facts({name: {"addresses", "conflicts"}}),
            lambda case: owned_texts(owned for owned in case.report.facts.by_name[name].addresses if owned.primary),
            f"the report showed {quote(str(address))} as a primary address of {quote(name)}",
        )

    return Option((report_trial("primary", build),))


def _physical(link: Link) -> Option:
    name = link.name
    ports = link.lowers.ports
    members = f" with the port{'s' * (len(ports) > 1)} {quote_all(ports)}" if ports else ""
    instead = f" instead of a bridge{members}" if link.kind is Kind.BRIDGE else ""

    def build(case: Case) -> ReportEdit:
        current = case.report.facts.by_name[name]
        return ReportEdit(
            EditKind.KIND,
            current,
            lambda writer: writer.make_physical(current),
            # a port carries the logical networks of its bridge; the position of an entry depends on its kind
            changed_facts({name: {"kind", "lowers", "missing", "conflicts", "vlan_id"}}, {"networks", "position"}),
            lambda case: str(case.report.facts.by_name[name].kind),
            f"{quote(name)} were a network card{instead}",
        )

    return Option((report_trial("kind", build),))


def _networks(case: Case, link: Link, networks: Iterable[str]) -> Iterator[Option]:
    for network in dict.fromkeys(networks):
        if network and network not in link.networks:
            yield _network_moved(link.name, network)
            if network in case.report.facts.networks:
                yield _network_removed(network)


def _network_moved(name: str, network: str) -> Option:
    def build(case: Case) -> ReportEdit:
        facts = case.report.facts
        link = facts.by_name[name]
        is_elsewhere = any(network in other.networks for other in facts.links)
        instead = " instead of the interface that now carries this network" if is_elsewhere else ""
        return ReportEdit(
            EditKind.NETWORKS,
            link,
            lambda writer: writer.set_network(link, network),
            changed_facts({}, {"networks", "conflicts"}, {"networks"}),
            lambda case: list(case.report.facts.by_name[name].networks),
            f"{quote(name)} carried the network {quote(network)}{instead}",
        )

    return Option((report_trial(f"network {network}", build),))


def _network_removed(network: str) -> Option:
    def build(case: Case) -> ReportEdit:
        return ReportEdit(
            EditKind.NETWORKS,
            None,
            lambda writer: writer.set_network(None, network),
            changed_facts({}, {"networks", "conflicts"}, {"networks"}),
            lambda case: list(case.report.facts.networks),
            f"the host did not have the network {quote(network)}",
        )

    return Option((report_trial(f"network {network}", build),))


def _vlan_id(link: Link, number: int) -> Option:
    name = link.name

    def build(case: Case) -> ReportEdit:
        current = case.report.facts.by_name[name]
        return ReportEdit(
            EditKind.VLAN_ID,
            current,
            lambda writer: writer.set_vlan_id(current, number),
            changed_facts({name: {"vlan_id"}}),
            lambda case: case.report.facts.by_name[name].vlan_id,
            f"{quote(name)} had the VLAN ID {number}",
        )

    return Option((report_trial("vlan", build),))


def _routes(case: Case, link: Link, destination: Address) -> Iterator[Option]:
    """Yield the possible change that routes a destination through the interface.

    Some formats report default routes, but no routing table. For these formats, also yield a second possible change. It
    adds the default route, and removes every address whose subnet contains the destination. The reason is that the
    route to such a subnet has precedence over a default route.
    """
    route = _route(case, link, destination)
    yield Option((route,))
    if not has_routing_table(case.report):
        others = (other for other in case.report.facts.links if other.name != link.name)
        connected = ((other.name, _addresses_near(other, destination)) for other in others)
        loss = tuple((name, addresses) for name, addresses in connected if addresses)
        if loss:
            yield Option((route, *losing(loss)))


def _addresses_near(link: Link, address: Address) -> tuple[Address, ...]:
    """Return the addresses of an interface that have the given address in their subnet."""
    return tuple(owned.address for owned in link.addresses if owned.prefix is not None and address in owned.network)


def _route(case: Case, link: Link, destination: Address) -> Trial:
    version = destination.version
    is_listed = has_routing_table(case.report)
    network = network_of(destination, FULL_LENGTH[version]) if is_listed else parse_cidr(DEFAULT_ROUTES[version])
    others = [] if is_listed else [other.name for other in case.report.facts.links if _has_route(other, network, link)]
    not_others = f", and not through {quote_all(others)}" if others else ""
    route = f"a route to {quote(str(network))}" if is_listed else f"the IPv{version} default route"
    name = link.name

    def build(case: Case) -> ReportEdit:
        current = case.report.facts.by_name[name]
        return ReportEdit(
            EditKind.ROUTES,
            current,
            (lambda writer: writer.add_route(current, network))
            if is_listed
            else (lambda writer: writer.set_default_route(current, version)),
            changed_facts({changed: {"main_routes", "gateways"} for changed in (name, *others)}),
            lambda case: _routes_to(case.report.facts.by_name[name], destination),
            f"{route} went through {quote(name)}{not_others}",
        )

    return report_trial("route", build)


def _has_route(other: Link, network: Cidr, link: Link) -> bool:
    return other.name != link.name and any(route.destination == network for route in other.main_routes)


def _routes_to(link: Link, address: Address) -> list[str]:
    return [str(route.destination) for route in link.main_routes if address in route.destination]


def _last_client(link: Link) -> Option:
    name = link.name

    def build(case: Case) -> ReportEdit:
        current = case.report.facts.by_name[name]
        return ReportEdit(
            EditKind.LAST_CLIENT_IFACE,
            None,
            lambda writer: writer.set_last_client(current),
            changed_facts({}, host={"last_client_iface"}),
            lambda case: case.report.facts.last_client_iface,
            f"the last client had connected through {quote(name)}",
        )

    return Option((report_trial("last client", build),))
