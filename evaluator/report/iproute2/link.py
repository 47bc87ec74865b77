"""One interface in the output of `ip -j -d addr show` as a link: its kind, addresses, lower devices and routes.

Source of the format: iproute2's output on Linux 6.1, and the rtnetlink attributes that it prints. For most kinds `link`
is the lower device; for veth `link` is the peer. `master` can be a bond, team, bridge, VRF or Open vSwitch bridge. Only
the kind of the master shows which of these it is.
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
from evaluator.report.owned import AddressEntry

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
    """An interface and its decoded entry; `pointer` is the JSON Pointer of the entry.

    `kind` is the kind in the rule language. `info_kind` is the kernel's name for the kind, empty for a network card and
    if the report does not show the kind. `member_kinds` are the kinds that the entries of the members state for this
    master (`info_slave_kind`). If the entry has no kind and all members state the same kind, this kind is used. An
    entry of `ip -o` can have addresses of several interfaces. For such an entry, `places` has the indexes of the
    addresses of this interface.
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
        """The address entries of the interface that are not empty, with their JSON Pointers."""
        listed = self.data.addr_info
        if listed is UNSET:
            return []
        if self.places is not None:
            return [(listed[i], f"{self.pointer}/addr_info/{i}") for i in self.places]
        return [(entry, f"{self.pointer}/addr_info/{i}") for i, entry in enumerate(listed) if entry != _EMPTY]

    @property
    def has_details(self) -> bool:
        """Whether the entry was printed with `-d`. Without `-d`, an entry has no kind."""
        return has_details(self.data)

    @property
    def settings(self) -> wire.Settings:
        """The settings that depend on the kind (`info_data`)."""
        info = self.data.linkinfo
        return _NO_SETTINGS if info is UNSET or info.info_data is UNSET else info.info_data

    @property
    def linked_device(self) -> str | None:
        """The name of the device in `link`, or in the settings: the lower device or the peer."""
        if self.is_elsewhere:  # iproute2 then prints the name of a local interface with the same index
            return None
        name, name_in_settings = self.data.link, self.settings.link
        if name is UNSET or name is None:
            return None if name_in_settings is UNSET else name_in_settings
        return name

    @property
    def is_elsewhere(self) -> bool:
        """Whether the linked device is in another network namespace."""
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
    own_kind = "" if data.linkinfo is UNSET else data.linkinfo.info_kind
    info_kind = own_kind or ("".join(member_kinds) if len(member_kinds) == 1 else "")
    if _is_loopback(name, data, own_kind, places):
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
    """Return whether the entry is a loopback link.

    `ip -br` and `ip -o` print only the name and the addresses of a loopback link.
    """
    flags = data.flags
    if flags is not UNSET or data.link_type is not UNSET or info_kind:
        return link_type(data) == "loopback" or (flags is not UNSET and "LOOPBACK" in flags)
    if name == "lo":
        return True
    texts = (entry.local for entry in _listed(data, places))
    return any(text is not UNSET and _is_first_loopback(text) for text in texts)


def _is_first_loopback(text: str) -> bool:
    """Return whether a text is 127.0.0.1 or ::1, the addresses that the kernel gives to a loopback link."""
    try:
        return parse_address(text) in _LOOPBACK_ADDRESSES
    except ValueError:
        return False


def link_type(data: wire.Interface) -> str:
    """Return iproute2's word for the type of a link, empty if it is missing."""
    return "" if data.link_type is UNSET else link_type_of(data.link_type)


class InterfaceRoutes(NamedTuple):
    """The routes through one interface, and the gateways of its default routes; both sorted."""

    routes: tuple[Route, ...]
    gateways: tuple[Address, ...]


class Iproute2Link(Link, frozen=True, eq=False, gc=False):
    """An interface in the output of `ip`. `host` has the other interfaces and the routes."""

    interface: Interface
    host: Iproute2Host

    def owned(self) -> Owned:
        """Return the parsed addresses of the interface."""
        return self.host.owned(self.interface)

    @property
    def peers(self) -> frozenset[Address]:
        """The addresses of the peer on a point-to-point link."""
        listed = self.interface.data.addr_info
        if listed is UNSET or not any(map(_has_peer, listed)):
            return frozenset()
        entries = (entry for entry, _ in self.interface.addresses if _has_peer(entry))
        return frozenset(filter(None, (_parsed(entry.address) for entry in entries)))

    @property
    def lowers(self) -> Lowers:
        """The lower devices: the linked device, and the members of a master."""
        interface = self.interface
        names = self.host.members.get(self.name, ())
        base = self.host.base(interface)
        if interface.data.linkinfo is UNSET and not names and base is None:
            return NO_LOWERS
        kind = interface.info_kind
        elsewhere = interface.is_elsewhere and kind not in ("", *_PEERS)
        if kind in _SLAVES:
            return Lowers(slaves=names, base=base, elsewhere=elsewhere)
        if kind in _PORTS:
            return Lowers(ports=names, base=base, elsewhere=elsewhere)
        if kind == "vrf":  # a VRF is a routing domain: its members are not lower devices and own their addresses
            return Lowers(base=base, elsewhere=elsewhere)
        ports = [interface.settings.slave1, interface.settings.slave2]  # an HSR or PRP ring is not a master
        others = tuple(sorted({*names, *(port for port in ports if isinstance(port, str) and port)}))
        return Lowers(base=base, others=others, elsewhere=elsewhere)

    @property
    def source(self) -> object:
        """The entry and the routes of the interface."""
        interface, host = self.interface, self.host
        return interface.data, interface.places, interface.info_kind, host.routes.get(self.name), host.routed

    @property
    def missing(self) -> tuple[str, ...]:
        """The lower devices that the report does not describe."""
        return tuple([name for name in self.lowers.names if name not in self.host.interfaces])

    @property
    def gateways(self) -> tuple[Address, ...]:
        """The gateways of the default routes through the interface."""
        routes = self.host.routes.get(self.name)
        return routes.gateways if routes else ()

    @property
    def main_routes(self) -> tuple[Route, ...]:
        """The routes in the routing tables, and the connected routes of families without a table in the report."""
        routes = self.host.routes.get(self.name)
        families = self.host.routed
        return tuple(sorted({*(routes.routes if routes else ()), *self._connected(families)}))

    @property
    def vlan_id(self) -> int | None:
        """The VLAN ID; None for a port of Open vSwitch, because the kernel does not know the access tag of the port."""
        interface = self.interface
        if self.kind is Kind.VLAN:
            return None if interface.settings.id is UNSET else interface.settings.id
        return 0 if interface.has_details and self.kind is not Kind.OVS else None

    @property
    def bond_mode(self) -> int | None:
        """The mode of a bond."""
        mode = self.interface.settings.mode
        return BOND_MODES.index(mode) if self.kind is Kind.BOND and mode in BOND_MODES else None

    @property
    def up(self) -> bool | None:
        """Whether the link is up. Many virtual links have the state UNKNOWN. For these links the flag UP decides."""
        data = self.interface.data
        if data.operstate is UNSET or data.operstate == "UNKNOWN":
            return None if data.flags is UNSET else "UP" in data.flags
        return data.operstate == "UP"

    @property
    def carrier(self) -> bool | None:
        """Whether the link has a carrier (the flag LOWER_UP, which the kernel never sets for a link that is down)."""
        flags = self.interface.data.flags
        return None if flags is UNSET else "LOWER_UP" in flags

    @property
    def altnames(self) -> tuple[str, ...]:
        """The alternative names."""
        names = self.interface.data.altnames
        return () if names is UNSET else tuple(sorted(set(names)))

    @property
    def alias(self) -> str | None:
        """The alias, which only `-d` prints."""
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
        """The JSON Pointers of the facts."""
        interface, place = self.interface, self.interface.pointer
        data, settings = interface.data, interface.settings
        pointers = {"": place}
        pointers.update({word: f"{place}/{key}" for word, key in _PLACES if getattr(data, key) is not UNSET})
        places = _PLACES_BY_KIND[: 2 if interface.is_elsewhere else 3]
        by_kind = f"{place}/linkinfo/info_data"
        pointers.update({word: f"{by_kind}/{key}" for word, key in places if getattr(settings, key) is not UNSET})
        if data.link is not UNSET and data.link is not None:
            pointers["base"] = f"{place}/link"
        return pointers

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for each address for which duplicate address detection failed."""
        for entry, _ in self.interface.addresses:
            if entry.dadfailed is True and self.kind is not Kind.LOOPBACK:
                message = (
                    f"{quote(self.name)} has {quote(entry.local or '')}, which another host has "
                    "(duplicate address detection failed); it does not count"
                )
                addresses = tuple(map(str, filter(None, (_parsed(entry.local),))))
                yield Finding(FindingCode.DUPLICATE_ADDRESS, Severity.WARNING, message, (self.name,), addresses)

    def _connected(self, families: frozenset[int]) -> Iterator[Route]:
        """Yield the connected routes that the kernel creates for the addresses, without those of the given families."""
        flags = self.interface.data.flags
        if self.kind is Kind.LOOPBACK or (flags is not UNSET and "UP" not in flags):
            return
        addresses = self.interface.addresses
        without_route = {f"{pointer}/local" for entry, pointer in addresses if entry.noprefixroute is True}
        subnets = subnets_of(owned for owned in self.addresses if owned.pointer not in without_route)
        for network in (*subnets, *filter(None, (_peer_network(entry) for entry, _ in addresses))):
            if network.first.version not in families:
                yield Route(network)


class Iproute2Host:
    """The interfaces and routes of one host, with indexes that the links need.

    `routes` has the routes of each interface, `routed` the address families with a routing table in the report, and
    `members` the members of each master.
    """

    def __init__(
        self, interfaces: Mapping[str, Interface], routes: Mapping[str, InterfaceRoutes], routed: frozenset[int]
    ) -> None:
        self.interfaces = interfaces
        self.routes = routes
        self.routed = routed
        members: dict[str, list[str]] = {}
        for name, interface in interfaces.items():
            if interface.data.master is not UNSET:
                members.setdefault(interface.data.master, []).append(name)
        self.members = {name: tuple(sorted(names)) for name, names in members.items()}
        self._owned: dict[str, Owned] = {}

    def base(self, interface: Interface) -> str | None:
        """Return the linked device if it is a lower device. Two interfaces that link to each other are peers."""
        name = interface.linked_device
        if name is None or interface.info_kind in _PEERS:
            return None
        linked = self.interfaces.get(name)
        is_pair = linked is not None and linked.linked_device == interface.name and interface.kind is Kind.OTHER
        return None if is_pair else name

    def owned(self, interface: Interface) -> Owned:
        """Return the parsed addresses of an interface. The addresses are parsed once and cached."""
        name = interface.name
        owned = self._owned.get(name)
        if owned is None:
            owned = self._owned[name] = read_addresses(name, interface.kind, _entries(interface.addresses))
        return owned

    def address_texts(self) -> list[tuple[str, Sequence[str], int]]:
        """Return the entries of the owner index, without the addresses of loopback links."""
        return [
            (name, (entry.local,), -1 if entry.prefixlen is UNSET or _has_peer(entry) else entry.prefixlen)
            for name, interface in self.interfaces.items()
            if interface.kind is not Kind.LOOPBACK
            for entry in _listed(interface.data, interface.places)
            if entry.local is not UNSET and entry.dadfailed is not True
        ]


def _entries(addresses: Iterable[tuple[wire.Address, str]]) -> Iterator[AddressEntry]:
    """Yield the addresses that count. The first address of a family that is not secondary is primary."""
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
        yield AddressEntry(entry.local, f"{pointer}/local", "", is_primary, length, label, flags)


def _has_peer(entry: wire.Address) -> bool:
    """Return whether the entry has a peer address. The prefix length of such an entry belongs to the peer address."""
    return entry.address is not UNSET and entry.address != entry.local


def family_of(local: str) -> int:
    """Return the family of an address, 4 or 6, from its text, because `ip -br` does not print the family."""
    return 6 if ":" in local else 4


def _parsed(text: str | UnsetType) -> Address | None:
    try:
        return None if text is UNSET else parse_address(text)
    except ValueError:
        return None


def _peer_network(entry: wire.Address) -> Cidr | None:
    """Return the network of the peer address, for which the kernel creates a connected route; None without a peer."""
    peer, length = entry.address, entry.prefixlen
    if peer is UNSET or length is UNSET or peer == entry.local or entry.noprefixroute is True:
        return None
    try:
        address = parse_address(peer)
        prefix = length_of(address, peer, length)
    except ValueError:
        return None
    return None if prefix is None else network_of(address, prefix)
