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
from evaluator.facts.host import ReportedHost
from evaluator.facts.link import Kind, Link, Lowers, Owned
from evaluator.facts.route import Route
from evaluator.report.common import NETWORK_WORDS, ROUTE_WORDS, positions_by_kind, read_addresses
from evaluator.report.nmstate.device import (
    Device,
    bond_mode_of,
    can_have_members,
    entries_of,
    listed_members,
    lowers_of,
    pointers_of,
    uses_dhcp,
    vlan_id_of,
)
from evaluator.report.nmstate.route import Routing, connected, read_routing
from evaluator.report.nmstate.wire import Interface, State

# only versions that read the kernel print these members; older versions read NetworkManager, which hides addresses
_OF_KERNEL_READERS = ("min_mtu", "max_mtu", "accept_all_mac_addresses", "ethtool", "mptcp", "alt_names")
_OF_KERNEL = frozenset({"nic.altnames", "address is dynamic", "address is deprecated"})
UNSUPPORTED_WORDS = NETWORK_WORDS | {
    *("nic is carrier", "nic.alias", "address.label"),
    *("address is temporary", "address is tentative"),
}
_STATES = {"up": True, "down": False}


def is_of_kernel_reader(data: Interface) -> bool:
    """Return whether an entry is from a version of nmstate that reads the kernel."""
    return any(getattr(data, key) is not None for key in _OF_KERNEL_READERS) or _has_lifetimes(data)


def _has_lifetimes(data: Interface) -> bool:
    entries = (entry for family in (data.ipv4, data.ipv6) if family is not None for entry in family.address or ())
    return any(entry.valid_life_time is not None or entry.preferred_life_time is not None for entry in entries)


class NmstateHost(ReportedHost):
    """The devices and routes of one nmstate report; `place` is the JSON Pointer of the report in the document."""

    def __init__(self, state: State, place: str, devices: Mapping[str, Device]) -> None:
        self.state = state
        self.place = place
        self.devices = self.names = devices
        self._owned: dict[str, Owned] = {}

    def link(self, name: str) -> Link:
        """Return the link of a device."""
        device = self.devices[name]
        return NmstateLink(name, device.kind, device, self)

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """The index of each interface in report order."""
        return positions_by_kind(self.devices.values())

    @cached_property
    def unsupported_words(self) -> frozenset[str]:
        """The words of the rule language whose values are in no report of this kind."""
        routes = self.state.routes
        has_routes = routes is not None and not (routes.running is None and routes.config is None)
        unsupported_words = UNSUPPORTED_WORDS if has_routes else UNSUPPORTED_WORDS | ROUTE_WORDS
        is_complete = any(map(is_of_kernel_reader, self.state.interfaces))
        return unsupported_words if is_complete else unsupported_words | _OF_KERNEL

    def longest_list(self) -> int:
        """Return an upper limit for the number of members, routes or names that an interface has."""
        routes = self.state.routes
        route_count = 0 if routes is None else max(len(routes.running or ()), len(routes.config or ()))
        devices = self.devices.values()
        members = [len(listed_members(device)) + len(device.members) for device in devices if can_have_members(device)]
        names = [len(device.kernel.data.alt_names or ()) for device in devices]
        return max([route_count, 4, *members, *names])

    def count_list_items(self) -> int:
        """Return an upper bound for the number of all members, routes and names of the host."""
        routes = self.state.routes
        route_count = 0 if routes is None else 2 * (len(routes.running or ()) + len(routes.config or ()))
        devices = self.devices.values()
        names = sum(len(device.kernel.data.alt_names or ()) for device in devices)
        members = sum(len(listed_members(device)) + len(device.members) for device in devices)
        return route_count + names + members + 4 * len(devices)

    def lowers(self, name: str) -> Lowers:
        """Return the lower devices of an interface."""
        return lowers_of(self.devices[name])

    @cached_property
    def routing(self) -> Routing:
        """The routes by device, and the routes that drop or reject packets."""
        return read_routing(self.state.routes, self.place, self.devices)

    @cached_property
    def blocked(self) -> tuple[Route, ...]:
        """The routes that drop or reject packets, sorted."""
        return tuple(sorted(set(self.routing.blocked)))

    @cached_property
    def lists_connected(self) -> bool:
        """Whether the routes of the report include the connected routes, which the kernel creates for addresses."""
        return any(
            not {route.destination for route in self.routing.routes[name]}.isdisjoint(self.link(name).subnets)
            for name in self.devices
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
            for name, device in self.devices.items()
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

    def owned(self) -> Owned:
        """Return the parsed addresses of the interface."""
        return self.host.owned(self.device)

    @property
    def position(self) -> int:
        """The index of the interface in report order."""
        return self.host.positions[self.name]

    @property
    def lowers(self) -> Lowers:
        """The lower devices."""
        return self.host.lowers(self.name)

    @property
    def source(self) -> object:
        """The parts of the report that describe the interface: its entries and its routes."""
        entries, routing = [part.data for part in self.device.parts], self.host.routing
        routes, gateways = routing.routes.get(self.name), routing.gateways.get(self.name)
        return entries, routes, gateways, self.host.lists_connected

    @property
    def missing(self) -> tuple[str, ...]:
        """The lower devices that the report does not describe."""
        return tuple([name for name in self.lowers.names if name not in self.host.devices])

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


def kind_unknown(link: Link) -> Iterator[Finding]:
    """Yield a finding for a link of unknown kind if it has an address that is not link-local."""
    if any(not owned.address.is_link_local for owned in link.addresses):
        yield Finding(
            FindingCode.KIND_UNKNOWN,
            Severity.WARNING,
            f"the report does not show the kind of {quote(link.name)}, so a bridge may not be recognized",
            (link.name,),
            hint="use a newer nmstate, or `ip -j -d addr show`",
        )
