"""The routes of an nmstate report: where each interface leads, its gateways, and what leads nowhere.

Only the main table counts, as a decision is about the host's own traffic. nmstate 0.x lists the
connected routes, 2.x leaves them out; there they are those that the kernel makes of the addresses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator

from msgspec import Struct, field

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote
from evaluator.facts.address import Address, Cidr, network_of, parse_with_prefix
from evaluator.facts.route import Route
from evaluator.report.common import device_not_reported, read_gateway
from evaluator.report.nmstate import wire

_MAIN_TABLES = (None, 0, 254)
_NOWHERE = frozenset({"blackhole", "unreachable", "prohibit", "throw"})
# what the kernel gives a route without a metric of its own: one that is set, and one of an address
_STATIC_METRICS = {4: 0, 6: 1024}
_CONNECTED_METRICS = {4: 0, 6: 256}


class Routing(Struct):
    """The routes of the main table by ifname. `pointers` leads to the first default route of each interface."""

    ways: dict[str, list[Route]] = field(default_factory=dict)
    gateways: dict[str, set[Address]] = field(default_factory=lambda: defaultdict(set))
    pointers: dict[str, str] = field(default_factory=dict)
    blocked: list[Route] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_routing(section: wire.Routes | None, place: str, described: Container[str]) -> Routing:
    """Return the running routes, or the configured ones where the report has no others; `place` is the document's.

    Routes by devices that are not described hide shorter ones and lead nowhere.
    """
    routing = Routing()
    if section is not None:
        key, routes = ("config", section.config) if section.running is None else ("running", section.running)
        for i, route in enumerate(routes or ()):
            if route.state != "absent" and route.table_id in _MAIN_TABLES:
                _add(routing, route, f"{place}/routes/{key}/{i}")
    for ifname in sorted(name for name in routing.ways if name not in described):
        routing.blocked.extend(routing.ways.pop(ifname))
        routing.findings.append(device_not_reported(ifname))
    return routing


def connected(subnets: Iterable[Cidr], routes: Iterable[Route]) -> Iterator[Route]:
    """Yield the routes that the kernel makes of subnets, if they are not among the others."""
    known = {way.destination for way in routes}
    return (Route(net, _CONNECTED_METRICS[net.first.version]) for net in subnets if net not in known)


def _add(routing: Routing, route: wire.Route, pointer: str) -> None:
    ifname, destination = route.next_hop_interface or "", route.destination
    is_blocked = route.route_type in _NOWHERE
    if not destination or not (ifname or is_blocked):
        return
    way = _way(destination, route.metric)
    if way is None:
        routing.findings.append(_no_network(destination, ifname))
    elif is_blocked:
        routing.blocked.append(way)
    else:
        routing.ways.setdefault(ifname, []).append(way)
        if way.destination.prefix == 0:
            _add_gateway(routing, ifname, route.next_hop_address or "", pointer)


def _way(destination: str, metric: int | None) -> Route | None:
    try:
        address, prefix = parse_with_prefix(destination)
    except ValueError:
        return None
    network = network_of(address, {4: 32, 6: 128}[address.version] if prefix is None else prefix)
    return Route(network, _STATIC_METRICS[address.version] if metric is None or metric < 0 else metric)


def _add_gateway(routing: Routing, ifname: str, text: str, pointer: str) -> None:
    address, findings = read_gateway(ifname, text)
    routing.findings.extend(findings)
    if address is not None:
        routing.gateways[ifname].add(address)
        routing.pointers.setdefault(ifname, f"{pointer}/next-hop-address")


def _no_network(destination: str, ifname: str) -> Finding:
    return Finding(
        FindingCode.MALFORMED_ADDRESS,
        Severity.WARNING,
        f"a route leads to {quote(destination)}, which is not a valid network; it is ignored",
        (ifname,) if ifname else (),
    )
