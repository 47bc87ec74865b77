"""Explain in one finding why a decision names no interface.

There are six reasons. The finding gives the first reason that is true, in this order:

1. The name resolution returned no address.
2. The rules discarded every candidate.
3. No rule matched.
4. No address was given.
5. No interface can own any of the addresses.
6. No interface owns any of the addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.status import Status
from evaluator.base.text import quote, quote_all
from evaluator.decision.unowned_addresses import AddressLocation
from evaluator.facts.host import HostFacts
from evaluator.facts.host_addresses import HostAddresses
from evaluator.facts.link import Kind, Link
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.policy.language.environment import Question
from evaluator.policy.language.program import Program

_NAT = "may be wrong, or the host is reached through NAT and does not have this address itself"
_INCOMPLETE = "the report is incomplete, so the host may have the address; see the warnings about the report"
_GIVE_ADDRESS = "use `--host` or `--address` on the command line, or `HostAddresses.of()` in Python"


def no_interface(
    compiled: CompiledPolicy,
    question: Question,
    status: Status,
    afters: Sequence[tuple[Link, ...]],
    locations: Sequence[AddressLocation],
    *,
    is_complete: bool,
) -> Finding:
    """Return the finding that explains why no candidate remains.

    `afters` are the candidates after each rule. `locations` are the places in the report with host addresses that no
    interface owns. `is_complete` is true if the report contains all addresses of the host.
    """
    host = question.host
    discarded = sorted({nic.name for after in afters for nic in after})
    if status is Status.UNKNOWN_HOST and not host.answers:
        return _no_answer(host)
    if discarded:
        return _all_discarded(discarded, compiled.program, afters)
    if question.owners or not compiled.matches_host_addresses:
        return _no_rule_matched(question)
    if not host.answers:
        return _error(FindingCode.NO_ADDRESS_GIVEN, "no host address was given", hint=_GIVE_ADDRESS)
    if not host.usable:
        return _none_usable(host)
    return _no_owner(question, locations, is_complete=is_complete)


def _no_answer(host: HostAddresses) -> Finding:
    lookup = f"the lookup of the name {quote(host.name)}"
    if not host.withheld:
        return _error(FindingCode.NO_ANSWER, f"{lookup} returned no address")
    addresses = ", ".join(map(str, host.withheld))
    message = f"{lookup} is incomplete, but complete answers are required; ignored: {addresses}"
    hint = "try again when the name servers answer both the A and the AAAA query"
    return _error(FindingCode.NO_ANSWER, message, hint=hint)


def _all_discarded(discarded: Sequence[str], program: Program, afters: Sequence[tuple[Link, ...]]) -> Finding:
    steps = zip(program.rules, ((), *afters), afters, strict=False)
    rules = quote_all([rule.name for rule, before, after in steps if len(after) < len(before)])
    message = f"every candidate was discarded: {quote_all(discarded)} by {rules}"
    return _error(FindingCode.ALL_CANDIDATES_DISCARDED, message, interfaces=tuple(discarded))


def _no_rule_matched(question: Question) -> Finding:
    owners, addresses = question.owners, tuple(map(str, question.host.usable))
    message = "no rule of the policy matched an interface"
    if owners:
        verb = "owns" if len(owners) == 1 else "own"
        message = f"{message}, although {quote_all(nic.name for nic in owners)} {verb} a host address"
    names = tuple(nic.name for nic in owners)
    return _error(FindingCode.NO_INTERFACE_MATCHED, message, addresses, interfaces=names)


def _none_usable(host: HostAddresses) -> Finding:
    addresses = ", ".join(map(str, host.unusable))
    message = f"no interface can own any of the host's addresses: {addresses}"
    hints = (finding.hint for finding in host.findings() if finding.code == FindingCode.ANSWER_UNUSABLE)
    hint = "; ".join(dict.fromkeys(filter(None, hints)))
    return _error(FindingCode.ALL_ANSWERS_UNUSABLE, message, tuple(map(str, host.unusable)), hint)


def _no_owner(question: Question, locations: Sequence[AddressLocation], *, is_complete: bool) -> Finding:
    """Return a finding with the locations of the addresses, or with possible causes if no location was found."""
    host = question.host
    scope = "of this host" if is_complete or locations else "in this incomplete report"
    message = f"no interface {scope} owns {', '.join(map(str, host.usable))}"
    addresses = tuple(map(str, host.usable))
    if locations:
        message = "; ".join((message, *(location.message for location in locations)))
        hint = "; ".join(dict.fromkeys(location.hint for location in locations))
        return _error(FindingCode.NO_INTERFACE_OWNS_ADDRESS, message, addresses, hint)
    source = "the address" if host.is_literal else "the name"
    hint = f"{source} {_NAT}" if is_complete else _INCOMPLETE
    hint = "; ".join((hint, *_kinds_left_out(question.facts), *_no_loopback(question.facts)))
    return _error(FindingCode.NO_INTERFACE_OWNS_ADDRESS, message, addresses, hint)


def _kinds_left_out(facts: HostFacts) -> Iterator[str]:
    """If this report format leaves out kinds of interfaces, yield a hint that names these kinds."""
    kinds = facts.kinds_left_out
    if kinds:
        yield f"or the address is on an interface of a kind that this report format leaves out: {', '.join(kinds)}"


def _no_loopback(facts: HostFacts) -> Iterator[str]:
    """Yield a hint if the report is incomplete: it has no loopback link, but its format includes loopback links."""
    if f"nic is {Kind.LOOPBACK}" not in facts.unsupported_words and all(
        link.kind is not Kind.LOOPBACK for link in facts.links
    ):
        yield "or the report is only a part of the tool's output: it has no loopback link"


def _error(
    code: FindingCode,
    message: str,
    addresses: tuple[str, ...] = (),
    hint: str = "",
    *,
    interfaces: tuple[str, ...] = (),
) -> Finding:
    return Finding(code, Severity.ERROR, message, interfaces, addresses, hint=hint)
