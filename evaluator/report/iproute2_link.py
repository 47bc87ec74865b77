"""One entry of `ip -j -d addr show` becomes a link: its kind, its addresses, what it stands on.

Source of the format: iproute2's output on Linux 6.1, and the rtnetlink attributes that it prints.
`link` is a lower device for most kinds and the peer for veth; `master` may be a bond, team, bridge,
VRF or Open vSwitch, and only its kind tells which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from evaluator.diagnostic import Severity
from evaluator.facts.address import Address, Cidr, OwnedAddress, length_of, network_of, parse_address, subnets_of
from evaluator.facts.link import BOND_MODES, Kind, Link, Lowers
from evaluator.facts.route import Route
from evaluator.finding import Finding, FindingCode
from evaluator.frozen import dataclass
from evaluator.report.beyond_vdsm import Part, read_addresses
from evaluator.report.kernel_numbers import link_type_of
from evaluator.report.owned import Entry
from evaluator.text import quote

_NAMED_AS_HERE = (Kind.BOND, Kind.BRIDGE, Kind.VLAN, Kind.TEAM, Kind.VETH, Kind.DUMMY, Kind.MACVLAN, Kind.VRF, Kind.TUN)
_KINDS = {**{str(kind): kind for kind in _NAMED_AS_HERE}, "macvtap": Kind.MACVLAN, "openvswitch": Kind.OVS}
_OF_DETAILS = ("linkinfo", "promiscuity", "num_tx_queues")
_LOOPBACK_ADDRESSES = (parse_address("127.0.0.1"), parse_address("::1"))
_NO_INFO: Mapping[str, Any] = MappingProxyType({})
_CARDS = ("ether", "infiniband", "ieee802.15.4")
_PEERS = ("veth", "vxcan", "netkit")
_WITH_MAC = ("ether", "infiniband", "loopback")


@dataclass(frozen=True, slots=True)
class Interface:
    """An entry as the tool has it, its names made readable; `pointer` is its place.

    `addresses` are its address entries that are not empty. `has_details` tells whether the entry was printed with `-d`,
    without which it has no kind. `info` is what `-d` tells of its kind, `settings` the settings of its kind,
    `info_kind` the kernel's name of its kind (empty for a network card, and if nothing tells it) and `kind` that of
    the rule language. `member_kinds` are the kinds of master that its members say they have.
    """

    name: str
    data: Mapping[str, Any]
    pointer: str
    addresses: tuple[Part, ...]
    has_details: bool
    info: Mapping[str, Any]
    settings: Mapping[str, Any]
    info_kind: str
    kind: Kind
    member_kinds: frozenset[str] = frozenset()

    @property
    def master(self) -> str | None:
        """The name of what it is enslaved to."""
        name: str | None = self.data.get("master")
        return name

    @property
    def names_below(self) -> str | None:
        """The name of the device it says it is linked to, lower or peer."""
        if self.is_elsewhere:  # what `info_data` names then is another interface of that index
            return None
        name: str | None = self.data.get("link")
        if name is None:
            name = self.settings.get("link")
        return name

    @property
    def is_elsewhere(self) -> bool:
        """Whether the device it is linked to is in another network namespace."""
        return "link_netnsid" in self.data or "link_index" in self.data


def interface_of(
    name: str, data: Mapping[str, Any], pointer: str, addresses: tuple[Part, ...], member_kinds: frozenset[str]
) -> Interface:
    """Return the interface of an entry. If the entry does not tell its kind, members that agree tell it."""
    info = data.get("linkinfo", _NO_INFO)
    has_details = any(key in data for key in _OF_DETAILS)
    told = str(info.get("info_kind", ""))
    info_kind = told or ("".join(member_kinds) if len(member_kinds) == 1 else "")
    if _is_loopback(name, data, told, addresses):
        kind = Kind.LOOPBACK
    elif info_kind:
        kind = _KINDS.get(info_kind, Kind.OTHER)
    else:
        is_card = has_details and not member_kinds and _link_type(data) in _CARDS
        kind = Kind.PHYSICAL if is_card else Kind.OTHER
    settings = info.get("info_data", _NO_INFO)
    return Interface(name, data, pointer, addresses, has_details, info, settings, info_kind, kind, member_kinds)


def _is_loopback(name: str, data: Mapping[str, Any], info_kind: str, addresses: tuple[Part, ...]) -> bool:
    """Return whether the entry is a loopback link; what `ip -br` and `ip -o` print tells it only by name or address."""
    if "flags" in data or "link_type" in data or info_kind:
        return _link_type(data) == "loopback" or "LOOPBACK" in data.get("flags", ())
    return name == "lo" or any(_is_first_loopback(part.data.get("local", "")) for part in addresses)


def _is_first_loopback(text: str) -> bool:
    """Return whether a text is 127.0.0.1 or ::1, the addresses that the kernel gives to a loopback link."""
    try:
        return parse_address(text) in _LOOPBACK_ADDRESSES
    except ValueError:
        return False


def _link_type(data: Mapping[str, Any]) -> str:
    return link_type_of(data.get("link_type", ""))


@dataclass(frozen=True, slots=True)
class Ways:
    """What the routing tables say of one interface; `families` are those of which there was a table."""

    routes: tuple[Route, ...]
    gateways: tuple[Address, ...]
    families: frozenset[int]


def link_of(
    interface: Interface, position: int, lowers: Lowers, missing: tuple[str, ...], ways: Ways | None
) -> tuple[Link, tuple[Finding, ...]]:
    """Return the link of an entry and what is wrong with its addresses."""
    data, kind = interface.data, interface.kind
    owned = read_addresses(interface.name, kind, _entries(interface))
    link = Link(
        name=interface.name,
        kind=kind,
        position=position,
        addresses=owned.addresses,
        malformed=owned.malformed,
        lowers=lowers,
        missing=missing,
        gateways=ways.gateways if ways else (),
        ways=tuple(sorted({*(ways.routes if ways else ()), *_connected(interface, owned.addresses, ways)})),
        vlan_id=_vlan_id(interface),
        bond_mode=_bond_mode(interface),
        up=_is_up(data),
        mtu=None if "mtu" not in data else int(data["mtu"]),
        mac=data.get("address", "").lower() or None if _link_type(data) in _WITH_MAC else None,
        pointers=dict(_pointers(interface)),
    )
    return link, (*owned.findings, *_duplicates(interface))


def lowers_of(interfaces: Mapping[str, Interface]) -> dict[str, Lowers]:
    """Return what each interface stands on, by its name; masters tell it of their members."""
    members: dict[str, list[Interface]] = {}
    for interface in interfaces.values():
        if interface.master is not None:
            members.setdefault(interface.master, []).append(interface)
    return {name: _lowers(one, interfaces, members.get(name, ())) for name, one in interfaces.items()}


def _duplicates(interface: Interface) -> Iterator[Finding]:
    """Yield a finding for each address that another host turned out to have."""
    for entry in (part.data for part in interface.addresses):
        if entry.get("dadfailed") is True and interface.kind is not Kind.LOOPBACK:
            message = (
                f"{quote(interface.name)} has {quote(entry.get('local', ''))}, which another host has "
                "(duplicate address detection failed); it does not count"
            )
            yield Finding(FindingCode.DUPLICATE_ADDRESS, Severity.WARNING, message, (interface.name,))


def _lowers(interface: Interface, interfaces: Mapping[str, Interface], members: Iterable[Interface]) -> Lowers:
    base = _base(interface, interfaces)
    elsewhere = interface.is_elsewhere and interface.info_kind not in ("", *_PEERS)
    names = tuple(sorted([member.name for member in members]))
    match interface.info_kind:
        case "bond" | "team":
            return Lowers(slaves=names, base=base, elsewhere=elsewhere)
        case "bridge" | "openvswitch":
            return Lowers(ports=names, base=base, elsewhere=elsewhere)
        case "vrf":  # another routing table for its members: it takes no address away from them
            return Lowers(base=base, elsewhere=elsewhere)
    rings = (interface.settings.get(key) for key in ("slave1", "slave2"))  # an HSR or PRP ring has no masters
    return Lowers(base=base, others=tuple(sorted({*names, *filter(None, rings)})), elsewhere=elsewhere)


def _base(interface: Interface, interfaces: Mapping[str, Interface]) -> str | None:
    """Return the lower device; two that name each other are the ends of a pair."""
    name = interface.names_below
    if name is None or interface.info_kind in _PEERS:
        return None
    other = interfaces.get(name)
    is_pair = other is not None and other.names_below == interface.name and interface.kind is Kind.OTHER
    return None if is_pair else name


def _entries(interface: Interface) -> Iterator[Entry]:
    """Yield the addresses that count; the primary ones are the first of each family that is not secondary."""
    families: set[int] = set()
    for part in interface.addresses:
        entry = part.data
        if "local" not in entry or entry.get("dadfailed") is True:
            continue
        family = family_of(entry)
        is_primary = family not in families and entry.get("secondary") is not True
        if is_primary:
            families.add(family)
        has_peer = entry.get("address", entry["local"]) != entry["local"]  # then the length is the peer's
        length = None if has_peer or "prefixlen" not in entry else int(entry["prefixlen"])
        yield Entry(entry["local"], f"{part.pointer}/local", primary=is_primary, length=length)


def family_of(entry: Mapping[str, Any]) -> int:
    """Return the family of an address entry, 4 or 6; `ip -br` does not print it, so the address tells it."""
    return 6 if ":" in entry.get("local", "") else 4


def _vlan_id(interface: Interface) -> int | None:
    if interface.kind is Kind.VLAN:
        return int(interface.settings["id"]) if "id" in interface.settings else None
    return 0 if interface.has_details else None


def _bond_mode(interface: Interface) -> int | None:
    mode = interface.settings.get("mode")
    return BOND_MODES.index(mode) if interface.kind is Kind.BOND and mode in BOND_MODES else None


def _connected(interface: Interface, owned: tuple[OwnedAddress, ...], ways: Ways | None) -> Iterator[Route]:
    """Yield the connected routes of the families without a routing table, as the kernel would make them."""
    flags = interface.data.get("flags")
    if interface.kind is Kind.LOOPBACK or (flags is not None and "UP" not in flags):
        return
    unrouted = {f"{part.pointer}/local" for part in interface.addresses if part.data.get("noprefixroute") is True}
    peers = (_peer_network(part.data) for part in interface.addresses)
    subnets = subnets_of(one for one in owned if one.pointer not in unrouted)
    for network in (*subnets, *filter(None, peers)):
        if ways is None or network.first.version not in ways.families:
            yield Route(network)


def _peer_network(entry: Mapping[str, Any]) -> Cidr | None:
    peer, local, length = entry.get("address"), entry.get("local"), entry.get("prefixlen")
    if peer is None or peer == local or length is None or entry.get("noprefixroute") is True:
        return None
    try:
        address = parse_address(peer)
        found = length_of(address, peer, int(length))
    except ValueError:
        return None
    return None if found is None else network_of(address, found)


def _is_up(data: Mapping[str, Any]) -> bool | None:
    """Return whether the link can carry traffic; many virtual ones do not tell, and count by their flags."""
    state = data.get("operstate", "UNKNOWN")
    if state == "UNKNOWN":
        return "UP" in data["flags"] if "flags" in data else None
    return bool(state == "UP")


def _pointers(interface: Interface) -> Iterator[tuple[str, str]]:
    yield "", interface.pointer
    for word, key in (("mtu", "mtu"), ("mac", "address")):
        if key in interface.data:
            yield word, f"{interface.pointer}/{key}"
    for word, key in (("vlan_id", "id"), ("bond_mode", "mode"), ("base", "link")):
        if key in interface.settings and not (key == "link" and interface.is_elsewhere):
            yield word, f"{interface.pointer}/linkinfo/info_data/{key}"
    if interface.data.get("link") is not None:
        yield "base", f"{interface.pointer}/link"
