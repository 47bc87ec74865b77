"""The hints of standard finding codes, for rules that do not write one.

The hint of a rule is one text for every decision. These depend on the decision: which candidate to leave out if one
address is on several, or where an address without an owner is. If a rule has a hint, that one is used.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote_all, visible
from evaluator.decision.whereabouts import Place
from evaluator.facts.address import Address
from evaluator.facts.link import Kind, Link
from evaluator.policy.language.environment import Question

_ONE_INTERFACE = "use addresses of one interface only"
_NAME_OF_ONE_INTERFACE = "let the name resolve to addresses of one interface only, or give an address instead"
_UNOWNED = "remove the address from the list, or find out which host has it"
_UNOWNED_NAME = "remove the address from the name, or find out which host has it"
_VIRTUAL = frozenset({Kind.DUMMY, Kind.TUN, Kind.VETH, Kind.MACVLAN, Kind.OTHER})
_MOST_NAMES = 8


def with_standard_hint(
    finding: Finding, question: Question, candidates: Sequence[Link], places: Sequence[Place]
) -> Finding:
    """Return the finding of a rule that writes no hint, with the hint of its code for this decision if there is one."""
    if finding.code == FindingCode.SEVERAL_INTERFACES:
        return replace(finding, hint=several_interfaces(question, candidates))
    if finding.code == FindingCode.ANSWER_NOT_OWNED:
        return replace(finding, hint=_not_owned(question, places))
    return finding


def _not_owned(question: Question, places: Sequence[Place]) -> str:
    if places:
        return "; ".join(f"{place.message}: {place.hint}" for place in places)
    return _UNOWNED if question.host.is_literal else _UNOWNED_NAME


def several_interfaces(question: Question, candidates: Sequence[Link]) -> str:
    """Return how to get one candidate: by a rule if one address is on several of them, else by the addresses."""
    shared = _shared(question, candidates)
    if not shared:
        return _ONE_INTERFACE if question.host.is_literal else _NAME_OF_ONE_INTERFACE
    sharing = [nic for nic in candidates if not shared.isdisjoint(question.matched_set(nic))]
    keep = min(sharing, key=lambda nic: (*_unlikeliness(question, nic), nic.name))
    addresses = ", ".join(map(str, sorted(shared)))
    rule = _discard([nic.name for nic in sharing if nic is not keep])
    instead = f"add the rule `{rule}` to the policy" if rule else "discard all but one of them by a rule of the policy"
    return f"{addresses} is on {quote_all(nic.name for nic in sharing[:_MOST_NAMES])}; {instead}"


def _shared(question: Question, candidates: Sequence[Link]) -> frozenset[Address]:
    """Return the host addresses that several candidates own."""
    once: set[Address] = set()
    several: set[Address] = set()
    for nic in candidates:
        matched = question.matched_set(nic)
        several |= once & matched
        once |= matched
    return frozenset(several)


def _unlikeliness(question: Question, nic: Link) -> tuple[bool, bool, bool]:
    """Return why a host is hardly reached over an interface: it is down, has no subnet there, or is virtual."""
    return nic.up is False, all(owned.is_host_prefix for owned in question.matched(nic)), nic.kind in _VIRTUAL


def _discard(names: Sequence[str]) -> str:
    """Return the rule that leaves these interfaces out; empty if they are many or the language cannot write a name."""
    literals = [_literal(name) for name in names]
    if len(names) > _MOST_NAMES or not all(literals):
        return ""
    value = f"= {literals[0]}" if len(literals) == 1 else f"in [{', '.join(literals)}]"
    return f"discard nic when nic.name {value}"


def _literal(name: str) -> str:
    mark = "'" if '"' in name else '"'
    return "" if visible(name) != name or mark in name or "`" in name else f"{mark}{name}{mark}"
