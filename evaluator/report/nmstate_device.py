"""One interface of an nmstate report becomes a link: its addresses, what it stands on, its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evaluator.diagnostic import Severity
from evaluator.facts.address import OwnedAddress
from evaluator.facts.link import BOND_MODES, Kind, Link, Lowers
from evaluator.finding import Finding, FindingCode, conflict
from evaluator.frozen import dataclass, field
from evaluator.report.beyond_vdsm import Part, read_addresses
from evaluator.report.owned import Entry
from evaluator.text import quote, quote_all

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
_LINUX_BRIDGE = "linux-bridge"
# entries of these types may be an Open vSwitch bridge that 0.x and 1.x merged with its own port: it has a `bridge`
_OVS_PORTS = frozenset({"ovs-interface", "tun", "unknown", ""})
_UNKNOWN = frozenset({"unknown", ""})
# what the sections of an entry describe
_TYPES_OF_SECTION = {
    "link-aggregation": ("bond",),
    "team": ("team",),
    "bridge": (_LINUX_BRIDGE, OVS_BRIDGE),
    "vlan": ("vlan",),
    "vxlan": ("vxlan",),
    "mac-vlan": ("mac-vlan",),
    "mac-vtap": ("mac-vtap",),
    "macsec": ("macsec",),
    "ipvlan": ("ipvlan",),
    "ip-tunnel": ("ip-tunnel",),
    "vrf": ("vrf",),
    "hsr": ("hsr",),
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
        if any(type_of(part) == OVS_BRIDGE for part in self.parts):
            return Kind.BRIDGE
        said = type_of(self.kernel)
        if said in _UNKNOWN and self.name == "lo":  # 0.x does not know the loopback
            return Kind.LOOPBACK
        if said == "infiniband" and _bases(self.kernel):
            return Kind.OTHER
        return _KINDS.get(said, Kind.OTHER)

    @property
    def is_unknown(self) -> bool:
        """Whether the report does not say what it is."""
        return self.kind is Kind.OTHER and type_of(self.kernel) in _UNKNOWN

    @property
    def controllers(self) -> tuple[str, ...]:
        """The names that its entries give as its controller, sorted."""
        return tuple(sorted({name for part in self.parts for name in controllers_of(part)}))


def type_of(part: Part) -> str:
    """Return what an entry describes: its type; if the type says little, what its one section belongs to."""
    if part.type in _OVS_PORTS and "bridge" in part.data:
        return OVS_BRIDGE
    sections = [types for section, types in _TYPES_OF_SECTION.items() if section in part.data]
    return sections[0][0] if part.type in _UNKNOWN and len(sections) == 1 else part.type


def controllers_of(part: Part) -> Iterator[str]:
    """Yield the names that an entry gives as its controller."""
    return (part.data[key] for key in ("controller", "master") if part.data.get(key))


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
        dhcp=any(_uses_dhcp(part, family) for part in device.parts for family in ("ipv4", "ipv6")),
        mtu=None if "mtu" not in data else int(data["mtu"]),
        speed=_speed(data),
        mac=data.get("mac-address", "").lower() or None,
        pointers=_pointers(device),
    )
    return link, (*owned.findings, *_kind_unknown(device, owned.addresses), *_conflicts(device))


def _conflicts(device: Device) -> Iterator[Finding]:
    """Yield where the entries of a device contradict themselves."""
    name = quote(device.name)
    for part in device.parts:
        for section, types in _TYPES_OF_SECTION.items():
            if part.data.get(section) and type_of(part) not in types:
                message = f"{name} is of the type {quote(part.type)} and has {quote(section)}; its type counts"
                yield conflict(device.name, message)
        for family in ("ipv4", "ipv6"):
            if _family(part, family).get("enabled") is False and _family(part, family).get("address"):
                message = f"{name} has addresses in {quote(family)}, which is not enabled; they count"
                yield conflict(device.name, message)
    bases = _bases(device.kernel)
    if len(bases) > 1:
        yield conflict(device.name, f"{name} names several devices that it is based on: {quote_all(bases)}; all count")


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
    first, *bases = _bases(device.kernel) or (None,)
    others: set[str] = {name for name in bases if name is not None}
    into = {Kind.BOND: slaves, Kind.TEAM: slaves, Kind.BRIDGE: ports}.get(device.kind, others)
    for part in device.parts:
        into.update(_members(part))
    if device.kind is not Kind.VRF:
        into.update(device.members)
    hsr = device.kernel.data.get("hsr", {}) if type_of(device.kernel) == "hsr" else {}
    others.update(hsr[key] for key in ("port1", "port2") if hsr.get(key))
    # an Open vSwitch bridge lists its own port among the others
    return Lowers(tuple(sorted(slaves)), tuple(sorted(ports - {device.name})), first, tuple(sorted(others)))


def _members(part: Part) -> Iterator[str]:
    kind = _KINDS.get(type_of(part))
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


def listed_members(device: Device) -> frozenset[str]:
    """Return the members that the entries of a device list themselves, those of a VRF too."""
    vrf = device.kernel.data.get("vrf", {})
    ports = (name for key in _MEMBER_KEYS for name in vrf.get(key, ()))
    return frozenset((*(name for part in device.parts for name in _members(part)), *ports))


def _listed(section: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key in _MEMBER_KEYS:
        yield from section.get(key, ())


def _bases(part: Part) -> tuple[str, ...]:
    """Return the devices below that the section of an entry names, the one in `base-iface` first."""
    kind = type_of(part)
    section: Mapping[str, Any] = part.data.get(kind, {}) if kind in _BASED else {}
    keys = ("base-iface", "parent") if kind == "macsec" else ("base-iface",)
    return tuple(dict.fromkeys(section[key] for key in keys if section.get(key)))


def _uses_dhcp(part: Part, family: str) -> bool:
    settings = _family(part, family)
    return bool(settings.get("dhcp")) and settings.get("enabled") is not False


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
        kind = type_of(part)
        members = _OF_TEAM if kind == "team" else _OF_BOND
        base = (("base", (kind, "base-iface")),) if kind in _BASED else ()
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
