"""Every policy test file of the project, run as `activenic test` runs it; each decision fits its schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.base.schema import violations
from evaluator.testing.case_file import PolicyCase, read_case_file
from evaluator.testing.run_cases import find_case_files, run_case

ROOT = Path(__file__).parents[2]
FILES = find_case_files([ROOT / "policies", ROOT / "tests" / "cases"])
CASES = [(path, case) for path in FILES for case in read_case_file(path)]


@pytest.mark.parametrize(
    "case",
    [case for _, case in CASES],
    ids=[f"{path.name.removesuffix('.test.yaml')}: {case.name}" for path, case in CASES],
)
def test_case(case: PolicyCase) -> None:
    result = run_case(case)
    assert result.differences == ()
    if result.decision is not None:
        assert violations(result.decision.to_dict(), "decision") == ()
        result.decision.explain()


def test_every_shipped_policy_has_its_tests() -> None:
    from evaluator.policy.prepared import load_shipped
    from evaluator.policy.source.find import shipped_names

    for name in shipped_names():
        cases = read_case_file(ROOT / "policies" / f"{name}.test.yaml")
        fired = {s.rule for c in cases if (d := run_case(c).decision) for s in d.trace if s.fired}
        assert {rule.name for rule in load_shipped(name).rules} == fired, f"rules of {name} that no test fires"


def test_keep_management_is_strict_with_one_rule_more() -> None:
    from evaluator.policy.prepared import load_shipped

    strict, keep = (
        {r.name: (r.verb_name, r.text, r.code) for r in load_shipped(n).rules} for n in ("strict", "keep-management")
    )
    assert list(keep) == [*list(strict)[:2], "carries-management", *list(strict)[2:]]
    assert {name: keep[name] for name in strict} == strict
