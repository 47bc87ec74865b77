"""Finds an index lookup for a rule. The lookup gives the few interfaces for which the rule can be true.

Idea, as in a database: a `match` or `warn` rule is evaluated for every interface of the host, but most rules can be
true for only a few interfaces. For example, `match nic when nic.addresses overlaps host.addresses` is true exactly for
the owners of the host's addresses. The host's address table finds these owners without looking at other interfaces. A
lookup is found from the checked condition alone, once for each rule, when the policy is compiled.

A condition is an `and` of terms, or a single term. Three kinds of lookups are tried, the best first:

1. exact: the lookup gives exactly the interfaces for which one term is true. The term needs no further evaluation; the
   rest of the condition is evaluated for these interfaces.
2. superset: the lookup gives all interfaces for which one term can be true, and perhaps others. The whole condition is
   evaluated for these interfaces.
3. guard: one term is `some x in LIST satisfies ...`, and LIST does not depend on the interface. If the list is empty,
   the rule is true for no interface; otherwise all interfaces are evaluated.

Invariant: a lookup may give too many interfaces, but never too few. It gives them sorted by name. So compiled rules
with lookups have the same results as the interpreter, which uses no lookups. It is correct to use a term wherever it is
in the `and`, because conditions always have a value and no side effects.

`Index.NEAR` is an example of an exact lookup. It gives the interfaces with a subnet that contains an address of a list.
The index has one set for each prefix length: the list's addresses, cut to this length. So a subnet is looked up only in
the set of its own prefix length (`facts/subnets.py`). The result contains no other interfaces, so the term need not be
evaluated for them.

`extreme_of` is another shortcut. Without it, `some other in LIST satisfies other.name < nic.name` compares each
interface with each element of the list. With it, each interface is compared only with the least element, which is
computed once for each rule.
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


class Index(StrEnum):
    """The indexes of a host's interfaces. The text of each index describes the interfaces that a lookup returns."""

    LINKS = "all interfaces, or none if `key` is an empty list"
    OWNERS = "the interfaces that own a usable host address"
    CANDIDATES = "the candidates"
    ROUTES = "the interfaces in the list `key`"
    NAMED = "the interface with the name `key`"
    OWNING = "the interfaces that own the address `key`"
    HOST_PREFIXES = "the owners in `facts.with_host_prefix`, which has all interfaces with an address with /32 or /128"
    NEAR = "the interfaces with a subnet that contains an address of the list `key`"


class IndexLookup(Struct, frozen=True):
    """A lookup in an index, and the condition to evaluate for the interfaces in its result (None: no condition)."""

    index: Index
    key: Expression | None
    rest: Condition | None


def lookup_for(rule: Rule) -> IndexLookup | None:
    """Return the lookup for a rule on all interfaces; None if the rule must be evaluated for every interface."""
    condition = rule.condition
    terms = condition.conditions if isinstance(condition, AllOf) else (condition,)
    for find in (_exact, _superset, _guard):
        for term in terms:
            lookup = find(term)
            if lookup is not None:
                return _narrowed(replace(lookup, rest=_without(condition, term) if find is _exact else condition))
    return None


def _narrowed(lookup: IndexLookup) -> IndexLookup:
    """Return the lookup with a smaller index, if possible; otherwise the same lookup.

    If `lookup.rest` is true only for owners with a host prefix (/32 or /128), the index of these owners is enough.
    """
    if lookup.index is Index.OWNERS and lookup.rest is not None and _needs_host_prefix(lookup.rest):
        return replace(lookup, index=Index.HOST_PREFIXES)
    return lookup


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


def _without(condition: Condition, term: Condition) -> Condition | None:
    """Return a condition without one of its terms; None if the condition has no other term."""
    if not isinstance(condition, AllOf):
        return None
    rest = tuple(other for other in condition.conditions if other is not term)
    return replace(condition, conditions=rest) if len(rest) > 1 else rest[0]


def _exact(term: Condition) -> IndexLookup | None:
    """Return the lookup whose result is exactly the interfaces for which a term is true."""
    if isinstance(term, Quantified) and term.quantifier is Quantifier.SOME and _is_near(term):
        return IndexLookup(Index.NEAR, term.domain, None)
    if not isinstance(term, Related) or term.negated:
        return None
    if term.relation is Relate.OVERLAPS:
        words = {_nic_word(term.left) or _host_word(term.left), _nic_word(term.right) or _host_word(term.right)}
        return IndexLookup(Index.OWNERS, None, None) if words == {"nic.addresses", "host.addresses"} else None
    if term.relation is not Relate.IN or not _is_subject(term.left):
        return None
    if isinstance(term.right, RouteTo) and is_early(term.right):
        return IndexLookup(Index.ROUTES, term.right, None)
    if isinstance(term.right, Read) and term.right.owner is None:
        indexes = {"owners": Index.OWNERS, "candidates": Index.CANDIDATES}
        return IndexLookup(indexes[term.right.word.name], None, None) if term.right.word.name in indexes else None
    return None


def _superset(term: Condition) -> IndexLookup | None:
    """Return a lookup whose result contains all interfaces for which a term can be true."""
    if isinstance(term, Related) and not term.negated and term.relation is Relate.EQUAL:
        for side, other in ((term.left, term.right), (term.right, term.left)):
            if _nic_word(side) == "nic.name" and is_early(other):
                return IndexLookup(Index.NAMED, other, None)
    if not isinstance(term, Quantified) or term.quantifier is not Quantifier.SOME:
        return None
    word = _nic_word(term.domain)
    if word in ("nic.matched", "nic.host_prefixes"):
        return IndexLookup(Index.OWNERS, None, None)
    body = term.body
    if word not in {f"nic.{name}" for name in _ADDRESS_LISTS} or not isinstance(body, Related) or body.negated:
        return None
    for side, other in ((body.left, body.right), (body.right, body.left)):
        if body.relation is Relate.EQUAL and side == term.variable and is_early(other):
            return IndexLookup(Index.OWNING, other, None)
    return None


def _guard(term: Condition) -> IndexLookup | None:
    """Return the lookup for a term `some x in LIST satisfies …` if LIST does not depend on the interface.

    If LIST is empty, the term is false for every interface.
    """
    if isinstance(term, Quantified) and term.quantifier is Quantifier.SOME and is_early(term.domain):
        return IndexLookup(Index.LINKS, term.domain, None)
    return None


def _is_near(term: Quantified) -> bool:
    """Return whether a quantifier compares the addresses of a list with the subnets of the subject."""
    body = term.body
    return (
        isinstance(body, Related)
        and body.relation is Relate.IN_NETWORK
        and not body.negated
        and body.left == term.variable
        and _nic_word(body.right) == "nic.subnets"
        and term.domain.type.base is Base.ADDRESS
        and is_early(term.domain)
    )


def _is_subject(expression: Expression) -> bool:
    return isinstance(expression, Variable) and expression.name == "nic"


def _nic_word(expression: Expression) -> str:
    """Return `nic.WORD` if the expression is a word of the rule's subject, otherwise an empty text."""
    if isinstance(expression, Read) and expression.owner is not None and _is_subject(expression.owner):
        return f"nic.{expression.word.name}"
    return ""


def _host_word(expression: Expression) -> str:
    """Return `host.WORD` if the expression is a word of the host, otherwise an empty text."""
    is_host = isinstance(expression, Read) and expression.word.owner is Base.HOST
    return f"host.{expression.word.name}" if is_host and isinstance(expression, Read) else ""


class Extreme(Struct, frozen=True):
    """A quantifier that only needs the least or greatest value of a list, to compare it with the subject's value.

    `some other in LIST satisfies other.WORD < nic.WORD` is true if the least value is less than the subject's value.
    With `>`, it is true if the greatest value is greater. The result is the same whether or not the list contains the
    subject.
    """

    domain: Expression
    subject: Read
    is_least: bool


def extreme_of(condition: Quantified) -> Extreme | None:
    """Return the comparison with a least or greatest value that can replace a quantifier; None if this is impossible.

    A `no` quantifier is replaced by the opposite of the comparison.
    """
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
