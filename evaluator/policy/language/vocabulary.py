"""The table of all words, states and functions of the rule language: name, type, meaning, and how to read the value.

The checker, the interpreter, the compiler and the reference page read this table. To add a word or a state, add one
entry. Words and states with `order` depend on the order of the report or of the DNS answers. If a policy uses no such
word or state in its conditions, messages and hints, it gives the same decision document for every order.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from msgspec import Struct

from evaluator.facts.address import ADDRESS_FLAGS, Address, OwnedAddress
from evaluator.facts.link import Kind, Link
from evaluator.policy.language.environment import Environment, Value
from evaluator.policy.language.types import Base, Type

_TEXT, _INTEGER, _ADDRESS = Type(Base.TEXT), Type(Base.INTEGER), Type(Base.ADDRESS)
_TEXTS, _ADDRESSES, _OWNED = _TEXT.listed, _ADDRESS.listed, Type(Base.OWNED).listed
_NICS, _CIDRS = Type(Base.NIC).listed, Type(Base.CIDR).listed
_MAYBE_TEXT, _MAYBE_INTEGER = Type(Base.TEXT, optional=True), Type(Base.INTEGER, optional=True)
_MAYBE_ADDRESS = Type(Base.ADDRESS, optional=True)
_FIRST_ADDRESS = "the first A answer, else the first AAAA answer; if addresses were given, the first given address"
_PRIMARY = (
    "in VDSM reports, `addr` and the first of `ipv6addrs`; "
    "in other reports, the first non-secondary address of each family"
)
_ROUTES = "the destinations of its routes; if the report has no routing table, its subnets and default routes"
_NETWORKS = "the logical networks whose device is the interface, or whose bridge has the interface as a direct port"
_VLAN_ID = "its VLAN ID, or its access tag in Open vSwitch; 0 if it is not a VLAN, unknown for a VLAN without an ID"
_CONFLICTS = 'the values about which the report contradicts itself: "addr", "network"'


WordKey = tuple[Base | None, str]
StateKey = tuple[Base, str]


class Word(Struct, frozen=True):
    """A word of the language, such as `nic.mtu`.

    `owner` is the type of the value before the dot; None for a word without a dot, such as `candidates`. `get` takes
    the environment and the value before the dot, and returns the value of the word.

    In two cases, the compiled code reads the value without calling `get`:

    - `path` is not empty. It has the names of the attributes to read, one after the other. For `host.addresses`, the
      path is `usable`, so the compiled code reads `host.usable`. For a word without a dot, the first name is an
      attribute of the environment. For example, the path of `interfaces` is `facts`, `links`.
    - `of_question` is true. The compiled code reads `question.unowned` for the word `host.unowned`, and calls
      `question.matched(nic)` for the word `nic.matched`.
    """

    owner: Base | None
    name: str
    type: Type
    meaning: str
    get: Callable[[Environment, Any], Value]
    order: bool = False
    path: tuple[str, ...] = ()
    of_question: bool = False

    @property
    def key(self) -> WordKey:
        """The key of the word in a checked policy."""
        return self.owner, self.name

    @property
    def shown(self) -> str:
        """The word as it is written in rules, with the type of its owner: `nic.position`."""
        return self.name if self.owner is None else f"{shown_owner(self.owner)}.{self.name}"


class State(Struct, frozen=True):
    """A state: the meaning of `value is NAME` for values of one type.

    A value can be in at most one of the states that have the same `family`. `kind` is for the compiler. If a state
    tests only the kind of an interface, `kind` is this kind.
    """

    owner: Base
    name: str
    meaning: str
    holds: Callable[[Environment, Any], bool]
    family: str = ""
    order: bool = False
    kind: Kind | None = None

    @property
    def key(self) -> StateKey:
        """The key of the state in a checked policy."""
        return self.owner, self.name

    @property
    def shown(self) -> str:
        """The state as it is written in rules, with the type of its owner: `address is primary`."""
        return f"{shown_owner(self.owner)} is {self.name}"


class Function(Struct, frozen=True):
    """A function of the language: its name, argument, result type and meaning."""

    name: str
    takes: str
    gives: Type
    meaning: str


def shown_owner(base: Base) -> str:
    """Return the name of a type as it is written before a word or state: `nic`, `address`."""
    return str(Base.ADDRESS if base is Base.OWNED else base)


def _attribute(
    owner: Base | None, name: str, type_: Type, meaning: str, path: str = "", *, order: bool = False
) -> Word:
    """Return a word whose value is an attribute of its owner; the default of `path` is the name of the word."""
    path = path or name
    read: Callable[[object], Value] = attrgetter(path)

    def get(environment: Environment, value: object) -> Value:
        return read(environment if owner is None else value)

    return Word(owner, name, type_, meaning, get, order, tuple(path.split(".")))


def _of_question(owner: Base, name: str, type_: Type, meaning: str) -> Word:
    """Return a word whose value comes from the question.

    For a word such as `nic.matched`, the question has a method that is called with the interface. For the other words,
    the question has an attribute.
    """
    read: Callable[[object], Any] = attrgetter(f"question.{name}")

    def get(environment: Environment, value: object) -> Value:
        found: Value = read(environment)(value) if owner is Base.NIC else read(environment)
        return found

    return Word(owner, name, type_, meaning, get, of_question=True)


def _named(environment: Environment, names: tuple[str, ...]) -> tuple[Link, ...]:
    return tuple(nic for name in names for nic in environment.facts.named(name))


def _stack(environment: Environment, nic: Link) -> tuple[Link, ...]:
    return _named(environment, tuple(sorted((nic.name, *environment.facts.topology.below(nic.name)))))


def _base(environment: Environment, nic: Link) -> Link | None:
    name = nic.lowers.base if nic.kind in _BASED else None
    return None if name is None else environment.facts.by_name.get(name)


_BASED = (Kind.VLAN, Kind.MACVLAN)
_HOST, _REPORT, _NIC, _ADDR = Base.HOST, Base.REPORT, Base.NIC, Base.OWNED
WORDS: tuple[Word, ...] = (
    _attribute(None, "candidates", _NICS, "the candidates after the earlier rules"),
    _attribute(None, "interfaces", _NICS, "all interfaces of the report", "facts.links"),
    _attribute(None, "owners", _NICS, "the interfaces that own a usable host address", "question.owners"),
    _attribute(None, "host", Type(_HOST), "the name and the addresses of the host"),
    _attribute(None, "report", Type(_REPORT), "the report of the host", "facts"),
    _attribute(_HOST, "name", _TEXT, "the name of the host, or the addresses that were given instead of a name"),
    _attribute(_HOST, "addresses", _ADDRESSES, "the usable host addresses", "usable"),
    _attribute(_HOST, "answers", _ADDRESSES, "all host addresses, usable or not"),
    _attribute(_HOST, "unusable", _ADDRESSES, "the host addresses that no interface can own"),
    _of_question(_HOST, "unowned", _ADDRESSES, "the usable host addresses that no interface owns"),
    _attribute(_HOST, "first_address", _MAYBE_ADDRESS, _FIRST_ADDRESS, "first", order=True),
    _attribute(_REPORT, "networks", _TEXTS, "the logical networks on the host"),
    _attribute(_REPORT, "last_client_iface", _MAYBE_TEXT, "the interface through which the last client connected"),
    _attribute(_NIC, "name", _TEXT, "its name"),
    Word(_NIC, "kind", _TEXT, "its kind: one of the states below", lambda _, n: str(n.kind)),
    _attribute(
        _NIC, "position", _INTEGER, "its position in the report: first nics, then vlans, bonds, bridges", order=True
    ),
    _attribute(_NIC, "addresses", _OWNED, "the addresses that it owns"),
    Word(
        _NIC, "primary_addresses", _OWNED, _PRIMARY, lambda _, n: tuple(a for a in n.addresses if a.primary), order=True
    ),
    _of_question(_NIC, "matched", _OWNED, "its addresses that equal a usable host address"),
    _attribute(_NIC, "subnets", _CIDRS, "the subnets that it is in, without host prefixes"),
    _attribute(_NIC, "routes", _CIDRS, _ROUTES),
    _attribute(_NIC, "gateways", _ADDRESSES, "the gateways of its default routes"),
    _attribute(_NIC, "networks", _TEXTS, _NETWORKS),
    _attribute(_NIC, "vlan_id", _MAYBE_INTEGER, _VLAN_ID),
    _attribute(_NIC, "bond_mode", _MAYBE_INTEGER, "its bond mode, 0 to 6; unknown if it is not a bond"),
    _of_question(_NIC, "host_prefixes", _OWNED, "the addresses of `matched` that are reported with /32 or /128"),
    Word(
        _NIC,
        "base",
        Type(Base.NIC, optional=True),
        "the lower device of a VLAN or macvlan, if the report describes it",
        _base,
    ),
    _attribute(_NIC, "altnames", _TEXTS, "its alternative names"),
    _attribute(_NIC, "alias", _MAYBE_TEXT, "its alias, a free text"),
    Word(_NIC, "slaves", _NICS, "its slaves that the report describes", lambda s, n: _named(s, n.lowers.slaves)),
    Word(_NIC, "ports", _NICS, "its ports that the report describes", lambda s, n: _named(s, n.lowers.ports)),
    Word(
        _NIC,
        "lowers",
        _NICS,
        "the interfaces directly below it",
        lambda s, n: _named(s, s.facts.topology.lowers(n.name)),
    ),
    Word(
        _NIC,
        "uppers",
        _NICS,
        "the interfaces directly above it",
        lambda s, n: _named(s, s.facts.topology.uppers(n.name)),
    ),
    Word(_NIC, "stack", _NICS, "itself and all interfaces below it", _stack),
    _attribute(_NIC, "missing", _TEXTS, "the names of its lower devices that are not in the report"),
    _attribute(_NIC, "conflicts", _TEXTS, _CONFLICTS),
    _attribute(_NIC, "mtu", _MAYBE_INTEGER, "its MTU in octets"),
    _attribute(_NIC, "speed", _MAYBE_INTEGER, "its speed in Mb/s; a reported 0 means unknown"),
    _attribute(_NIC, "mac", _MAYBE_TEXT, "its link-layer address in lower case"),
    _attribute(_ADDR, "prefix", _INTEGER, "its prefix length; 32 or 128 if the report has no prefix length", "length"),
    _attribute(_ADDR, "network", Type(Base.CIDR), "the subnet that it is in"),
    _attribute(_ADDR, "label", _MAYBE_TEXT, "its label in the kernel, such as eth0:1; IPv6 addresses have no label"),
)


def _vlan(_: Environment, nic: Link) -> str:
    if nic.vlan_id is None:
        return "unknown VLAN"
    return f"VLAN {nic.vlan_id}" if nic.vlan_id else "untagged"


_OWNERS = Type(Base.OWNER).listed
_WITH_ADDRESSES = "each with the usable host addresses that it owns: bond0 (10.20.0.5), ens2 (10.31.0.5)"
MESSAGE_WORDS: tuple[Word, ...] = (
    Word(
        None,
        "candidates.addresses",
        _OWNERS,
        f"the candidates, {_WITH_ADDRESSES}",
        lambda s, _: s.question.as_owners(s.candidates),
    ),
    Word(
        None,
        "owners.addresses",
        _OWNERS,
        f"the owners, {_WITH_ADDRESSES}",
        lambda s, _: s.question.as_owners(s.question.owners),
    ),
    Word(_NIC, "vlan", _TEXT, "its VLAN: untagged, VLAN 100 or unknown VLAN", _vlan),
)
_KIND_MEANINGS = {
    Kind.PHYSICAL: "a network card, or a device that the report lists as a network card",
    Kind.VLAN: "a VLAN",
    Kind.VRF: "a VRF",
    Kind.TUN: "a tun or tap device",
    Kind.OVS: "a port or bridge of Open vSwitch that the report does not list as a bridge",
    Kind.OTHER: "a device of another kind",
}


def _kind_state(kind: Kind) -> State:
    meaning = _KIND_MEANINGS.get(kind, f"a {kind}")
    return State(Base.NIC, str(kind), meaning, lambda _, nic: nic.kind is kind, "kind", kind=kind)


_FLAG_MEANINGS = {
    "deprecated": "its preferred lifetime has ended",
    "temporary": "a temporary IPv6 address (privacy extensions)",
    "dynamic": "reported with a lifetime, for example from DHCP or a router advertisement",
    "tentative": "not yet known to be unique (duplicate address detection)",
}


def _flag_state(flag: str) -> State:
    return State(Base.OWNED, flag, _FLAG_MEANINGS[flag], lambda _, a: flag in a.flags)


STATES: tuple[State, ...] = (
    *(_kind_state(kind) for kind in Kind),
    State(Base.NIC, "up", "reported as up", lambda _, n: n.up is True, "operstate"),
    State(Base.NIC, "down", "reported as down", lambda _, n: n.up is False, "operstate"),
    State(Base.NIC, "slave", "a slave of a bond or team", lambda s, n: n.name in s.facts.slaves),
    State(Base.NIC, "port", "a port of a bridge", lambda s, n: n.name in s.facts.ports),
    State(Base.NIC, "carrier", "reported to have a carrier", lambda _, n: n.carrier is True),
    State(Base.NIC, "dhcp", "configured by DHCP", lambda _, n: n.dhcp),
    State(Base.NIC, "dhcpv6", "configured by DHCPv6", lambda _, n: n.dhcpv6),
    *(
        state
        for base in (Base.ADDRESS, Base.OWNED)
        for state in (
            State(base, "ipv4", "an IPv4 address", lambda _, a: _bare(a).version == 4, "family"),
            State(base, "ipv6", "an IPv6 address", lambda _, a: _bare(a).version == 6, "family"),
            State(
                base,
                "link_local",
                "in 169.254.0.0/16 or fe80::/10",
                lambda _, a: _bare(a).is_link_local,
                "scope",
            ),
            State(base, "private", "in a network of RFC 1918 or RFC 4193", lambda _, a: _bare(a).is_private, "scope"),
            State(
                base,
                "global",
                "usable, and neither link-local nor private",
                lambda _, a: _is_global(_bare(a)),
                "scope",
            ),
        )
    ),
    State(Base.OWNED, "primary", "an address of `primary_addresses`", lambda _, a: a.primary, order=True),
    *(_flag_state(flag) for flag in ADDRESS_FLAGS),
    State(Base.OWNED, "host_prefix", "reported with /32 or /128", lambda _, a: a.is_host_prefix),
    State(Base.HOST, "complete", "the queries for all address families were answered", lambda _, h: h.complete),
    State(Base.HOST, "literal", "addresses were given instead of a name", lambda _, h: h.is_literal),
)

FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in (
        Function("count", "a list", _INTEGER, "the number of distinct elements of the list"),
        Function(
            "cidr",
            "a text",
            Type(Base.CIDR),
            'the network; it is checked when the policy is loaded: cidr("10.20.0.0/16")',
        ),
        Function(
            "address",
            "a text",
            _ADDRESS,
            'the address; it is checked when the policy is loaded: address("10.20.0.1")',
        ),
        Function(
            "route_to",
            "an address",
            _NICS,
            "the interfaces with the best route to the address: the longest prefix, then the lowest metric",
        ),
    )
}

KEYWORDS = frozenset(
    {
        *("when", "and", "or", "not", "in", "is", "satisfies", "some", "every", "no"),
        *("overlaps", "within", "like", "above", "below", "true", "false"),
    }
)
KNOWING = {"known": True, "given": True, "unknown": False}

_WORDS_OF: dict[Base | None, dict[str, Word]] = {}
for _word in WORDS:
    _WORDS_OF.setdefault(_word.owner, {})[_word.name] = _word
_MESSAGE_WORDS = {word.key: word for word in MESSAGE_WORDS}
_STATES_OF: dict[Base, dict[str, State]] = {}
for _state in STATES:
    _STATES_OF.setdefault(_state.owner, {})[_state.name] = _state


def word_named(owner: Base | None, name: str) -> Word:
    """Return the word with this name. In `nic.mtu`, the owner is the type of `nic`. A word without an owner has None.

    The word may be a word of rules, or a word that exists only in messages.
    """
    word = _WORDS_OF[owner].get(name)
    return _MESSAGE_WORDS[owner, name] if word is None else word


def message_word(owner: Base | None, name: str) -> Word | None:
    """Return the word if it exists only in messages and hints; None for any other word."""
    return _MESSAGE_WORDS.get((owner, name))


def state_named(owner: Base, name: str) -> State:
    """Return a state by its type and name."""
    return _STATES_OF[owner][name]


def words_of(owner: Base | None) -> dict[str, Word]:
    """Return the words of a type in a map from name to word. For the type None, return the words without an owner."""
    return _WORDS_OF.get(owner, {})


def states_of(owner: Base) -> dict[str, State]:
    """Return the states of a type by name."""
    return _STATES_OF.get(owner, {})


def _bare(value: Address | OwnedAddress) -> Address:
    return value if isinstance(value, Address) else value.address


def _is_global(address: Address) -> bool:
    return not (address.is_link_local or address.is_private or address.unusable)
