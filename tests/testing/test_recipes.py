"""The recipes: each wish has one, or a reason; each is clean and changes a decision."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import evaluator
from evaluator import Decision, Status
from evaluator.decision.decide import case_of
from evaluator.testing.run_cases import run_case_file
from tools.recipe_page import recipes_page

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
FOLDER = ROOT / "examples" / "recipes"
RECIPES = sorted(path for path in FOLDER.glob("*.yaml") if not path.name.endswith(".test.yaml"))
WISHES = 43


def test_every_wish_is_a_recipe_or_has_a_reason() -> None:
    rows = re.findall(r"^\| ([0-9, ]+) \| .+ \| .+ \|$", PAGE, re.M)
    numbers = [int(number) for row in rows for number in row.split(",")]
    assert set(numbers) == set(range(1, WISHES + 1))


def test_the_page_names_every_recipe() -> None:
    linked = set(re.findall(r"\]\(recipe-texts\.md#([a-z0-9-]+)\)", PAGE))
    assert linked == {path.stem for path in RECIPES}


def test_the_page_of_texts_is_current() -> None:
    assert (ROOT / "docs" / "recipe-texts.md").read_text(encoding="utf-8") == recipes_page()


@pytest.mark.volume
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_clean_and_changes_a_decision(path: Path) -> None:
    policy, base = evaluator.load_policy(path), evaluator.load_policy("strict")
    assert policy.warnings == ()
    results = list(run_case_file(path.with_suffix(".test.yaml")))
    assert [result.differences for result in results if not result.passed] == []
    decisions = [result.decision for result in results if result.decision is not None]
    assert any(_answer(decision) != _answer(_by(base, decision)) for decision in decisions)


def _answer(decision: Decision) -> tuple[Status, str | None]:
    return decision.status, decision.host_active_nic


def _by(policy: evaluator.Policy, decision: Decision) -> Decision:
    """Return what another policy decides about the same report and host."""
    case = case_of(decision)
    return policy.decide(case.report, case.host)
