"""The space of a search: for each fact of a small host, the values that the search tries.

The values are chosen so that, if possible, each condition of the policy is true for some hosts and false for others.
For example, if a condition is `nic.mtu >= 9000`, the search tries the MTUs 8999, 9000 and 9001. If a condition tests
whether an address is in a network, the search tries addresses inside and outside of this network.

The search tries no values for some facts, because a VDSM report cannot state them, or because there would be too many
hosts. For example, `nic.mac` is unknown in every host. If a condition reads such a fact, `left_out` has its word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from glob import escape
from itertools import chain, combinations_with_replacement, product
from types import MappingProxyType

from msgspec import Struct

from evaluator.facts.address import Address, address_of, parse_address
from evaluator.policy.language.checked import (
    Condition,
    Constant,
    Expression,
    InState,
    ListOf,
    ParameterValue,
    Read,
    Relate,
    Related,
    walk,
)
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Parameter
from evaluator.policy.language.types import Base
from evaluator.policy.run.required_facts import facts_in
from evaluator.verify.address_classes import AddressClass, Distinguished, address_classes
from evaluator.verify.literals import Literals
from evaluator.verify.name_texts import NameTexts
from evaluator.verify.other_addresses import reads_other_addresses
from evaluator.verify.parameter_values import CLIENT, NAME, USUAL_INTEGERS, parameter_values, read_parameters
from evaluator.verify.uncovered import EQUALITIES, atoms, has_equalities_only, uncovered

AnswerSet = tuple[Address, ...]
_UNUSABLE, _UNUSABLE_ADDED = parse_address("127.0.0.1"), parse_address("127.0.0.2")
_IPV6 = (parse_address("2001:db8::a"),)
_GREATEST = 2**32 - 1  # of numbers in a report
_RANGES = {"vlan_id": (1, 4094), "mtu": (0, _GREATEST), "speed": (1, _GREATEST), "bond_mode": (0, 6)}
_POSITION = (Base.NIC, "position")
MOST_INTERFACES = 8
_MOST = 3  # the greatest number of interfaces of a host with two addresses, if interfaces have many values
_FAMILY_STATES = frozenset({"address is ipv4", "address is ipv6"})
_PRIVATE = frozenset({"address is private", "address is global"})
_LINK_LOCAL = frozenset({"address is link_local", "address is global"})
_OF_OTHER_ADDRESSES = frozenset(
    {"nic.subnets", "nic.host_prefixes", "address.prefix", "address.network", "address is host_prefix"}
)
_SUBNETS = frozenset({"nic.subnets", "address.network"})
_READ_FAMILY = frozenset({*_FAMILY_STATES, "address.prefix"})
_PRIMARY = frozenset({"nic.primary_addresses", "address is primary"})
_BITS = {4: 32, 6: 128}
_BITS_OF_WIDE, _BITS_OF_NARROW = 8, 4  # of the host parts in subnets with all addresses of a class, and with some
_OF_ROUTES = frozenset({"nic.routes", "nic.gateways", "route_to"})
_ENUMERATED = frozenset(
    {
        *(
            "nic.addresses",
            "nic.matched",
            "nic.primary_addresses",
            "nic.networks",
            "nic.position",
            "nic.kind",
            "nic.name",
            "nic.chosen_name",
        ),
        *(
            "nic.slaves",
            "nic.ports",
            "nic.lowers",
            "nic.uppers",
            "nic.base",
            "nic.stack",
            "nic is slave",
            "nic is port",
        ),
        *("nic is physical", "nic is bond", "nic is bridge", "nic is vlan", "nic is dhcp", "nic is dhcpv6"),
        *("report.networks", "report.last_client_iface", "address is primary"),
        *_FAMILY_STATES,
        *_PRIVATE,
        *_LINK_LOCAL,
        *_OF_OTHER_ADDRESSES,
        *_OF_ROUTES,
        *(f"nic.{name}" for name in _RANGES),
    }
)


class Space(Struct, frozen=True):
    """The values that the facts of the searched hosts take.

    `answers` are the sets of host addresses, each in the order of the DNS answers. Hosts of more than
    `most_with_two_answers` interfaces have at most one host address. `alike` are sets of two host addresses that no
    condition can distinguish. `added` are addresses that no interface owns. `has_order` is true if a condition depends
    on the order of the host addresses. `has_exact_positions` is true if a condition compares a position with a number.
    `integers` are the values of facts that are integers, None if unknown. `networks` are the logical networks.
    `prefixes` has two keys, 4 for IPv4 and 6 for IPv6. The values are prefix lengths, and empty if no condition reads
    prefix lengths. `others` are the sets of addresses that an interface has besides the host addresses.
    `beside_targets` are the addresses of `others` that are in the subnet of a route's target. `names` are the names of
    interfaces that the conditions distinguish.

    `parameters` has the values of each parameter. A claim can use a parameter that the policy does not have, such as
    `management_network`. `policy_parameters` are the names of the parameters of the policy.
    """

    answers: tuple[AnswerSet, ...]
    alike: frozenset[AnswerSet]
    added: AnswerSet
    integers: Mapping[str, tuple[int | None, ...]]
    networks: tuple[str, ...]
    prefixes: Mapping[int, tuple[int, ...]]
    others: tuple[AnswerSet, ...]
    beside_targets: AnswerSet
    names: NameTexts
    parameters: Mapping[str, tuple[Value, ...]]
    policy_parameters: tuple[str, ...]
    has_order: bool
    has_exact_positions: bool
    most_with_two_answers: int
    left_out: tuple[str, ...]


def space_of(
    conditions: Sequence[Condition],
    parameters: Iterable[Parameter],
    given: Mapping[str, Value],
    defaults: Mapping[str, Value] = MappingProxyType({}),
) -> Space:
    """Return the space for conditions with these parameters.

    `given` are the parameters with fixed values, `defaults` the values of other names in the conditions. A host has at
    most two host addresses. If a condition reads an order or routes, a host of more than three interfaces has at most
    one host address, because each interface then has many values.
    """
    nodes = tuple(node for condition in conditions for node in walk(condition))
    facts = frozenset(fact for condition in conditions for fact in facts_in(condition))
    read = facts | frozenset(_words_and_states(nodes))
    values = dict(parameter_values(parameters, given, nodes))
    free = frozenset(read_parameters(nodes) & values.keys() - given.keys())
    all_values = values | {name: (value,) for name, value in defaults.items() if name not in values}
    literals = Literals(nodes, all_values)
    names, names_left_out = _name_texts(nodes, literals)
    has_order = _reads_order(nodes)
    addresses = _addresses_of(read, nodes, literals, has_order=has_order)
    return Space(
        answers=addresses.answers,
        alike=addresses.alike,
        added=addresses.added,
        integers={name: _integers(name, literals, nodes) for name in _RANGES},
        networks=_networks(literals),
        prefixes={version: _prefixes(version, read, literals) for version in (4, 6)},
        others=addresses.others,
        beside_targets=addresses.beside_targets,
        names=names,
        parameters=all_values,
        policy_parameters=tuple(values),
        has_order=has_order,
        has_exact_positions=any(map(_needs_exact_positions, nodes)),
        most_with_two_answers=_MOST if has_order or read & _OF_ROUTES else MOST_INTERFACES,
        left_out=tuple(sorted({*_left_out_words(facts, nodes, free), *names_left_out, *addresses.left_out})),
    )


class _Addresses(Struct, frozen=True):
    """The parts of a space that depend on the classes of addresses."""

    answers: tuple[AnswerSet, ...]
    alike: frozenset[AnswerSet]
    added: AnswerSet
    others: tuple[AnswerSet, ...]
    beside_targets: AnswerSet
    left_out: tuple[str, ...]


def _addresses_of(
    read: frozenset[str], nodes: Sequence[Condition | Expression], literals: Literals, *, has_order: bool
) -> _Addresses:
    """Return the host addresses and other addresses, for the words and states that the conditions read."""
    has_others = bool(read & _OF_OTHER_ADDRESSES) or reads_other_addresses(nodes)
    distinguished = _distinguished(read, literals, has_others=has_others)
    enumerated = address_classes(distinguished)
    unusable = (_UNUSABLE,) if _reads_unusable(read) else ()
    second_family = _IPV6 if read & _PRIMARY and distinguished.versions() == (4,) else ()
    of_classes = tuple(one.other for one in enumerated.classes) if has_others else ()
    beside_targets = tuple(_beside_targets(literals)) if read & _OF_ROUTES else ()
    return _Addresses(
        answers=tuple(_answer_sets(enumerated.classes, unusable, second_family, has_order=has_order)),
        alike=frozenset() if read & _SUBNETS else frozenset((one.first, one.second) for one in enumerated.classes),
        added=(*(one.added for one in enumerated.classes), *((_UNUSABLE_ADDED,) if unusable else ())),
        others=((), *((address,) for address in (*of_classes, *beside_targets))),  # at most one address
        beside_targets=beside_targets,
        left_out=(*map(str, enumerated.missing), *_left_out_routes(read, distinguished, literals)),
    )


def _words_and_states(nodes: Iterable[Condition | Expression]) -> Iterator[str]:
    """Yield all words and states in conditions: facts of the host, and also words and states of host addresses."""
    for node in nodes:
        if isinstance(node, Read):
            yield node.word.shown
        if isinstance(node, InState):
            yield node.state.shown


def _left_out_words(
    facts: frozenset[str], nodes: Sequence[Condition | Expression], free: frozenset[str]
) -> Iterator[str]:
    """Yield the words, addresses and networks for which the search does not try all values that conditions distinguish.

    For example, the search does not try two different MTUs for a condition that compares two MTUs.
    """
    yield from facts - _ENUMERATED
    yield from uncovered(nodes, free)
    yield from _left_out_addresses(nodes)


def _left_out_addresses(nodes: Iterable[Condition | Expression]) -> Iterator[str]:
    """Yield the addresses and networks in conditions that the search does not cover.

    For example, no small host has the address in `nic.addresses overlaps [address("192.0.2.77")]`. A network is covered
    if conditions only test whether an address is in it: small hosts have addresses inside and outside of the network.
    """
    for node in nodes:
        if isinstance(node, Related):
            for side, other in ((node.left, node.right), (node.right, node.left)):
                is_covered = node.relation is Relate.IN_NETWORK and (side is node.right or _is_routes(other))
                if not is_covered:
                    yield from (part.text for part in atoms(side) if _is_given(part, Base.ADDRESS, Base.CIDR))


def _left_out_routes(read: frozenset[str], distinguished: Distinguished, literals: Literals) -> Iterator[str]:
    """Yield the parts of conditions about routes that the search does not cover.

    - An IPv6 address that is the target of a route. The search has only IPv4 routes.
    - An IPv4 address that is the target of a route, if a condition has a network that contains the target. In the
      search, an interface with an address in this network would always have a route to the target.
    - `nic.gateways`, if a condition has the target of a route. In the search, an interface with an address in the
      subnet of the target has no gateway.
    """
    if not read & _OF_ROUTES:
        return
    targets, usual = tuple(literals.addresses()), distinguished.signature(_UNUSABLE)
    yield from (str(target) for target in targets if target.version == 6 or distinguished.signature(target) != usual)
    if targets and "nic.gateways" in read:
        yield "nic.gateways"


def _is_routes(node: Expression) -> bool:
    return isinstance(node, Read) and node.word.name == "routes"


def _is_given(node: Expression, *bases: Base) -> bool:
    """Return whether a value has one of these types, and is a constant of the policy or a parameter."""
    return isinstance(node, Constant | ParameterValue) and node.type.base in bases


def _name_texts(nodes: Iterable[Condition | Expression], literals: Literals) -> tuple[NameTexts, tuple[str, ...]]:
    """Return the names that the search tries for interfaces, and the words that it does not cover.

    If conditions compare names only with globs and texts, the search tries names of each class (`name_texts.py`). If a
    condition compares names in another way, or if there are too many classes, each interface has only one name. Then
    the search does not cover the word `nic.name`.
    """
    globs = tuple(dict.fromkeys(_name_globs(nodes, literals)))
    texts = None if None in globs else NameTexts.of([glob for glob in globs if glob is not None])
    return (NameTexts(), ("nic.name",)) if texts is None else (texts, ())


def _name_globs(nodes: Iterable[Condition | Expression], literals: Literals) -> Iterator[str | None]:
    """Yield the globs that match names of interfaces. A text is a glob without wildcards.

    None means that a condition compares names with something else, so that globs do not distinguish all names.
    """
    for node in nodes:
        if isinstance(node, Related):
            for side, other in ((node.left, node.right), (node.right, node.left)):
                if any(_is_name_of_interface(part) for part in atoms(side)):
                    is_like = node.relation is Relate.LIKE and side is node.left
                    is_plain = _is_name_of_interface(side) and (is_like or node.relation in EQUALITIES)
                    yield from _globs_of(other, literals, is_like=is_like) if is_plain else (None,)


def _globs_of(other: Expression, literals: Literals, *, is_like: bool) -> Iterator[str | None]:
    if isinstance(other, Constant | ListOf | ParameterValue):
        texts = [value for value in literals.values(other) if isinstance(value, str)]
        yield from texts if is_like else map(escape, texts)
    elif isinstance(other, Read) and other.word.name == "networks":
        yield from map(escape, _networks(literals))
    elif not _is_name_of_interface(other):
        yield None


def _is_name_of_interface(node: Expression) -> bool:
    return isinstance(node, Read) and node.key in (NAME, CLIENT)


def _reads_order(nodes: Iterable[Condition | Expression]) -> bool:
    return any(
        (isinstance(node, Read) and node.word.order) or (isinstance(node, InState) and node.state.order)
        for node in nodes
    )


def _needs_exact_positions(node: Condition | Expression) -> bool:
    """Return whether a node compares a position with a value that is not a position."""
    if not isinstance(node, Related):
        return False
    sides = [isinstance(side, Read) and side.key == _POSITION for side in (node.left, node.right)]
    inside = (part for side in (node.left, node.right) for part in walk(side))
    return not all(sides) and any(isinstance(part, Read) and part.key == _POSITION for part in inside)


def _around(values: Iterable[Value], least: int, greatest: int) -> Iterator[int]:
    """Yield each integer and its two neighbours, if they are inside a range."""
    for value in values:
        if isinstance(value, int) and not isinstance(value, bool):
            yield from (near for near in (value - 1, value, value + 1) if least <= near <= greatest)


def _integers(name: str, literals: Literals, nodes: Sequence[Condition | Expression]) -> tuple[int | None, ...]:
    least, greatest = _RANGES[name]
    usual = USUAL_INTEGERS[name]
    values = literals.of_word(name)
    reads = [node for node in nodes if isinstance(node, Read) and node.word.name == name]
    if reads and not has_equalities_only(reads[0], nodes):
        return (*sorted({*_around(values, least, greatest), usual}), None)
    equal = {value for value in values if isinstance(value, int) and least <= value <= greatest}
    other = next(value for value in chain(range(usual + 1, greatest), range(least, usual)) if value not in equal)
    return (*sorted({*equal, usual, other}), None)


def _prefixes(version: int, read: frozenset[str], literals: Literals) -> tuple[int, ...]:
    """Return the prefix lengths of a family; empty if no condition reads a prefix length or a subnet."""
    if not read & _OF_OTHER_ADDRESSES:
        return ()
    bits = _BITS[version]
    narrow = {bits - _BITS_OF_NARROW} if read & _SUBNETS else set()
    around = _around(literals.of_word("prefix"), 1, bits)
    return tuple(sorted({bits - _BITS_OF_WIDE, bits, *narrow, *around}))


def _networks(literals: Literals) -> tuple[str, ...]:
    names = [value for value in literals.of_word("networks") if isinstance(value, str)]
    return tuple(dict.fromkeys(names)) or ("ovirtmgmt",)


def _distinguished(read: frozenset[str], literals: Literals, *, has_others: bool) -> Distinguished:
    """Return the properties of addresses that the conditions can distinguish.

    An interface has one primary address of each family. So a condition about primary addresses can depend on the family
    if an interface has two addresses. If the conditions distinguish no other property of addresses, `family` is false,
    and all classes of addresses are IPv4. The caller then adds pairs of an IPv4 address and an IPv6 address.
    """
    networks = literals.networks()
    private, link_local = bool(read & _PRIVATE), bool(read & _LINK_LOCAL)
    is_mixed = bool(read & _PRIMARY) and (has_others or private or link_local or bool(networks))
    return Distinguished(networks, bool(read & _READ_FAMILY) or is_mixed, private, link_local)


def _reads_unusable(read: frozenset[str]) -> bool:
    """Return whether an additional host address that is unusable can change the value of a condition.

    If not, the search has only one set with an unusable address: the set of this address alone.
    """
    if read & {"host.answers", "host.unusable"}:
        return True
    return "host.first_address" in read and bool(read & {"host.addresses", "host.unowned", "address is global"})


def _answer_sets(
    classes: tuple[AddressClass, ...], unusable: AnswerSet, ipv6: AnswerSet, *, has_order: bool
) -> Iterator[AnswerSet]:
    yield ()
    yield from ((one.first,) for one in classes)
    yield (_UNUSABLE,)
    pairs = product(classes, repeat=2) if has_order else combinations_with_replacement(classes, 2)
    yield from ((one.first, other.second) for one, other in pairs)
    yield from ((one.first, address) for one, address in product(classes, ipv6))
    for one, address in product(classes, unusable):
        yield one.first, address
        if has_order:
            yield address, one.first


def _beside_targets(literals: Literals) -> Iterator[Address]:
    """Yield for each target of a route another address in its subnet."""
    for address in literals.addresses():
        yield address_of(address.version, address.number ^ 1)
