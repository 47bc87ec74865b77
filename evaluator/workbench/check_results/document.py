"""The results of `activenic check` as JSON: `schemas/policy-check.schema.json`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from evaluator.base.diagnostic import Diagnostic, Severity
from evaluator.base.fix import Fix
from evaluator.base.source import Source
from evaluator.policy.run.degree import worst_cost
from evaluator.policy.run.required_facts import order_words
from evaluator.workbench.check_text import Checked
from evaluator.workbench.explanations import explanations
from evaluator.workbench.raw_text import in_raw

SCHEMA_VERSION = 1


def as_json(results: Sequence[Checked]) -> str:
    """Return the results as the text of a JSON document."""
    problems = [problem for checked in results for problem in checked.diagnostics]
    document = {
        "schema_version": SCHEMA_VERSION,
        "files": [_file(checked) for checked in results],
        "errors": count(problems, Severity.ERROR),
        "warnings": count(problems, Severity.WARNING),
        "statistics": [
            {"code": code, "count": number, "summary": summary_of(code)} for code, number in statistics(results)
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=True)


def count(problems: Iterable[Diagnostic], severity: Severity) -> int:
    """Return the number of problems with a severity."""
    return sum(problem.severity is severity for problem in problems)


def statistics(results: Iterable[Checked]) -> list[tuple[str, int]]:
    """Return how often each code occurs. The most frequent code is first; equally frequent codes are sorted by name."""
    codes = Counter(problem.code for checked in results for problem in checked.diagnostics)
    return sorted(codes.items(), key=lambda pair: (-pair[1], pair[0]))


def summary_of(code: str) -> str:
    """Return the summary of a code about policies; empty for other codes, for example for codes about reports."""
    one = explanations().get(code)
    return "" if one is None else one.summary


def _file(checked: Checked) -> dict[str, object]:
    program = None if checked.policy is None else checked.policy.program
    return {
        "name": checked.name,
        "valid": checked.is_valid and not checked.has_errors,
        "policy": None if program is None else program.name,
        "rules": None if program is None else len(program.rules),
        "worst_cost": None if program is None else str(worst_cost(program)),
        "order_words": [] if program is None else list(order_words(program)),
        "tests": checked.tests,
        "diagnostics": [_diagnostic(problem, checked) for problem in checked.diagnostics],
    }


def _diagnostic(problem: Diagnostic, checked: Checked) -> dict[str, object]:
    location = problem.location
    plain = None if location is None else checked.text_of(location)
    place = None
    if location is not None and plain is not None:
        place = {"file": location.name, "start": _place(plain, location.start), "end": _place(plain, location.end)}
    raw = None if location is None else checked.raw_text_of(location)
    fixes = [] if raw is None else [_fix(fix, raw) for fix in problem.fixes]
    return {**problem.to_dict(), "location": place, "fixes": fixes}


def _place(plain: Source, offset: int) -> dict[str, int]:
    line, column = plain.line_column(offset)
    return {"line": line, "column": column}


def _fix(fix: Fix, raw: str) -> dict[str, object]:
    edits = [
        {"offset": edit.start, "length": edit.end - edit.start, "text": edit.text} for edit in in_raw(raw, fix.edits)
    ]
    return {"title": fix.title, "safety": str(fix.safety), "edits": edits}
