"""Reads the routes of an nmstate report: routes and gateways by interface, and routes that drop or reject packets.

Only the main routing table counts, because a decision is about the host's own traffic. nmstate 0.x includes connected
routes, and nmstate 2.x does not. For nmstate 2.x, the connected routes are derived from the addresses, as in the
kernel.
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
_BLOCKING_TYPES = frozenset({"blackhole", "unreachable", "prohibit", "throw"})
# the kernel's default metrics by address family: for configured routes, and for connected routes of addresses
_STATIC_METRICS = {4: 0, 6: 1024}
_CONNECTED_METRICS = {4: 0, 6: 256}


class Routing(Struct):
    """The routes of the main table.

    The keys of `routes`, `gateways` and `pointers` are interface names. `pointers` has JSON Pointers: each points to
    the gateway in the first default route of an interface. `blocked` are the routes that drop or reject packets, and
    the routes through devices that the report does not describe.
    """

    routes: dict[str, list[Route]] = field(default_factory=dict)
    gateways: dict[str, set[Address]] = field(default_factory=lambda: defaultdict(set))
    pointers: dict[str, str] = field(default_factory=dict)
    blocked: list[Route] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_routing(section: wire.Routes | None, place: str, described: Container[str]) -> Routing:
    """Return the running routes; if the report has no running routes, the configured routes.

    `place` is the JSON Pointer of the report. If the report does not describe the device of a route, the route is added
    to `blocked`. So this route still takes precedence over routes with a shorter prefix.
    """
    routing = Routing()
    if section is not None:
        key, routes = ("config", section.config) if section.running is None else ("running", section.running)
        for i, route in enumerate(routes or ()):
            if route.state != "absent" and route.table_id in _MAIN_TABLES:
                _add(routing, route, f"{place}/routes/{key}/{i}")
    for ifname in sorted(name for name in routing.routes if name not in described):
        routing.blocked.extend(routing.routes.pop(ifname))
        routing.findings.append(device_not_reported(ifname))
    return routing


def connected(subnets: Iterable[Cidr], routes: Iterable[Route]) -> Iterator[Route]:
    """Yield a connected route for each subnet, unless a route to the same destination exists."""
    destinations = {route.destination for route in routes}
    return (Route(net, _CONNECTED_METRICS[net.first.version]) for net in subnets if net not in destinations)


def _add(routing: Routing, entry: wire.Route, pointer: str) -> None:
    ifname, destination = entry.next_hop_interface or "", entry.destination
    is_blocked = entry.route_type in _BLOCKING_TYPES
    if not destination or not (ifname or is_blocked):
        return
    route = _route(destination, entry.metric)
    if route is None:
        routing.findings.append(_invalid_destination(destination, ifname))
    elif is_blocked:
        routing.blocked.append(route)
    else:
        routing.routes.setdefault(ifname, []).append(route)
        if route.destination.prefix == 0:
            _add_gateway(routing, ifname, entry.next_hop_address or "", pointer)


def _route(destination: str, metric: int | None) -> Route | None:
    """Return the route to a destination, None if the text is invalid."""
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


def _invalid_destination(destination: str, ifname: str) -> Finding:
    return Finding(
        FindingCode.MALFORMED_ADDRESS,
        Severity.WARNING,
        f"a route has the invalid destination {quote(destination)}; the route is ignored",
        (ifname,) if ifname else (),
    )
