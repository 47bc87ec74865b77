"""Describes one interface of an nmstate report: its kind, addresses, lower devices and settings.

A report can have two entries with the same name: an Open vSwitch bridge, and the bridge's own port. Old versions of
nmstate merge both into one entry. Both forms become one `Device` of the kind bridge, which owns the addresses of both
entries.

The type of an entry determines its kind. If nmstate does not know the type, the entry's only section determines the
kind. For example, an entry with `link-aggregation` is a bond. If a section does not belong to the type, the entry
contradicts itself, and the type determines the kind. The members of a bond or bridge are stated in two places: in a
list in the entry of the bond or bridge, and as `controller` in the entries of the members.

The functions in this module depend only on the entries and have no state. `link.py` calls them when a fact is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter

from msgspec import Struct

from evaluator.base.finding import Finding, conflict
from evaluator.base.text import quote, quote_all
from evaluator.facts.address import NO_FLAGS
from evaluator.facts.link import BOND_MODES, NO_LOWERS, Kind, Lowers
from evaluator.report.nmstate.wire import Based, Interface, Ip, IpAddress, Macsec
from evaluator.report.owned import AddressEntry

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
# an entry of these types with a `bridge` is an Open vSwitch bridge that 0.x and 1.x merged with its own port
_OVS_PORTS = frozenset({"ovs-interface", "tun", "unknown", ""})
_UNKNOWN = frozenset({"unknown", ""})
# the sections of an entry, each with the types that it belongs to
_TYPES_OF_SECTION = {
    "link-aggregation": ("bond",),
    "team": ("team",),
    "bridge": ("linux-bridge", OVS_BRIDGE),
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
_SECTIONS = tuple((section.replace("-", "_"), section, types) for section, types in _TYPES_OF_SECTION.items())
_sections_of: Callable[[Interface], tuple[object, ...]] = attrgetter(*(attribute for attribute, _, _ in _SECTIONS))
_SECTION_OF = {type_: attribute for attribute, _, types in _SECTIONS for type_ in types}
# for these types, the section has the name of the type and contains the lower device
_BASED = frozenset({"vlan", "vxlan", "mac-vlan", "mac-vtap", "macsec", "ipvlan", "infiniband", "ip-tunnel"})
_PLACES = (
    ("kind", ("type",)),
    ("mtu", ("mtu",)),
    ("mac", ("mac-address",)),
    ("altnames", ("alt-names",)),
    ("speed", ("ethernet", "speed")),
    ("bond_mode", ("link-aggregation", "mode")),
    ("vlan_id", ("vlan", "id")),
)
_MEMBER_KEYS = ("slaves", "port", "ports")
_OF_BOND = tuple(("slaves", ("link-aggregation", key)) for key in _MEMBER_KEYS)
_OF_TEAM = tuple(("slaves", ("team", key)) for key in _MEMBER_KEYS)
_OF_BRIDGE = tuple(("ports", ("bridge", key)) for key in _MEMBER_KEYS)
_FOR_EVER = (None, "forever", 4294967295)
_ENDED = ("0sec", "0", 0)
_NO_IP = Ip()
_NO_NAMES: frozenset[str] = frozenset()
_WITHOUT_MEMBERS = frozenset(
    {Kind.PHYSICAL, Kind.VLAN, Kind.VETH, Kind.DUMMY, Kind.MACVLAN, Kind.TUN, Kind.LOOPBACK, Kind.OVS}
)


AccessTag = tuple[int, str]


class Part(Struct, frozen=True, gc=False):
    """An entry of a report and its JSON Pointer.

    `type` is the type of the entry. If nmstate does not know the type, but the entry has a section such as `vlan`,
    `type` is the type to which this section belongs.
    """

    data: Interface
    pointer: str
    type: str


class Device(Struct, frozen=True, gc=False):
    """An interface and its entries.

    `parts` are the entries. An Open vSwitch bridge and its own port have two entries with the same name; together these
    entries are one interface. The kernel knows only the port, so `kernel` is then the entry of the port. For any other
    interface, `kernel` is its only entry.

    `members` are the names of the members: the entry of a member has the key `controller` with the name of this
    interface. If this interface is a port of Open vSwitch bridges, the entries of the bridges can state VLAN tags for
    the port. `access` has these tags. Each tag has the JSON Pointer of its place in the report.
    """

    name: str
    parts: tuple[Part, ...]
    members: tuple[str, ...]
    kernel: Part
    kind: Kind
    access: tuple[AccessTag, ...]

    @property
    def is_unknown(self) -> bool:
        """Whether the report does not show the type of the interface."""
        return self.kind is Kind.OTHER and self.kernel.type in _UNKNOWN

    @property
    def controllers(self) -> tuple[str, ...]:
        """The names of the controllers that the entries of the device contain, sorted."""
        names = {name for part in self.parts for name in (part.data.controller, part.data.master) if name}
        return tuple(sorted(names)) if names else ()


def part_of(data: Interface, pointer: str) -> Part:
    """Return an entry with its type.

    If the type is unknown and the entry has one section, this section shows the type.
    """
    type_ = data.type or ""
    if type_ in _OVS_PORTS and data.bridge is not None:
        type_ = OVS_BRIDGE
    elif type_ in _UNKNOWN:
        sections = [types for attribute, _, types in _SECTIONS if getattr(data, attribute) is not None]
        type_ = sections[0][0] if len(sections) == 1 else type_
    return Part(data, pointer, type_)


def device_of(name: str, parts: tuple[Part, ...], members: tuple[str, ...], access: tuple[AccessTag, ...]) -> Device:
    """Return the device with these entries. An Open vSwitch bridge and its own port together are a bridge."""
    kernel = parts[0]
    type_ = kernel.type
    if OVS_BRIDGE in (type_, parts[-1].type):
        kind = Kind.BRIDGE
    elif type_ in _UNKNOWN and name == "lo":  # 0.x does not report the type of the loopback interface
        kind = Kind.LOOPBACK
    elif type_ == "infiniband" and bases_of(kernel):
        kind = Kind.OTHER
    else:
        kind = _KINDS.get(type_, Kind.OTHER)
    is_ovs_port = kind is Kind.OVS or kernel.data.type == "ovs-interface"
    return Device(name, parts, members, kernel, kind, access if is_ovs_port else ())


def access_tags(part: Part) -> Iterator[tuple[str, AccessTag]]:
    """Yield the access tags in the entry of an Open vSwitch bridge: port name, tag, and JSON Pointer of the tag."""
    if part.type != OVS_BRIDGE or part.data.bridge is None:
        return
    for place, port in part.data.bridge.entries:
        if port.vlan is not None and port.vlan.mode == "access" and port.vlan.tag is not None:
            yield port.name, (port.vlan.tag, f"{part.pointer}/bridge/{place}/vlan/tag")


def controllers_of(data: Interface) -> Iterator[str]:
    """Yield the names of the controllers in an entry."""
    return (name for name in (data.controller, data.master) if name)


def conflicts(device: Device) -> Iterator[Finding]:
    """Yield a finding for each contradiction in the entries of a device."""
    for part in filter(_has_other_sections, device.parts):
        for attribute, section, types in _SECTIONS:
            if part.type not in types and _is_filled(getattr(part.data, attribute)):
                message = f"{quote(device.name)} is of the type {quote(part.data.type or '')} and has {quote(section)}"
                yield conflict(device.name, f"{message}; activenic uses the type")
    for part in device.parts:
        for family, ip in (("ipv4", part.data.ipv4), ("ipv6", part.data.ipv6)):
            if ip is not None and ip.enabled is False and ip.address:
                message = f"{quote(device.name)} has addresses in {quote(family)}, which is not enabled"
                yield conflict(device.name, f"{message}; activenic uses these addresses")
    bases = bases_of(device.kernel)
    if len(bases) > 1:
        message = f"{quote(device.name)} names several lower devices: {quote_all(bases)}; activenic uses all of them"
        yield conflict(device.name, message)


def _has_other_sections(part: Part) -> bool:
    """Return whether an entry has a section that does not belong to its type."""
    data, own = part.data, _SECTION_OF.get(part.type)
    present = len(_SECTIONS) - _sections_of(data).count(None)
    return present > 1 or (present == 1 and (own is None or getattr(data, own) is None))


def _is_filled(section: object) -> bool:
    """Return whether a section exists and is not empty."""
    return section is not None and section != type(section)()


def entries_of(device: Device) -> Iterator[AddressEntry]:
    """Yield the address entries. The first entry of a family is primary: the kernel lists secondary addresses later."""
    for family in ("ipv4", "ipv6"):
        entries = [
            (entry, f"{part.pointer}/{family}/address/{i}/ip")
            for part in device.parts
            for i, entry in enumerate(family_of(part, family).address or ())
        ]
        for i, (entry, pointer) in enumerate(entries):
            yield AddressEntry(entry.ip, pointer, "", i == 0, entry.prefix_length, None, _flags_of(entry))


def _flags_of(entry: IpAddress) -> frozenset[str]:
    """Return the address flags that follow from lifetimes.

    An address is `dynamic` if its valid lifetime is limited. It is `deprecated` if its preferred lifetime is 0.
    """
    is_dynamic = entry.valid_life_time not in _FOR_EVER
    is_deprecated = entry.preferred_life_time in _ENDED
    return frozenset(("dynamic",) * is_dynamic + ("deprecated",) * is_deprecated) or NO_FLAGS


def family_of(part: Part, family: str) -> Ip:
    """Return the addresses and settings in `ipv4` or `ipv6`."""
    return (part.data.ipv4 if family == "ipv4" else part.data.ipv6) or _NO_IP


def lowers_of(device: Device) -> Lowers:
    """Return the lower devices of an interface."""
    all_bases = bases_of(device.kernel)
    if device.kind in _WITHOUT_MEMBERS and len(all_bases) < 2 and not device.members:
        return Lowers(base=all_bases[0]) if all_bases else NO_LOWERS
    first, *bases = all_bases or (None,)
    slaves: set[str] = set()
    ports: set[str] = set()
    others: set[str] = {name for name in bases if name is not None}
    members = {Kind.BOND: slaves, Kind.TEAM: slaves, Kind.BRIDGE: ports}.get(device.kind, others)
    for part in device.parts:
        members.update(_members(part))
    if device.kind is not Kind.VRF:
        members.update(device.members)
    ring = device.kernel.data.hsr if device.kernel.type == "hsr" else None
    if ring is not None:
        others.update(port for port in (ring.port1, ring.port2) if port)
    # an Open vSwitch bridge also lists its own port
    return Lowers(tuple(sorted(slaves)), tuple(sorted(ports - {device.name})), first, tuple(sorted(others)))


def _members(part: Part) -> list[str]:
    kind, data = _KINDS.get(part.type), part.data
    if kind is Kind.BOND and data.link_aggregation is not None:
        return [*data.link_aggregation.members, *(port.name for port in data.link_aggregation.ports_config or ())]
    if kind is Kind.TEAM and data.team is not None:
        return data.team.members
    return data.bridge.members if kind is Kind.BRIDGE and data.bridge is not None else []


def can_have_members(device: Device) -> bool:
    """Return whether a device can have members by its kind, or has members in the report."""
    return device.kind not in _WITHOUT_MEMBERS or bool(device.members) or device.kernel.data.vrf is not None


def listed_members(device: Device) -> frozenset[str]:
    """Return the members in the entries of a device, including the members of a VRF."""
    if not can_have_members(device):
        return _NO_NAMES
    vrf = device.kernel.data.vrf
    return frozenset((*(name for part in device.parts for name in _members(part)), *(vrf.members if vrf else ())))


def bases_of(part: Part) -> tuple[str, ...]:
    """Return the lower devices in the section of an entry; the device in `base-iface` is first."""
    section: Based | None = getattr(part.data, part.type.replace("-", "_")) if part.type in _BASED else None
    if section is None:
        return ()
    names = (section.base_iface, section.parent) if isinstance(section, Macsec) else (section.base_iface,)
    return tuple(dict.fromkeys(filter(None, names)))


def uses_dhcp(device: Device, family: str) -> bool:
    """Return whether a device uses DHCP in a family (`ipv4`, `ipv6`) that is enabled."""
    settings = [family_of(part, family) for part in device.parts]
    return any(ip.dhcp and ip.enabled is not False for ip in settings)


def vlan_id_of(device: Device) -> int | None:
    """Return the VLAN ID, or the access tag of an Open vSwitch port.

    The result is 0 if the device is not a VLAN, and None if the report does not contain the VLAN ID.
    """
    if device.access:
        tags = {tag for tag, _ in device.access}
        return tags.pop() if len(tags) == 1 else None
    if device.is_unknown:
        return None
    if device.kind is not Kind.VLAN:
        return 0
    return None if device.kernel.data.vlan is None else device.kernel.data.vlan.id


def bond_mode_of(device: Device) -> int | None:
    """Return the number of a bond's mode. The report has a name, a number or the text of a number."""
    section = device.kernel.data.link_aggregation
    mode = None if section is None or device.kind is not Kind.BOND else section.mode
    if mode in BOND_MODES:
        return BOND_MODES.index(mode)
    numbers = {form: number for number in range(len(BOND_MODES)) for form in (number, str(number))}
    return None if mode is None else numbers.get(mode)


def pointers_of(device: Device) -> dict[str, str]:
    """Return the JSON Pointers to the facts of a device. The key is the word for the fact in the rule language."""
    pointers = {"": device.kernel.pointer}
    for part in reversed(device.parts):  # the kernel's entry is the last, so its values win
        members = _OF_TEAM if part.type == "team" else _OF_BOND
        base = (("base", (part.type, "base-iface")),) if part.type in _BASED else ()
        for fact, path in (*_PLACES, *base, *members, *_OF_BRIDGE):
            if _exists(part.data, path):
                pointers[fact] = "/".join((part.pointer, *path))
    if device.access:
        pointers["vlan_id"] = device.access[0][1]
    return pointers


def _exists(data: object, path: tuple[str, ...]) -> bool:
    """Return whether an entry has a value at a path of keys."""
    for key in path:
        data = getattr(data, key.replace("-", "_"), None)
    return data is not None
