"""Writes results as a JUnit XML report, which most CI systems read.

The format has no standard. This report uses only elements and attributes that the schemas of Jenkins (xunit plugin),
GitLab and the Ant task all allow: `testsuites`, `testsuite`, `testcase`, `failure`, `error`, `system-out`. It contains
no times, so that equal results give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from msgspec import Struct

from evaluator.render.escape import xml_text


class Fault(Struct, frozen=True):
    """Why a test case did not pass: a `failure` (another result) or an `error` (the test could not run)."""

    kind: str
    code: str
    message: str
    details: str = ""


class JunitCase(Struct, frozen=True):
    """One test case. `output` is text about a passing case, such as a warning."""

    name: str
    class_name: str
    fault: Fault | None = None
    output: str = ""


class JunitSuite(Struct, frozen=True):
    """A test suite: the cases of one file."""

    name: str
    cases: tuple[JunitCase, ...]

    def count(self, kind: str) -> int:
        """Return the number of cases with a `failure` or an `error`."""
        return sum(case.fault is not None and case.fault.kind == kind for case in self.cases)


def junit_document(name: str, suites: Iterable[JunitSuite]) -> str:
    """Return the JUnit XML document of all test suites."""
    suites = tuple(suites)
    root = Element("testsuites", {"name": xml_text(name), **_counts(suites)})
    for suite in suites:
        element = SubElement(root, "testsuite", {"name": xml_text(suite.name), **_counts((suite,))})
        for case in suite.cases:
            _add_case(element, case)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _counts(suites: tuple[JunitSuite, ...]) -> dict[str, str]:
    tests = sum(len(suite.cases) for suite in suites)
    failures, errors = (sum(suite.count(kind) for suite in suites) for kind in ("failure", "error"))
    return {"tests": str(tests), "failures": str(failures), "errors": str(errors)}


def _add_case(suite: Element, case: JunitCase) -> None:
    element = SubElement(suite, "testcase", {"name": xml_text(case.name), "classname": xml_text(case.class_name)})
    fault = case.fault
    if fault is not None:
        attributes = {"message": xml_text(fault.message), "type": xml_text(fault.code)}
        SubElement(element, fault.kind, attributes).text = xml_text(fault.details) or None
    if case.output:
        SubElement(element, "system-out").text = xml_text(case.output)
