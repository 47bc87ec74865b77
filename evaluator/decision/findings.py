"""All findings of one decision: the report's, the answers', the rules', and why no interface is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import (
    ABSENCE_NOT_PROVEN,
    ORDINARY,
    ORDINARY_ELSEWHERE,
    ORDINARY_UNASKED,
    Finding,
    FindingCode,
    incomplete,
    merge,
)
from evaluator.base.status import Status
from evaluator.base.text import quote_all
from evaluator.decision.missing_facts import missing_facts
from evaluator.decision.no_interface import no_interface
from evaluator.decision.standard_hints import several_interfaces, with_standard_hint
from evaluator.decision.whereabouts import whereabouts
from evaluator.facts.link import Link
from evaluator.policy.compile.rules import Compiled
from evaluator.policy.language.environment import Question
from evaluator.policy.language.verbs import Effect
from evaluator.policy.run.verdict import Trace
from evaluator.report.reading import Report

_ABSENT_FAMILY = {
    4: "no link has an IPv4 address: `ip -6`, or the host has none",
    6: "no link has an IPv6 address: `ip -4`, or IPv6 is off",
}


def remarks(
    compiled: Compiled, report: Report, question: Question, status: Status, said: tuple[Trace, list[Finding]]
) -> tuple[Finding, ...]:
    """Return every finding, merged and sorted; `said` is what all rules did and found."""
    trace, of_rules = said
    helds, afters = trace
    places = whereabouts(question, report.findings) if question.unowned else ()
    found = [
        *_on_the_report(report, question, afters[-1]),
        *question.host.findings(),
        *missing_facts(compiled, report, question, trace),
        *_families_absent(question),
    ]
    found.extend([one if one.hint else with_standard_hint(one, question, afters[-1], places) for one in of_rules])
    rules = compiled.program.rules
    if status is Status.AMBIGUOUS:
        if not any(held for rule, held in zip(rules, helds, strict=True) if rule.verb.effect is Effect.MAKE_AMBIGUOUS):
            found.append(_several(afters[-1], question))
    elif status in (Status.NO_MATCH, Status.UNKNOWN_HOST):
        is_complete = not any(map(_leaves_open, found))
        found.append(no_interface(compiled, question, status, afters, places, is_complete=is_complete))
    return merge(found)


def _on_the_report(report: Report, question: Question, candidates: tuple[Link, ...]) -> Iterable[Finding]:
    """Return the findings on the report; an ordinary state of what has no part in the decision only informs."""
    findings = report.findings
    if not any(finding.code in ORDINARY for finding in findings):
        return findings
    nics = {name for nic in (*question.owners, *candidates) for name in _stack(question, nic)}
    addresses = set(map(str, question.host.usable))
    return [one.for_information() if _is_ordinary(one, nics, addresses) else one for one in findings]


def _is_ordinary(finding: Finding, nics: set[str], addresses: set[str]) -> bool:
    if finding.code in ORDINARY_UNASKED:
        return addresses.isdisjoint(finding.addresses)
    return finding.code in ORDINARY_ELSEWHERE and bool(finding.interfaces) and nics.isdisjoint(finding.interfaces)


def _leaves_open(finding: Finding) -> bool:
    """Return whether an address may be on the host although the report does not show it."""
    is_ordinary = finding.code in ORDINARY and finding.severity is Severity.INFO
    return finding.code in ABSENCE_NOT_PROVEN and not is_ordinary


def _stack(question: Question, nic: Link) -> Iterator[str]:
    yield nic.name
    yield from question.facts.below(nic.name)


def _several(left: Sequence[Link], question: Question) -> Finding:
    names = tuple([nic.name for nic in left])
    message = f"more than one interface matches, and no rule chooses between them: {quote_all(names)}"
    addresses = tuple(map(str, sorted(question.matched_sets(left))))
    hint = several_interfaces(question, left)
    return Finding(FindingCode.SEVERAL_INTERFACES, Severity.ERROR, message, names, addresses, hint=hint)


def _families_absent(question: Question) -> Iterator[Finding]:
    """Yield a finding for each family that was asked for in vain and of which the whole report has no address."""
    if question.owners:
        return
    for family in sorted({address.version for address in question.host.usable} & question.facts.absent_families):
        yield incomplete(_ABSENT_FAMILY[family], hint="use `ip -j -d addr show`, which reports both families")
