"""The values that each word of the rule language, such as `nic.mtu`, can have in a valid report.

The readers of reports enforce these ranges. The table `HINTS` describes the ranges in English. The keys of this table
are the names of attributes, such as `mtu`.
"""

from __future__ import annotations

from math import inf

from evaluator.facts.address import Address
from evaluator.facts.link import Kind
from evaluator.policy.language.checked import Constant, Count, Expression, ListOf, Read
from evaluator.policy.language.types import Base
from evaluator.policy.lint.globs import Texts
from evaluator.policy.lint.numbers import ADDRESSES, UNUSABLE, USABLE, Bound, Numbers, address_range, union

NUMBERS = (Base.INTEGER, Base.ADDRESS, Base.OWNED)
TEXTS = (Base.TEXT, Base.BOOLEAN, Base.CIDR)
_GREATEST = 2**32 - 1
_RANGES: dict[str, tuple[tuple[Bound, Bound], ...]] = {
    "prefix": ((0, 128),),
    "position": ((0, inf),),
    "vlan_id": ((0, 4095),),
    "bond_mode": ((0, 6),),
    "mtu": ((0, _GREATEST),),
    "speed": ((-inf, -1), (1, inf)),
}
HINTS = {
    "prefix": "a prefix length is 0 to 32 for IPv4 and 0 to 128 for IPv6",
    "position": "positions are 0, 1, 2 and so on",
    "vlan_id": "VLAN IDs are 0 (untagged) to 4095",
    "bond_mode": "bond modes are 0 to 6",
    "mtu": f"an MTU is 0 to {_GREATEST}",
    "speed": "a reported speed of 0 means unknown: write `is unknown`",
    "kind": f"the kinds are {', '.join(Kind)}",
    "mac": "write MAC addresses in lower case",
    "conflicts": 'the elements of `conflicts` are "addr" and "network"',
}
_ELEMENTS: dict[tuple[Base | None, str], Numbers | Texts] = {
    (Base.HOST, "addresses"): USABLE,
    (Base.HOST, "unowned"): USABLE,
    (Base.HOST, "unusable"): UNUSABLE,
    (Base.NIC, "matched"): USABLE,
    (Base.NIC, "conflicts"): Texts(frozenset({"addr", "network"})),
}
_MOST_CONFLICTS = 2


def domain(expression: Expression) -> Numbers | Texts | None:
    """Return the set of values that an expression can have; None for interfaces, the host and the report."""
    base = expression.type.base
    if isinstance(expression, Constant):
        return _constant(expression)
    if base is Base.INTEGER:
        return _integer(expression)
    if base in NUMBERS:
        return ADDRESSES
    if base is Base.BOOLEAN:
        return Texts(frozenset({"true", "false"}))
    if base not in TEXTS:
        return None
    if isinstance(expression, Read) and expression.word.owner is Base.NIC:
        if expression.word.name == "kind":
            return Texts(frozenset(Kind))
        return Texts(is_lower=expression.word.name == "mac")
    return Texts()


def element_domain(expression: Expression) -> Numbers | Texts | None:
    """Return the set of values that the elements of a list can have; None if the set is unknown."""
    if isinstance(expression, ListOf):
        return _union([domain(operand) for operand in expression.operands])
    if isinstance(expression, Read):
        return _ELEMENTS.get((expression.word.owner, expression.word.name))
    return None


def _constant(expression: Constant) -> Numbers | Texts:
    value, base = expression.value, expression.type.base
    if base is Base.INTEGER and isinstance(value, int):
        return Numbers(((value, value),))
    if isinstance(value, Address):
        return Numbers((address_range(value),))
    return Texts(frozenset({str(value).lower() if base is Base.BOOLEAN else str(value)}))


def _integer(expression: Expression) -> Numbers:
    if isinstance(expression, Read):
        return Numbers(_RANGES.get(expression.word.name, ((-inf, inf),)))
    if isinstance(expression, Count):
        return Numbers((_count(expression.operand),))
    return Numbers()


def _count(counted: Expression) -> tuple[Bound, Bound]:
    if isinstance(counted, ListOf):
        return min(1, len(counted.operands)), len(counted.operands)
    if isinstance(counted, Read) and counted.word.owner is Base.NIC:
        if counted.word.name == "stack":
            return 1, inf  # the interface itself is in it
        if counted.word.name == "conflicts":
            return 0, _MOST_CONFLICTS
    return 0, inf


def _union(domains: list[Numbers | Texts | None]) -> Numbers | Texts | None:
    numbers = [each for each in domains if isinstance(each, Numbers)]
    texts = [each.only for each in domains if isinstance(each, Texts) and each.only is not None]
    if domains and len(numbers) == len(domains):
        return union(limits for each in numbers for limits in each.ranges)
    if domains and len(texts) == len(domains):
        return Texts(frozenset().union(*texts))
    return None
