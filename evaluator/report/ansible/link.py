"""One interface of Ansible's facts: its addresses, what it stands on, its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode, conflict
from evaluator.base.text import quote
from evaluator.facts.address import Address, parse_cidr, subnets_of
from evaluator.facts.link import BOND_MODES, NO_LOWERS, Kind, Link, Lowers, Owned
from evaluator.facts.netmask import NETMASKS
from evaluator.facts.route import Route
from evaluator.report.ansible import wire
from evaluator.report.common import read_addresses, read_gateway
from evaluator.report.owned import Entry

KINDS = (Kind.PHYSICAL, Kind.BOND, Kind.BRIDGE, Kind.LOOPBACK, Kind.OTHER)
_OF_TYPE = {"bonding": Kind.BOND, "bridge": Kind.BRIDGE, "loopback": Kind.LOOPBACK}
_OF_MEMBERS = {"slaves": Kind.BOND, "interfaces": Kind.BRIDGE}
_DEFAULT = {4: "0.0.0.0/0", 6: "::/0"}
# ARP's types that many kinds share, bridges of Open vSwitch among them
_TO_BE_READ = 999  # longer than any prefix
_LENGTHS: Mapping[str | int, int] = {form: length for length in range(129) for form in (length, str(length))}
_VAGUE = frozenset({"ether", "unknown", ""})
_PLACES = (
    *(("kind", "type"), ("slaves", "slaves"), ("bond_mode", "mode"), ("mtu", "mtu"), ("speed", "speed")),
    ("mac", "macaddress"),
)


class Part(Struct, frozen=True, gc=False):
    """A fact that is an object, and its place; `label` is its name if it is an address label."""

    data: wire.Fact
    pointer: str
    label: str | None = None


class Gateway(NamedTuple):
    """How the host reaches a well-known address outside: Ansible's stand-in for the default route."""

    family: int
    interface: str
    text: str
    pointer: str


class Device(Struct, frozen=True, gc=False):
    """An interface and the facts of its address labels, sorted by place."""

    name: str
    fact: Part
    labels: tuple[Part, ...]
    kind: Kind

    def entries(self) -> Iterator[Entry]:
        """Yield the address entries, those of the labels last; an address of both counts once."""
        for part in (self.fact, *self.labels):
            yield from entries_in(part)


def _length(entry: wire.Address) -> int:
    if entry.prefix is None:
        return NETMASKS.get(entry.netmask, _TO_BE_READ) if entry.netmask else -1
    return _LENGTHS.get(entry.prefix, _TO_BE_READ)


def kind_of(data: wire.Fact) -> Kind:
    """Return what an interface is: by its type, else by the device behind it, else by the members it lists."""
    known = _OF_TYPE.get(data.type or "")
    if known is not None:
        return known
    if data.pciid is not None or data.module is not None:
        return Kind.PHYSICAL
    kind = Kind.BOND if data.interfaces is None else Kind.BRIDGE
    is_told = (data.slaves is None) is not (data.interfaces is None) and (data.type or "") in _VAGUE
    return kind if is_told else Kind.OTHER


def entries_in(part: Part) -> Iterator[Entry]:
    """Yield the address entries of an interface or label; `ipv4` and the first of `ipv6` are its primary ones."""
    data = part.data
    is_interface = data.device is not None
    # the secondary ones of an interface are those of its labels, too
    label = data.device if is_interface else part.label
    found = [(data.ipv4, "ipv4", is_interface, label)] if isinstance(data.ipv4, wire.Address) else []
    found += [(one, f"ipv4_secondaries/{i}", False, part.label) for i, one in enumerate(data.ipv4_secondaries or ())]
    found += [(one, f"ipv6/{i}", i == 0, None) for i, one in enumerate(data.ipv6_addresses)]
    for one, place, is_primary, its_label in found:
        if one.address is not None:
            entry = _entry(one, one.address, f"{part.pointer}/{place}/address", is_primary)
            yield entry if its_label is None else entry._replace(label=its_label)


def _entry(data: wire.Address, text: str, pointer: str, is_primary: bool) -> Entry:
    prefix = data.prefix
    if prefix is None:
        return Entry(text, pointer, data.netmask or "", is_primary)
    if isinstance(prefix, str) and not (prefix.isascii() and prefix.isdigit() and len(prefix) <= 3):
        return Entry(f"{text}/{prefix}", pointer)  # which is no address, and is said to be none
    return Entry(text, pointer, primary=is_primary, length=int(prefix))


class Devices:
    """The devices of one host, and its gateways."""

    def __init__(self, by_name: Mapping[str, Device], gateways: tuple[Gateway, ...]) -> None:
        self.by_name = by_name
        self.gateways = gateways
        self._owned: dict[str, Owned] = {}

    def address_texts(self) -> list[tuple[str, Sequence[str], int]]:
        """Return the addresses that count, with their lengths: -1 for none, more than any for one to be read."""
        found: list[tuple[str, Sequence[str], int]] = []
        for name, device in self.by_name.items():
            if device.kind is not Kind.LOOPBACK:
                for part in (device.fact, *device.labels):
                    for one in part.data.addresses:
                        if one.address is not None:
                            found.append((name, (one.address,), _length(one)))
        return found

    def owned(self, device: Device) -> Owned:
        """Return what a device owns."""
        known = self._owned.get(device.name)
        if known is None:
            known = self._owned[device.name] = read_addresses(device.name, device.kind, device.entries())
        return known


class AnsibleLink(Link, frozen=True, eq=False, gc=False):
    """A device as its facts describe it."""

    device: Device
    devices: Devices

    def owned(self) -> Owned:
        """Return what it owns and what is wrong with its addresses."""
        return self.devices.owned(self.device)

    @property
    def lowers(self) -> Lowers:
        """The members of a bond or bridge."""
        data = self.device.fact.data
        if self.kind is Kind.BOND and data.slaves:
            return Lowers(slaves=tuple(sorted(set(data.slaves))))
        if self.kind is Kind.BRIDGE and data.interfaces:
            return Lowers(ports=tuple(sorted(set(data.interfaces))))
        return NO_LOWERS

    @property
    def source(self) -> object:
        """Its facts, those of its labels, and the gateways by it."""
        device = self.device
        return device.fact.data, [label.data for label in device.labels], self._gateways()

    @property
    def missing(self) -> tuple[str, ...]:
        """The members that are not described."""
        return tuple([name for name in self.lowers.names if name not in self.devices.by_name])

    @property
    def gateways(self) -> tuple[Address, ...]:
        """The gateways of its default routes."""
        return tuple(sorted(self._reached()))

    @property
    def ways(self) -> tuple[Route, ...]:
        """The subnets and default routes; Ansible reports no routing table."""
        defaults = (parse_cidr(_DEFAULT[gateway.family]) for gateway in self._gateways())
        return tuple(sorted({Route(network) for network in (*subnets_of(self.addresses), *defaults)}))

    @property
    def vlan_id(self) -> int | None:
        """The vlan id, which Ansible never reports."""
        return None if self.kind is Kind.OTHER else 0

    @property
    def bond_mode(self) -> int | None:
        """The mode of a bond."""
        mode = self.device.fact.data.mode
        return BOND_MODES.index(mode) if self.kind is Kind.BOND and mode in BOND_MODES else None

    @property
    def up(self) -> bool | None:
        """Whether it is active."""
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
        """Where each fact stands."""
        data, place = self.device.fact.data, self.device.fact.pointer
        places = (*_PLACES, ("ports", "interfaces")) if self.kind is Kind.BRIDGE else _PLACES
        found = {word: f"{place}/{key}" for word, key in places if getattr(data, key) is not None}
        reached = self._reached()
        return {"": place, **found, **({"gateways": reached[min(reached)]} if reached else {})}

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong with its facts, its addresses apart."""
        for gateway in self._gateways():
            yield from read_gateway(gateway.interface, gateway.text)[1]
        yield from self._kind_unknown()
        for key, kind in _OF_MEMBERS.items():
            if getattr(self.device.fact.data, key) and self.kind is not kind:
                message = (
                    f"{quote(self.name)} has {quote(key)} as a {kind} has, but is a {self.kind} by its other facts"
                )
                yield conflict(self.name, f"{message}, which count")

    def _kind_unknown(self) -> Iterator[Finding]:
        said = self.device.fact.data.type or ""
        is_vague = self.kind is Kind.OTHER and said in _VAGUE
        if is_vague and any(not owned.address.is_link_local for owned in self.addresses):
            called = f"calls it {quote(said)}" if said else "does not report its kind"
            yield Finding(
                FindingCode.KIND_UNKNOWN,
                Severity.WARNING,
                f"{quote(self.name)} has no device behind it, and Ansible {called}: "
                "it may be a vlan, macvlan, veth, team or VRF, or a bridge of Open vSwitch",
                (self.name,),
                hint="use the output of `ip -j -d addr show`, which has the kinds",
            )

    def _gateways(self) -> list[Gateway]:
        return [gateway for gateway in self.devices.gateways if gateway.interface == self.name]

    def _reached(self) -> dict[Address, str]:
        """Return the gateways' addresses with their places."""
        read = ((read_gateway(one.interface, one.text)[0], one.pointer) for one in self._gateways())
        return {address: pointer for address, pointer in read if address is not None}
