"""Writes the coverage of policies as Cobertura XML (coverage-04.dtd), which GitLab, Jenkins and Azure DevOps read.

In the document, a policy text is a class. A rule or clause is a condition with two outcomes. The time stamp is 0, so
that equal results give equal bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from evaluator.base.text import visible
from evaluator.render.escape import xml_text
from evaluator.render.test_results.form import View
from evaluator.render.test_results.lines import by_line, hits
from evaluator.render.test_results.text import write_failures
from evaluator.testing.covered import Coverage, CoveredPlace, PolicyFile
from evaluator.testing.outcome import Demands, FileOutcome, RunOutcome

_DOCTYPE = '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">'


def write(files: Iterable[FileOutcome], demands: Demands, _: View, stream: TextIO) -> None:
    """Write the coverage; failing tests are printed to standard error, because the format has no place for them."""
    run = RunOutcome(tuple(files), demands)
    root = _root(run.coverage or Coverage(()))
    indent(root)
    stream.write(f'<?xml version="1.0" encoding="UTF-8"?>\n{_DOCTYPE}\n{tostring(root, encoding="unicode")}\n')
    write_failures(run, sys.stderr)


def _root(coverage: Coverage) -> Element:
    lines = [places for _, covered in coverage.by_file() for places in by_line(covered).values()]
    counts = {
        "lines-covered": str(sum(hits(places) > 0 for places in lines)),
        "lines-valid": str(len(lines)),
        "branches-covered": str(coverage.covered),
        "branches-valid": str(coverage.total),
    }
    root = Element("coverage", {**_rates(coverage), **counts, "complexity": "0", "version": "1", "timestamp": "0"})
    SubElement(SubElement(root, "sources"), "source").text = "."
    packages = SubElement(root, "packages")
    package = SubElement(packages, "package", {"name": "policies", **_rates(coverage), "complexity": "0"})
    classes = SubElement(package, "classes")
    for file, covered in coverage.by_file():
        _add_class(classes, file, covered)
    return root


def _rates(coverage: Coverage) -> dict[str, str]:
    lines = [places for _, covered in coverage.by_file() for places in by_line(covered).values()]
    line_rate = sum(hits(places) > 0 for places in lines) / len(lines) if lines else 1.0
    return {"line-rate": f"{line_rate:.4f}", "branch-rate": f"{float(coverage.share):.4f}"}


def _add_class(classes: Element, file: PolicyFile, coverage: Coverage) -> None:
    names = {"name": xml_text(visible(file.policy)), "filename": xml_text(visible(file.path))}
    element = SubElement(classes, "class", {**names, **_rates(coverage), "complexity": "0"})
    SubElement(element, "methods")
    lines = SubElement(element, "lines")
    for number, places in by_line(coverage).items():
        _add_line(lines, number, places)


def _add_line(lines: Element, number: int, places: tuple[CoveredPlace, ...]) -> None:
    line = Coverage(places)
    share = f"{int(line.share * 100)}% ({line.covered}/{line.total})"
    attributes = {"number": str(number), "hits": str(hits(places)), "branch": "true", "condition-coverage": share}
    conditions = SubElement(SubElement(lines, "line", attributes), "conditions")
    for at, place in enumerate(places):
        taken = f"{50 * (2 - len(place.missing))}%"
        SubElement(conditions, "condition", {"number": str(at), "type": "jump", "coverage": taken})
