"""`activenic test` run on the files in `runs/`: the output in each form, byte for byte, and each form is valid.

After a change of wording, write the outputs again with `python -m tests.testing.test_runs` and review the difference.
"""

from __future__ import annotations

import io
import json
import re
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from junitparser import JUnitXml
from markdown_it import MarkdownIt

from evaluator.base.schema import violations
from evaluator.cli.main import main

FOLDER = Path(__file__).parent / "runs"
EXPECTED = FOLDER / "expected"
RUNS = yaml.safe_load((FOLDER / "runs.yaml").read_text(encoding="utf-8"))


def run(arguments: str) -> tuple[int, str, str]:
    """Return the exit status and what went to the two streams."""
    out, err = io.StringIO(), io.StringIO()
    with chdir(FOLDER), redirect_stdout(out), redirect_stderr(err):
        status = main(["test", *arguments.split()])
    return status, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("row", RUNS, ids=lambda row: row["name"])
def test_a_run(row: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACTIVENIC_OUTPUT", raising=False)
    status, out, err = run(row["run"])
    assert out == (EXPECTED / row["name"]).read_text(encoding="utf-8")
    assert status == row["exit"]
    if "stderr" in row:
        assert row["stderr"] in err
    else:
        assert err == ""


@pytest.mark.parametrize("path", sorted(EXPECTED.glob("*.json")), ids=lambda path: path.name)
def test_the_json_fits_its_schema(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert violations(document, "test-results") == ()
    tests = [test for file in document["files"] for test in file["tests"]]
    assert (document["passed"], document["failed"]) == (
        sum(test["passed"] for test in tests),
        sum(not test["passed"] for test in tests),
    )


@pytest.mark.parametrize("path", sorted(EXPECTED.glob("*.junit.xml")), ids=lambda path: path.name)
def test_the_junit_report_is_valid(path: Path) -> None:
    check_junit(path.read_text(encoding="utf-8"))


def check_junit(text: str) -> None:
    """Check the rules that the common schemas of JUnit reports share, and read the report with a library."""
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite"
        assert suite.attrib.keys() == {"name", "tests", "failures", "errors"}
        cases = list(suite)
        assert [case.tag for case in cases] == ["testcase"] * len(cases)
        for case in cases:
            assert case.attrib.keys() == {"name", "classname"}
            assert [child.tag for child in case] in ([], ["failure"], ["error"], ["system-out"])
        for attribute, tag in (("failures", "failure"), ("errors", "error")):
            assert int(suite.attrib[attribute]) == len(suite.findall(f"testcase/{tag}"))
        assert int(suite.attrib["tests"]) == len(cases)
    for attribute in ("tests", "failures", "errors"):
        assert int(root.attrib[attribute]) == sum(int(suite.attrib[attribute]) for suite in root)
    parsed = JUnitXml.fromstring(text.encode())
    assert sum(len(list(suite)) for suite in parsed) == int(root.attrib["tests"])


@pytest.mark.parametrize("path", sorted(EXPECTED.glob("*.github")), ids=lambda path: path.name)
def test_github_reads_every_line(path: Path) -> None:
    check_github(path.read_text(encoding="utf-8"))


def check_github(text: str) -> None:
    """Check that every line but the last, which has the counts, is one workflow command."""
    *commands, counts, end = text.split("\n")
    assert end == ""
    assert re.fullmatch(r"\d+ passed, \d+ failed(, \d+ vacuous)?(, \d+ invalid files?)?", counts)
    for line in commands:
        match = re.fullmatch(r"::(?:error|warning)( [^:]*)?::(.*)", line)
        assert match, line
        for part in (match[1] or "").removeprefix(" ").split(","):
            assert re.fullmatch(r"(file|line|col|title)=[^,\r\n]*|", part), line
        assert not re.search("%(?!25|0D|0A)", match[2]), line


@pytest.mark.parametrize("path", sorted(EXPECTED.glob("*.md")), ids=lambda path: path.name)
def test_the_tables_are_whole(path: Path) -> None:
    check_markdown(path.read_text(encoding="utf-8"))


def check_markdown(text: str) -> None:
    """Check that every row is a row of a table, and that no text is markup."""
    html = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(text)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert html.count("<tr>") == len(rows) - sum("| --- " in row for row in rows)
    assert set(re.findall(r"<(/?[a-z0-9]+)", html)) <= {
        *("h3", "/h3", "h4", "/h4", "table", "/table", "thead", "/thead", "tbody", "/tbody"),
        *("tr", "/tr", "th", "/th", "td", "/td", "br", "p", "/p"),
    }


@pytest.mark.parametrize("path", sorted(EXPECTED.glob("*.lcov")), ids=lambda path: path.name)
def test_the_sums_of_lcov_are_right(path: Path) -> None:
    check_lcov(path.read_text(encoding="utf-8"))


def check_lcov(text: str) -> None:
    """Check the records, their order and their sums."""
    records = text.split("end_of_record\n")
    assert records.pop() == ""
    for record in records:
        lines = [line.partition(":")[::2] for line in record.splitlines()]
        assert [key for key, _ in lines[:2]] == ["TN", "SF"]
        of = {key: [value.split(",") for k, value in lines if k == key] for key, _ in lines}
        taken = [value[3] for value in of["BRDA"]]
        assert of["BRF"] == [[str(len(taken))]]
        assert of["BRH"] == [[str(sum(count not in "-0" for count in taken))]]
        assert of["LF"] == [[str(len(of["DA"]))]]
        assert of["LH"] == [[str(sum(value[1] != "0" for value in of["DA"]))]]
        assert of["FNF"] == [[str(len(of.get("FN", ())))]]
        assert len(of.get("FN", ())) == len(of.get("FNDA", ()))
        assert {value[0] for value in of["BRDA"]} == {value[0] for value in of["DA"]}
        assert len({tuple(value[:3]) for value in of["BRDA"]}) == len(of["BRDA"])


@pytest.mark.parametrize("path", sorted(EXPECTED.glob("*.cobertura.xml")), ids=lambda path: path.name)
def test_the_cobertura_report_is_valid(path: Path) -> None:
    check_cobertura(path.read_text(encoding="utf-8"))


RATES = {"line-rate", "branch-rate"}
CHILDREN = {  # of coverage-04.dtd: the attributes and the children of each element
    "coverage": (
        {"lines-covered", "lines-valid", "branches-covered", "branches-valid", "complexity", "version", "timestamp"}
        | RATES,
        [["sources", "packages"]],
    ),
    "sources": (set(), "source"),
    "source": (set(), [[]]),
    "packages": (set(), "package"),
    "package": ({"name", "complexity"} | RATES, [["classes"]]),
    "classes": (set(), "class"),
    "class": ({"name", "filename", "complexity"} | RATES, [["methods", "lines"]]),
    "methods": (set(), [[]]),
    "lines": (set(), "line"),
    "line": ({"number", "hits", "branch", "condition-coverage"}, [["conditions"]]),
    "conditions": (set(), "condition"),
    "condition": ({"number", "type", "coverage"}, [[]]),
}


def check_cobertura(text: str) -> None:
    """Check a report against the rules of coverage-04.dtd, and its sums."""
    root = ElementTree.fromstring(text.encode())
    for element in root.iter():
        attributes, children = CHILDREN[element.tag]
        tags = [child.tag for child in element]
        assert element.attrib.keys() == attributes
        assert set(tags) <= {children} if isinstance(children, str) else tags in children
    lines = list(root.iter("line"))
    assert int(root.attrib["lines-valid"]) == len(lines)
    assert int(root.attrib["lines-covered"]) == sum(line.attrib["hits"] != "0" for line in lines)
    fractions = [re.fullmatch(r"\d+% \((\d+)/(\d+)\)", line.attrib["condition-coverage"]) for line in lines]
    sums = [sum(int(match[group]) for match in fractions if match) for group in (1, 2)]
    assert [int(root.attrib[name]) for name in ("branches-covered", "branches-valid")] == sums
    assert all(
        0 <= float(element.attrib[rate]) <= 1 for element in root.iter() for rate in RATES & element.attrib.keys()
    )


def _write_expected() -> None:
    for row in RUNS:
        status, out, err = run(row["run"])
        (EXPECTED / row["name"]).write_text(out, encoding="utf-8")
        if status != row["exit"] or row.get("stderr", "") not in err or (err and "stderr" not in row):
            print(row, status, err, file=sys.stderr)


if __name__ == "__main__":
    _write_expected()
