"""Coverage is that of the reference interpreter, whose results an observer does not change."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from msgspec.structs import replace

import evaluator
from evaluator import HostAddresses
from evaluator.policy.language.checked import AllOf, AnyOf, Condition, Not, walk
from evaluator.policy.language.environment import Question
from evaluator.policy.parameters import bind
from evaluator.policy.run.interpret import results_of, run
from evaluator.policy.run.observed import ObservedEnvironment
from evaluator.policy.source.find import shipped_names
from evaluator.testing.covered import Coverage
from evaluator.testing.policies import Policies
from evaluator.testing.run_cases import find_case_files
from evaluator.testing.run_files import Selection, run_file
from tests.support.random_policies import OWNERS, Rules, random_rules, tried_program
from tests.support.strategies import host_addresses, reports

ROOT = Path(__file__).parents[2]


@pytest.mark.volume
@given(rules=random_rules, document=reports(), addresses=host_addresses)
def test_an_observer_changes_no_result(rules: Rules, document: object, addresses: list[str]) -> None:
    program = tried_program([OWNERS, *rules])
    if program is None:
        return
    question = Question(evaluator.read_report(document).facts, HostAddresses.of(*addresses), bind(program, {}))
    seen: list[tuple[int, bool]] = []
    observed = results_of(
        program.rules,
        question,
        None,
        lambda question, candidates: ObservedEnvironment(
            question, candidates, observe=lambda condition, is_true: seen.append((id(condition), is_true))
        ),
    )
    assert tuple(observed) == run(program.rules, question)
    known = {id(node) for rule in program.rules for node in walk(rule.condition) if isinstance(node, Condition)}
    assert {identity for identity, _ in seen} <= known


@pytest.mark.parametrize("name", shipped_names())
def test_each_place_is_the_place_of_its_text(name: str) -> None:
    program = evaluator.load_policy(name).program
    outcome = run_file(ROOT / "policies" / f"{name}.test.yaml", Selection(with_coverage=True), Policies())
    texts = {text.name: content for text, content in zip(program.texts, program.contents, strict=True)}
    places = Coverage.of(outcome.covered).places
    assert len(places) == len(outcome.covered)  # no two clauses have one place
    clauses = 0
    for place in places:
        rest = texts[place.file.policy].split("\n", place.line - 1)[-1][place.column - 1 :]
        assert " ".join(rest.split()).startswith(place.text)
        assert place.place.startswith(f"{place.file.policy}:")
        assert Path(place.file.path).name == f"{place.file.policy}.yaml"
        clauses += place.kind == "clause"
    nodes = [node for rule in program.rules for node in walk(rule.condition)]
    assert clauses == sum(isinstance(node, Condition) and not isinstance(node, AllOf | AnyOf | Not) for node in nodes)


def test_the_places_of_a_base_count_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(f"policy: {name}\nextends: strict\n")
        case = "given: ens1 has 192.0.2.10/24, host: 192.0.2.10, want: resolved ens1"
        text = f"policy: {name}.yaml\ntests:\n  - {{name: a, {case}}}\n"
        (tmp_path / f"{name}.test.yaml").write_text(text)
    selection = Selection(with_coverage=True)
    outcomes = [run_file(path, selection, Policies()) for path in find_case_files([tmp_path])]
    alone, both = Coverage.of(outcomes[0].covered), Coverage.of(place for file in outcomes for place in file.covered)
    assert {place.file.policy for place in both.places} == {"strict"}
    assert [(place.true * 2, place.false * 2) for place in alone.places] == [(p.true, p.false) for p in both.places]
    assert alone.share == both.share


def test_only_full_coverage_is_a_hundred_percent(tmp_path: Path) -> None:
    rules = "".join(f'  - {{name: r{at}, rule: warn nic when nic.name = "n{at}"}}\n' for at in range(150))
    match = "  - {name: m, rule: match nic when nic.addresses overlaps host.addresses}\n"
    (tmp_path / "big.yaml").write_text(f"policy: big\nrules:\n{match}{rules}")
    names = "; ".join(f"n{at} has 192.0.2.{at + 1}/24" for at in range(150))
    cases = f"  - {{name: all, given: '{names}', host: 192.0.2.1, want: resolved n0}}\n"
    (tmp_path / "big.test.yaml").write_text(
        f"policy: big.yaml\ntests:\n{cases}  - {{name: b, given: m0, want: no_match}}\n"
    )
    coverage = Coverage.of(run_file(tmp_path / "big.test.yaml", Selection(with_coverage=True), Policies()).covered)
    assert coverage.percent == "100.0"
    whole, *rest = coverage.places
    assert Coverage.of([replace(whole, true=0), *rest]).percent == "99.8"
    assert Coverage.of([]).percent == "0.0"
