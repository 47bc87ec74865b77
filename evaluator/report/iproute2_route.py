"""`ip -j route show` and `ip -j -6 route show` become the ways of each interface.

Only the main table counts, which is what these commands print. A route that leads nowhere
(unreachable, blackhole, prohibit, throw) hides shorter ones, so it is kept apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evaluator.diagnostic import Severity
from evaluator.facts.address import Address, Cidr, network_of, parse_address, parse_cidr
from evaluator.facts.route import Route
from evaluator.finding import Finding, FindingCode
from evaluator.report.iproute2_link import Ways
from evaluator.text import quote

_BLOCKED = ("unreachable", "blackhole", "prohibit", "throw")
_MAIN = ("main", 254, "254")
_DEFAULTS = {4: parse_cidr("0.0.0.0/0"), 6: parse_cidr("::/0")}


@dataclass(slots=True)
class RoutingTable:
    """The routes by interface name, those that lead nowhere, and what could not be read."""

    routes: dict[str, set[Route]] = field(default_factory=lambda: defaultdict(set))
    gateways: dict[str, set[Address]] = field(default_factory=lambda: defaultdict(set))
    blocked: set[Route] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    def ways(self, name: str) -> Ways:
        """Return what the table says of one interface."""
        return Ways(tuple(sorted(self.routes.get(name, ()))), tuple(sorted(self.gateways.get(name, ()))))


def read_routes(entries: Iterable[Mapping[str, Any]]) -> RoutingTable:
    """Return the routing table that the entries of both families make."""
    table = RoutingTable()
    for entry in entries:
        if not entry or entry.get("table", "main") not in _MAIN:
            continue
        kind = entry.get("type", "unicast")
        if kind != "unicast" and kind not in _BLOCKED:
            continue
        try:
            route = Route(_destination(entry), entry.get("metric", 0))
        except ValueError:
            table.findings.append(_malformed("destination", entry.get("dst", "")))
            continue
        if kind in _BLOCKED:
            table.blocked.add(route)
        else:
            _add(table, route, entry)
    return table


def _add(table: RoutingTable, route: Route, entry: Mapping[str, Any]) -> None:
    for hop in (entry, *entry.get("nexthops", ())):
        name = hop.get("dev")
        if name is None or "dead" in hop.get("flags", ()):
            continue
        table.routes[name].add(route)
        text = hop.get("gateway") or hop.get("via", {}).get("host", "")
        if not text or route.destination.prefix:
            continue
        try:
            table.gateways[name].add(parse_address(text))
        except ValueError:
            table.findings.append(_malformed("gateway", text))


def _destination(entry: Mapping[str, Any]) -> Cidr:
    text = entry.get("dst", "")
    if text == "default":
        return _DEFAULTS[_version(entry)]
    if "/" in text:
        return parse_cidr(text)
    address = parse_address(text)
    return network_of(address, 32 if address.version == 4 else 128)


def _version(entry: Mapping[str, Any]) -> int:
    """Return the family of a default route, which does not say so itself; only IPv6 ones have a `pref`."""
    return 6 if "pref" in entry or any(":" in text for text in _addresses(entry)) else 4


def _addresses(entry: Mapping[str, Any]) -> Iterator[str]:
    for hop in (entry, *entry.get("nexthops", ())):
        yield hop.get("gateway", "")
        yield hop.get("prefsrc", "")


def _malformed(what: str, text: str) -> Finding:
    message = f"a route has the {what} {quote(text)}, which cannot be read; it was left out"
    return Finding(FindingCode.MALFORMED_ADDRESS, Severity.WARNING, message)
