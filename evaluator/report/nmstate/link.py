"""Describes one interface of an nmstate report as a link. All links of a host share one `NmstateHost`.

A link reads its facts from its `Device` when a rule or finding needs them. `NmstateHost` has the facts that need the
whole report. The routes of all interfaces are read once, on first use. The addresses of a device are parsed once. The
owner index needs no routes and no parsed addresses, because it is built from address texts (`address_texts`).

Some reports do not list connected routes, which the kernel creates for addresses. If a report lists no connected route
(`lists_connected`), the routes to the subnets of each interface are added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evaluator.base.cached_property import cached_property
from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote
from evaluator.facts.address import Address
from evaluator.facts.link import Kind, Link, Lowers, Owned
from evaluator.facts.route import Route
from evaluator.report.common import read_addresses
from evaluator.report.nmstate.device import (
    Device,
    bond_mode_of,
    conflicts,
    entries_of,
    lowers_of,
    pointers_of,
    uses_dhcp,
    vlan_id_of,
)
from evaluator.report.nmstate.route import Routing, connected, read_routing
from evaluator.report.nmstate.wire import State

_STATES = {"up": True, "down": False}


class NmstateHost:
    """The devices and routes of one nmstate report; `place` is the JSON Pointer of the report in the document."""

    def __init__(self, state: State, place: str, by_name: Mapping[str, Device]) -> None:
        self.state = state
        self.place = place
        self.by_name = by_name
        self._owned: dict[str, Owned] = {}

    @cached_property
    def routing(self) -> Routing:
        """The routes by device, and the routes that drop or reject packets."""
        return read_routing(self.state.routes, self.place, self.by_name)

    def blocked(self) -> tuple[Route, ...]:
        """Return the routes that drop or reject packets, sorted."""
        return tuple(sorted(set(self.routing.blocked)))

    @cached_property
    def lists_connected(self) -> bool:
        """Whether the routes of the report include the connected routes, which the kernel creates for addresses."""
        return any(
            not {route.destination for route in self.routing.routes[name]}.isdisjoint(
                NmstateLink.of(device, 0, self).subnets
            )
            for name, device in self.by_name.items()
            if name in self.routing.routes
        )

    def owned(self, device: Device) -> Owned:
        """Return the parsed addresses of a device. The addresses are parsed once and cached."""
        owned = self._owned.get(device.name)
        if owned is None:
            owned = self._owned[device.name] = read_addresses(device.name, device.kind, entries_of(device))
        return owned

    def address_texts(self) -> list[tuple[str, Sequence[str], int]]:
        """Return the entries of the owner index, without the addresses of loopback links."""
        return [
            (name, (entry.ip,), -1 if entry.prefix_length is None else entry.prefix_length)
            for name, device in self.by_name.items()
            if device.kind is not Kind.LOOPBACK
            for part in device.parts
            for family in (part.data.ipv4, part.data.ipv6)
            if family is not None and family.address
            for entry in family.address
        ]


class NmstateLink(Link, frozen=True, eq=False, gc=False):
    """An interface of an nmstate report. `device` has its entries. `host` has the other devices and all routes."""

    device: Device
    host: NmstateHost

    @classmethod
    def of(cls, device: Device, position: int, host: NmstateHost) -> NmstateLink:
        """Return the link of a device."""
        return cls(device.name, device.kind, position, device, host)

    def owned(self) -> Owned:
        """Return the parsed addresses of the interface."""
        return self.host.owned(self.device)

    @property
    def lowers(self) -> Lowers:
        """The lower devices."""
        return lowers_of(self.device)

    @property
    def source(self) -> object:
        """The parts of the report that describe the interface: its entries and its routes."""
        entries, routing = [part.data for part in self.device.parts], self.host.routing
        routes, gateways = routing.routes.get(self.name), routing.gateways.get(self.name)
        return entries, routes, gateways, self.host.lists_connected

    @property
    def missing(self) -> tuple[str, ...]:
        """The lower devices that the report does not describe."""
        return tuple([name for name in self.lowers.names if name not in self.host.by_name])

    @property
    def gateways(self) -> tuple[Address, ...]:
        """The gateways of the default routes through the interface."""
        return tuple(sorted(self.host.routing.gateways.get(self.name, ())))

    @property
    def main_routes(self) -> tuple[Route, ...]:
        """The routes in the report. If the report does not include the connected routes, these are added."""
        routes = self.host.routing.routes.get(self.name, ())
        connected_routes = () if self.host.lists_connected else connected(self.subnets, routes)
        return tuple(sorted({*routes, *connected_routes}))

    @property
    def vlan_id(self) -> int | None:
        """The VLAN ID, or the access tag of an Open vSwitch port."""
        return vlan_id_of(self.device)

    @property
    def bond_mode(self) -> int | None:
        """The mode of a bond."""
        return bond_mode_of(self.device)

    @property
    def up(self) -> bool | None:
        """Whether the state is `up`; None if the state is neither `up` nor `down`."""
        return _STATES.get(self.device.kernel.data.state or "")

    @property
    def dhcp(self) -> bool:
        """Whether the interface uses DHCP."""
        return uses_dhcp(self.device, "ipv4") or self.dhcpv6

    @property
    def dhcpv6(self) -> bool:
        """Whether the interface uses DHCPv6."""
        return uses_dhcp(self.device, "ipv6")

    @property
    def altnames(self) -> tuple[str, ...]:
        """The alternative names."""
        return tuple(sorted({altname.name for altname in self.device.kernel.data.alt_names or ()}))

    @property
    def mtu(self) -> int | None:
        """The MTU."""
        return self.device.kernel.data.mtu

    @property
    def speed(self) -> int | None:
        """The speed."""
        card = self.device.kernel.data.ethernet
        speed = (card.speed if card else None) or 0
        return speed if speed > 0 else None

    @property
    def mac(self) -> str | None:
        """The link-layer address."""
        return (self.device.kernel.data.mac_address or "").lower() or None

    @property
    def pointers(self) -> Mapping[str, str]:
        """The JSON Pointers to the facts of the interface in the report."""
        gateway = self.host.routing.pointers.get(self.name)
        return {**pointers_of(self.device), **({} if gateway is None else {"gateways": gateway})}

    def findings(self) -> Iterator[Finding]:
        """Yield the findings about the entries of the interface, except findings about its addresses."""
        yield from conflicts(self.device)
        if self.device.is_unknown and any(not owned.address.is_link_local for owned in self.addresses):
            yield Finding(
                FindingCode.KIND_UNKNOWN,
                Severity.WARNING,
                f"the report does not show the kind of {quote(self.name)}, so a bridge may not be recognized",
                (self.name,),
                hint="use a newer nmstate, or `ip -j -d addr show`",
            )
