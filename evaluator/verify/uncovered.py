"""Finds the words and parameters for which the search of small hosts does not try all necessary values.

For the condition `nic.mtu > 1500`, the search tries an MTU below 1500, the MTU 1500, and an MTU above 1500. So it
covers this comparison: the condition is true on some hosts and false on others. For `a.mtu > b.mtu`, the search does
not try two different MTUs. So it does not cover this comparison, and `uncovered` yields `nic.mtu`.

The table lists the comparisons that the search covers. It does not cover any other comparison. So if the language gets
a new word, `uncovered` yields the word until someone adds it here. "Free" means that the caller gives no value for the
parameter. A searched host has at most two host addresses, so the search covers `count(host.addresses) > 1`, but not
`count(host.addresses) > 2`.

| one side | the other side |
| --- | --- |
| an interface, a boolean | anything |
| the name of an interface, the last client's interface | a name of an interface, the last client's interface, a text |
| the networks, in `TEXT in networks`, `networks overlaps TEXTS` or `TEXTS within networks` | a text |
| a kind | a kind, a constant |
| a free text parameter | a text |
| `mtu`, `speed`, `bond_mode`, `vlan_id` | a constant, a free parameter (only one free parameter for each word) |
| `prefix` | a constant |
| a position | a position, a constant, a count of interfaces |
| a count of interfaces | a count of interfaces, a constant, a position |
| a count of addresses | a constant: `= 0`, `= 1`, `> 0`, `> 1`, `>= 1`, `>= 2` and their negations |
| a list of host addresses | an address, a list of addresses |
| a list of addresses of an interface | host addresses |
| an address in a network | a constant or a parameter (`address_classes.py`), `nic.subnets` |
| `nic.routes`, `route_to` | one address that the policy states |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product

from evaluator.policy.language.checked import (
    Condition,
    Constant,
    Count,
    Expression,
    Filter,
    InState,
    ListOf,
    ParameterValue,
    Quantified,
    Read,
    Relate,
    Related,
    RouteTo,
    Variable,
    walk,
)
from evaluator.policy.language.types import Base

Nodes = Sequence[Condition | Expression]
Lists = Mapping[str, Sequence[Expression]]
_NAMES = frozenset({"nic.name", "report.last_client_iface"})
_NETWORKS = frozenset({"nic.networks", "report.networks"})
INTEGER_WORDS = frozenset({"nic.mtu", "nic.speed", "nic.bond_mode", "nic.vlan_id"})
OF_HOST = frozenset(
    {
        "host.addresses",
        "host.answers",
        "host.unusable",
        "host.unowned",
        "host.first_address",
        "nic.matched",
        "nic.host_prefixes",
    }
)
OF_INTERFACE = frozenset({"nic.addresses", "nic.primary_addresses"})
_LISTS_WITHOUT_ELEMENTS = frozenset({*_NETWORKS, "nic.routes", "nic.gateways", "nic.subnets"})
_ORDERS = frozenset({Relate.LESS, Relate.AT_MOST, Relate.MORE, Relate.AT_LEAST})
EQUALITIES = frozenset({Relate.EQUAL, Relate.UNEQUAL, Relate.IN})
_COUNTED = {Relate.MORE: 1, Relate.AT_MOST: 1, Relate.EQUAL: 1, Relate.UNEQUAL: 1, Relate.AT_LEAST: 0, Relate.LESS: 0}
_MIRRORED = {
    Relate.LESS: Relate.MORE,
    Relate.MORE: Relate.LESS,
    Relate.AT_MOST: Relate.AT_LEAST,
    Relate.AT_LEAST: Relate.AT_MOST,
}
_MOST_COUNTED = 2  # a host has at most two host addresses
_ADDRESS_STATES = frozenset(f"address is {state}" for state in ("ipv4", "ipv6", "private", "link_local", "global"))
_SCALARS = (Base.TEXT, Base.INTEGER)


def uncovered(nodes: Nodes, free: frozenset[str]) -> Iterator[str]:
    """Yield the words and parameters whose values the search does not enumerate.

    `nodes` are the conditions with all their parts. `free` are the parameters that have several values in the search.
    """
    lists = _lists_of_variables(nodes)
    for node in nodes:
        match node:
            case Related():
                yield from _of_relation(node, free, lists)
            case Quantified(domain=domain) | Filter(domain=domain):
                yield from _of_lists((domain,))
            case RouteTo(operand=operand) if not isinstance(operand, Constant | ParameterValue):
                yield "route_to"
            case ParameterValue(name=name, type=type_) if name in free and type_.is_list:
                yield name
            case _:
                pass
    yield from _of_partners(nodes, free)
    yield from _of_routes(nodes)
    yield from _of_networks(nodes, free)


def title(node: Expression) -> str:
    """Return the name of a word or parameter for messages."""
    return node.word.shown if isinstance(node, Read) else node.text


def atoms(side: Expression) -> tuple[Expression, ...]:
    """Return the elements of `side` if `side` is a list in brackets, such as `[a, b]`; otherwise return only `side`."""
    return side.operands if isinstance(side, ListOf) else (side,)


def partners(name: str, nodes: Nodes) -> Iterator[tuple[Expression, Relate]]:
    """Yield each expression that a condition compares with a parameter, and the relation of the comparison."""
    for node in nodes:
        if isinstance(node, Related):
            for one, other in _both_ways(node):
                if isinstance(one, ParameterValue) and one.name == name:
                    yield other, node.relation


def has_equalities_only(word: Read, nodes: Nodes) -> bool:
    """Return whether the conditions compare a word only with `=`, `!=` and `in`.

    The same must be true for each parameter that is compared with the word.
    """
    relations = [node for node in nodes if isinstance(node, Related)]
    own = [node for node in relations if _is_side(node, lambda part: isinstance(part, Read) and part.key == word.key)]
    parameters = {part for node in own for part in _sides(node) if isinstance(part, ParameterValue)}
    own += [node for node in relations if _is_side(node, parameters.__contains__)]
    return all(node.relation in EQUALITIES for node in own)


def _sides(node: Related) -> tuple[Expression, ...]:
    return (*atoms(node.left), *atoms(node.right))


def _is_side(node: Related, is_searched: Callable[[Expression], bool]) -> bool:
    return any(map(is_searched, _sides(node)))


def _both_ways(node: Related) -> Iterator[tuple[Expression, Expression]]:
    for left, right in product(atoms(node.left), atoms(node.right)):
        yield left, right
        yield right, left


def _titles(*nodes: Expression) -> Iterator[str]:
    """Yield the names of the words and parameters in some expressions."""
    for node in nodes:
        yield from (title(part) for part in walk(node) if isinstance(part, Read | ParameterValue) and _has_values(part))


def _has_values(node: Read | ParameterValue) -> bool:
    """Return whether a word or parameter has values to enumerate. Interfaces, `host` and `report` have none."""
    return node.type.base not in (Base.NIC, Base.HOST, Base.REPORT)


def _of_lists(sides: Iterable[Expression]) -> Iterator[str]:
    """Yield lists whose elements are not enumerated one by one."""
    yield from (title(side) for side in sides if isinstance(side, Read) and title(side) in _LISTS_WITHOUT_ELEMENTS)


def _of_relation(node: Related, free: frozenset[str], lists: Lists) -> Iterator[str]:
    base = next((side.type.base for side in _sides(node)), Base.NIC)  # two empty lists have no values
    if base in _SCALARS:
        covers = _covers_texts if base is Base.TEXT else _covers_integers
        for left, right in product(atoms(node.left), atoms(node.right)):
            if not covers(node, left, right, free):
                yield from _titles(left, right)
    elif base in (Base.ADDRESS, Base.OWNED, Base.CIDR):
        yield from _of_addresses(node, lists)


def _covers_texts(node: Related, left: Expression, right: Expression, free: frozenset[str]) -> bool:
    relation, sides = node.relation, {_role(left, free), _role(right, free)}
    if relation in _ORDERS:
        return sides == {"constant"}
    if relation is Relate.LIKE:
        return _role(right, free) == "constant" and _role(left, free) in ("name", "constant")
    if "networks" in sides:
        is_list = relation is Relate.OVERLAPS or _role(right, free) == "networks"
        return is_list and sides <= {"networks", "constant", "free"} and sides != {"networks"}
    if "kind" in sides:
        return sides <= {"kind", "constant"}
    if "variable" in sides:
        return sides == {"variable", "constant"}
    return sides <= {"name", "constant", "free"}


def _role(node: Expression, free: frozenset[str]) -> str:
    """Return the kind of values that the search tries for an expression of type text; empty if it tries none."""
    match node:
        case Constant():
            return "constant"
        case ParameterValue(name=name):
            return "free" if name in free else "constant"
        case Variable():
            return "variable"
        case Read() if title(node) in _NAMES:
            return "name"
        case Read() if title(node) in _NETWORKS:
            return "networks"
        case Read() if title(node) == "nic.kind":
            return "kind"
        case _:
            return ""


def _covers_integers(node: Related, left: Expression, right: Expression, free: frozenset[str]) -> bool:
    sides = {_integer_role(left, free), _integer_role(right, free)}
    if "addresses" in sides:
        return _covers_count(node, left, right)
    allowed = (
        {"word", "constant"},
        {"word", "free"},
        {"constant", "free"},
        {"prefix", "constant"},
        {"position", "constant", "count"},
    )
    return any(sides <= one for one in allowed) and sides not in ({"word"}, {"free"}, {"prefix"})


def _integer_role(node: Expression, free: frozenset[str]) -> str:
    match node:
        case Constant():
            return "constant"
        case ParameterValue(name=name):
            return "free" if name in free else "constant"
        case Count(operand=operand):
            return "count" if operand.type.base is Base.NIC else "addresses"
        case Read() if title(node) in INTEGER_WORDS:
            return "word"
        case Read() if title(node) == "nic.position":
            return "position"
        case Read() if title(node) == "address.prefix":
            return "prefix"
        case _:
            return ""


def _covers_count(node: Related, left: Expression, right: Expression) -> bool:
    """Return whether the search covers a comparison with the number of elements of a list.

    A searched host has at most two host addresses. So `count(host.addresses) > 1` is true for some hosts and false for
    others, but `count(host.addresses) > 2` is false for every searched host.
    """
    relation = node.relation
    if isinstance(right, Count):
        left, right, relation = right, left, _MIRRORED.get(relation, relation)
    if not isinstance(left, Count) or not isinstance(right, Constant) or not isinstance(right.value, int):
        return False
    most = right.value + _COUNTED.get(relation, 1)
    operand = left.operand
    if isinstance(operand, Read) and title(operand) in _LISTS_WITHOUT_ELEMENTS:
        return title(operand) == "nic.gateways" and most <= 1
    return operand.type.base in (Base.ADDRESS, Base.OWNED) and most <= _MOST_COUNTED


def _of_addresses(node: Related, lists: Lists) -> Iterator[str]:
    left, right = atoms(node.left), atoms(node.right)
    if node.relation is Relate.IN_NETWORK:
        for network in right:
            is_subnets = isinstance(network, Read) and title(network) == "nic.subnets"
            is_route = _is_routes(network) and all(map(_is_stated, left))
            yield from () if _is_stated(network) or is_subnets or is_route else _titles(network)
        return
    if any(side.type.base is Base.CIDR for side in (*left, *right)):
        yield from _titles(*left, *right)
        return
    for one, other in product(left, right):
        sources = [*_sources(one, lists)], [*_sources(other, lists)]
        is_stated = _is_stated(one) or _is_stated(other)  # then the address or network itself is named (`space.py`)
        if not is_stated and not any(all(map(_is_of_host, own)) for own in sources):
            yield from _titles(*sources[0], *sources[1])
    yield from _of_lists((*left, *right))


def _lists_of_variables(nodes: Nodes) -> Lists:
    """Return the lists of each variable name.

    For example, in `some x in nic.slaves satisfies …`, the list of `x` is `nic.slaves`. If several quantifiers use the
    same name, the name has several lists.
    """
    lists: dict[str, list[Expression]] = {}
    for node in nodes:
        if isinstance(node, Quantified | Filter):
            lists.setdefault(node.variable.name, []).append(node.domain)
    return lists


def _sources(node: Expression, lists: Lists) -> Iterator[Expression]:
    """Yield the words, constants and parameters that contain the values of an expression.

    For example, in `some x in nic.addresses satisfies x in host.addresses`, the values of `x` are in `nic.addresses`.
    """
    match node:
        case Filter(domain=domain):
            yield from _sources(domain, lists)
        case Variable(name=name) if name in lists:
            for one in lists[name]:
                yield from _sources(one, lists)
        case ListOf(operands=operands):
            for one in operands:
                yield from _sources(one, lists)
        case _:
            yield node


def _is_of_host(node: Expression) -> bool:
    return isinstance(node, Read) and title(node) in OF_HOST


def _is_routes(node: Expression) -> bool:
    return isinstance(node, Read) and title(node) == "nic.routes"


def _is_stated(node: Expression) -> bool:
    return isinstance(node, Constant | ParameterValue)


def _of_partners(nodes: Nodes, free: frozenset[str]) -> Iterator[str]:
    """Yield the parameters that share an integer word.

    Two parameters share a word if both are compared with it, for example in `nic.mtu > p and nic.mtu < q`.
    """
    of_word: dict[str, set[str]] = {}
    for name in free:
        for other, _ in partners(name, nodes):
            if isinstance(other, Read) and title(other) in INTEGER_WORDS:
                of_word.setdefault(title(other), set()).add(name)
    for names in of_word.values():
        yield from names if len(names) > 1 else ()


def _of_routes(nodes: Nodes) -> Iterator[str]:
    """Yield the destination addresses in conditions about routes, if the conditions name at least two.

    The search covers only one destination address, because one route can lead to several destination addresses.
    """
    targets = dict.fromkeys(node.operand for node in nodes if isinstance(node, RouteTo))
    for node in nodes:
        if isinstance(node, Related) and any(_is_routes(side) for side in atoms(node.right)):
            targets |= dict.fromkeys(atoms(node.left))
    if len(targets) > 1:
        yield from (target.text for target in targets)


def _of_networks(nodes: Nodes, free: frozenset[str]) -> Iterator[str]:
    """Yield the parameters that contain networks, if the conditions also distinguish addresses in another way.

    The other way is a second network, or a state such as `is private`. Then the search does not cover all combinations.
    """
    ranges = {
        side
        for node in nodes
        if isinstance(node, Related) and node.relation is Relate.IN_NETWORK
        for side in atoms(node.right)
        if _is_stated(side)
    }
    names = {side.name for side in ranges if isinstance(side, ParameterValue) and side.name in free}
    read = {node.state.shown for node in nodes if isinstance(node, InState)}
    if len(ranges) > 1 or read & _ADDRESS_STATES:
        yield from names
