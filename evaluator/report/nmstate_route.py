"""The routes of an nmstate report: where each interface leads, its gateways, and what leads nowhere.

Only the main table counts, as a decision is about the host's own traffic. nmstate 0.x lists the
connected routes, 2.x leaves them out; there they are those that the kernel makes of the addresses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evaluator.diagnostic import Severity
from evaluator.facts.address import Address, Cidr, network_of, parse_with_prefix
from evaluator.facts.link import Link
from evaluator.facts.route import Route
from evaluator.finding import Finding, FindingCode
from evaluator.frozen import dataclass, field, replace
from evaluator.report.beyond_vdsm import device_not_reported, read_gateway
from evaluator.text import quote

_MAIN_TABLES = (0, 254)
_NOWHERE = frozenset({"blackhole", "unreachable", "prohibit", "throw"})
# what the kernel gives a route without a metric of its own: one that is set, and one of an address
_STATIC_METRICS = {4: 0, 6: 1024}
_CONNECTED_METRICS = {4: 0, 6: 256}


@dataclass(frozen=True, slots=True)
class Routing:
    """The routes of the main table by ifname. `pointers` leads to the first default route of each interface."""

    ways: Mapping[str, list[Route]] = field(default_factory=lambda: defaultdict(list))
    gateways: Mapping[str, set[Address]] = field(default_factory=lambda: defaultdict(set))
    pointers: dict[str, str] = field(default_factory=dict)
    blocked: list[Route] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_routing(document: Mapping[str, Any], place: str) -> Routing:
    """Return the running routes, or the configured ones where the report has no others; `place` is the document's."""
    routing = Routing()
    section: Mapping[str, Any] = document.get("routes", {})
    key = "running" if "running" in section else "config"
    for i, route in enumerate(section.get(key, ())):
        if route.get("state") != "absent" and route.get("table-id", 0) in _MAIN_TABLES:
            _add(routing, route, f"{place}/routes/{key}/{i}")
    return routing


def with_routes(links: Iterable[Link], routing: Routing) -> tuple[Link, ...]:
    """Return the links with their routes and gateways; routes by other devices hide shorter ones and lead nowhere."""
    links = tuple(links)
    for ifname in sorted(routing.ways.keys() - {link.name for link in links}):
        routing.blocked.extend(routing.ways[ifname])
        routing.findings.append(device_not_reported(ifname))
    known = {link.name: {way.destination for way in routing.ways.get(link.name, ())} for link in links}
    lists_connected = any(not known[link.name].isdisjoint(link.subnets) for link in links)
    return tuple(
        [_routed(link, routing, () if lists_connected else _connected(link, known[link.name])) for link in links]
    )


def _routed(link: Link, routing: Routing, connected: Iterable[Route]) -> Link:
    ways = {*routing.ways.get(link.name, ()), *connected}
    gateways = routing.gateways.get(link.name, ())
    if not (ways or gateways or link.name in routing.pointers):
        return link
    pointers = {**link.pointers, **_gateway_pointer(link, routing)}
    return replace(link, ways=tuple(sorted(ways)), gateways=tuple(sorted(gateways)), pointers=pointers)


def _connected(link: Link, known: set[Cidr]) -> Iterator[Route]:
    return (Route(net, _CONNECTED_METRICS[net.first.version]) for net in link.subnets if net not in known)


def _gateway_pointer(link: Link, routing: Routing) -> dict[str, str]:
    return {"gateways": routing.pointers[link.name]} if link.name in routing.pointers else {}


def _add(routing: Routing, route: Mapping[str, Any], pointer: str) -> None:
    ifname = route.get("next-hop-interface", "")
    is_blocked = route.get("route-type") in _NOWHERE
    if not route.get("destination") or not (ifname or is_blocked):
        return
    way = _way(route)
    if way is None:
        routing.findings.append(_no_network(route["destination"], ifname))
    elif is_blocked:
        routing.blocked.append(way)
    else:
        routing.ways[ifname].append(way)
        if way.destination.prefix == 0:
            _add_gateway(routing, ifname, route.get("next-hop-address", ""), pointer)


def _way(route: Mapping[str, Any]) -> Route | None:
    try:
        address, prefix = parse_with_prefix(route["destination"])
    except ValueError:
        return None
    metric = int(route.get("metric", -1))
    network = network_of(address, {4: 32, 6: 128}[address.version] if prefix is None else prefix)
    return Route(network, _STATIC_METRICS[address.version] if metric < 0 else metric)


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
        f"a route leads to {quote(destination)}, which is no network; it was left out",
        (ifname,) if ifname else (),
    )
