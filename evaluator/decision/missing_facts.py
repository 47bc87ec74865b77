"""Report the facts that the policy uses and that a report of this format never contains.

Idea: each format lacks some facts. The output of `ip` has no oVirt networks, for example. A missing fact counts as
empty, unknown or false, so a policy can be used with every format. But then a missing fact alone can make a rule true:
`management_network not in nic.networks` is always true for a report without networks. The decision must contain a
warning if a missing fact can make the decision wrong, and no warning otherwise.

The result is one finding, REPORT_LACKS_FACT:

- Its severity is `info` if no refusal depends on a missing fact.
- Its severity is `warning` if a `reject` or `ambiguous` rule is true and could be false if the report contained the
  fact. Then the decision may be wrong. `policy/run/evidence.py` builds the condition that decides this.
- The finding always lists the facts that `match`, `discard`, `prefer`, `reject` and `ambiguous` rules use. It lists the
  facts of a `warn` rule only if these facts could change the rule's result for an owner or a candidate. Otherwise every
  host would get a finding, even if the warning is about interfaces that are not important for its decision. The facts
  in the message of a `warn` rule are listed if the rule is true.

The set of missing facts depends on the kind of report, not on the values in the report. So one process needs only a few
different sets. For each set, the affected rules are computed once and cached in `CompiledPolicy`, and their conditions
are compiled like other conditions. So no decision has to search the conditions again.

If a `warn` rule would have to be tested for more than 64 interfaces, the rule counts as affected without a test. It is
harmless to list one fact too many, but slow to test thousands of interfaces.
"""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote, quote_all
from evaluator.facts.address import Address, Cidr
from evaluator.facts.link import Link
from evaluator.policy.compile.rules import CompiledPolicy, ConditionFunction
from evaluator.policy.language.environment import Question
from evaluator.policy.language.program import Rule
from evaluator.policy.run.verdict import Trace
from evaluator.report.common import ROUTE_WORDS
from evaluator.report.reading import Report

_HINT = "a missing fact counts as empty, unknown or false"
_MOST_TESTED = 64


def missing_facts(compiled: CompiledPolicy, report: Report, question: Question, trace: Trace) -> Iterator[Finding]:
    """Yield one finding if the policy uses facts that this report cannot contain.

    `trace` holds the results of all rules.
    """
    missing = _missing(question)
    affected = compiled.affected_rules(missing)
    facts = set(affected.deciding_facts)
    rules, (results, afters) = compiled.program.rules, trace
    for number, condition_facts, message_facts in affected.warning:
        nics = question.owners
        if afters[number] is not nics:
            nics = tuple({nic.name: nic for nic in (*nics, *afters[number])}.values())
        could_change = compiled.could_change(number, missing)
        if len(nics) > _MOST_TESTED or _is_true_for_any(rules[number], could_change, question, afters[number], nics):
            facts |= condition_facts
        if results[number]:
            facts |= message_facts
    if not facts:
        return
    severity, hint = Severity.INFO, _HINT
    answer = afters[-1] if len(afters[-1]) == 1 else ()
    doubtful = [
        rules[number].name
        for number in affected.refusing
        if results[number]
        for could_change in [compiled.could_change(number, missing)]
        if _is_true_for_any(rules[number], could_change, question, afters[number], _hits(results[number], answer))
    ]
    if doubtful:
        severity, hint = Severity.WARNING, f"{_HINT}; {quote_all(doubtful)} may be true only because of missing facts"
    message = f"the policy uses {quote_all(sorted(facts))}, which this {quote(report.format)} report does not contain"
    yield Finding(FindingCode.REPORT_LACKS_FACT, severity, message, hint=hint)


def _missing(question: Question) -> frozenset[str]:
    """Return the facts that the report cannot contain.

    A report can have routes of one address family only. If a parameter is an address or a network of the other family,
    the words about routes are missing facts too. A kind of interface that the format leaves out is not a missing fact:
    `nic is KIND` is false for every interface in the report, and this is correct.
    """
    facts = question.facts
    if facts.host.unrouted and not facts.host.unrouted.isdisjoint(_families(question)):
        return facts.missing_words | ROUTE_WORDS
    return facts.missing_words


def _families(question: Question) -> Iterator[int]:
    """Yield the family (4 or 6) of each address and network among the parameters."""
    for value in question.parameters.values():
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Address | Cidr):
                yield item.version if isinstance(item, Address) else item.first.version


def _hits(result: tuple[Link, ...] | bool, answer: tuple[Link, ...]) -> tuple[Link, ...]:
    """Return the interfaces in `answer` for which a rule with the subject `nic` was true."""
    names = {nic.name for nic in result} if isinstance(result, tuple) else ()
    return tuple(nic for nic in answer if nic.name in names)


def _is_true_for_any(
    rule: Rule,
    condition: ConditionFunction,
    question: Question,
    candidates: tuple[Link, ...],
    nics: tuple[Link, ...],
) -> bool:
    """Return whether a condition is true. With the subject `nic`, it must be true for at least one interface."""
    if not rule.has_subject:
        return condition(question, candidates, None)
    return any(condition(question, candidates, nic) for nic in nics)
