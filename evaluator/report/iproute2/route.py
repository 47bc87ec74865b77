"""Reads the output of `ip -j route show` and `ip -j -6 route show`: the routes through each interface.

These commands print the main routing table, and only this table counts. `table all` prints all tables of both families.
Then one output has routes of both families, so the family is determined for each route separately. The routes of other
tables are ignored. A route of type unreachable, blackhole, prohibit or throw has no interface, but hides routes with a
shorter prefix. Such routes are collected separately.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence

from msgspec import UNSET, Struct, field

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote
from evaluator.facts.address import Address, Cidr, network_of, parse_address, parse_cidr
from evaluator.facts.route import Route
from evaluator.report.common import device_not_reported
from evaluator.report.iproute2 import wire
from evaluator.report.iproute2.link import InterfaceRoutes
from evaluator.report.kernel_numbers import MAIN_TABLES, route_type_of

_BLOCKING_TYPES = ("unreachable", "blackhole", "prohibit", "throw")
_OTHER_FAMILY = {"inet": 6, "inet6": 4}  # `via` is a next hop of the other family
_LEFT_OUT = wire.Route()
_DEFAULTS = {4: parse_cidr("0.0.0.0/0"), 6: parse_cidr("::/0")}


class RoutingTable(Struct):
    """The routes of the main table.

    `routes` and `gateways` are by interface name. `blocked` are the destinations of routes without a usable interface:
    the type of the route drops or rejects packets, or the report does not describe the device. `families` are the
    families that have a routing table.
    """

    routes: dict[str, set[Route]] = field(default_factory=lambda: defaultdict(set))
    gateways: dict[str, set[Address]] = field(default_factory=lambda: defaultdict(set))
    blocked: set[Route] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    families: set[int] = field(default_factory=set)

    def by_interface(self) -> dict[str, InterfaceRoutes]:
        """Return the routes and the gateways by interface name."""
        return {
            name: InterfaceRoutes(tuple(sorted(routes)), tuple(sorted(self.gateways.get(name, ()))))
            for name, routes in self.routes.items()
        }

    def sorted_blocked(self) -> tuple[Route, ...]:
        """Return the routes in `blocked`, sorted."""
        return tuple(sorted(self.blocked))

    def block_unknown(self, described: Container[str], entries: Iterable[wire.Route]) -> None:
        """Move routes to `blocked` if the report does not describe their device.

        The kernel prefers such a route to a route with a shorter prefix, so a decision must not use the shorter prefix.
        """
        unknown = [name for name in self.routes if name not in described]
        sources = _sources(unknown, entries) if unknown else {}
        for name in unknown:
            self.blocked.update(self.routes.pop(name))
            self.gateways.pop(name, None)
            self.findings.append(device_not_reported(name, sources.get(name, ())))


def read_routes(tables: Mapping[int, Sequence[wire.Route]]) -> RoutingTable:
    """Return the routes of the routing tables. The keys of `tables` are address families (4, 6).

    If the members of a route show a family, the route has this family. If not, it has the family of its table.
    """
    table = RoutingTable()
    for key, entries in tables.items():
        shown = [entry for entry in entries if entry != _LEFT_OUT]
        if not shown:
            table.families.add(key)
        for entry in shown:
            _read(table, entry, family_of(entry) or key)
    return table


def _read(table: RoutingTable, entry: wire.Route, family: int) -> None:
    table.families.add(family)
    kind = route_type_of(entry.type)
    if entry.table not in MAIN_TABLES or kind not in ("unicast", *_BLOCKING_TYPES):
        return
    try:
        route = Route(_destination(entry.dst, family), entry.metric)
    except ValueError:
        table.findings.append(_malformed("destination", entry.dst, ignored="route"))
        return
    if kind in _BLOCKING_TYPES:
        table.blocked.add(route)
    else:
        _add(table, route, entry)


def _add(table: RoutingTable, route: Route, entry: wire.Route) -> None:
    for hop in entry.nexthops or (entry,):
        if "dead" in hop.flags:
            continue
        table.routes[hop.dev].add(route)
        text = hop.gateway or ("" if hop.via is UNSET else hop.via.host)
        if not text or route.destination.prefix:
            continue
        try:
            table.gateways[hop.dev].add(parse_address(text))
        except ValueError:
            table.findings.append(_malformed("gateway", text, ignored="gateway"))


def _sources(devices: Iterable[str], entries: Iterable[wire.Route]) -> Mapping[str, set[Address]]:
    """Return for each of these devices the source addresses of the routes through the device."""
    sources: dict[str, set[Address]] = {name: set() for name in devices}
    for entry in entries:
        if entry.prefsrc and entry.dev in sources:
            try:
                sources[entry.dev].add(parse_address(entry.prefsrc))
            except ValueError:
                continue
    return sources


def _destination(text: str, family: int) -> Cidr:
    if text == "default":
        return _DEFAULTS[family]
    if "/" in text:
        return parse_cidr(text)
    address = parse_address(text)
    return network_of(address, 32 if address.version == 4 else 128)


def families_of(entries: Iterable[wire.Route]) -> set[int]:
    """Return the families (4, 6) that the routes of a table show."""
    return {family for entry in entries for family in (family_of(entry),) if family is not None}


def family_of(entry: wire.Route) -> int | None:
    """Return the family of a route (4, 6), None if its members do not show the family.

    For example, a default route with only a device does not show its family.

    The first member that shows exactly one family decides. Only IPv6 routes have `pref`. A route has `via` only if the
    family of its next hop is not the family of the route. So if `via` has an IPv6 address, the route is an IPv4 route.
    """
    hops = (entry, *entry.nexthops)
    evidence = (
        {_family_of_text(entry.dst)},
        {None if entry.pref is UNSET else 6},
        {_family_of_text(entry.prefsrc), _family_of_text(entry.source)},
        {_family_of_via(hop.via) for hop in hops if hop.via is not UNSET},
        {_family_of_text(hop.gateway) for hop in hops},
    )
    for families in evidence:
        shown = families - {None}
        if len(shown) == 1:
            return shown.pop()
    return None


def _family_of_text(text: object) -> int | None:
    if not isinstance(text, str):
        return None
    return 6 if ":" in text else 4 if "." in text else None


def _family_of_via(via: wire.Via) -> int | None:
    if isinstance(via.family, str) and via.family in _OTHER_FAMILY:
        return _OTHER_FAMILY[via.family]
    host = _family_of_text(via.host)
    return None if host is None else 10 - host


def _malformed(member: str, text: str, ignored: str) -> Finding:
    message = f"a route has the invalid {member} {quote(text)}; the {ignored} is ignored"
    return Finding(FindingCode.MALFORMED_ADDRESS, Severity.WARNING, message)
