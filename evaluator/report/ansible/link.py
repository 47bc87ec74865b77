"""Describes one interface in Ansible's facts as a link, with its kind, addresses, lower devices and settings.

Ansible reports few types of interfaces: `ether` is the type of network cards, VLANs, veths and many others. So the kind
is derived from more facts. An interface with a PCI device or a driver is physical. An interface with a list of members
is a bond or a bridge. An interface without these facts has the kind `other`, and its `vlan_id` is unknown. If an
interface of the kind `other` has an address that is not link-local, the decision has the finding `KIND_UNKNOWN`.

An address label, such as `eth0:1`, is a name for some addresses of an interface. Ansible reports a label in a separate
fact, as if the label were an interface. So a `Device` consists of the fact of the interface and the facts of its
labels. The device owns the addresses in all these facts. If two of these facts have the same address, the address
counts once.

The format has limits: Ansible does not report VLAN IDs, the lower device of a VLAN, logical networks, or the routing
table. So `main_routes` contains only the routes that follow from other facts: the routes to the subnets of the
addresses, and the default routes. The addresses of a device are parsed once, when a fact or finding needs parsed
addresses. The owner index needs only the texts of the addresses (`address_texts`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from evaluator.base.cached_property import cached_property
from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode, conflict
from evaluator.base.text import quote
from evaluator.facts.address import ADDRESS_FLAGS, Address, parse_cidr, subnets_of
from evaluator.facts.host import ReportedHost
from evaluator.facts.link import BOND_MODES, NO_LOWERS, Kind, Link, Lowers, Owned
from evaluator.facts.netmask import NETMASKS
from evaluator.facts.route import Route
from evaluator.report.ansible import wire
from evaluator.report.common import NETWORK_WORDS, positions_by_kind, read_addresses, read_gateway
from evaluator.report.owned import AddressEntry

KINDS = (Kind.PHYSICAL, Kind.BOND, Kind.BRIDGE, Kind.LOOPBACK, Kind.OTHER)
UNSUPPORTED_WORDS = (
    NETWORK_WORDS
    | {"nic is dhcp", "nic is dhcpv6", "nic is carrier", "nic.altnames", "nic.alias"}
    | {f"address is {flag}" for flag in ADDRESS_FLAGS}
    | {f"nic is {kind}" for kind in Kind if kind not in KINDS}
)
_OF_TYPE = {"bonding": Kind.BOND, "bridge": Kind.BRIDGE, "loopback": Kind.LOOPBACK}
_DEFAULT = {4: "0.0.0.0/0", 6: "::/0"}
_IRREGULAR = 999  # greater than every prefix length, so that the owner index treats the entry as irregular
_LENGTHS: Mapping[str | int, int] = {form: length for length in range(129) for form in (length, str(length))}
# interfaces of many kinds have these link types, also bridges of Open vSwitch
_VAGUE = frozenset({"ether", "unknown", ""})
_PLACES = (
    *(("kind", "type"), ("slaves", "slaves"), ("bond_mode", "mode"), ("mtu", "mtu"), ("speed", "speed")),
    ("mac", "macaddress"),
)


class Part(Struct, frozen=True, gc=False):
    """A fact that is an object, and its JSON Pointer.

    `label` is the name of the address label, if the fact describes an address label.
    """

    data: wire.Fact
    pointer: str
    label: str | None = None


class Gateway(NamedTuple):
    """The default route of a family, which Ansible finds with `ip route get` for a well-known address."""

    family: int
    interface: str
    text: str
    pointer: str


class Device(Struct, frozen=True, gc=False):
    """An interface, and the facts of its address labels, sorted by JSON Pointer."""

    name: str
    fact: Part
    labels: tuple[Part, ...]
    kind: Kind

    def entries(self) -> Iterator[AddressEntry]:
        """Yield the address entries of the interface, then the entries of its labels. An address can occur twice."""
        for part in (self.fact, *self.labels):
            yield from entries_in(part)


def _length(entry: wire.Address) -> int:
    """Return the prefix length of an address entry: -1 if it is missing, `_IRREGULAR` if its form is unusual."""
    if entry.prefix is None:
        return NETMASKS.get(entry.netmask, _IRREGULAR) if entry.netmask else -1
    return _LENGTHS.get(entry.prefix, _IRREGULAR)


def kind_of(data: wire.Fact) -> Kind:
    """Return the kind of an interface. It is determined by its type, PCI device, driver, or list of members."""
    kind = _OF_TYPE.get(data.type or "")
    if kind is not None:
        return kind
    if data.pciid is not None or data.module is not None:
        return Kind.PHYSICAL
    has_one_list = (data.slaves is None) is not (data.interfaces is None)
    if not has_one_list or (data.type or "") not in _VAGUE:
        return Kind.OTHER
    return Kind.BOND if data.interfaces is None else Kind.BRIDGE


def entries_in(part: Part) -> Iterator[AddressEntry]:
    """Yield the address entries of an interface or label; `ipv4` and the first of `ipv6` are primary."""
    data = part.data
    is_interface = data.device is not None
    # the secondary addresses of an interface include those of its labels
    label = data.device if is_interface else part.label
    secondaries = data.ipv4_secondaries or ()
    items = [(data.ipv4, "ipv4", is_interface, label)] if isinstance(data.ipv4, wire.Address) else []
    items += [(address, f"ipv4_secondaries/{i}", False, part.label) for i, address in enumerate(secondaries)]
    items += [(address, f"ipv6/{i}", i == 0, None) for i, address in enumerate(data.ipv6_addresses)]
    for address, place, is_primary, its_label in items:
        if address.address is not None:
            entry = _entry(address, address.address, f"{part.pointer}/{place}/address", is_primary)
            yield entry if its_label is None else entry._replace(label=its_label)


def _entry(data: wire.Address, text: str, pointer: str, is_primary: bool) -> AddressEntry:
    prefix = data.prefix
    if prefix is None:
        return AddressEntry(text, pointer, data.netmask or "", is_primary)
    if isinstance(prefix, str) and not (prefix.isascii() and prefix.isdigit() and len(prefix) <= 3):
        return AddressEntry(f"{text}/{prefix}", pointer)  # an invalid address, which becomes a finding
    return AddressEntry(text, pointer, primary=is_primary, length=int(prefix))


def _member_count(device: Device) -> int:
    data = device.fact.data
    return len(data.slaves or data.interfaces or ())


class AnsibleHost(ReportedHost):
    """The devices and default routes of one host."""

    unsupported_words = UNSUPPORTED_WORDS

    def __init__(self, devices: Mapping[str, Device], gateways: tuple[Gateway, ...]) -> None:
        self.devices = self.names = devices
        self.gateways = gateways
        self._owned: dict[str, Owned] = {}

    def link(self, name: str) -> Link:
        """Return the link of a device."""
        device = self.devices[name]
        return AnsibleLink(name, device.kind, device, self)

    def lowers(self, name: str) -> Lowers:
        """Return the members of a bond or bridge."""
        device = self.devices[name]
        data = device.fact.data
        if device.kind is Kind.BOND and data.slaves:
            return Lowers(slaves=tuple(sorted(set(data.slaves))))
        if device.kind is Kind.BRIDGE and data.interfaces:
            return Lowers(ports=tuple(sorted(set(data.interfaces))))
        return NO_LOWERS

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """The index of each interface in report order."""
        return positions_by_kind(self.devices.values())

    def longest_list(self) -> int:
        """Return an upper limit for the number of members, gateways or default routes that an interface has."""
        return max(map(_member_count, self.devices.values()), default=4) + 4

    def count_list_items(self) -> int:
        """Return an upper bound for the number of all members, gateways and default routes of the host."""
        return sum(map(_member_count, self.devices.values())) + 4 * len(self.devices)

    def address_texts(self) -> list[tuple[str, Sequence[str], int]]:
        """Return the entries of the owner index, without the addresses of loopback links."""
        entries: list[tuple[str, Sequence[str], int]] = []
        for name, device in self.devices.items():
            if device.kind is not Kind.LOOPBACK:
                for part in (device.fact, *device.labels):
                    for address in part.data.addresses:
                        if address.address is not None:
                            entries.append((name, (address.address,), _length(address)))
        return entries

    def owned(self, device: Device) -> Owned:
        """Return the parsed addresses of a device. The addresses are parsed once and cached."""
        owned = self._owned.get(device.name)
        if owned is None:
            owned = self._owned[device.name] = read_addresses(device.name, device.kind, device.entries())
        return owned


class AnsibleLink(Link, frozen=True, eq=False, gc=False):
    """An interface in Ansible's facts. `device` has its facts. `host` has the other devices and the default routes."""

    device: Device
    host: AnsibleHost

    def owned(self) -> Owned:
        """Return the parsed addresses of the interface."""
        return self.host.owned(self.device)

    @property
    def position(self) -> int:
        """The index of the interface in report order."""
        return self.host.positions[self.name]

    @property
    def lowers(self) -> Lowers:
        """The members of a bond or bridge."""
        return self.host.lowers(self.name)

    @property
    def source(self) -> object:
        """The parts of the report that describe the interface: its facts, its labels' facts, and its default routes."""
        device = self.device
        return device.fact.data, [label.data for label in device.labels], self._gateways()

    @property
    def missing(self) -> tuple[str, ...]:
        """The members that the facts do not describe."""
        return tuple([name for name in self.lowers.names if name not in self.host.devices])

    @property
    def gateways(self) -> tuple[Address, ...]:
        """The gateways of the default routes through the interface."""
        return tuple(sorted(self._gateway_pointers()))

    @property
    def main_routes(self) -> tuple[Route, ...]:
        """The routes to the subnets, and the default routes; Ansible does not report a routing table."""
        defaults = (parse_cidr(_DEFAULT[gateway.family]) for gateway in self._gateways())
        return tuple(sorted({Route(network) for network in (*subnets_of(self.addresses), *defaults)}))

    @property
    def vlan_id(self) -> int | None:
        """The VLAN ID. Ansible does not report VLAN IDs: None if the interface may be a VLAN, otherwise 0."""
        return None if self.kind is Kind.OTHER else 0

    @property
    def bond_mode(self) -> int | None:
        """The mode of a bond."""
        mode = self.device.fact.data.mode
        return BOND_MODES.index(mode) if self.kind is Kind.BOND and mode in BOND_MODES else None

    @property
    def up(self) -> bool | None:
        """Whether the interface is active."""
        return self.device.fact.data.active

    @property
    def mtu(self) -> int | None:
        """The MTU."""
        return self.device.fact.data.mtu

    @property
    def speed(self) -> int | None:
        """The speed."""
        speed = self.device.fact.data.speed or 0
        return speed if speed > 0 else None

    @property
    def mac(self) -> str | None:
        """The link-layer address."""
        return (self.device.fact.data.macaddress or "").lower() or None

    @property
    def pointers(self) -> Mapping[str, str]:
        """The JSON Pointers to the facts of the interface in the report."""
        data, place = self.device.fact.data, self.device.fact.pointer
        places = (*_PLACES, ("ports", "interfaces")) if self.kind is Kind.BRIDGE else _PLACES
        pointers = {word: f"{place}/{key}" for word, key in places if getattr(data, key) is not None}
        gateways = self._gateway_pointers()
        return {"": place, **pointers, **({"gateways": gateways[min(gateways)]} if gateways else {})}

    def _gateways(self) -> list[Gateway]:
        return [gateway for gateway in self.host.gateways if gateway.interface == self.name]

    def _gateway_pointers(self) -> dict[Address, str]:
        """Return the addresses of the gateways, each with its JSON Pointer."""
        gateways = ((read_gateway(route.interface, route.text)[0], route.pointer) for route in self._gateways())
        return {address: pointer for address, pointer in gateways if address is not None}


def device_findings(device: Device, host: AnsibleHost) -> Iterator[Finding]:
    """Yield the findings about the kind of an interface."""
    data, name = device.fact.data, device.name
    if device.kind is Kind.OTHER and (data.type or "") in _VAGUE:
        yield from _kind_unknown(name, data.type or "", host.owned(device))
    for key, members, kind in (("slaves", data.slaves, Kind.BOND), ("interfaces", data.interfaces, Kind.BRIDGE)):
        if members and device.kind is not kind:
            kinds = f"{quote(key)} like a {kind}, but its other facts show the kind {quote(device.kind)}"
            yield conflict(name, f"{quote(name)} has {kinds}; activenic uses the other facts")


def _kind_unknown(name: str, link_type: str, owned: Owned) -> Iterator[Finding]:
    if any(not entry.address.is_link_local for entry in owned.addresses):
        reported = f"reports only the type {quote(link_type)}" if link_type else "does not report its type"
        yield Finding(
            FindingCode.KIND_UNKNOWN,
            Severity.WARNING,
            f"the kind of {quote(name)} is unknown: the interface has no hardware device, "
            f"and Ansible {reported}; it may be a VLAN, macvlan, veth, team or VRF, or a bridge of Open vSwitch",
            (name,),
            hint="use the output of `ip -j -d addr show`, which has the kinds",
        )
