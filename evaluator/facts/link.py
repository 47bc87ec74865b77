"""One interface of a host and what it owns, in the kernel's words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from evaluator.base.finding import Finding
from evaluator.facts.address import Address, Cidr, OwnedAddress, subnets_of
from evaluator.facts.route import Route

BOND_MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")


class Kind(StrEnum):
    """What an interface is; the closed list of the rule language."""

    PHYSICAL = "physical"
    BOND = "bond"
    BRIDGE = "bridge"
    VLAN = "vlan"
    TEAM = "team"
    VETH = "veth"
    DUMMY = "dummy"
    MACVLAN = "macvlan"
    VRF = "vrf"
    TUN = "tun"
    LOOPBACK = "loopback"
    OVS = "ovs"
    OTHER = "other"


class Lowers(Struct, frozen=True):
    """The names that an interface gives as standing directly below it, as the report has them.

    `slaves` of a bond or team, `ports` of a bridge, `base` of a vlan or macvlan, `others` in a role
    that the report does not tell; sorted, without duplicates, described elsewhere in the report or not.
    `elsewhere` tells that it stands on something in another network namespace.
    """

    slaves: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    base: str | None = None
    others: tuple[str, ...] = ()
    elsewhere: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, sorted."""
        base = () if self.base is None else (self.base,)
        of_some_role = [names for names in (self.slaves, self.ports, self.others, base) if names]
        if len(of_some_role) == 1:
            return of_some_role[0]
        return tuple(sorted({name for names in of_some_role for name in names}))


class Owned(Struct, frozen=True):
    """What an interface owns, sorted and without duplicates, what is wrong, and the texts that are no address."""

    addresses: tuple[OwnedAddress, ...]
    findings: tuple[Finding, ...]
    malformed: tuple[str, ...] = ()


NO_LOWERS = Lowers()
NOTHING_OWNED = Owned((), ())
_NO_ADDRESSES: frozenset[Address] = frozenset()
_NO_POINTERS: Mapping[str, str] = {}


class Link(Struct, frozen=True, eq=False):
    """One interface. Each format has a class of its own, which reads the facts from what the tool printed.

    A fact that a format does not have is here as it is without a word from the report: a scalar is None, a tuple
    empty. `position` is the place in report order (nics, vlans, bonds, bridges), the one fact here that depends
    on order.
    """

    name: str
    kind: Kind
    position: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Link) and all(getattr(self, fact) == getattr(other, fact) for fact in LINK_FACTS)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.name)

    def owned(self) -> Owned:
        """Return what it owns and what is wrong with its addresses."""
        return NOTHING_OWNED

    @property
    def addresses(self) -> tuple[OwnedAddress, ...]:
        """What it owns (DESIGN 2.3), sorted."""
        return self.owned().addresses

    @property
    def address_set(self) -> frozenset[Address]:
        """The addresses that it owns, without their lengths."""
        return frozenset([owned.address for owned in self.addresses])

    @property
    def malformed(self) -> tuple[str, ...]:
        """The entries beside its addresses that are none."""
        return self.owned().malformed

    @property
    def peers(self) -> frozenset[Address]:
        """The addresses at the other end of a point-to-point link, which it does not own."""
        return _NO_ADDRESSES

    @property
    def lowers(self) -> Lowers:
        """What it is directly on top of."""
        return NO_LOWERS

    @property
    def missing(self) -> tuple[str, ...]:
        """The names in `lowers` that the report does not describe, and should."""
        return ()

    @property
    def networks(self) -> tuple[str, ...]:
        """The logical networks on it, sorted."""
        return ()

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Where the report contradicts itself about it: `addr`, `network`."""
        return ()

    @property
    def gateways(self) -> tuple[Address, ...]:
        """The gateways of its default routes, sorted."""
        return ()

    @property
    def ways(self) -> tuple[Route, ...]:
        """Its routes in the main table; of a format without one its subnets and default routes."""
        return ()

    @property
    def vlan_id(self) -> int | None:
        """The vlan id: 0 for what is no vlan, None if the report does not tell."""
        return 0

    @property
    def bond_mode(self) -> int | None:
        """The mode of a bond, 0 to 6."""
        return None

    @property
    def up(self) -> bool | None:
        """Whether it can carry traffic."""
        return None

    @property
    def carrier(self) -> bool | None:
        """Whether its link layer has a signal."""
        return None

    @property
    def dhcp(self) -> bool:
        """Whether it is configured by DHCP."""
        return False

    @property
    def dhcpv6(self) -> bool:
        """Whether it is configured by DHCPv6."""
        return False

    @property
    def altnames(self) -> tuple[str, ...]:
        """Its alternative names, sorted."""
        return ()

    @property
    def alias(self) -> str | None:
        """The text that somebody has given it as its alias."""
        return None

    @property
    def mtu(self) -> int | None:
        """The MTU in octets."""
        return None

    @property
    def speed(self) -> int | None:
        """The speed in Mb/s; None for a reported 0."""
        return None

    @property
    def mac(self) -> str | None:
        """The link-layer address in lower case."""
        return None

    @property
    def pointers(self) -> Mapping[str, str]:
        """The JSON Pointer of each fact that has a place of its own, by its word; `""` is the interface's own."""
        return _NO_POINTERS

    @property
    def source(self) -> object:
        """What all facts but SHARED_FACTS are read from; None if only the facts can be compared."""
        return None

    @property
    def subnets(self) -> tuple[Cidr, ...]:
        """The subnets it stands in, host prefixes left out."""
        return subnets_of(self.addresses)

    @property
    def routes(self) -> tuple[Cidr, ...]:
        """The destinations of its ways."""
        return tuple(sorted({way.destination for way in self.ways}))

    @property
    def list_lengths(self) -> int:
        """The length of all its lists together."""
        return sum(map(len, (self.addresses, self.networks, self.gateways, self.missing, self.ways, self.altnames)))

    def pointer(self, fact: str = "") -> str:
        """Where the report states the fact; the interface's own place where it has no place of its own."""
        pointers = self.pointers
        return pointers.get(fact, pointers.get("", ""))


# what an interface is may depend on other entries of the report; the rest depends on its own, see `Link.source`
SHARED_FACTS = ("kind", "position", "lowers", "networks", "conflicts", "missing")
LINK_FACTS = (
    *("name", "kind", "position", "addresses", "lowers", "malformed", "networks", "conflicts", "missing", "gateways"),
    *("ways", "vlan_id", "bond_mode", "up", "carrier", "dhcp", "dhcpv6", "mtu", "speed", "mac", "altnames", "alias"),
)
