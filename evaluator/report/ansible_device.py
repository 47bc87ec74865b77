"""One interface of Ansible's facts becomes a link: its addresses, what it stands on, its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evaluator.diagnostic import Severity
from evaluator.facts.address import Address, OwnedAddress, parse_cidr, subnets_of
from evaluator.facts.link import BOND_MODES, Kind, Link, Lowers
from evaluator.facts.route import Route
from evaluator.finding import Finding, FindingCode, conflict
from evaluator.frozen import dataclass, field
from evaluator.report.beyond_vdsm import Part, read_addresses, read_gateway
from evaluator.report.owned import Entry
from evaluator.text import quote

KINDS = (Kind.PHYSICAL, Kind.BOND, Kind.BRIDGE, Kind.LOOPBACK, Kind.OTHER)
_OF_TYPE = {"bonding": Kind.BOND, "bridge": Kind.BRIDGE, "loopback": Kind.LOOPBACK}
_OF_MEMBERS = {"slaves": Kind.BOND, "interfaces": Kind.BRIDGE}
_DEFAULT = {4: "0.0.0.0/0", 6: "::/0"}
# ARP's types that many kinds share, bridges of Open vSwitch among them
_VAGUE = frozenset({"ether", "unknown", ""})


@dataclass(frozen=True, slots=True)
class Gateway:
    """How the host reaches a well-known address outside: Ansible's stand-in for the default route."""

    family: int
    interface: str
    text: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Device:
    """An interface and the facts of its address labels; of its kind only what has a device behind it is a nic."""

    name: str
    fact: Part
    labels: tuple[Part, ...] = ()
    kind: Kind = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", _kind_of(self.fact))

    @property
    def slaves(self) -> tuple[str, ...]:
        """The slaves of a bond."""
        return tuple(sorted(set(self.fact.data.get("slaves", ())))) if self.kind is Kind.BOND else ()

    def entries(self) -> Iterator[Entry]:
        """Yield the address entries, those of the labels last; an address of both counts once."""
        for fact in (self.fact, *sorted(self.labels, key=lambda label: label.pointer)):
            yield from entries_in(fact)


def _kind_of(fact: Part) -> Kind:
    """Return what an interface is: by its type, else by the device behind it, else by the members it lists."""
    known = _OF_TYPE.get(fact.type)
    if known is not None:
        return known
    if "pciid" in fact.data or "module" in fact.data:
        return Kind.PHYSICAL
    listed = [kind for key, kind in _OF_MEMBERS.items() if key in fact.data]
    return listed[0] if len(listed) == 1 and fact.type in _VAGUE else Kind.OTHER


def entries_in(fact: Part) -> Iterator[Entry]:
    """Yield the address entries of an interface or label; `ipv4` and the first of `ipv6` are its primary ones."""
    is_interface = "device" in fact.data
    found: list[tuple[Mapping[str, Any], str, bool]] = []
    if fact.data.get("ipv4"):
        found.append((fact.data["ipv4"], "ipv4", is_interface))
    secondaries = enumerate(fact.data.get("ipv4_secondaries", ()))
    found.extend((data, f"ipv4_secondaries/{i}", False) for i, data in secondaries)
    found.extend((data, f"ipv6/{i}", i == 0) for i, data in enumerate(fact.data.get("ipv6", ())))
    for data, place, is_primary in found:
        if "address" in data:
            yield _entry(data, f"{fact.pointer}/{place}/address", is_primary)


def _entry(data: Mapping[str, Any], pointer: str, is_primary: bool) -> Entry:
    text, prefix = data["address"], data.get("prefix")
    if prefix is None:
        return Entry(text, pointer, data.get("netmask", ""), is_primary)
    if isinstance(prefix, str) and not (prefix.isascii() and prefix.isdigit() and len(prefix) <= 3):
        return Entry(f"{text}/{prefix}", pointer)  # which is no address, and is said to be none
    return Entry(text, pointer, primary=is_primary, length=int(prefix))


def link_of(
    device: Device, position: int, described: frozenset[str], gateways: tuple[Gateway, ...]
) -> tuple[Link, tuple[Finding, ...]]:
    """Return the link of a device and what is wrong with its entry."""
    kind, lowers, data = device.kind, _lowers(device), device.fact.data
    own_gateways = tuple(gateway for gateway in gateways if gateway.interface == device.name)
    reached, gateway_findings = _read_gateways(own_gateways)
    owned = read_addresses(device.name, kind, device.entries())
    link = Link(
        name=device.name,
        kind=kind,
        position=position,
        addresses=owned.addresses,
        malformed=owned.malformed,
        lowers=lowers,
        missing=tuple(name for name in lowers.names if name not in described),
        gateways=tuple(sorted(reached)),
        ways=_ways(owned.addresses, own_gateways),
        vlan_id=None if kind is Kind.OTHER else 0,
        bond_mode=_bond_mode(device),
        up=data.get("active"),
        mtu=None if "mtu" not in data else int(data["mtu"]),
        speed=int(data["speed"]) if data.get("speed", 0) > 0 else None,
        mac=data.get("macaddress", "").lower() or None,
        pointers=_pointers(device, reached),
    )
    return link, (
        *owned.findings,
        *gateway_findings,
        *_kind_unknown(device, owned.addresses),
        *_members_in_conflict(device),
    )


def _members_in_conflict(device: Device) -> Iterator[Finding]:
    for key, kind in _OF_MEMBERS.items():
        if device.fact.data.get(key) and device.kind is not kind:
            message = f"{quote(device.name)} has {quote(key)} as a {kind} has, and its other facts say {device.kind}"
            yield conflict(device.name, f"{message}, which counts")


def _bond_mode(device: Device) -> int | None:
    mode = device.fact.data.get("mode")
    return BOND_MODES.index(mode) if device.kind is Kind.BOND and mode in BOND_MODES else None


def _lowers(device: Device) -> Lowers:
    data = device.fact.data
    ports = data.get("interfaces", ()) if device.kind is Kind.BRIDGE else ()
    return Lowers(device.slaves, tuple(sorted(set(ports))))


def _read_gateways(gateways: tuple[Gateway, ...]) -> tuple[dict[Address, str], list[Finding]]:
    """Return the gateways' addresses with their places, and what is wrong."""
    reached: dict[Address, str] = {}
    findings: list[Finding] = []
    for gateway in gateways:
        address, problems = read_gateway(gateway.interface, gateway.text)
        findings.extend(problems)
        if address is not None:
            reached[address] = gateway.pointer
    return reached, findings


def _ways(addresses: tuple[OwnedAddress, ...], gateways: tuple[Gateway, ...]) -> tuple[Route, ...]:
    """Return the subnets and default routes; Ansible reports no routing table."""
    defaults = (parse_cidr(_DEFAULT[gateway.family]) for gateway in gateways)
    return tuple(sorted({Route(network) for network in (*subnets_of(addresses), *defaults)}))


def _kind_unknown(device: Device, addresses: tuple[OwnedAddress, ...]) -> Iterator[Finding]:
    is_vague = device.kind is Kind.OTHER and device.fact.type in _VAGUE
    if is_vague and any(not owned.address.is_link_local for owned in addresses):
        said = f"calls it {quote(device.fact.type)}" if device.fact.type else "does not say what it is"
        yield Finding(
            FindingCode.KIND_UNKNOWN,
            Severity.WARNING,
            f"{quote(device.name)} has no device behind it, and Ansible {said}: "
            "it may be a vlan, macvlan, veth, team or VRF, or a bridge of Open vSwitch",
            (device.name,),
            hint="`ip -j -d addr show` tells the kinds",
        )


def _pointers(device: Device, reached: Mapping[Address, str]) -> dict[str, str]:
    """Return where each fact of the rule language stands, by the language's word for it."""
    fields = {
        "kind": "type",
        "slaves": "slaves",
        "bond_mode": "mode",
        "mtu": "mtu",
        "speed": "speed",
        "mac": "macaddress",
    }
    if device.kind is Kind.BRIDGE:
        fields["ports"] = "interfaces"
    pointers = {word: f"{device.fact.pointer}/{key}" for word, key in fields.items() if key in device.fact.data}
    if reached:
        pointers["gateways"] = reached[min(reached)]
    return {"": device.fact.pointer, **pointers}
