"""Which interfaces a rule need look at: most rules on all interfaces can hold for a few only, found by an index.

`match nic when nic.addresses overlaps host.addresses` holds for the owners of the host's addresses and nobody else,
so nothing else is looked at. A sieve may let through too many, never too few; what it does not prove stays to be
asked. Conditions are total and pure, so a part of an `and` may be used wherever it stands. What a quantifier asks of
one list for every subject is asked of the list once.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from evaluator.policy.language.checked import (
    AllOf,
    AnyOf,
    Condition,
    Expression,
    Quantified,
    Quantifier,
    Read,
    Relate,
    Related,
    RouteTo,
    Variable,
    is_early,
)
from evaluator.policy.language.program import Rule
from evaluator.policy.language.types import Base

_ADDRESS_LISTS = ("addresses", "primary_addresses")
_ALWAYS_KNOWN = ("name", "position")


class Source(StrEnum):
    """Where the interfaces come from that are looked at."""

    LINKS = "all interfaces, unless `key` is an empty list"
    OWNERS = "those that own a usable host address"
    CANDIDATES = "the candidates"
    ROUTES = "the interfaces that `key` gives"
    NAMED = "the interface of the name `key`"
    OWNING = "those that own the address `key`"
    HOST_PREFIXES = "those owners that may own a host address as /32 or /128"
    NEAR = "those in one of whose subnets an address of the list `key` is"


class Sieve(Struct, frozen=True):
    """What is looked at, and what is left to be asked of it (None: nothing)."""

    source: Source
    key: Expression | None
    rest: Condition | None


def sieved(rule: Rule) -> Sieve | None:
    """Return the sieve of a rule on all interfaces; None where nothing better is known than to ask each."""
    condition = rule.condition
    parts = condition.conditions if isinstance(condition, AllOf) else (condition,)
    for find in (_exactly, _at_most, _if_any):
        for part in parts:
            sieve = find(part)
            if sieve is not None:
                return _refined(replace(sieve, rest=_without(condition, part) if find is _exactly else condition))
    return None


def _refined(sieve: Sieve) -> Sieve:
    """Look at fewer owners if what is left to be asked is false for every owner without a host prefix."""
    if sieve.source is Source.OWNERS and sieve.rest is not None and _needs_host_prefix(sieve.rest):
        return replace(sieve, source=Source.HOST_PREFIXES)
    return sieve


def _needs_host_prefix(condition: Condition) -> bool:
    """Return whether a condition can be true only for an interface with a host prefix among its matched addresses."""
    match condition:
        case AllOf(conditions=parts):
            return any(map(_needs_host_prefix, parts))
        case AnyOf(conditions=parts):
            return all(map(_needs_host_prefix, parts))
        case Quantified(quantifier=Quantifier.SOME, domain=domain):
            return _nic_word(domain) == "nic.host_prefixes"
        case _:
            return False


def _without(condition: Condition, part: Condition) -> Condition | None:
    if not isinstance(condition, AllOf):
        return None
    rest = tuple(one for one in condition.conditions if one is not part)
    return replace(condition, conditions=rest) if len(rest) > 1 else rest[0]


def _exactly(part: Condition) -> Sieve | None:
    """Return the sieve that says just what this part says."""
    if isinstance(part, Quantified) and part.quantifier is Quantifier.SOME and _is_near(part):
        return Sieve(Source.NEAR, part.domain, None)
    if not isinstance(part, Related) or part.negated:
        return None
    if part.relation is Relate.OVERLAPS:
        words = {_nic_word(part.left) or _host_word(part.left), _nic_word(part.right) or _host_word(part.right)}
        return Sieve(Source.OWNERS, None, None) if words == {"nic.addresses", "host.addresses"} else None
    if part.relation is not Relate.IN or not _is_subject(part.left):
        return None
    if isinstance(part.right, RouteTo) and is_early(part.right):
        return Sieve(Source.ROUTES, part.right, None)
    if isinstance(part.right, Read) and part.right.owner is None:
        sources = {"owners": Source.OWNERS, "candidates": Source.CANDIDATES}
        return Sieve(sources[part.right.word.name], None, None) if part.right.word.name in sources else None
    return None


def _at_most(part: Condition) -> Sieve | None:
    """Return a sieve that lets through all for which this part can hold."""
    if isinstance(part, Related) and not part.negated and part.relation is Relate.EQUAL:
        for side, other in ((part.left, part.right), (part.right, part.left)):
            if _nic_word(side) == "nic.name" and is_early(other):
                return Sieve(Source.NAMED, other, None)
    if not isinstance(part, Quantified) or part.quantifier is not Quantifier.SOME:
        return None
    word = _nic_word(part.domain)
    if word in ("nic.matched", "nic.host_prefixes"):
        return Sieve(Source.OWNERS, None, None)
    body = part.body
    if word not in {f"nic.{name}" for name in _ADDRESS_LISTS} or not isinstance(body, Related) or body.negated:
        return None
    for side, other in ((body.left, body.right), (body.right, body.left)):
        if body.relation is Relate.EQUAL and side == part.variable and is_early(other):
            return Sieve(Source.OWNING, other, None)
    return None


def _if_any(part: Condition) -> Sieve | None:
    """Return the sieve of a part that can hold for nobody where a list is empty."""
    if isinstance(part, Quantified) and part.quantifier is Quantifier.SOME and is_early(part.domain):
        return Sieve(Source.LINKS, part.domain, None)
    return None


def _is_near(part: Quantified) -> bool:
    """Return whether a quantifier asks whether an address of a list is in a subnet of the subject."""
    body = part.body
    return (
        isinstance(body, Related)
        and body.relation is Relate.IN_NETWORK
        and not body.negated
        and body.left == part.variable
        and _nic_word(body.right) == "nic.subnets"
        and part.domain.type.base is Base.ADDRESS
        and is_early(part.domain)
    )


def _is_subject(expression: Expression) -> bool:
    return isinstance(expression, Variable) and expression.name == "nic"


def _nic_word(expression: Expression) -> str:
    """Return `nic.WORD` where the expression is a word of the rule's subject, else nothing."""
    if isinstance(expression, Read) and expression.owner is not None and _is_subject(expression.owner):
        return f"nic.{expression.word.name}"
    return ""


def _host_word(expression: Expression) -> str:
    is_host = isinstance(expression, Read) and expression.word.owner is Base.HOST
    return f"host.{expression.word.name}" if is_host and isinstance(expression, Read) else ""


class Extreme(Struct, frozen=True):
    """What `some other in LIST satisfies other.WORD < nic.WORD` asks: whether the subject is beyond the list's least.

    With `>` the greatest. That the subject may stand in the list itself makes no difference.
    """

    domain: Expression
    subject: Read
    is_least: bool


def extreme_of(condition: Quantified) -> Extreme | None:
    """Return what a quantifier asks of one list for all subjects, so that nobody is held against everybody."""
    body = condition.body
    if condition.quantifier is Quantifier.EVERY or not is_early(condition.domain) or not isinstance(body, Related):
        return None
    left, right = body.left, body.right
    if body.negated or body.relation not in (Relate.LESS, Relate.MORE):
        return None
    if not (isinstance(left, Read) and isinstance(right, Read)) or left.word != right.word:
        return None
    if left.word.name not in _ALWAYS_KNOWN:
        return None
    if left.owner != condition.variable or right.owner == condition.variable or not isinstance(right.owner, Variable):
        return None
    return Extreme(condition.domain, right, body.relation is Relate.LESS)
