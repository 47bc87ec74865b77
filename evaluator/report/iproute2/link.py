"""Reads the facts of one interface, such as its addresses and routes, from the output of `ip -j -d addr show`.

The format is the output of iproute2 on Linux 6.1. Two of its members name another interface:

- `link` names the lower device of the interface. But if the kind is veth, vxcan or netkit, `link` names the peer.
- `master` names a bond, team, bridge, VRF or Open vSwitch bridge. The kind of the interface with this name shows
  whether it is, for example, a bond or a bridge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from evaluator.base.cached_property import cached_property
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
from evaluator.facts.host import ReportedHost
from evaluator.facts.link import BOND_MODES, NO_LOWERS, Kind, Link, Lowers, Owned
from evaluator.facts.route import Route
from evaluator.report.common import NETWORK_WORDS, ROUTE_WORDS, positions_by_kind, read_addresses
from evaluator.report.iproute2 import wire
from evaluator.report.iproute2.interface import Interface, has_details, link_type, listed_addresses
from evaluator.report.owned import AddressEntry

UNSUPPORTED_WORDS = NETWORK_WORDS | {"nic is dhcp", "nic is dhcpv6", "nic.speed"}
_LINK_WORDS = frozenset({"nic is carrier", "nic.altnames"})
_ADDRESS_WORDS = frozenset({"address.label", *(f"address is {flag}" for flag in ADDRESS_FLAGS)})
_DETAIL_WORDS = frozenset({"nic.alias", *(f"nic is {kind}" for kind in Kind if kind is not Kind.LOOPBACK)})
_FAMILIES = frozenset({4, 6})
_NOT_LINKED = (UNSET, None)
_PEERS = ("veth", "vxcan", "netkit")
_WITH_MAC = ("ether", "infiniband", "loopback")
_SLAVES, _PORTS = ("bond", "team"), ("bridge", "openvswitch")
_PLACES = (("mtu", "mtu"), ("mac", "address"), ("altnames", "altnames"), ("alias", "ifalias"))
_PLACES_BY_KIND = (("vlan_id", "id"), ("bond_mode", "mode"), ("base", "link"))


class InterfaceRoutes(NamedTuple):
    """The sorted routes through one interface, and the sorted gateways of its default routes."""

    routes: tuple[Route, ...]
    gateways: tuple[Address, ...]


class Iproute2Link(Link, frozen=True, eq=False, gc=False):
    """An interface in the output of `ip`. `host` has the other interfaces and all routes."""

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
    def position(self) -> int:
        """The index of the interface in report order."""
        return self.host.positions[self.name]

    @property
    def lowers(self) -> Lowers:
        """The lower devices: the linked device, and the members of a master."""
        return self.host.lowers(self.name)

    @property
    def source(self) -> object:
        """The parts of the report that describe the interface: its entry and its routes."""
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
        """The routes of the interface.

        If the report has no routing table of an address family, the connected routes of this family are computed from
        the addresses.
        """
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
        """The alias. `ip` prints the alias only with `-d`."""
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
        """The JSON Pointers to the facts of the interface in the report."""
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

    def _connected(self, families: frozenset[int]) -> Iterator[Route]:
        """Yield the connected routes that the kernel creates for the addresses. Routes of `families` are left out."""
        flags = self.interface.data.flags
        if self.kind is Kind.LOOPBACK or (flags is not UNSET and "UP" not in flags):
            return
        addresses = self.interface.addresses
        without_route = {f"{pointer}/local" for entry, pointer in addresses if entry.noprefixroute is True}
        subnets = subnets_of(owned for owned in self.addresses if owned.pointer not in without_route)
        for network in (*subnets, *filter(None, (_peer_network(entry) for entry, _ in addresses))):
            if network.first.version not in families:
                yield Route(network)


class Iproute2Host(ReportedHost):
    """The interfaces and routes of one host, and indexes that the links use.

    `routes` has the routes of each interface. `routed` are the address families that have a routing table in the
    report. `blocked` are the routes that drop or reject packets. `members` has the members of each master.
    """

    def __init__(
        self,
        collected: wire.Collected,
        interfaces: Mapping[str, Interface],
        routes: Mapping[str, InterfaceRoutes],
        routed: frozenset[int],
        blocked: tuple[Route, ...],
    ) -> None:
        self.collected = collected
        self.interfaces = self.names = interfaces
        self.routes = routes
        self.routed = routed
        self.blocked = blocked
        members: dict[str, list[str]] = {}
        for name, interface in interfaces.items():
            if interface.data.master is not UNSET:
                members.setdefault(interface.data.master, []).append(name)
        self.members = {name: tuple(sorted(names)) for name, names in members.items()}
        self._owned: dict[str, Owned] = {}

    def link(self, name: str) -> Link:
        """Return the link of an interface."""
        interface = self.interfaces[name]
        return Iproute2Link(name, interface.kind, interface, self)

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """The index of each interface in report order."""
        return positions_by_kind(self.interfaces.values())

    @cached_property
    def unsupported_words(self) -> frozenset[str]:
        """The words of the rule language for facts that the report does not contain.

        For example, `ip` prints VLAN IDs only with the option `-d`. With `-br` or `-o`, it prints still fewer facts.
        """
        entries = self.collected.addr
        unsupported_words = UNSUPPORTED_WORDS if self.routed else UNSUPPORTED_WORDS | ROUTE_WORDS
        if not any(map(has_details, entries)):
            unsupported_words |= _DETAIL_WORDS
        if not any(entry.flags is not UNSET for entry in entries):
            unsupported_words |= _LINK_WORDS
        addresses = [address for entry in entries if entry.addr_info is not UNSET for address in entry.addr_info]
        has_addresses = any(address.local is not UNSET for address in addresses)
        is_brief = has_addresses and all(address.family is UNSET for address in addresses)
        return unsupported_words | _ADDRESS_WORDS if is_brief else unsupported_words

    @cached_property
    def absent_families(self) -> frozenset[int]:
        """The address families (4, 6) that `ip` possibly left out. No link, not even `lo`, has an address of them.

        For example, `ip -4 addr show` prints no IPv6 addresses. The result is empty for a report without interfaces. It
        is also empty for a report of `activenic collect`, which reads both families.
        """
        if self.collected.schema_version is not UNSET or not self.interfaces:  # `activenic collect` reads both families
            return frozenset()
        listed = (listed_addresses(interface.data, None) for interface in self.interfaces.values())
        return _FAMILIES - {
            family_of(entry.local) for entries in listed for entry in entries if entry.local is not UNSET
        }

    @cached_property
    def unrouted(self) -> frozenset[int]:
        """The family (4 or 6) without routes, if the report has routes of the other family only."""
        return _FAMILIES - self.routed if self.routed else frozenset()

    def longest_list(self) -> int:
        """Return an upper limit for the number of lower devices, routes or names that an interface has."""
        routes = [len(of_interface.routes) + len(of_interface.gateways) for of_interface in self.routes.values()]
        return max([4, *routes, *self._altname_counts(), *map(len, self.members.values())])

    def count_list_items(self) -> int:
        """Return an upper bound for the number of all lower devices, routes, names and peers of the host."""
        routes = sum(len(of_interface.routes) + len(of_interface.gateways) for of_interface in self.routes.values())
        names = sum(self._altname_counts())
        peers = sum(len(interface.addresses) for interface in self.interfaces.values())
        return routes + names + peers + sum(map(len, self.members.values())) + 4 * len(self.interfaces)

    def _altname_counts(self) -> list[int]:
        altnames = [interface.data.altnames for interface in self.interfaces.values()]
        return [len(names) for names in altnames if names is not UNSET]

    def lowers(self, name: str) -> Lowers:
        """Return the lower devices of an interface: the linked device, and the members of a master."""
        interface, names = self.interfaces[name], self.members.get(name, ())
        data, kind = interface.data, interface.info_kind
        has_settings = data.linkinfo is not UNSET and data.linkinfo.info_data is not UNSET
        if not (kind or names or has_settings) and data.link in _NOT_LINKED:  # true for most network cards
            return NO_LOWERS
        base = self.base(interface)
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
            for entry in listed_addresses(interface.data, interface.places)
            if entry.local is not UNSET and entry.dadfailed is not True
        ]


def duplicates(interface: Interface) -> Iterator[Finding]:
    """Yield a finding for each address for which duplicate address detection failed."""
    for entry, _ in interface.addresses:
        if entry.dadfailed is True and interface.kind is not Kind.LOOPBACK:
            message = (
                f"{quote(interface.name)} has {quote(entry.local or '')}, which another host has "
                "(duplicate address detection failed); activenic ignores the address"
            )
            addresses = tuple(map(str, filter(None, (_parsed(entry.local),))))
            yield Finding(FindingCode.DUPLICATE_ADDRESS, Severity.WARNING, message, (interface.name,), addresses)


def _entries(addresses: Iterable[tuple[wire.Address, str]]) -> Iterator[AddressEntry]:
    """Yield the addresses that count. The first non-secondary address of each family is primary."""
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
    """Return the network of the peer; None without a peer. The kernel creates a connected route to this network."""
    peer, length = entry.address, entry.prefixlen
    if peer is UNSET or length is UNSET or peer == entry.local or entry.noprefixroute is True:
        return None
    try:
        address = parse_address(peer)
        prefix = length_of(address, peer, length)
    except ValueError:
        return None
    return None if prefix is None else network_of(address, prefix)
