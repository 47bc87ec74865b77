"""The finding on facts that the policy uses and that a report of this kind never has.

One finding for a decision, for information: most answers are the same with and without the fact. It is a warning if a
`reject` or `ambiguous` rule is true only because the fact is missing (`policy/run/evidence.py`): then the answer may be
wrong. The facts of a rule that only warns are listed if they could change its result for an owner or a candidate;
otherwise every host would get a finding for a warning that cannot concern it.
"""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote, quote_all
from evaluator.facts.address import Address, Cidr
from evaluator.facts.link import Link
from evaluator.policy.compile.rules import Compiled, Test
from evaluator.policy.language.environment import Question
from evaluator.policy.language.program import Rule
from evaluator.policy.run.verdict import Trace
from evaluator.report.common import ROUTE_WORDS
from evaluator.report.reading import Report

_HINT = "each counts as empty, unknown or false"
_MOST_TRIED = 64


def missing_facts(compiled: Compiled, report: Report, question: Question, trace: Trace) -> Iterator[Finding]:
    """Yield the finding on facts that the policy uses and this kind of report never has, if there are any."""
    missing = _missing(question)
    asking = compiled.asking(missing)
    if not (asking.by_deciding or asking.noting):
        return
    rules, (helds, afters) = compiled.program.rules, trace
    facts = set(asking.by_deciding)
    for number, asked, asked_by_message in asking.noting:
        nics = tuple({nic.name: nic for nic in (*question.owners, *afters[number])}.values())
        could_change = compiled.could_change(number, missing)
        if len(nics) > _MOST_TRIED or _for_some(rules[number], could_change, question, afters[number], nics):
            facts |= asked
        if helds[number]:
            facts |= asked_by_message
    if not facts:
        return
    severity, hint = Severity.INFO, _HINT
    left = afters[-1] if len(afters[-1]) == 1 else ()
    doubtful = [
        rules[number].name
        for number in asking.refusing
        if helds[number]
        for could_change in [compiled.could_change(number, missing)]
        if _for_some(rules[number], could_change, question, afters[number], _hits(helds[number], left))
    ]
    if doubtful:
        severity, hint = Severity.WARNING, f"{_HINT}; {quote_all(doubtful)} is true only because of that"
    message = f"the policy uses {quote_all(sorted(facts))}, which this {quote(report.format)} report does not contain"
    yield Finding(FindingCode.REPORT_LACKS_FACT, severity, message, hint=hint)


def _missing(question: Question) -> frozenset[str]:
    """Return the facts that the report cannot have; that an interface is of a kind that is left out is just false."""
    facts = question.facts
    if facts.told.unrouted and not facts.told.unrouted.isdisjoint(_families(question)):
        return facts.missing | ROUTE_WORDS
    return facts.missing


def _families(question: Question) -> Iterator[int]:
    """Yield the families of the addresses among the parameters."""
    for value in question.parameters.values():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Address | Cidr):
                yield one.version if isinstance(one, Address) else one.first.version


def _hits(held: tuple[Link, ...] | bool, left: tuple[Link, ...]) -> tuple[Link, ...]:
    """Return the interface that is left if a rule with a subject held for it."""
    names = {nic.name for nic in held} if isinstance(held, tuple) else ()
    return tuple(nic for nic in left if nic.name in names)


def _for_some(rule: Rule, test: Test, question: Question, candidates: tuple[Link, ...], nics: tuple[Link, ...]) -> bool:
    """Return whether a test holds for one of the interfaces, or at all if the rule has no subject."""
    if not rule.has_subject:
        return test(question, candidates, None)
    return any(test(question, candidates, nic) for nic in nics)
