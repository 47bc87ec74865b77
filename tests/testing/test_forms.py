"""Whatever the names and texts in an outcome are, each form of output is valid."""

from __future__ import annotations

import io
import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.base.diagnostic import Diagnostic
from evaluator.base.schema import violations
from evaluator.base.status import Status
from evaluator.decision.trace import Reason
from evaluator.policy.run.clause_value import ClauseValue
from evaluator.render.output import output_of
from evaluator.render.test_results.form import FORMS, View
from evaluator.testing.covered import CoveredPlace, PolicyFile
from evaluator.testing.outcome import Answer, CaseOutcome, Demands, DifferingRule, FileOutcome, RunOutcome
from tests.testing.test_runs import check_cobertura, check_github, check_junit, check_lcov, check_markdown

NASTY = [
    "a",
    " ",
    "|",
    "`",
    "<b>",
    "</td>",
    "&",
    "%",
    "%0A",
    "::",
    ",",
    ":",
    "\n",
    "\r",
    "\x00",
    "\x1b[1m",
    "\u202e",
    "\\",
]
TEXTS = st.lists(st.sampled_from(NASTY), min_size=1, max_size=6).map("".join) | st.text(min_size=1, max_size=8)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,6}", fullmatch=True)
SENTENCES = st.lists(TEXTS, max_size=2).map(tuple)
COUNTS = st.integers(0, 3)
ANSWERS = st.builds(
    Answer,
    st.sampled_from([*map(str, Status), "refused"]),
    st.none() | TEXTS,
    candidates=st.none() | SENTENCES,
    findings=st.none() | st.lists(NAMES, max_size=2).map(tuple),
)
VALUES = st.builds(ClauseValue, NAMES, TEXTS, SENTENCES)
REASONS = st.builds(
    Reason,
    NAMES,
    st.just("match"),
    TEXTS.map("{}:3:5".format),
    st.none() | st.booleans(),
    st.just("matched"),
    TEXTS,
    st.lists(VALUES, max_size=2).map(tuple),
)
RULES = st.builds(DifferingRule, REASONS, SENTENCES, st.just("") | TEXTS)
CASES = st.builds(
    CaseOutcome,
    TEXTS,
    TEXTS.map("{}:3:5".format),
    ANSWERS,
    ANSWERS,
    SENTENCES,
    st.lists(RULES, max_size=2).map(tuple),
    SENTENCES,
)
VACUOUS = st.builds(CaseOutcome, TEXTS, TEXTS, ANSWERS, ANSWERS, vacuous=TEXTS)
FILES = st.builds(PolicyFile, NAMES, st.just("0" * 64), TEXTS.filter(str.strip))
PLACES = st.builds(
    CoveredPlace,
    FILES,
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 3),
    st.sampled_from(["rule", "clause"]),
    NAMES,
    TEXTS,
    COUNTS,
    COUNTS,
)
PROBLEMS = st.builds(Diagnostic, st.just("TEST_INVALID"), TEXTS, TEXTS | st.just("a:1:2"), TEXTS)
OUTCOMES = st.builds(
    FileOutcome,
    TEXTS,
    st.lists(CASES | VACUOUS, max_size=3).map(tuple),
    covered=st.lists(PLACES, max_size=4).map(tuple),
) | st.builds(FileOutcome, TEXTS, problems=st.lists(PROBLEMS, min_size=1, max_size=2).map(tuple))
DEMANDS = st.builds(Demands, st.booleans(), st.booleans(), st.none() | st.integers(0, 100).map(Fraction)).map(
    lambda demands: Demands(demands.strict, demands.with_coverage or demands.threshold is not None, demands.threshold)
)


def check_json(text: str) -> None:
    assert violations(json.loads(text), "test-results") == ()


def check_text(text: str) -> None:
    assert all(line.isprintable() for line in text.split("\n"))


CHECKS = {
    "text": check_text,
    "json": check_json,
    "junit": check_junit,
    "github": check_github,
    "markdown": check_markdown,
    "lcov": check_lcov,
    "cobertura": check_cobertura,
}


def test_every_form_has_a_check() -> None:
    assert [form.name for form in FORMS] == list(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
@given(files=st.lists(OUTCOMES, max_size=3), demands=DEMANDS, verbose=st.booleans())
def test_a_form_is_valid(name: str, files: list[FileOutcome], demands: Demands, verbose: bool) -> None:
    stream = io.StringIO()
    output_of(FORMS, name).write(iter(files), demands, View(verbose), stream)
    CHECKS[name](stream.getvalue())


@given(st.lists(OUTCOMES, max_size=3), DEMANDS)
def test_the_coverage_does_not_depend_on_the_order(files: list[FileOutcome], demands: Demands) -> None:
    runs = [RunOutcome(tuple(order), demands) for order in (files, files[::-1])]
    one, other = (None if run.coverage is None else run.coverage.percent for run in runs)
    assert one == other
    assert runs[0].is_success == runs[1].is_success
