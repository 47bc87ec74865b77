"""One interface of an nmstate report becomes a link: its addresses, what it stands on, its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evaluator.diagnostic import Severity
from evaluator.facts.address import OwnedAddress
from evaluator.facts.link import BOND_MODES, Kind, Link, Lowers
from evaluator.finding import Finding, FindingCode
from evaluator.frozen import dataclass, field
from evaluator.report.beyond_vdsm import Part, read_addresses
from evaluator.report.owned import Entry
from evaluator.text import quote

OVS_BRIDGE = "ovs-bridge"
_KINDS = {
    "ethernet": Kind.PHYSICAL,
    "infiniband": Kind.PHYSICAL,
    "bond": Kind.BOND,
    "linux-bridge": Kind.BRIDGE,
    OVS_BRIDGE: Kind.BRIDGE,
    "vlan": Kind.VLAN,
    "team": Kind.TEAM,
    "veth": Kind.VETH,
    "dummy": Kind.DUMMY,
    "mac-vlan": Kind.MACVLAN,
    "mac-vtap": Kind.MACVLAN,
    "vrf": Kind.VRF,
    "tun": Kind.TUN,
    "loopback": Kind.LOOPBACK,
    "ovs-interface": Kind.OVS,
}
# 0.x and 1.x say slaves, 2.x says port and reads ports too
_MEMBER_KEYS = ("slaves", "port", "ports")
# their section bears the name of their type, and in it stands the device below
_BASED = frozenset({"vlan", "vxlan", "mac-vlan", "mac-vtap", "macsec", "ipvlan", "infiniband", "ip-tunnel"})
_PLACES = (
    ("kind", ("type",)),
    ("mtu", ("mtu",)),
    ("mac", ("mac-address",)),
    ("speed", ("ethernet", "speed")),
    ("bond_mode", ("link-aggregation", "mode")),
    ("vlan_id", ("vlan", "id")),
)
_OF_BOND = tuple(("slaves", ("link-aggregation", key)) for key in _MEMBER_KEYS)
_OF_TEAM = tuple(("slaves", ("team", key)) for key in _MEMBER_KEYS)
_OF_BRIDGE = tuple(("ports", ("bridge", key)) for key in _MEMBER_KEYS)
_STATES = {"up": True, "down": False}


@dataclass(frozen=True, slots=True)
class Device:
    """An interface: the kernel's entry and, of an Open vSwitch bridge's own port, that of the bridge behind it.

    `members` are the names that call it their controller. `kernel` is the entry that says what the kernel has.
    """

    name: str
    parts: tuple[Part, ...]
    members: tuple[str, ...] = ()
    kernel: Part = field(init=False)
    kind: Kind = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kernel", self.parts[0])
        object.__setattr__(self, "kind", self._kind())

    def _kind(self) -> Kind:
        """Return what it is; an Open vSwitch bridge is a bridge, and so is its own port, which bears its name."""
        if any(part.type == OVS_BRIDGE for part in self.parts):
            return Kind.BRIDGE
        said = self.kernel.type
        if said in ("", "unknown") and self.name == "lo":  # 0.x does not know the loopback
            return Kind.LOOPBACK
        if said == "infiniband" and _base(self.kernel):
            return Kind.OTHER
        return _KINDS.get(said, Kind.OTHER)

    @property
    def is_unknown(self) -> bool:
        """Whether the report does not say what it is."""
        return self.kind is Kind.OTHER and self.kernel.type in ("", "unknown")


def link_of(device: Device, position: int, described: frozenset[str]) -> tuple[Link, tuple[Finding, ...]]:
    """Return the link of a device, without its routes, and what is wrong with its entries."""
    kind, lowers, data = device.kind, _lowers(device), device.kernel.data
    owned = read_addresses(device.name, kind, entries_of(device))
    link = Link(
        name=device.name,
        kind=kind,
        position=position,
        addresses=owned.addresses,
        malformed=owned.malformed,
        lowers=lowers,
        missing=tuple(name for name in lowers.names if name not in described),
        vlan_id=_vlan_id(device),
        bond_mode=_bond_mode(data.get("link-aggregation", {}).get("mode")) if kind is Kind.BOND else None,
        up=_STATES.get(data.get("state", "")),
        dhcp=any(_family(part, family).get("dhcp", False) for part in device.parts for family in ("ipv4", "ipv6")),
        mtu=None if "mtu" not in data else int(data["mtu"]),
        speed=_speed(data),
        mac=data.get("mac-address", "").lower() or None,
        pointers=_pointers(device),
    )
    return link, (*owned.findings, *_kind_unknown(device, owned.addresses))


def entries_of(device: Device) -> Iterator[Entry]:
    """Yield the address entries; the kernel lists those first that are not secondary."""
    for family in ("ipv4", "ipv6"):
        entries = [
            (entry, f"{part.pointer}/{family}/address/{i}/ip")
            for part in device.parts
            for i, entry in enumerate(_family(part, family).get("address", ()))
        ]
        for i, (entry, pointer) in enumerate(entries):
            length = entry.get("prefix-length")
            yield Entry(entry["ip"], pointer, primary=i == 0, length=None if length is None else int(length))


def _family(part: Part, family: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = part.data.get(family, {})
    return found


def _lowers(device: Device) -> Lowers:
    slaves: set[str] = set()
    ports: set[str] = set()
    others: set[str] = set()
    into = {Kind.BOND: slaves, Kind.TEAM: slaves, Kind.BRIDGE: ports}.get(device.kind, others)
    for part in device.parts:
        into.update(_members(part))
    if device.kind is not Kind.VRF:
        into.update(device.members)
    hsr = device.kernel.data.get("hsr", {}) if device.kernel.type == "hsr" else {}
    others.update(hsr[key] for key in ("port1", "port2") if hsr.get(key))
    # an Open vSwitch bridge lists its own port among the others
    return Lowers(
        tuple(sorted(slaves)), tuple(sorted(ports - {device.name})), _base(device.kernel), tuple(sorted(others))
    )


def _members(part: Part) -> Iterator[str]:
    kind = _KINDS.get(part.type)
    if kind is Kind.BOND:
        section = part.data.get("link-aggregation", {})
        yield from (name for key in _MEMBER_KEYS for name in section.get(key, ()))
        yield from (port["name"] for port in section.get("ports-config", ()))
    elif kind is Kind.TEAM:
        yield from (port["name"] for port in _listed(part.data.get("team", {})))
    elif kind is Kind.BRIDGE:
        for port in _listed(part.data.get("bridge", {})):
            # the name of an Open vSwitch bond is no interface; its members are
            members = [member["name"] for member in _listed(port.get("link-aggregation", {}))]
            yield from members or (port["name"],)


def _listed(section: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key in _MEMBER_KEYS:
        yield from section.get(key, ())


def _base(part: Part) -> str | None:
    section: Mapping[str, Any] = part.data.get(part.type, {}) if part.type in _BASED else {}
    parent = section.get("parent") if part.type == "macsec" else None
    return section.get("base-iface") or parent or None


def _vlan_id(device: Device) -> int | None:
    if device.is_unknown:
        return None
    if device.kind is not Kind.VLAN:
        return 0
    number = device.kernel.data.get("vlan", {}).get("id")
    return None if number is None else int(number)


def _bond_mode(mode: str | int | None) -> int | None:
    """Return the number of a mode, given by its name, the number or its text."""
    if mode in BOND_MODES:
        return BOND_MODES.index(mode)
    numbers = {form: number for number in range(len(BOND_MODES)) for form in (number, str(number))}
    return None if mode is None else numbers.get(mode)


def _speed(data: Mapping[str, Any]) -> int | None:
    speed = int(data.get("ethernet", {}).get("speed", 0))
    return speed if speed > 0 else None


def _kind_unknown(device: Device, addresses: tuple[OwnedAddress, ...]) -> Iterator[Finding]:
    if device.is_unknown and any(not owned.address.is_link_local for owned in addresses):
        yield Finding(
            FindingCode.KIND_UNKNOWN,
            Severity.WARNING,
            f"the report does not say what {quote(device.name)} is; if it is a bridge, it is not taken for one",
            (device.name,),
            hint="newer versions of nmstate know more kinds",
        )


def _pointers(device: Device) -> dict[str, str]:
    """Return where each fact of the rule language stands, by the language's word for it."""
    pointers = {"": device.kernel.pointer}
    for part in reversed(device.parts):  # the kernel's entry has the last word
        members = _OF_TEAM if part.type == "team" else _OF_BOND
        base = (("base", (part.type, "base-iface")),) if part.type in _BASED else ()
        for fact, path in (*_PLACES, *base, *members, *_OF_BRIDGE):
            if path[0] in part.data and _leads_somewhere(part.data, path):
                pointers[fact] = "/".join((part.pointer, *path))
    return pointers


def _leads_somewhere(data: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    value: object = data
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return True
