"""The space: the values that the facts of small hosts take. They depend on the conditions that are decided.

If a condition compares a fact with a literal, the fact takes the literal and a value on each side of it: `nic.mtu >=
9000` gives the MTUs 8999, 9000 and 9001. There are two addresses for each class of addresses that a condition can
distinguish: a family, a network, a range such as `is private`. So the space has few values. But if a condition can be
both true and false, the space has values for both results.

The values of some words are not enumerated, because a VDSM report cannot state them or because the space would be too
large. `left_out` has the names of such words that the conditions read. These words have the same value for every host:
the value for an interface about which the report states nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from glob import escape
from itertools import combinations_with_replacement, product
from types import MappingProxyType

from msgspec import Struct

from evaluator.facts.address import Address, Cidr, address_of, parse_address, parse_cidr
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
    RouteTo,
    walk,
)
from evaluator.policy.language.environment import Plain, Value
from evaluator.policy.language.program import Parameter
from evaluator.policy.language.types import Base
from evaluator.policy.run.required_facts import facts_in
from evaluator.verify.name_texts import NameTexts

AnswerSet = tuple[Address, ...]
_IPV4, _IPV6 = parse_cidr("192.0.2.0/24"), parse_cidr("2001:db8::/64")
_PRIVATE, _LINK_LOCAL = parse_cidr("10.20.0.0/24"), parse_cidr("169.254.7.0/24")
_LINK_LOCAL_IPV6 = parse_cidr("fe80::/64")
_FIRST, _SECOND, _OTHER, _ADDED = 10, 20, 30, 40  # the host parts of addresses
_ENGINE = parse_address("198.51.100.7")
_VALUES: dict[Base, Plain] = {
    Base.BOOLEAN: True,
    Base.TEXT: "ovirtmgmt",
    Base.INTEGER: 5,
    Base.ADDRESS: _ENGINE,
    Base.CIDR: parse_cidr("198.51.100.0/24"),
}
_RANGES = {"vlan_id": (1, 4094), "mtu": (68, 65535), "speed": (1, 400_000), "bond_mode": (0, 6)}
_USUAL = {"vlan_id": 5, "mtu": 1500, "speed": 1000, "bond_mode": 1}
_POSITION, _NAME, _CLIENT = (Base.NIC, "position"), (Base.NIC, "name"), (Base.REPORT, "last_client_iface")
_EQUALITIES = (Relate.EQUAL, Relate.UNEQUAL, Relate.IN)
_BITS_OF_HOSTS = 6  # a network has members with these host parts
MOST_INTERFACES = 8
_MOST = 3  # the greatest number of interfaces of a host with two addresses, if interfaces have many values
_FAMILY_STATES = frozenset({"address is ipv4", "address is ipv6"})
_RANGE_STATES = {
    "address is private": (_PRIVATE,),
    "address is link_local": (_LINK_LOCAL,),
    "address is global": (_PRIVATE, _LINK_LOCAL),
}
_OF_OTHER_ADDRESSES = frozenset(
    {"nic.subnets", "nic.host_prefixes", "address.prefix", "address.network", "address is host_prefix"}
)
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
        *_RANGE_STATES,
        *_OF_OTHER_ADDRESSES,
        *_OF_ROUTES,
        *(f"nic.{name}" for name in _RANGES),
    }
)


class Space(Struct, frozen=True):
    """The values that the facts of the searched hosts take.

    `answers` are the sets of host addresses, each in the order of the answer. Hosts of more than
    `most_with_two_answers` interfaces have at most one host address. `added` is an address that no interface owns.
    `has_order` is true if conditions read an order. `has_exact_positions` is true if conditions compare positions with
    values other than positions. `integers` are the values of facts that are integers, None if unknown. `networks` are
    the logical networks. `prefixes` are the prefix lengths of an IPv4 address; the prefix lengths of an IPv6 address
    are the same numbers plus 96. `others` are the sets of addresses that an interface has besides the host addresses.
    `names` are the names of interfaces that the conditions distinguish. `parameters` are the values of the parameters,
    and of the names that only claims have. `policy_parameters` are the names of the parameters of the policy.
    """

    answers: tuple[AnswerSet, ...]
    added: Address
    integers: Mapping[str, tuple[int | None, ...]]
    networks: tuple[str, ...]
    prefixes: tuple[int, ...]
    others: tuple[AnswerSet, ...]
    names: NameTexts
    parameters: Mapping[str, tuple[Value, ...]]
    policy_parameters: tuple[str, ...]
    has_order: bool
    has_exact_positions: bool
    most_with_two_answers: int
    left_out: tuple[str, ...]


def space_of(
    conditions: Iterable[Condition],
    parameters: Iterable[Parameter],
    given: Mapping[str, Value],
    defaults: Mapping[str, Value] = MappingProxyType({}),
) -> Space:
    """Return the space for conditions with these parameters. `given` are the parameters with fixed values.

    `defaults` are the values of other names in the conditions.

    A host has at most two host addresses. If a condition reads an order or routes, a host of more than two interfaces
    has at most one host address, because each interface then has many values.
    """
    conditions = tuple(conditions)
    read = frozenset(fact for condition in conditions for fact in facts_in(condition))
    nodes = tuple(node for condition in conditions for node in walk(condition))
    values = dict(_parameter_values(parameters, given, nodes))
    policy_parameters = tuple(values)
    values |= {name: (value,) for name, value in defaults.items() if name not in values}
    literals = _Literals(nodes, values)
    classes = tuple(_address_classes(read, literals))
    name_globs = tuple(dict.fromkeys(_name_globs(nodes, literals)))
    names = None if None in name_globs else NameTexts.of([glob for glob in name_globs if glob is not None])
    has_order = _reads_order(nodes)
    return Space(
        answers=tuple(_answer_sets(classes, has_order=has_order)),
        added=_member(classes[0], _ADDED),
        integers={name: _integers(name, literals) for name in _RANGES},
        networks=_networks(literals),
        prefixes=_prefixes(read, literals),
        others=tuple(_other_addresses(read, classes, literals)),
        names=names or NameTexts(),
        parameters=values,
        policy_parameters=policy_parameters,
        has_order=has_order,
        has_exact_positions=any(map(_needs_exact_positions, nodes)),
        most_with_two_answers=_MOST if has_order or read & _OF_ROUTES else MOST_INTERFACES,
        left_out=tuple(
            sorted(
                {
                    *(read - _ENUMERATED),
                    *_left_out_names(nodes, has_names=names is not None),
                    *_left_out_literals(nodes, literals),
                }
            )
        ),
    )


def _left_out_literals(nodes: Iterable[Condition | Expression], literals: _Literals) -> Iterator[str]:
    """Yield addresses and networks of conditions that the search does not cover.

    Either no small host has such an address, or the search has no values on both sides of it.
    """
    yield from (str(one) for one in literals.networks() if one.prefix > _widest(one) - _BITS_OF_HOSTS)
    for node in nodes:
        if isinstance(node, Related):
            if node.relation is Relate.LIKE and _is_given(node.left, Base.TEXT):
                yield node.left.text
            for side, other in ((node.left, node.right), (node.right, node.left)):
                is_covered = node.relation is Relate.IN_NETWORK and (side is node.right or _is_routes(other))
                if not is_covered:
                    yield from (part.text for part in _parts(side) if _is_given(part, Base.ADDRESS, Base.CIDR))


def _is_routes(node: Expression) -> bool:
    return isinstance(node, Read) and node.word.name == "routes"


def _is_given(node: Expression, *bases: Base) -> bool:
    """Return whether a value has one of these types, and is a constant of the policy or a parameter."""
    return isinstance(node, Constant | ParameterValue) and node.type.base in bases


def _left_out_names(nodes: Iterable[Condition | Expression], *, has_names: bool) -> Iterator[str]:
    if not has_names:
        yield "nic.name"
    if any(isinstance(node, Related) and any(map(_is_host_name, (node.left, node.right))) for node in nodes):
        yield "host.name"


def _is_host_name(node: Expression) -> bool:
    return isinstance(node, Read) and node.key == (Base.HOST, "name")


def _name_globs(nodes: Iterable[Condition | Expression], literals: _Literals) -> Iterator[str | None]:
    """Yield the globs that match names of interfaces. A text is a glob without wildcards.

    None means that a condition compares names with something else, so that globs do not distinguish all names.
    """
    for node in nodes:
        if isinstance(node, Related):
            for side, other in ((node.left, node.right), (node.right, node.left)):
                if any(_is_name_of_interface(part) for part in _parts(side)):
                    is_like = node.relation is Relate.LIKE and side is node.left
                    is_plain = _is_name_of_interface(side) and (is_like or node.relation in _EQUALITIES)
                    yield from _globs_of(other, literals, is_like=is_like) if is_plain else (None,)


def _globs_of(other: Expression, literals: _Literals, *, is_like: bool) -> Iterator[str | None]:
    if isinstance(other, Constant | ListOf | ParameterValue):
        texts = [value for value in literals.values(other) if isinstance(value, str)]
        yield from texts if is_like else map(escape, texts)
    elif isinstance(other, Read) and other.word.name == "networks":
        yield from map(escape, _networks(literals))
    elif not _is_name_of_interface(other):
        yield None


def _parts(side: Expression) -> tuple[Expression, ...]:
    return (side, *side.operands) if isinstance(side, ListOf) else (side,)


def _is_name_of_interface(node: Expression) -> bool:
    return isinstance(node, Read) and node.key in (_NAME, _CLIENT)


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


def _parameter_values(
    parameters: Iterable[Parameter], given: Mapping[str, Value], nodes: Iterable[Condition | Expression]
) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Yield the values of each parameter. A parameter that no condition reads has only its default."""
    nodes = tuple(nodes)
    read = {node.name for node in nodes if isinstance(node, ParameterValue)}
    for parameter in parameters:
        if parameter.name in given:
            yield parameter.name, (given[parameter.name],)
        elif parameter.name not in read and not parameter.is_required:
            yield parameter.name, (parameter.default,)
        else:
            yield parameter.name, _values_of(parameter, tuple(_compared_with(parameter.name, nodes)))


def _compared_with(name: str, nodes: Iterable[Condition | Expression]) -> Iterator[Plain]:
    """Yield the values that conditions compare with a parameter."""
    for node in nodes:
        if isinstance(node, Related) and node.relation is not Relate.LIKE:
            for side, other in ((node.left, node.right), (node.right, node.left)):
                if isinstance(side, ParameterValue) and side.name == name:
                    for part in _parts(other):
                        value = part.value if isinstance(part, Constant) else ()
                        yield from value if isinstance(value, tuple) else () if value is None else (value,)


def _values_of(parameter: Parameter, compared: tuple[Plain, ...]) -> tuple[Value, ...]:
    """Return the values of a parameter; `compared` are values that conditions compare with it."""
    base = parameter.type.base
    default = parameter.default
    unknown: tuple[Value, ...] = (None,) if parameter.type.optional else ()
    if parameter.type.is_list:
        chosen: Value = (_VALUES[base],) if default is None else default
        return tuple(dict.fromkeys((*unknown, chosen, ())))
    if base is Base.BOOLEAN:
        return (*unknown, False, True)
    usual = _VALUES[base]
    first: Value = usual if default is None else default
    if base is Base.INTEGER:
        around = (value + step for value in compared if isinstance(value, int) for step in (-1, 0, 1))
        return tuple(dict.fromkeys((*unknown, first, usual, *around)))
    return tuple(dict.fromkeys((*unknown, first, *compared)))


class _Literals:
    """The constants and parameters that conditions compare with words."""

    def __init__(self, nodes: Iterable[Condition | Expression], parameters: Mapping[str, tuple[Value, ...]]) -> None:
        self._pairs = [(node.left, node.right) for node in nodes if isinstance(node, Related)]
        self._routes = [node.operand for node in nodes if isinstance(node, RouteTo)]
        self._parameters = parameters

    def of_word(self, *words: str) -> tuple[Value, ...]:
        """Return the values that are compared with one of these words."""
        sides = [(one, other) for pair in self._pairs for one, other in (pair, pair[::-1])]
        found = (
            value
            for one, other in sides
            if any(isinstance(node, Read) and node.word.name in words for node in walk(one))
            for value in self.values(other)
        )
        return tuple(dict.fromkeys(found))

    def networks(self) -> tuple[Cidr, ...]:
        """Return all networks that conditions compare with another value."""
        sides = (side for pair in self._pairs for side in pair)
        return tuple(dict.fromkeys(value for side in sides for value in self.values(side) if isinstance(value, Cidr)))

    def addresses(self) -> tuple[Address, ...]:
        """Return all addresses that conditions compare with another value, or use in `route_to(…)`."""
        sides = (*(side for pair in self._pairs for side in pair), *self._routes)
        values = (value for side in sides for value in self.values(side))
        return tuple(dict.fromkeys(value for value in values if isinstance(value, Address)))

    def values(self, side: Expression) -> Iterator[Value]:
        for node in walk(side):
            if isinstance(node, Constant):
                yield from node.value if isinstance(node.value, tuple) else (node.value,)
            elif isinstance(node, ParameterValue):
                for value in self._parameters.get(node.name, ("ovirtmgmt",)):
                    yield from value if isinstance(value, tuple) else (value,)


def _around(values: Iterable[Value], least: int, greatest: int) -> Iterator[int]:
    """Yield each integer and its two neighbours, if they are inside a range."""
    for value in values:
        if isinstance(value, int) and not isinstance(value, bool):
            yield from (near for near in (value - 1, value, value + 1) if least <= near <= greatest)


def _integers(name: str, literals: _Literals) -> tuple[int | None, ...]:
    least, greatest = _RANGES[name]
    usual = _USUAL[name]
    values = literals.of_word(name)
    around = sorted({*_around(values, least, greatest), usual} - ({0} if name == "vlan_id" else set()))
    if name == "vlan_id":  # compared for equality only: one value for each literal, and another one
        equal = [value for value in values if isinstance(value, int) and least <= value <= greatest]
        around = sorted({*equal, usual, max([*equal, usual]) + 1})
    return (*around, None)


def _prefixes(read: frozenset[str], literals: _Literals) -> tuple[int, ...]:
    """Return the prefix lengths. If no condition reads a prefix length or a subnet, one prefix length is enough."""
    if not read & _OF_OTHER_ADDRESSES:
        return (24,)
    return tuple(sorted({24, 32, *_around(literals.of_word("prefix"), 1, 32)}))


def _networks(literals: _Literals) -> tuple[str, ...]:
    names = [value for value in literals.of_word("networks") if isinstance(value, str)]
    return tuple(dict.fromkeys(names)) or ("ovirtmgmt",)


def _address_classes(read: frozenset[str], literals: _Literals) -> Iterator[Cidr]:
    """Yield a network for each class of addresses that the conditions can distinguish."""
    yield _IPV4
    if read & _FAMILY_STATES:
        yield _IPV6
    networks = [network for state, ranges in _RANGE_STATES.items() if state in read for network in ranges]
    yield from dict.fromkeys(networks)
    yield from (network for network in literals.networks() if network.prefix <= _widest(network) - _BITS_OF_HOSTS)


def _widest(network: Cidr) -> int:
    return 32 if network.first.version == 4 else 128


def _member(network: Cidr, host: int) -> Address:
    return address_of(network.first.version, network.first.number + host)


def _answer_sets(classes: tuple[Cidr, ...], *, has_order: bool) -> Iterator[AnswerSet]:
    yield ()
    yield from ((_member(network, _FIRST),) for network in classes)
    pairs = product(classes, repeat=2) if has_order else combinations_with_replacement(classes, 2)
    yield from ((_member(one, _FIRST), _member(other, _SECOND)) for one, other in pairs)


def is_one_class(answers: AnswerSet) -> bool:
    """Return whether every condition has the same value for the two addresses of an answer."""
    first, second = answers
    return first.version == second.version and second.number - first.number == _SECOND - _FIRST


def _other_addresses(read: frozenset[str], classes: tuple[Cidr, ...], literals: _Literals) -> Iterator[AnswerSet]:
    yield ()
    if read & _OF_OTHER_ADDRESSES:
        link_local = (_LINK_LOCAL, _LINK_LOCAL_IPV6) if "address is link_local" in read else ()
        networks = (*classes, *link_local)
        yield from ((_member(network, _OTHER),) for network in dict.fromkeys(networks))
    if read & _OF_ROUTES:
        for address in literals.addresses():
            yield (address_of(address.version, address.number ^ 1),)
