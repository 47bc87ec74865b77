"""One interface of a host: its kind, addresses, lower devices, routes and settings, in the kernel's terms.

`Link` is the contract between the formats and everything after them: rules, findings and explanations read only its
facts. A format derives a subclass that holds the decoded entry. Each fact is a property that reads the entry when the
fact is first needed, because a decision reads few facts of few interfaces. A link is created when its interface is
needed.

A format must supply `name`, `kind`, `owned` (the parsed address entries) and `pointers`. It also supplies every other
fact that its reports contain. The defaults in this module mean "not reported". The reader of the format lists the words
whose values its reports never contain (`ReportedHost.unsupported_words`). If a policy uses such a word, the decision
can have the finding `REPORT_LACKS_FACT`.

Two links are equal if all facts in `LINK_FACTS` are equal. The search for a change compares links, to see that an edit
changed no other fact. `source` and `SHARED_FACTS` make this fast: if the entries of both links are equal, only the
facts that depend on other entries are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from evaluator.base.finding import Finding
from evaluator.facts.address import Address, Cidr, OwnedAddress, subnets_of
from evaluator.facts.route import Route

BOND_MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")


class Kind(StrEnum):
    """The kind of an interface, as in the words `nic is KIND` of the rule language."""

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


class Lowers(Struct, frozen=True, gc=False):
    """The names of the direct lower devices of an interface, as the report has them.

    `slaves` are the members of a bond or team. `ports` are the ports of a bridge. `base` is the lower device of a VLAN
    or macvlan. `others` are lower devices in a role that the report does not show. All names are sorted, without
    duplicates. A name can belong to an interface that the report does not describe. `elsewhere` is true if a lower
    device is in another network namespace.
    """

    slaves: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    base: str | None = None
    others: tuple[str, ...] = ()
    elsewhere: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all lower devices, sorted."""
        base = () if self.base is None else (self.base,)
        names = self.slaves + self.ports + self.others + base
        is_one_role = names in (self.slaves, self.ports, self.others, base)
        return names if is_one_role else tuple(sorted(set(names)))


class Owned(Struct, frozen=True, gc=False):
    """The parsed address entries of an interface.

    `addresses` are the valid addresses that the interface owns, sorted, without duplicates. `findings` are the problems
    with the entries. `malformed` are the texts of entries that are not valid addresses, sorted.
    """

    addresses: tuple[OwnedAddress, ...]
    findings: tuple[Finding, ...]
    malformed: tuple[str, ...] = ()


NO_LOWERS = Lowers()
NOTHING_OWNED = Owned((), ())
NO_ADDRESSES: frozenset[Address] = frozenset()
_NO_POINTERS: Mapping[str, str] = {}


class Link(Struct, frozen=True, eq=False):
    """One interface. Each report format has its own subclass, which reads the facts from the decoded report entry.

    This class has the defaults for facts that a format does not report: None for a scalar, empty for a tuple.
    """

    name: str
    kind: Kind

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Link) and all(getattr(self, fact) == getattr(other, fact) for fact in LINK_FACTS)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def position(self) -> int:
        """The index of the interface in report order (NICs, VLANs, bonds, bridges).

        No other fact depends on the order of the report.
        """
        return 0

    def owned(self) -> Owned:
        """Return the parsed address entries of the interface."""
        return NOTHING_OWNED

    @property
    def addresses(self) -> tuple[OwnedAddress, ...]:
        """The addresses that the interface owns, sorted. docs/reports.md lists the addresses that no interface owns."""
        return self.owned().addresses

    @property
    def address_set(self) -> frozenset[Address]:
        """The addresses that the interface owns, without prefix lengths."""
        return frozenset([owned.address for owned in self.addresses])

    @property
    def malformed(self) -> tuple[str, ...]:
        """The texts of the address entries that are not valid addresses."""
        return self.owned().malformed

    @property
    def peers(self) -> frozenset[Address]:
        """The addresses of the other end of a point-to-point link. The interface does not own these addresses."""
        return NO_ADDRESSES

    @property
    def lowers(self) -> Lowers:
        """The direct lower devices of the interface."""
        return NO_LOWERS

    @property
    def missing(self) -> tuple[str, ...]:
        """The lower devices that the report should describe, but does not describe."""
        return ()

    @property
    def networks(self) -> tuple[str, ...]:
        """The logical networks on the interface, sorted."""
        return ()

    @property
    def conflicts(self) -> tuple[str, ...]:
        """The facts (`addr`, `network`) for which the report has two different values."""
        return ()

    @property
    def gateways(self) -> tuple[Address, ...]:
        """The gateways of the default routes through the interface, sorted."""
        return ()

    @property
    def main_routes(self) -> tuple[Route, ...]:
        """The routes through the interface in the main routing table.

        Some formats do not report a routing table. For these formats, the result contains the default routes and the
        routes to the subnets of the interface.
        """
        return ()

    @property
    def vlan_id(self) -> int | None:
        """The VLAN ID: 0 if the interface is not a VLAN, None if the report does not show it."""
        return 0

    @property
    def bond_mode(self) -> int | None:
        """The mode of a bond, 0 to 6 (the index in `BOND_MODES`)."""
        return None

    @property
    def up(self) -> bool | None:
        """Whether the interface can carry traffic (operational state up)."""
        return None

    @property
    def carrier(self) -> bool | None:
        """Whether the interface has a carrier."""
        return None

    @property
    def dhcp(self) -> bool:
        """Whether the interface uses DHCP (v4 or v6)."""
        return False

    @property
    def dhcpv6(self) -> bool:
        """Whether the interface uses DHCPv6."""
        return False

    @property
    def altnames(self) -> tuple[str, ...]:
        """The alternative names of the interface, sorted."""
        return ()

    @property
    def alias(self) -> str | None:
        """The alias (the kernel's `ifalias`)."""
        return None

    @property
    def mtu(self) -> int | None:
        """The MTU in octets."""
        return None

    @property
    def speed(self) -> int | None:
        """The speed in Mb/s; None if the report has no speed or the speed 0."""
        return None

    @property
    def mac(self) -> str | None:
        """The link-layer (MAC) address in lower case."""
        return None

    @property
    def pointers(self) -> Mapping[str, str]:
        """The JSON Pointers of the facts. The key is the word for the fact in the rule language.

        The key `""` has the JSON Pointer of the interface.
        """
        return _NO_POINTERS

    @property
    def source(self) -> object:
        """The parts of the report from which activenic reads the facts of this interface, except SHARED_FACTS.

        If two links have equal parts, these facts are equal too. If `source` is None, each fact must be compared.
        """
        return None

    @property
    def subnets(self) -> tuple[Cidr, ...]:
        """The subnets of the interface. An address with /32 or /128 has no subnet."""
        return subnets_of(self.addresses)

    @property
    def routes(self) -> tuple[Cidr, ...]:
        """The destinations of `main_routes`, sorted."""
        return tuple(sorted({route.destination for route in self.main_routes}))

    @property
    def list_lengths(self) -> int:
        """The sum of the lengths of all lists of the interface."""
        return sum(
            map(len, (self.addresses, self.networks, self.gateways, self.missing, self.main_routes, self.altnames))
        )

    def pointer(self, fact: str = "") -> str:
        """Return the JSON Pointer of a fact; if the fact has no pointer, the JSON Pointer of the interface."""
        pointers = self.pointers
        return pointers.get(fact, pointers.get("", ""))


# these facts can depend on other entries of the report; `Link.source` determines all other facts
SHARED_FACTS = ("kind", "position", "lowers", "networks", "conflicts", "missing")
LINK_FACTS = (
    *("name", "kind", "position", "addresses", "lowers", "malformed", "networks", "conflicts", "missing", "gateways"),
    *(
        "main_routes",
        "vlan_id",
        "bond_mode",
        "up",
        "carrier",
        "dhcp",
        "dhcpv6",
        "mtu",
        "speed",
        "mac",
        "altnames",
        "alias",
    ),
)
