"""`ip -j route show` and `ip -j -6 route show` become the ways of each interface.

Only the main table counts, which is what these commands print. A route that leads nowhere
(unreachable, blackhole, prohibit, throw) hides shorter ones, so it is kept apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evaluator.diagnostic import Severity
from evaluator.facts.address import Address, Cidr, network_of, parse_address, parse_cidr
from evaluator.facts.route import Route
from evaluator.finding import Finding, FindingCode
from evaluator.report.beyond_vdsm import device_not_reported
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
    families: set[int] = field(default_factory=set)

    def ways(self, name: str) -> Ways:
        """Return what the table says of one interface."""
        routes, gateways = self.routes.get(name, ()), self.gateways.get(name, ())
        return Ways(tuple(sorted(routes)), tuple(sorted(gateways)), frozenset(self.families))

    def block_unknown(self, known: Container[str]) -> None:
        """Let routes by devices that are not described lead nowhere: they hide shorter ones all the same."""
        for name in [name for name in self.routes if name not in known]:
            self.blocked.update(self.routes.pop(name))
            self.gateways.pop(name, None)
            self.findings.append(device_not_reported(name))


def read_routes(tables: Mapping[int, Iterable[Mapping[str, Any]]]) -> RoutingTable:
    """Return what the tables of the families (4, 6) come to."""
    table = RoutingTable(families=set(tables))
    for family, entry in ((family, entry) for family, entries in tables.items() for entry in entries):
        if not entry or entry.get("table", "main") not in _MAIN:
            continue
        kind = entry.get("type", "unicast")
        if kind != "unicast" and kind not in _BLOCKED:
            continue
        try:
            route = Route(_destination(entry, family), int(entry.get("metric", 0)))
        except ValueError:
            table.findings.append(_malformed("destination", entry.get("dst", "")))
            continue
        if kind in _BLOCKED:
            table.blocked.add(route)
        else:
            _add(table, route, entry)
    return table


def _add(table: RoutingTable, route: Route, entry: Mapping[str, Any]) -> None:
    hops = entry.get("nexthops") or (entry,)
    for hop in hops:
        name = hop.get("dev", "")
        if "dead" in hop.get("flags", ()):
            continue
        table.routes[name].add(route)
        text = hop.get("gateway") or hop.get("via", {}).get("host", "")
        if not text or route.destination.prefix:
            continue
        try:
            table.gateways[name].add(parse_address(text))
        except ValueError:
            table.findings.append(_malformed("gateway", text))


def _destination(entry: Mapping[str, Any], family: int) -> Cidr:
    text = entry.get("dst", "")
    if text == "default":
        return _DEFAULTS[family]
    if "/" in text:
        return parse_cidr(text)
    address = parse_address(text)
    return network_of(address, 32 if address.version == 4 else 128)


def family_of(entries: Iterable[Mapping[str, Any]]) -> int | None:
    """Return the family of a table that does not say so itself, None of an empty one.

    Only IPv6 routes have a `pref`. The table may not have been validated yet.
    """
    return max((6 if "pref" in entry or _has_ipv6(entry) else 4 for entry in entries if entry), default=None)


def _has_ipv6(entry: Mapping[str, Any]) -> bool:
    return any(isinstance(entry.get(key), str) and ":" in entry[key] for key in ("dst", "gateway", "prefsrc"))


def _malformed(what: str, text: str) -> Finding:
    message = f"a route has the {what} {quote(text)}, which cannot be read; it was left out"
    return Finding(FindingCode.MALFORMED_ADDRESS, Severity.WARNING, message)
