"""Collect all findings of one decision.

Findings come from the report, from the name resolution and from the rules. This package adds findings for these cases:

- A rule needs a fact that the format of the report cannot contain.
- The host has an address of a family (IPv4 or IPv6), but the report has no address of this family.
- No candidate is left, or more than one candidate is left.
"""

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
from evaluator.decision.unowned_addresses import locate_unowned
from evaluator.facts.link import Link
from evaluator.policy.compile.rules import CompiledPolicy, ResultsAndFindings
from evaluator.policy.language.environment import Question
from evaluator.policy.language.verbs import Effect
from evaluator.report.reading import Report

_ABSENT_FAMILY = {
    4: "no link has an IPv4 address: the report was made with `ip -6`, or the host has no IPv4 address",
    6: "no link has an IPv6 address: the report was made with `ip -4`, or IPv6 is disabled",
}


def all_findings(
    compiled: CompiledPolicy,
    report: Report,
    question: Question,
    status: Status,
    results_and_findings: ResultsAndFindings,
) -> tuple[Finding, ...]:
    """Return the distinct findings of a decision, sorted by severity, code, interfaces, addresses and rule."""
    trace, rule_findings = results_and_findings
    results, afters = trace
    candidates = afters[-1]
    locations = locate_unowned(question, report.findings) if question.unowned else ()
    findings = [
        *_report_findings(report, question, candidates),
        *question.host.findings(),
        *missing_facts(compiled, report, question, trace),
        *_absent_families(question),
    ]
    findings.extend(
        [
            finding if finding.hint else with_standard_hint(finding, question, candidates, locations)
            for finding in rule_findings
        ]
    )
    rules = compiled.program.rules
    if status is Status.AMBIGUOUS:
        verdicts = zip(rules, results, strict=True)
        if not any(result for rule, result in verdicts if rule.verb.effect is Effect.MAKE_AMBIGUOUS):
            findings.append(_several_candidates(candidates, question))
    elif status in (Status.NO_MATCH, Status.UNKNOWN_HOST):
        is_complete = not any(map(_address_may_be_hidden, findings))
        findings.append(no_interface(compiled, question, status, afters, locations, is_complete=is_complete))
    return merge(findings)


def _report_findings(report: Report, question: Question, candidates: tuple[Link, ...]) -> Iterable[Finding]:
    """Return the findings of the report.

    A finding about an ordinary state, such as a bridge without carrier, becomes information if it does not concern the
    decision. It concerns the decision if it names an owner, a candidate, an interface below an owner or candidate, or a
    usable host address.
    """
    findings = report.findings
    if not any(finding.code in ORDINARY for finding in findings):
        return findings
    nics = {name for nic in (*question.owners, *candidates) for name in _stack(question, nic)}
    addresses = set(map(str, question.host.usable))
    return [finding.for_information() if _is_ordinary(finding, nics, addresses) else finding for finding in findings]


def _is_ordinary(finding: Finding, nics: set[str], addresses: set[str]) -> bool:
    if finding.code in ORDINARY_UNASKED:
        return addresses.isdisjoint(finding.addresses)
    return finding.code in ORDINARY_ELSEWHERE and bool(finding.interfaces) and nics.isdisjoint(finding.interfaces)


def _address_may_be_hidden(finding: Finding) -> bool:
    """Return whether this finding means that the host possibly has addresses that the report does not contain."""
    is_ordinary = finding.code in ORDINARY and finding.severity is Severity.INFO
    return finding.code in ABSENCE_NOT_PROVEN and not is_ordinary


def _stack(question: Question, nic: Link) -> Iterator[str]:
    """Yield the name of an interface and the names of all interfaces below it."""
    yield nic.name
    yield from question.facts.below(nic.name)


def _several_candidates(candidates: Sequence[Link], question: Question) -> Finding:
    names = tuple([nic.name for nic in candidates])
    message = f"more than one interface matches, and no rule chooses between them: {quote_all(names)}"
    addresses = tuple(map(str, sorted(question.matched_sets(candidates))))
    hint = several_interfaces(question, candidates)
    return Finding(FindingCode.SEVERAL_INTERFACES, Severity.ERROR, message, names, addresses, hint=hint)


def _absent_families(question: Question) -> Iterator[Finding]:
    """Yield a finding for each address family of the host if the report has no address of this family."""
    if question.owners:
        return
    for family in sorted({address.version for address in question.host.usable} & question.facts.absent_families):
        yield incomplete(_ABSENT_FAMILY[family], hint="use `ip -j -d addr show`, which reports both families")
