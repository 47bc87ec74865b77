"""The results of `activenic check` as JUnit XML and as workflow commands of GitHub Actions."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.base.diagnostic import Diagnostic, Severity
from evaluator.render.github import annotation
from evaluator.render.junit import Fault, JunitCase, JunitSuite, junit_document
from evaluator.workbench.check_text import Checked


def as_github(results: Sequence[Checked]) -> str:
    """Return one workflow command for each problem; empty if no problem exists."""
    problems = [problem for checked in results for problem in checked.diagnostics]
    return "\n".join(_annotation(problem) for problem in problems)


def _annotation(problem: Diagnostic) -> str:
    message = problem.message + (f"\n{problem.hint}" if problem.hint else "")
    return annotation(problem.severity, message, problem.place, problem.code)


def as_junit(results: Sequence[Checked]) -> str:
    """Return a JUnit document: a suite for each file.

    A suite has one case for each problem, or one case that passes.
    """
    suites = [JunitSuite(checked.name, _cases(checked)) for checked in results]
    return junit_document("activenic check", suites).rstrip("\n")


def _cases(checked: Checked) -> tuple[JunitCase, ...]:
    cases = tuple(_case(problem, checked.name) for problem in checked.diagnostics)
    return cases or (JunitCase("the policy is valid", checked.name),)


def _case(problem: Diagnostic, name: str) -> JunitCase:
    title = f"{problem.place}: {problem.code}" if problem.place else problem.code
    if problem.severity is Severity.ERROR:
        return JunitCase(title, name, Fault("failure", problem.code, problem.message, str(problem)))
    return JunitCase(title, name, output=str(problem))
