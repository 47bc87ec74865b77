"""The values that the search of small hosts tries for each parameter without a given value.

An integer parameter gets the numbers with which conditions compare the parameter, and their neighbours: for 7, also 6
and 8. Two conditions can also compare `nic.mtu` with 7 and with the parameter. Then the parameter also gets 5 and 9. If
the parameter is 9, the search can try an MTU between 7 and 9.

All text parameters get the same texts: the texts with which conditions compare them, and, for each parameter, one
additional text that occurs in no condition. So two parameters can be equal or different, and each of them can be equal
to a text of the policy or different from all texts of the policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import cast

from evaluator.facts.address import parse_address, parse_cidr
from evaluator.policy.language.checked import Condition, Constant, Expression, ParameterValue, Read, Related
from evaluator.policy.language.environment import Plain, Value
from evaluator.policy.language.program import Parameter
from evaluator.policy.language.types import Base
from evaluator.verify.uncovered import INTEGER_WORDS, Nodes, atoms, has_equalities_only, partners, title

_VALUES: dict[Base, Plain] = {
    Base.BOOLEAN: True,
    Base.TEXT: "ovirtmgmt",
    Base.INTEGER: 5,
    Base.ADDRESS: parse_address("198.51.100.7"),
    Base.CIDR: parse_cidr("198.51.100.0/24"),
}
USUAL_INTEGERS = {"vlan_id": 5, "mtu": 1500, "speed": 1000, "bond_mode": 1}
NAME, CLIENT = (Base.NIC, "name"), (Base.REPORT, "last_client_iface")
_SAME_WORDS = ({NAME, CLIENT}, {(Base.NIC, "networks"), (Base.REPORT, "networks")})


def read_parameters(nodes: Iterable[Condition | Expression]) -> set[str]:
    """Return the names of the parameters that conditions read."""
    return {node.name for node in nodes if isinstance(node, ParameterValue)}


def parameter_values(
    parameters: Iterable[Parameter], given: Mapping[str, Value], nodes: Nodes
) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Yield the values of each parameter. A parameter that no condition reads has only its default."""
    parameters = tuple(parameters)
    read = read_parameters(nodes)
    texts = tuple(_texts([one for one in parameters if one.name in read - given.keys()], nodes, given))
    for parameter in parameters:
        if parameter.name in given:
            yield parameter.name, (given[parameter.name],)
        elif parameter.name not in read and not parameter.is_required:
            yield parameter.name, (parameter.default,)
        else:
            unknown: tuple[Value, ...] = (None,) if parameter.type.optional else ()
            values = _values_of(parameter, nodes, texts, given)
            yield parameter.name, tuple(dict.fromkeys((*unknown, *values)))


def _values_of(parameter: Parameter, nodes: Nodes, texts: Sequence[str], given: Mapping[str, Value]) -> Iterator[Value]:
    """Yield the values that the search uses for a parameter without a given value, first its default.

    `texts` are the values that every text parameter takes.
    """
    base, default = parameter.type.base, parameter.default
    usual = _VALUES[base]
    if base is Base.BOOLEAN and not parameter.type.is_list:
        yield from (False, True)
    elif parameter.type.is_list:
        yield from ((usual,) if default is None else default, ())
    else:
        yield usual if default is None else default
    if base is Base.INTEGER and not parameter.type.is_list:
        yield usual
        yield from _integers(parameter, nodes, given)
    if base is Base.TEXT and not parameter.type.is_list:
        yield from texts


def _texts(parameters: Iterable[Parameter], nodes: Nodes, given: Mapping[str, Value]) -> Iterator[str]:
    """Yield the texts with which text parameters are compared, and one more text for each parameter."""
    own = [one for one in parameters if one.type.base is Base.TEXT and not one.type.is_list]
    used = dict.fromkeys(text for one in own for text in _compared(one.name, nodes, given) if isinstance(text, str))
    yield from used
    for parameter in own:
        usual = cast("str", _VALUES[Base.TEXT] if parameter.default is None else parameter.default)
        text = next(one for one in (usual, *(f"other{number}" for number in range(len(used) + 2))) if one not in used)
        used[text] = None
        yield text


def _compared(name: str, nodes: Nodes, given: Mapping[str, Value]) -> Iterator[Value]:
    """Yield the fixed values with which conditions compare a parameter.

    Also yield indirect values: if a condition compares the parameter with a word, yield the fixed values with which any
    condition compares this word.
    """
    others = [other for other, _ in partners(name, nodes)]
    words = {other.key for other in others if isinstance(other, Read)}
    words.update(*(same for same in _SAME_WORDS if words & same))
    for node in nodes:
        if isinstance(node, Related):
            for side, other in ((node.left, node.right), (node.right, node.left)):
                if any(isinstance(part, Read) and part.key in words for part in atoms(side)):
                    others.extend(atoms(other))
    for other in others:
        value: Value = other.value if isinstance(other, Constant) else None
        if isinstance(other, ParameterValue):
            value = given.get(other.name)
        yield from value if isinstance(value, tuple) else () if value is None else (value,)


def _integers(parameter: Parameter, nodes: Nodes, given: Mapping[str, Value]) -> Iterator[int]:
    name = parameter.name
    words = [other for other, _ in partners(name, nodes) if isinstance(other, Read) and title(other) in INTEGER_WORDS]
    fixed = {value for value in _compared(name, nodes, given) if isinstance(value, int)}
    fixed |= {0 for word in words if word.word.name == "vlan_id"}  # the ID of an interface that is not a VLAN
    if words and all(has_equalities_only(word, nodes) for word in words):
        yield from sorted(fixed)
        if _VALUES[Base.INTEGER] in fixed:
            yield next(number for number in count(1) if number not in fixed)
    else:
        fixed |= {USUAL_INTEGERS[word.word.name] for word in words}
        width = 2 if words else 1
        yield from sorted({value + step for value in fixed for step in range(-width, width + 1)})
