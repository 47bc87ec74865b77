"""Writes the outcome of policy tests as JUnit XML: a test suite for each file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from evaluator.base.text import visible
from evaluator.render.junit import Fault, JunitCase, JunitSuite, junit_document
from evaluator.render.test_results.form import View
from evaluator.render.test_results.sentences import below_threshold, failure, why_vacuous
from evaluator.testing.outcome import CaseOutcome, Demands, FileOutcome, RunOutcome


def write(files: Iterable[FileOutcome], demands: Demands, _: View, stream: TextIO) -> None:
    """Write the document. A coverage threshold is written as one more test case."""
    run = RunOutcome(tuple(files), demands)
    suites = [_suite(file, demands) for file in run.files if file.cases or file.problems]
    if demands.threshold is not None:
        message = below_threshold(run)
        fault = Fault("failure", "coverage", message) if message else None
        suites.append(JunitSuite("coverage", (JunitCase("threshold", "coverage", fault),)))
    stream.write(junit_document("activenic test", suites))


def _suite(file: FileOutcome, demands: Demands) -> JunitSuite:
    path = visible(file.path)
    if file.problems:
        first, *_ = file.problems
        fault = Fault("error", first.code, first.message, "\n".join(map(str, file.problems)))
        return JunitSuite(path, (JunitCase(path, path, fault),))
    return JunitSuite(path, tuple(_case(case, path, demands) for case in file.cases))


def _case(case: CaseOutcome, path: str, demands: Demands) -> JunitCase:
    name = visible(case.name)
    if not case.passed:
        details = "\n".join((case.place, *failure(case)))
        return JunitCase(name, path, Fault("failure", "difference", "; ".join(case.differences), details))
    if not case.vacuous:
        return JunitCase(name, path)
    message = f"vacuous: {why_vacuous(case)}"
    fault = Fault("failure", "vacuous", message, case.place) if demands.strict else None
    return JunitCase(name, path, fault, "" if fault else message)
