"""Computes the values that one side of a relation can have if the values of the other side are known.

`case.py` uses these functions to narrow the values of an expression, literal by literal.
"""

from __future__ import annotations

from math import inf

from evaluator.facts.address import Cidr
from evaluator.policy.language.checked import Constant, Expression, ListOf, Read
from evaluator.policy.language.types import Base, Type
from evaluator.policy.lint.globs import Texts
from evaluator.policy.lint.numbers import Numbers, network_range, union


def numbers_related_to(other: Numbers, signs: frozenset[str], natural: Numbers) -> Numbers:
    """Return the numbers x for which `x SIGN y` is true for one of the signs and at least one number y in `other`."""
    if other.is_empty:
        return other
    (least, _), (_, greatest) = other.ranges[0], other.ranges[-1]
    ranges = list(other.ranges) if "=" in signs else []
    if "<" in signs:
        ranges.append((-inf, greatest - 1))
    if ">" in signs:
        ranges.append((least + 1, inf))
    return union(ranges).intersection(natural)


def texts_related_to(other: Texts, signs: frozenset[str]) -> Texts | None:
    """Return the texts x for which `x SIGN y` can be true for one of the signs and a text y in `other`.

    The result is None if no text is excluded.

    Only `=` and, for a single text, `!=` exclude texts. The order of texts is not analysed.
    """
    if other.only is None:
        return None
    if signs == frozenset("="):
        return other
    if "=" not in signs and len(other.only) == 1:
        return Texts(never=other.only)
    return None


def networks_in(expression: Expression) -> Numbers | None:
    """Return the addresses in a network or a list of networks; None if a network is not a constant."""
    operands = expression.operands if isinstance(expression, ListOf) else (expression,)
    values = [operand.value for operand in operands if isinstance(operand, Constant)]
    networks = [value for value in values if isinstance(value, Cidr)]
    return union(map(network_range, networks)) if len(networks) == len(operands) else None


def texts_in(expression: Expression) -> tuple[str, ...] | None:
    """Return a text or the texts of a list; None if a text is not a constant."""
    operands = expression.operands if isinstance(expression, ListOf) else (expression,)
    texts = tuple(operand.value for operand in operands if isinstance(operand, Constant))
    return tuple(map(str, texts)) if len(texts) == len(operands) else None


def is_owners(listed: Expression) -> bool:
    """Return whether a list is the word `owners`."""
    return isinstance(listed, Read) and listed.owner is None and listed.word.name == "owners"


def matched(nic: Expression) -> Expression:
    """Return the expression `NIC.matched`. NIC is an expression whose value is an interface."""
    return Read((Base.NIC, "matched"), nic, Type(Base.OWNED, is_list=True), "")
