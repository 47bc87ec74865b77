"""One entry of `ip -j -d addr show`: its kind, its addresses, what it stands on.

Source of the format: iproute2's output on Linux 6.1, and the rtnetlink attributes that it prints.
`link` is a lower device for most kinds and the peer for veth; `master` may be a bond, team, bridge,
VRF or Open vSwitch, and only its kind tells which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import UNSET, Struct, UnsetType

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote
from evaluator.facts.address import (
    ADDRESS_FLAGS,
    Address,
    Cidr,
    length_of,
    network_of,
    parse_address,
    subnets_of,
)
from evaluator.facts.link import BOND_MODES, NO_LOWERS, Kind, Link, Lowers, Owned
from evaluator.facts.route import Route
from evaluator.report.common import read_addresses
from evaluator.report.iproute2 import wire
from evaluator.report.kernel_numbers import link_type_of
from evaluator.report.owned import Entry

_NAMED_AS_HERE = (Kind.BOND, Kind.BRIDGE, Kind.VLAN, Kind.TEAM, Kind.VETH, Kind.DUMMY, Kind.MACVLAN, Kind.VRF, Kind.TUN)
_KINDS = {**{str(kind): kind for kind in _NAMED_AS_HERE}, "macvtap": Kind.MACVLAN, "openvswitch": Kind.OVS}
_LOOPBACK_ADDRESSES = (parse_address("127.0.0.1"), parse_address("::1"))
_NO_INFO, _NO_SETTINGS = wire.LinkInfo(), wire.Settings()
_CARDS = ("ether", "infiniband", "ieee802.15.4")
_PEERS = ("veth", "vxcan", "netkit")
_WITH_MAC = ("ether", "infiniband", "loopback")
_SLAVES, _PORTS = ("bond", "team"), ("bridge", "openvswitch")
_PLACES = (("mtu", "mtu"), ("mac", "address"), ("altnames", "altnames"), ("alias", "ifalias"))
_PLACES_BY_KIND = (("vlan_id", "id"), ("bond_mode", "mode"), ("base", "link"))
_EMPTY = wire.Address()


class Interface(Struct, frozen=True, gc=False):
    """An entry as the tool has it, its names made readable; `pointer` is its place.

    `kind` is that of the rule language, `info_kind` the kernel's name of it: empty for a network card, and if nothing
    tells it. `member_kinds` are the kinds of master that its members say they have; if the entry does not tell its
    kind, members that agree tell it. `places` are those of its addresses in an entry of `ip -o`, which may name others
    too.
    """

    name: str
    data: wire.Interface
    pointer: str
    kind: Kind
    info_kind: str
    member_kinds: frozenset[str]
    places: Sequence[int] | None = None

    @property
    def addresses(self) -> list[tuple[wire.Address, str]]:
        """Its address entries that are not empty, and their places; `ip -o` names the interface in each of them."""
        listed = self.data.addr_info
        if listed is UNSET:
            return []
        if self.places is not None:
            return [(listed[i], f"{self.pointer}/addr_info/{i}") for i in self.places]
        return [(one, f"{self.pointer}/addr_info/{i}") for i, one in enumerate(listed) if one != _EMPTY]

    @property
    def has_details(self) -> bool:
        """Whether the entry was printed with `-d`, without which it has no kind."""
        return has_details(self.data)

    @property
    def settings(self) -> wire.Settings:
        """The settings of its kind."""
        info = self.data.linkinfo
        return _NO_SETTINGS if info is UNSET or info.info_data is UNSET else info.info_data

    @property
    def names_below(self) -> str | None:
        """The name of the device it says it is linked to, lower or peer."""
        if self.is_elsewhere:  # what `info_data` names then is another interface of that index
            return None
        name, beside = self.data.link, self.settings.link
        if name is UNSET or name is None:
            return None if beside is UNSET else beside
        return name

    @property
    def is_elsewhere(self) -> bool:
        """Whether the device it is linked to is in another network namespace."""
        return self.data.link_netnsid is not UNSET or self.data.link_index is not UNSET


def has_details(data: wire.Interface) -> bool:
    """Return whether an entry was printed with `-d`."""
    return data.linkinfo is not UNSET or data.promiscuity is not UNSET or data.num_tx_queues is not UNSET


def interface_of(
    name: str,
    data: wire.Interface,
    pointer: str,
    member_kinds: frozenset[str],
    places: Sequence[int] | None,
) -> Interface:
    """Return the interface of an entry."""
    told = "" if data.linkinfo is UNSET else data.linkinfo.info_kind
    info_kind = told or ("".join(member_kinds) if len(member_kinds) == 1 else "")
    if _is_loopback(name, data, told, places):
        kind = Kind.LOOPBACK
    elif info_kind:
        kind = _KINDS.get(info_kind, Kind.OTHER)
    else:
        is_card = not member_kinds and link_type(data) in _CARDS and has_details(data)
        kind = Kind.PHYSICAL if is_card else Kind.OTHER
    return Interface(name, data, pointer, kind, info_kind, member_kinds, places)


def _listed(data: wire.Interface, places: Sequence[int] | None) -> Sequence[wire.Address]:
    """Return the address entries of one interface."""
    if data.addr_info is UNSET:
        return ()
    return data.addr_info if places is None else [data.addr_info[i] for i in places]


def _is_loopback(name: str, data: wire.Interface, info_kind: str, places: Sequence[int] | None) -> bool:
    """Return whether the entry is a loopback link; what `ip -br` and `ip -o` print tells it only by name or address."""
    flags = data.flags
    if flags is not UNSET or data.link_type is not UNSET or info_kind:
        return link_type(data) == "loopback" or (flags is not UNSET and "LOOPBACK" in flags)
    if name == "lo":
        return True
    texts = (one.local for one in _listed(data, places))
    return any(text is not UNSET and _is_first_loopback(text) for text in texts)


def _is_first_loopback(text: str) -> bool:
    """Return whether a text is 127.0.0.1 or ::1, the addresses that the kernel gives to a loopback link."""
    try:
        return parse_address(text) in _LOOPBACK_ADDRESSES
    except ValueError:
        return False


def link_type(data: wire.Interface) -> str:
    """Return the type of a link in iproute2's word."""
    return "" if data.link_type is UNSET else link_type_of(data.link_type)


class Ways(NamedTuple):
    """What the routing tables say of one interface."""

    routes: tuple[Route, ...]
    gateways: tuple[Address, ...]


class Iproute2Link(Link, frozen=True, eq=False, gc=False):
    """An interface as its entry describes it; `neighbours` knows the others, and the routes."""

    interface: Interface
    neighbours: Neighbours

    def owned(self) -> Owned:
        """Return what it owns and what is wrong with its addresses."""
        return self.neighbours.owned(self.interface)

    @property
    def peers(self) -> frozenset[Address]:
        """The addresses at the other end."""
        listed = self.interface.data.addr_info
        if listed is UNSET or not any(map(_has_peer, listed)):
            return frozenset()
        entries = (entry for entry, _ in self.interface.addresses if _has_peer(entry))
        return frozenset(filter(None, (_parsed(entry.address) for entry in entries)))

    @property
    def lowers(self) -> Lowers:
        """What it is on top of; for masters, their members."""
        one = self.interface
        names = self.neighbours.members.get(self.name, ())
        base = self.neighbours.base(one)
        if one.data.linkinfo is UNSET and not names and base is None:
            return NO_LOWERS
        elsewhere = one.is_elsewhere and one.info_kind not in ("", *_PEERS)
        if one.info_kind in _SLAVES:
            return Lowers(slaves=names, base=base, elsewhere=elsewhere)
        if one.info_kind in _PORTS:
            return Lowers(ports=names, base=base, elsewhere=elsewhere)
        if one.info_kind == "vrf":  # another routing table for its members: it takes no address away from them
            return Lowers(base=base, elsewhere=elsewhere)
        rings = [one.settings.slave1, one.settings.slave2]  # an HSR or PRP ring has no masters
        others = tuple(sorted({*names, *(ring for ring in rings if isinstance(ring, str) and ring)}))
        return Lowers(base=base, others=others, elsewhere=elsewhere)

    @property
    def source(self) -> object:
        """Its entry and its routes."""
        one, neighbours = self.interface, self.neighbours
        return one.data, one.places, one.info_kind, neighbours.ways.get(self.name), neighbours.routed

    @property
    def missing(self) -> tuple[str, ...]:
        """What it is on top of that is not described."""
        return tuple([name for name in self.lowers.names if name not in self.neighbours.interfaces])

    @property
    def gateways(self) -> tuple[Address, ...]:
        """The gateways of its default routes."""
        ways = self.neighbours.ways.get(self.name)
        return ways.gateways if ways else ()

    @property
    def ways(self) -> tuple[Route, ...]:
        """Its routes, and the connected ones of families without a routing table."""
        ways = self.neighbours.ways.get(self.name)
        families = self.neighbours.routed
        return tuple(sorted({*(ways.routes if ways else ()), *self._connected(families)}))

    @property
    def vlan_id(self) -> int | None:
        """The vlan id."""
        one = self.interface
        if self.kind is Kind.VLAN:
            return None if one.settings.id is UNSET else one.settings.id
        return 0 if one.has_details and self.kind is not Kind.OVS else None  # the kernel does not know an access tag

    @property
    def bond_mode(self) -> int | None:
        """The mode of a bond."""
        mode = self.interface.settings.mode
        return BOND_MODES.index(mode) if self.kind is Kind.BOND and mode in BOND_MODES else None

    @property
    def up(self) -> bool | None:
        """Whether the link can carry traffic; many virtual ones do not tell, and count by their flags."""
        data = self.interface.data
        if data.operstate is UNSET or data.operstate == "UNKNOWN":
            return None if data.flags is UNSET else "UP" in data.flags
        return data.operstate == "UP"

    @property
    def carrier(self) -> bool | None:
        """Whether there is a carrier; the kernel takes it from a link that is down."""
        flags = self.interface.data.flags
        return None if flags is UNSET else "LOWER_UP" in flags

    @property
    def altnames(self) -> tuple[str, ...]:
        """Its alternative names."""
        names = self.interface.data.altnames
        return () if names is UNSET else tuple(sorted(set(names)))

    @property
    def alias(self) -> str | None:
        """Its alias, which only `-d` shows."""
        alias = self.interface.data.ifalias
        return None if alias is UNSET else alias or None

    @property
    def mtu(self) -> int | None:
        """The MTU."""
        mtu = self.interface.data.mtu
        return None if mtu is UNSET else mtu

    @property
    def mac(self) -> str | None:
        """The link-layer address."""
        data = self.interface.data
        return None if data.address is UNSET or link_type(data) not in _WITH_MAC else data.address.lower() or None

    @property
    def pointers(self) -> Mapping[str, str]:
        """Where each fact stands."""
        one, place = self.interface, self.interface.pointer
        data, settings = one.data, one.settings
        found = {"": place}
        found.update({word: f"{place}/{key}" for word, key in _PLACES if getattr(data, key) is not UNSET})
        places = _PLACES_BY_KIND[: 2 if one.is_elsewhere else 3]
        by_kind = f"{place}/linkinfo/info_data"
        found.update({word: f"{by_kind}/{key}" for word, key in places if getattr(settings, key) is not UNSET})
        if data.link is not UNSET and data.link is not None:
            found["base"] = f"{place}/link"
        return found

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for each address that another host turned out to have."""
        for entry, _ in self.interface.addresses:
            if entry.dadfailed is True and self.kind is not Kind.LOOPBACK:
                message = (
                    f"{quote(self.name)} has {quote(entry.local or '')}, which another host has "
                    "(duplicate address detection failed); it does not count"
                )
                addresses = tuple(map(str, filter(None, (_parsed(entry.local),))))
                yield Finding(FindingCode.DUPLICATE_ADDRESS, Severity.WARNING, message, (self.name,), addresses)

    def _connected(self, families: frozenset[int]) -> Iterator[Route]:
        """Yield the connected routes of the families without a routing table, as the kernel would make them."""
        flags = self.interface.data.flags
        if self.kind is Kind.LOOPBACK or (flags is not UNSET and "UP" not in flags):
            return
        addresses = self.interface.addresses
        unrouted = {f"{pointer}/local" for entry, pointer in addresses if entry.noprefixroute is True}
        subnets = subnets_of(one for one in self.addresses if one.pointer not in unrouted)
        for network in (*subnets, *filter(None, (_peer_network(entry) for entry, _ in addresses))):
            if network.first.version not in families:
                yield Route(network)


class Neighbours:
    """What the links of a host ask of each other; `ways` are the routes of each, `routed` the families with tables."""

    def __init__(self, interfaces: Mapping[str, Interface], ways: Mapping[str, Ways], routed: frozenset[int]) -> None:
        self.interfaces = interfaces
        self.ways = ways
        self.routed = routed
        members: dict[str, list[str]] = {}
        for name, one in interfaces.items():
            if one.data.master is not UNSET:
                members.setdefault(one.data.master, []).append(name)
        self.members = {name: tuple(sorted(names)) for name, names in members.items()}
        self._owned: dict[str, Owned] = {}

    def base(self, one: Interface) -> str | None:
        """Return the lower device; two that name each other are the ends of a pair."""
        name = one.names_below
        if name is None or one.info_kind in _PEERS:
            return None
        other = self.interfaces.get(name)
        is_pair = other is not None and other.names_below == one.name and one.kind is Kind.OTHER
        return None if is_pair else name

    def owned(self, one: Interface) -> Owned:
        """Return what an interface owns."""
        known = self._owned.get(one.name)
        if known is None:
            known = self._owned[one.name] = read_addresses(one.name, one.kind, _entries(one.addresses))
        return known

    def address_texts(self) -> list[tuple[str, Sequence[str], int]]:
        """Return the addresses that count, with their lengths; of a loopback link none does."""
        return [
            (name, (entry.local,), -1 if entry.prefixlen is UNSET or _has_peer(entry) else entry.prefixlen)
            for name, one in self.interfaces.items()
            if one.kind is not Kind.LOOPBACK
            for entry in _listed(one.data, one.places)
            if entry.local is not UNSET and entry.dadfailed is not True
        ]


def _entries(addresses: Iterable[tuple[wire.Address, str]]) -> Iterator[Entry]:
    """Yield the addresses that count; the primary ones are the first of each family that is not secondary."""
    families: set[int] = set()
    for entry, pointer in addresses:
        if entry.local is UNSET or entry.dadfailed is True:
            continue
        family = family_of(entry.local)
        is_primary = family not in families and entry.secondary is not True
        if is_primary:
            families.add(family)
        length = None if entry.prefixlen is UNSET or _has_peer(entry) else entry.prefixlen
        label = None if entry.label is UNSET else entry.label or None
        flags = frozenset(flag for flag in ADDRESS_FLAGS if getattr(entry, flag) is True)
        yield Entry(entry.local, f"{pointer}/local", "", is_primary, length, label, flags)


def _has_peer(entry: wire.Address) -> bool:
    """Return whether an address has a peer's beside it; then the length is the peer's."""
    return entry.address is not UNSET and entry.address != entry.local


def family_of(local: str) -> int:
    """Return the family of an address, 4 or 6; `ip -br` does not print it, so the address tells it."""
    return 6 if ":" in local else 4


def _parsed(text: str | UnsetType) -> Address | None:
    try:
        return None if text is UNSET else parse_address(text)
    except ValueError:
        return None


def _peer_network(entry: wire.Address) -> Cidr | None:
    peer, length = entry.address, entry.prefixlen
    if peer is UNSET or length is UNSET or peer == entry.local or entry.noprefixroute is True:
        return None
    try:
        address = parse_address(peer)
        found = length_of(address, peer, length)
    except ValueError:
        return None
    return None if found is None else network_of(address, found)
