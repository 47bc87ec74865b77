"""All findings of one decision: the report's, the answers', the rules', and why no interface is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from evaluator.decision import Status
from evaluator.diagnostic import Severity
from evaluator.facts.host import HostAddresses, HostFacts
from evaluator.facts.link import Kind, Link
from evaluator.finding import ABSENCE_NOT_PROVEN, Finding, FindingCode, incomplete, merge
from evaluator.policy.compile import Compiled
from evaluator.policy.scene import Question
from evaluator.policy.verbs import Effect
from evaluator.policy.verdict import Trace
from evaluator.report.reading import Report
from evaluator.text import quote, quote_all

_NAT = "the name may be wrong, or the host may be reached through NAT and not know this address"
_INCOMPLETE = "the report is incomplete and does not prove that the address is absent; see its warnings"
_ABSENT_FAMILY = {
    4: "no link has an IPv4 address: `ip -6`, or the host has none",
    6: "no link has an IPv6 address: `ip -4`, or IPv6 is off",
}


def remarks(
    compiled: Compiled, report: Report, question: Question, status: Status, said: tuple[Trace, list[Finding]]
) -> tuple[Finding, ...]:
    """Return every finding, merged and sorted; `said` is what all rules did and found."""
    (helds, afters), of_rules = said
    found = [*report.findings, *question.host.findings(), *_lacking(compiled, report), *_families_absent(question)]
    found.extend(of_rules)
    rules = compiled.program.rules
    if status is Status.AMBIGUOUS:
        if not any(held for rule, held in zip(rules, helds, strict=True) if rule.verb.effect is Effect.MAKE_AMBIGUOUS):
            found.append(_several(afters[-1], question))
    elif status in (Status.NO_MATCH, Status.UNKNOWN_HOST):
        is_complete = ABSENCE_NOT_PROVEN.isdisjoint([finding.code for finding in found])
        found.append(_why_none(compiled, question, status, afters, is_complete))
    return merge(found)


def _several(left: tuple[Link, ...], question: Question) -> Finding:
    names = tuple([nic.name for nic in left])
    matched = question.matched_sets(left)
    message = f"{quote_all(names)} are left, and no rule of the policy chooses between them"
    return _error(FindingCode.SEVERAL_INTERFACES, message, tuple(map(str, sorted(matched))), interfaces=names)


def _lacking(compiled: Compiled, report: Report) -> Iterator[Finding]:
    """Tell which words of the policy this kind of report can never supply, each once, at its first rule."""
    asked, lacking = compiled.asked, report.facts.lacking
    if not lacking.isdisjoint(asked):
        for word in [word for word in asked if word in lacking]:
            message = f"the policy asks for {quote(word)}, which this {quote(report.format)} report never tells"
            yield Finding(FindingCode.REPORT_LACKS_FACT, Severity.WARNING, message, rule=asked[word])


def _families_absent(question: Question) -> Iterator[Finding]:
    """Yield a finding for each family that was asked for in vain and of which the whole report has no address."""
    if question.owners:
        return
    for family in sorted({address.version for address in question.host.usable} & question.facts.absent_families):
        yield incomplete(_ABSENT_FAMILY[family], hint="use `ip -j -d addr show`, which reports both families")


def _why_none(
    compiled: Compiled, question: Question, status: Status, afters: Sequence[tuple[Link, ...]], is_complete: bool
) -> Finding:
    host = question.host
    if status is Status.UNKNOWN_HOST and not host.answers:
        return _no_answer(host)
    discarded = {nic.name for after in afters for nic in after}
    if discarded:
        steps = zip(compiled.program.rules, ((), *afters), afters, strict=False)
        by = quote_all([rule.name for rule, before, after in steps if len(after) < len(before)])
        names = tuple(sorted(discarded))
        message = f"every candidate was discarded: {quote_all(names)} by {by}"
        return _error(FindingCode.ALL_CANDIDATES_DISCARDED, message, interfaces=names)
    texts = tuple(map(str, host.usable))
    if not compiled.asks_for_addresses or question.owners:
        owners = quote_all(nic.name for nic in question.owners)
        owning = f", though {owners} owns a host address" if owners else ""
        return _error(FindingCode.NO_INTERFACE_MATCHED, f"no rule of the policy matched an interface{owning}", texts)
    if not host.answers:
        hint = "on the command line say `--host` or `--address`, in Python `HostAddresses.of()`"
        return _error(FindingCode.NO_ADDRESS_GIVEN, "no host address was given", hint=hint)
    if not texts:
        message = f"none of the host's addresses can be an interface's own: {', '.join(map(str, host.unusable))}"
        return _error(FindingCode.ALL_ANSWERS_UNUSABLE, message)
    return _error(
        FindingCode.NO_INTERFACE_OWNS_ADDRESS,
        f"no interface of this host owns {', '.join(texts)}",
        texts,
        (_NAT if is_complete else _INCOMPLETE) + _left_out(question.facts.lacking) + _no_loopback(question.facts),
    )


def _no_answer(host: HostAddresses) -> Finding:
    reason = "gave no address"
    if host.withheld:
        addresses = ", ".join(map(str, host.withheld))
        reason = f"gave {addresses}, which do not count because a complete answer is required"
    return _error(FindingCode.NO_ANSWER, f"the name {quote(host.name)} {reason}")


@cache
def _left_out(lacking: frozenset[str]) -> str:
    """Return which interfaces this kind of report leaves out.

    Nothing where it leaves out none (those whose kind it cannot tell are `other` there), or tells no kinds.
    """
    kinds = [kind for kind in Kind if f"nic is {kind}" in lacking]
    if Kind.OTHER not in kinds or Kind.PHYSICAL in kinds:
        return ""
    return f"; or it is on an interface of a kind that this report's format leaves out: {', '.join(kinds)}"


def _no_loopback(facts: HostFacts) -> str:
    """Return the doubt about a report without the loopback link, which every host has and this format shows."""
    if f"nic is {Kind.LOOPBACK}" in facts.lacking or any(link.kind is Kind.LOOPBACK for link in facts.links):
        return ""
    return "; or the report is a part of the tool's output, for it has no loopback link"


def _error(
    code: FindingCode,
    message: str,
    addresses: tuple[str, ...] = (),
    hint: str = "",
    *,
    interfaces: tuple[str, ...] = (),
) -> Finding:
    return Finding(code, Severity.ERROR, message, interfaces, addresses, hint=hint)
