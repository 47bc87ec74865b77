"""One interface of a host and what it owns, in the kernel's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from evaluator.facts.address import Address, Cidr, OwnedAddress, subnets_of
from evaluator.facts.route import Route
from evaluator.frozen import dataclass, field, fields

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


@dataclass(frozen=True, slots=True)
class Lowers:
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
        if not (self.slaves or self.ports or self.others):
            return base
        return tuple(sorted({*self.slaves, *self.ports, *base, *self.others}))


class _Told:
    """Room for who tells the facts that are not known yet."""

    __slots__ = ("_tell",)
    _tell: Callable[[Link, str], object]


@dataclass(frozen=True, slots=True)
class Link(_Told):
    """One interface. A scalar that the report may leave out is None when it does; a tuple is empty.

    `position` is the place in report order (nics, vlans, bonds, bridges), the one fact here that
    depends on order. `addresses` are those it owns (DESIGN 2.3), sorted;
    `malformed` are entries beside them that are none. `ways` are its routes in the
    main table; of a format without one its subnets and default routes. `pointers` maps the name
    of a fact (`""` for the interface itself) to the JSON Pointer where the report states it.
    """

    name: str
    kind: Kind
    position: int
    addresses: tuple[OwnedAddress, ...] = ()
    lowers: Lowers = Lowers()
    malformed: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    gateways: tuple[Address, ...] = ()
    ways: tuple[Route, ...] = ()
    vlan_id: int | None = 0
    bond_mode: int | None = None
    up: bool | None = None
    dhcp: bool = False
    mtu: int | None = None
    speed: int | None = None
    mac: str | None = None
    pointers: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    address_set: frozenset[Address] = field(init=False, compare=False, repr=False)

    @classmethod
    def told(cls, tell: Callable[[Link, str], object], *known: object) -> Link:
        """Return a link of which the first facts are known; `tell` is asked for each other one when it is needed."""
        link = cls.__new__(cls)
        object.__setattr__(link, "_tell", tell)
        for at, value in enumerate(known):
            _PUTS[at](link, value)
        return link

    def __getattr__(self, name: str) -> object:
        """Work out a fact that nobody has asked for yet."""
        if name == "address_set":
            value: object = frozenset([owned.address for owned in self.addresses])
        elif name in _FACTS:
            value = self._tell(self, name)
        else:
            raise AttributeError(f"an interface has no {name!r}")
        object.__setattr__(self, name, value)
        return value

    @property
    def subnets(self) -> tuple[Cidr, ...]:
        """The subnets it stands in, host prefixes left out."""
        return subnets_of(self.addresses)

    @property
    def routes(self) -> tuple[Cidr, ...]:
        """The destinations of its ways."""
        return tuple(sorted({way.destination for way in self.ways}))

    @property
    def longest_list(self) -> int:
        """The length of the longest of its lists."""
        return max(map(len, (self.addresses, self.networks, self.gateways, self.missing, self.ways)))

    def pointer(self, fact: str = "") -> str:
        """Where the report states the fact; the interface's own place where it has no place of its own."""
        return self.pointers.get(fact, self.pointers.get("", ""))


_FACTS = frozenset(field.name for field in fields(Link))
_PUTS = tuple(getattr(Link, field.name).__set__ for field in fields(Link))
