"""The sentences about tests that several forms use: counts, failures, vacuous tests, coverage."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.base.text import visible, visible_names
from evaluator.render.text import seen
from evaluator.testing.covered import CoveredPlace
from evaluator.testing.outcome import CaseOutcome, DifferingRule, RunOutcome

_MOST_NAMES = 6


def counts(run: RunOutcome) -> str:
    """Return the counts: how many tests passed, failed or are vacuous, and how many files are invalid."""
    parts = [f"{run.passed} passed", f"{run.failed} failed"]
    if run.vacuous:
        parts.append(f"{len(run.vacuous)} vacuous")
    if run.invalid_files:
        parts.append(f"{run.invalid_files} invalid file{'s' * (run.invalid_files > 1)}")
    return ", ".join(parts)


def failure(case: CaseOutcome) -> Iterator[str]:
    """Yield the lines about a failing test: the differences, the decision and its reason, the rules."""
    yield from case.differences
    yield from case.summary
    for rule in case.rules:
        yield from rule_lines(rule)


def rule_lines(rule: DifferingRule) -> Iterator[str]:
    """Yield the lines about a rule that explains a difference: its result, the clause that decided, and the values."""
    reason = rule.reason
    head = f"rule {reason.rule} ({visible(reason.place)})"
    names = visible_names(rule.interfaces, _MOST_NAMES)
    if rule.otherwise:
        subjects = f" for {names}" if names else ""
        opposite = f"if this rule had the opposite result{subjects}, the decision would be {rule.otherwise}"
        yield f"{head} causes the difference: {opposite}"
    else:
        yield f"{head}" + (f", about {names}" if names else "")
    about = f"{visible(rule.interfaces[0])} " if rule.interfaces else ""
    if reason.clause:
        yield f"  {about}{reason.effect}, because this is {'true' if reason.held else 'false'}: {reason.clause}"
    else:
        yield f"  {about}{reason.effect}"
    if reason.seen:
        yield "  where " + ", ".join(map(seen, reason.seen))


def why_vacuous(case: CaseOutcome) -> str:
    """Return a sentence about a vacuous test."""
    return f"almost every policy passes this test, because {case.vacuous}"


def missing(place: CoveredPlace) -> str:
    """Return a sentence about a rule or clause. It names the outcome that never occurred, such as true."""
    subject = f"rule {place.rule}" if place.kind == "rule" else f"clause `{place.text}` of rule {place.rule}"
    if len(place.missing) > 1:
        return f"{subject} was never evaluated"
    if place.kind == "rule":
        return f"{subject} " + ("never fired" if not place.true else "fired in every test")
    return f"{subject} was never {place.missing[0]}"


def below_threshold(run: RunOutcome) -> str:
    """Return the sentence about a coverage below the threshold; empty if the coverage is high enough."""
    threshold, coverage = run.demands.threshold, run.coverage
    if not run.is_below_threshold or threshold is None or coverage is None:
        return ""
    return f"the coverage of {coverage.percent} % is below the threshold of {float(threshold):g} %"
