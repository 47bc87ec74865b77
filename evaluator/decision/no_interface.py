"""Why no interface is left, as a finding: nobody owns a host address, no rule matched, or the rules discarded all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.status import Status
from evaluator.base.text import quote, quote_all
from evaluator.decision.whereabouts import Place
from evaluator.facts.host import HostFacts
from evaluator.facts.host_addresses import HostAddresses
from evaluator.facts.link import Kind, Link
from evaluator.policy.compile.rules import Compiled
from evaluator.policy.language.environment import Question
from evaluator.policy.language.program import Program

_NAT = "may be wrong, or the host is reached through NAT and does not have this address itself"
_INCOMPLETE = "the report is incomplete and does not prove that the address is absent; see its warnings"
_GIVE_ONE = "give `--host` or `--address` on the command line, and `HostAddresses.of()` in Python"


def no_interface(
    compiled: Compiled,
    question: Question,
    status: Status,
    afters: Sequence[tuple[Link, ...]],
    places: Sequence[Place],
    *,
    is_complete: bool,
) -> Finding:
    """Return why no interface is left; `is_complete` is whether the report proves absence."""
    host = question.host
    removed = sorted({nic.name for after in afters for nic in after})
    if status is Status.UNKNOWN_HOST and not host.answers:
        return _no_answer(host)
    if removed:
        return _all_discarded(removed, compiled.program, afters)
    if question.owners or not compiled.asks_for_addresses:
        return _no_rule_matched(question)
    if not host.answers:
        return _error(FindingCode.NO_ADDRESS_GIVEN, "no host address was given", hint=_GIVE_ONE)
    if not host.usable:
        return _none_usable(host)
    return _nobody_owns(question, places, is_complete=is_complete)


def _no_answer(host: HostAddresses) -> Finding:
    name = f"the name {quote(host.name)}"
    if not host.withheld:
        return _error(FindingCode.NO_ANSWER, f"{name} gave no address")
    addresses = ", ".join(map(str, host.withheld))
    message = f"{name} gave {addresses}, which do not count because a complete answer is required"
    return _error(FindingCode.NO_ANSWER, message, hint="ask again when the name servers answer for both families")


def _all_discarded(removed: Sequence[str], program: Program, afters: Sequence[tuple[Link, ...]]) -> Finding:
    steps = zip(program.rules, ((), *afters), afters, strict=False)
    by = quote_all([rule.name for rule, before, after in steps if len(after) < len(before)])
    message = f"every candidate was discarded: {quote_all(removed)} by {by}"
    return _error(FindingCode.ALL_CANDIDATES_DISCARDED, message, interfaces=tuple(removed))


def _no_rule_matched(question: Question) -> Finding:
    owners, addresses = question.owners, tuple(map(str, question.host.usable))
    owning = ""
    if owners:
        owning = (
            f", though {quote_all(nic.name for nic in owners)} {'owns' if len(owners) == 1 else 'own'} a host address"
        )
    message = f"no rule of the policy matched an interface{owning}"
    names = tuple(nic.name for nic in owners)
    return _error(FindingCode.NO_INTERFACE_MATCHED, message, addresses, interfaces=names)


def _none_usable(host: HostAddresses) -> Finding:
    addresses = ", ".join(map(str, host.unusable))
    message = f"no interface can own any of the host's addresses: {addresses}"
    hints = (finding.hint for finding in host.findings() if finding.code == FindingCode.ANSWER_UNUSABLE)
    hint = "; ".join(dict.fromkeys(filter(None, hints)))
    return _error(FindingCode.ALL_ANSWERS_UNUSABLE, message, tuple(map(str, host.unusable)), hint)


def _nobody_owns(question: Question, places: Sequence[Place], *, is_complete: bool) -> Finding:
    """Name the place of each address that the report shows somewhere; guess only if it shows none of them."""
    host = question.host
    of = "of this host" if is_complete or places else "in this incomplete report"
    message = f"no interface {of} owns {', '.join(map(str, host.usable))}"
    addresses = tuple(map(str, host.usable))
    if places:
        message = "; ".join((message, *(place.message for place in places)))
        hint = "; ".join(dict.fromkeys(place.hint for place in places))
        return _error(FindingCode.NO_INTERFACE_OWNS_ADDRESS, message, addresses, hint)
    source = "the address" if host.is_literal else "the name"
    hint = f"{source} {_NAT}" if is_complete else _INCOMPLETE
    hint = "; ".join((hint, *_left_out(question.facts), *_no_loopback(question.facts)))
    return _error(FindingCode.NO_INTERFACE_OWNS_ADDRESS, message, addresses, hint)


def _left_out(facts: HostFacts) -> Iterator[str]:
    """Yield which interfaces this kind of report leaves out, if it leaves out any."""
    kinds = facts.kinds_left_out
    if kinds:
        yield f"or it is on an interface of a kind that this report's format leaves out: {', '.join(kinds)}"


def _no_loopback(facts: HostFacts) -> Iterator[str]:
    """Yield the doubt about a report without a loopback link, which every host has and this format shows."""
    if f"nic is {Kind.LOOPBACK}" not in facts.lacking and all(link.kind is not Kind.LOOPBACK for link in facts.links):
        yield "or the report is a part of the tool's output, because it has no loopback link"


def _error(
    code: FindingCode,
    message: str,
    addresses: tuple[str, ...] = (),
    hint: str = "",
    *,
    interfaces: tuple[str, ...] = (),
) -> Finding:
    return Finding(code, Severity.ERROR, message, interfaces, addresses, hint=hint)
