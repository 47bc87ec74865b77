"""Standard hints for findings of rules that have no hint of their own.

The hint in a rule is the same text for every decision. A standard hint depends on the decision. For example, if several
candidates own the same address, the hint names the candidates to discard.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote_all, visible
from evaluator.decision.unowned_addresses import AddressLocation
from evaluator.facts.address import Address
from evaluator.facts.link import Kind, Link
from evaluator.policy.language.environment import Question

_ONE_INTERFACE = "use addresses of one interface only"
_NAME_OF_ONE_INTERFACE = "use a name that resolves to addresses of one interface only, or give an address"
_UNOWNED = "remove the address from the given host addresses, or find out which host has the address"
_UNOWNED_NAME = "change the name so that it does not resolve to the address, or find out which host has the address"
_VIRTUAL = frozenset({Kind.DUMMY, Kind.TUN, Kind.VETH, Kind.MACVLAN, Kind.OTHER})
_MOST_NAMES = 8


def with_standard_hint(
    finding: Finding, question: Question, candidates: Sequence[Link], locations: Sequence[AddressLocation]
) -> Finding:
    """Return the finding with the standard hint of its code; unchanged if its code has no standard hint."""
    if finding.code == FindingCode.SEVERAL_INTERFACES:
        return replace(finding, hint=several_interfaces(question, candidates))
    if finding.code == FindingCode.ANSWER_NOT_OWNED:
        return replace(finding, hint=_unowned_hint(question, locations))
    return finding


def _unowned_hint(question: Question, locations: Sequence[AddressLocation]) -> str:
    if locations:
        return "; ".join(f"{location.message}: {location.hint}" for location in locations)
    return _UNOWNED if question.host.is_literal else _UNOWNED_NAME


def several_interfaces(question: Question, candidates: Sequence[Link]) -> str:
    """Return a hint that describes a change after which one candidate remains.

    If several candidates own the same address, the hint is a rule that discards all of them except the most likely
    candidate. Otherwise the hint is to use addresses of one interface only.
    """
    shared = _shared_addresses(question, candidates)
    if not shared:
        return _ONE_INTERFACE if question.host.is_literal else _NAME_OF_ONE_INTERFACE
    sharing = [nic for nic in candidates if not shared.isdisjoint(question.matched_set(nic))]
    likeliest = min(sharing, key=lambda nic: (*_unlikeliness(question, nic), nic.name))
    addresses = ", ".join(map(str, sorted(shared)))
    rule = _discard_rule([nic.name for nic in sharing if nic is not likeliest])
    change = (
        f"add the rule `{rule}` to the policy"
        if rule
        else "in the policy, add a rule that discards all of these interfaces except one"
    )
    return f"{addresses} is on {quote_all(nic.name for nic in sharing[:_MOST_NAMES])}; {change}"


def _shared_addresses(question: Question, candidates: Sequence[Link]) -> frozenset[Address]:
    """Return the host addresses that several candidates own."""
    once: set[Address] = set()
    several: set[Address] = set()
    for nic in candidates:
        matched = question.matched_set(nic)
        several |= once & matched
        once |= matched
    return frozenset(several)


def _unlikeliness(question: Question, nic: Link) -> tuple[bool, bool, bool]:
    """Return a sort key. Other hosts probably reach this host through the interface with the lowest key.

    An interface has a higher key if it is down, if its host addresses are all /32 or /128, or if its kind is virtual.
    """
    return nic.up is False, all(owned.is_host_prefix for owned in question.matched(nic)), nic.kind in _VIRTUAL


def _discard_rule(names: Sequence[str]) -> str:
    """Return the rule that discards these interfaces; an empty text if no such rule can be written."""
    literals = [_literal(name) for name in names]
    if len(names) > _MOST_NAMES or not all(literals):
        return ""
    value = f"= {literals[0]}" if len(literals) == 1 else f"in [{', '.join(literals)}]"
    return f"discard nic when nic.name {value}"


def _literal(name: str) -> str:
    """Return a name as a text literal of the rule language; an empty text if this is impossible."""
    delimiter = "'" if '"' in name else '"'
    return "" if visible(name) != name or delimiter in name or "`" in name else f"{delimiter}{name}{delimiter}"
