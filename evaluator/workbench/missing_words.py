"""Finds the words of a policy for which a report format never has a value.

For example, a VDSM report never states whether an interface is up. A missing fact counts as empty, unknown or false. So
the clause `nic is up` is false for every VDSM report, and a rule that needs this clause never fires. This module
reports such words, clauses and rules before the policy is in use. The finding REPORT_LACKS_FACT of a decision names the
missing facts too, but only when the policy is in use.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from evaluator.base.diagnostic import Diagnostic
from evaluator.base.source import Source
from evaluator.base.text import quote, quote_all
from evaluator.facts.host import without_left_out
from evaluator.policy.language.checked import (
    AllOf,
    AnyOf,
    Condition,
    Constant,
    Count,
    Expression,
    InState,
    IsKnown,
    ListOf,
    Not,
    Quantified,
    Quantifier,
    Read,
    Relate,
    Related,
    RouteTo,
    Truth,
)
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.run.required_facts import facts_in, facts_of
from evaluator.policy.source.problems import Problems
from evaluator.report.read import FORMATS

CODE = "FORMAT_LACKS_WORD"
_COMPARED = {
    Relate.EQUAL: lambda number: number == 0,
    Relate.UNEQUAL: lambda number: number != 0,
    Relate.LESS: lambda number: number > 0,
    Relate.AT_MOST: lambda number: number >= 0,
    Relate.MORE: lambda number: number < 0,
    Relate.AT_LEAST: lambda number: number <= 0,
}  # whether the relation is true between 0 and a number
_RESULTS = {True: "always true", False: "never true"}


def missing_words(program: Program, source: Source, format: str) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each clause with a word that has no value in any report of this format.

    `source` are the joined texts of the policy. The severity is `warning` if the missing facts make the clause of a
    refusing rule always true. Otherwise it is `info`.
    """
    reader = next(one for one in FORMATS if one.name == format)
    missing = without_left_out(reader.read.UNSUPPORTED_WORDS)
    problems = Problems(source)
    for rule in program.rules:
        _report_rule(rule, missing, format, problems)
    return tuple(problems.diagnostics)


def _report_rule(rule: Rule, missing: Set[str], format: str, problems: Problems) -> None:
    whole = truth_without(rule.condition, missing)
    for clause in clauses_of(rule.condition, missing):
        result = truth_without(clause, missing)
        words = quote_all(sorted(facts_in(clause) & missing))
        message = f"a report of the format {quote(format)} never has {words}"
        if result is not None:
            message += f", so {quote(clause.text)} is {_RESULTS[result]}"
        hint = _effect(rule, whole, result)
        report = problems.warning if rule.verb.refuses and result is True and whole is not False else problems.info
        report(CODE, message, clause.span, hint)
    in_messages = sorted((facts_of(rule) - facts_in(rule.condition)) & missing)
    if in_messages:
        message = f"a report of the format {quote(format)} never has {quote_all(in_messages)}"
        hint = f"the message of {quote(rule.name)} prints nothing or `unknown` instead"
        problems.info(CODE, message, rule.condition.span, hint)


def _effect(rule: Rule, whole: bool | None, clause: bool | None) -> str:
    """Return the effect of the missing facts on a rule."""
    name = quote(rule.name)
    if whole is False:
        return f"the rule {name} never fires for such a report"
    if whole is True:
        return f"the condition of the rule {name} is always true for such a report"
    if clause is None:
        return f"a missing fact counts as empty, unknown or false in the rule {name}"
    return f"for such a report, the rest of the condition decides whether the rule {name} fires"


def clauses_of(condition: Condition, missing: Set[str]) -> Iterator[Condition]:
    """Yield the smallest parts of a condition that use missing words."""
    if missing.isdisjoint(facts_in(condition)):
        return
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            for part in parts:
                yield from clauses_of(part, missing)
        case Not(condition=inner):
            yield from clauses_of(inner, missing)
        case Quantified(domain=domain, body=body) if not _is_missing(domain, missing):
            yield from clauses_of(body, missing)
        case _:
            yield condition


def truth_without(condition: Condition, missing: Set[str]) -> bool | None:
    """Return the value that a condition has in every report without the missing facts; None if other facts decide."""
    match condition:
        case AllOf(conditions=parts):
            return _joined([truth_without(part, missing) for part in parts], stops=False)
        case AnyOf(conditions=parts):
            return _joined([truth_without(part, missing) for part in parts], stops=True)
        case Not(condition=inner):
            value = truth_without(inner, missing)
            return None if value is None else not value
        case Quantified():
            return _quantified(condition, missing)
        case Truth(operand=Constant(value=bool(constant))):
            return constant
        case InState(negated=negated):
            return negated if condition.state.shown in missing else None
        case IsKnown(operand=operand, negated=negated):
            return negated if _is_missing(operand, missing) else None
        case Related():
            value = _related(condition, missing)
            return None if value is None else value is not condition.negated
        case _:
            return None


def _joined(values: list[bool | None], *, stops: bool) -> bool | None:
    if stops in values:
        return stops
    return None if None in values else not stops


def _quantified(condition: Quantified, missing: Set[str]) -> bool | None:
    when_empty = condition.quantifier is not Quantifier.SOME
    if _is_missing(condition.domain, missing):
        return when_empty
    body = truth_without(condition.body, missing)
    satisfied = condition.quantifier is Quantifier.EVERY
    return when_empty if body is satisfied else None


def _related(related: Related, missing: Set[str]) -> bool | None:
    """Return the value of a relation without its `not`. The caller applies the `not`."""
    left, right, relation = related.left, related.right, related.relation
    is_left, is_right = (_is_missing(side, missing) for side in (left, right))
    if relation is Relate.OVERLAPS and (is_left or is_right):
        return False
    if relation is Relate.WITHIN and is_left:
        return True
    if relation is Relate.IN and is_right:
        return False
    if relation in _COMPARED and isinstance(left, Count) and isinstance(right, Constant):
        is_empty = _is_missing(left.operand, missing)
        return _COMPARED[relation](right.value) if is_empty and isinstance(right.value, int) else None
    return _kind(related, missing)


def _kind(related: Related, missing: Set[str]) -> bool | None:
    """Return the value of a comparison of `nic.kind` if the report format has none of the compared kinds.

    Otherwise return None.
    """
    if not isinstance(related.left, Read) or related.left.word.name != "kind":
        return None
    values = related.right.operands if isinstance(related.right, ListOf) else (related.right,)
    if not all(isinstance(value, Constant) and f"nic is {value.value}" in missing for value in values):
        return None
    return {Relate.EQUAL: False, Relate.IN: False, Relate.UNEQUAL: True}.get(related.relation)


def _is_missing(expression: Expression, missing: Set[str]) -> bool:
    if isinstance(expression, RouteTo):
        return "route_to" in missing
    return isinstance(expression, Read) and expression.word.shown in missing
