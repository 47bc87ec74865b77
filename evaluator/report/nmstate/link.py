"""One interface of an nmstate report as a link, and what the links of one host share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

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


class Devices:
    """The devices of one state, and the routes between them; `place` is where the state stands."""

    def __init__(self, state: State, place: str, by_name: Mapping[str, Device]) -> None:
        self.state = state
        self.place = place
        self.by_name = by_name
        self._owned: dict[str, Owned] = {}

    @cached_property
    def routing(self) -> Routing:
        """The routes by device, and those that lead nowhere."""
        return read_routing(self.state.routes, self.place, self.by_name)

    def blocked(self) -> tuple[Route, ...]:
        """Return the routes that lead nowhere."""
        return tuple(sorted(set(self.routing.blocked)))

    @cached_property
    def lists_connected(self) -> bool:
        """Whether the routes hold those that the kernel makes of the addresses."""
        return any(
            not {way.destination for way in self.routing.ways[name]}.isdisjoint(NmstateLink.of(device, 0, self).subnets)
            for name, device in self.by_name.items()
            if name in self.routing.ways
        )

    def owned(self, device: Device) -> Owned:
        """Return what a device owns."""
        known = self._owned.get(device.name)
        if known is None:
            known = self._owned[device.name] = read_addresses(device.name, device.kind, entries_of(device))
        return known

    def address_texts(self) -> list[tuple[str, Sequence[str], int]]:
        """Return the addresses that count, with their lengths; of a loopback link none does."""
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
    """A device as its entries describe it."""

    device: Device
    devices: Devices

    @classmethod
    def of(cls, device: Device, position: int, devices: Devices) -> NmstateLink:
        """Return the link of a device."""
        return cls(device.name, device.kind, position, device, devices)

    def owned(self) -> Owned:
        """Return what it owns and what is wrong with its addresses."""
        return self.devices.owned(self.device)

    @property
    def lowers(self) -> Lowers:
        """What it is on top of."""
        return lowers_of(self.device)

    @property
    def source(self) -> object:
        """Its entries and its routes."""
        entries, routing = [part.data for part in self.device.parts], self.devices.routing
        ways, gateways = routing.ways.get(self.name), routing.gateways.get(self.name)
        return entries, ways, gateways, self.devices.lists_connected

    @property
    def missing(self) -> tuple[str, ...]:
        """What it is on top of that is not described."""
        return tuple([name for name in self.lowers.names if name not in self.devices.by_name])

    @property
    def gateways(self) -> tuple[Address, ...]:
        """The gateways of its default routes."""
        return tuple(sorted(self.devices.routing.gateways.get(self.name, ())))

    @property
    def ways(self) -> tuple[Route, ...]:
        """Its routes, and the connected ones if the report does not list them."""
        routes = self.devices.routing.ways.get(self.name, ())
        made = () if self.devices.lists_connected else connected(self.subnets, routes)
        return tuple(sorted({*routes, *made}))

    @property
    def vlan_id(self) -> int | None:
        """The vlan id."""
        return vlan_id_of(self.device)

    @property
    def bond_mode(self) -> int | None:
        """The mode of a bond."""
        return bond_mode_of(self.device)

    @property
    def up(self) -> bool | None:
        """The state."""
        return _STATES.get(self.device.kernel.data.state or "")

    @property
    def dhcp(self) -> bool:
        """Whether it uses DHCP."""
        return uses_dhcp(self.device, "ipv4") or self.dhcpv6

    @property
    def dhcpv6(self) -> bool:
        """Whether it uses DHCPv6."""
        return uses_dhcp(self.device, "ipv6")

    @property
    def altnames(self) -> tuple[str, ...]:
        """Its alternative names."""
        return tuple(sorted({one.name for one in self.device.kernel.data.alt_names or ()}))

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
        """Where each fact stands."""
        gateway = self.devices.routing.pointers.get(self.name)
        return {**pointers_of(self.device), **({} if gateway is None else {"gateways": gateway})}

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong with its entries, its addresses apart."""
        yield from conflicts(self.device)
        if self.device.is_unknown and any(not owned.address.is_link_local for owned in self.addresses):
            yield Finding(
                FindingCode.KIND_UNKNOWN,
                Severity.WARNING,
                f"the report has no kind for {quote(self.name)}, so a bridge may go unnoticed",
                (self.name,),
                hint="use a newer nmstate, or `ip -j -d addr show`",
            )
