"""Writes the outcome of policy tests as JSON (`schemas/test-results.schema.json`)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TextIO

import msgspec

from evaluator.render.test_results.form import View
from evaluator.testing.covered import Coverage, CoveredPlace
from evaluator.testing.outcome import Answer, CaseOutcome, Demands, FileOutcome, RunOutcome

SCHEMA_VERSION = 1


def write(files: Iterable[FileOutcome], demands: Demands, _: View, stream: TextIO) -> None:
    """Write the document."""
    json.dump(document(RunOutcome(tuple(files), demands)), stream, indent=2)
    stream.write("\n")


def document(run: RunOutcome) -> dict[str, object]:
    """Return the outcome of a run as JSON-ready data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "success": run.is_success,
        "passed": run.passed,
        "failed": run.failed,
        "vacuous": len(run.vacuous),
        "invalid_files": run.invalid_files,
        "files": [_file(file) for file in run.files],
        "coverage": None if run.coverage is None else _coverage(run.coverage, run),
    }


def _file(file: FileOutcome) -> dict[str, object]:
    return {
        "path": file.path,
        "problems": [problem.to_dict() for problem in file.problems],
        "tests": [_case(case) for case in file.cases],
    }


def _case(case: CaseOutcome) -> dict[str, object]:
    return {
        "name": case.name,
        "place": case.place,
        "passed": case.passed,
        "vacuous": case.vacuous or None,
        "expected": _answer(case.expected),
        "got": _answer(case.got),
        "differences": list(case.differences),
        "summary": list(case.summary),
        "rules": [rule.to_dict() for rule in case.rules],
    }


def _answer(answer: Answer) -> object:
    return msgspec.to_builtins(answer)


def _coverage(coverage: Coverage, run: RunOutcome) -> dict[str, object]:
    threshold = run.demands.threshold
    return {
        **_counts(coverage),
        "threshold": None if threshold is None else float(threshold),
        "rules": _counts(coverage.of_kind("rule")),
        "clauses": _counts(coverage.of_kind("clause")),
        "policies": [
            {"policy": file.policy, "sha256": file.sha256, "path": file.path, **_counts(covered)}
            for file, covered in coverage.by_file()
        ],
        "missing": [_missing(place) for place in coverage.missing],
    }


def _counts(coverage: Coverage) -> dict[str, object]:
    return {"percent": float(coverage.percent), "covered": coverage.covered, "total": coverage.total}


def _missing(place: CoveredPlace) -> dict[str, object]:
    return {
        "place": place.place,
        "path": place.file.path,
        "kind": place.kind,
        "rule": place.rule,
        "text": place.text,
        "outcomes": list(place.missing),
    }
