"""Fixes: what they make of a text, that they change nothing else, and that a safe fix never changes a meaning."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.base.fix import Fix, Safety, TextEdit, applied
from evaluator.policy.source.find import shipped_names, shipped_text
from evaluator.workbench.check_text import Checked, check_policy, check_text
from evaluator.workbench.fix_text import ALL, SAFE, fix_text, means_the_same
from evaluator.workbench.raw_text import in_raw
from tests.policy.test_language import CHUNKS, POLICY, split
from tests.support.random_policies import OWNERS, Rules, look_alike_rules, random_rules, tried_program

FIXES = Path(__file__).parents[1] / "fixes"
check = partial(check_text, name="p.yaml")


def _cases(file: str) -> list[list[str]]:
    chunks = (FIXES / file).read_text(encoding="utf-8").partition("\n")[2].split("====\n")
    return [chunk.split("----\n") for chunk in chunks]


SAFE_CASES, UNSAFE_CASES = _cases("safe.txt"), _cases("unsafe.txt")


def _fixed(text: str, allowed: frozenset[Safety] = SAFE) -> str:
    return fix_text(check(text), check, allowed).text


@pytest.mark.parametrize(("title", "before", "after"), SAFE_CASES, ids=[title.strip() for title, *_ in SAFE_CASES])
def test_safe_fixes(title: str, before: str, after: str) -> None:
    assert title.strip()
    assert _fixed(before) == after
    assert _fixed(after) == after


@pytest.mark.parametrize(("title", "before", "after"), UNSAFE_CASES, ids=[case[0].strip() for case in UNSAFE_CASES])
def test_unsafe_fixes(title: str, before: str, after: str) -> None:
    assert title.strip()
    assert _fixed(before, ALL) == after
    assert _fixed(before) != after
    assert _fixed(after, ALL) == after


@pytest.mark.parametrize("case", SAFE_CASES, ids=[case[0].strip() for case in SAFE_CASES])
def test_other_line_breaks_and_a_byte_order_mark_stay(case: list[str]) -> None:
    _, before, after = (text.replace("\n", "\r\n") for text in case)
    assert _fixed(before) == after
    assert _fixed("\ufeff" + before) == "\ufeff" + after


def test_a_fix_has_the_places_of_its_edits() -> None:
    text = "policy: p\nrules:\n  - name: a\n    rule: match nic when nic.nam = “a”\n"
    edited = {
        (text[edit.start : edit.end], edit.text)
        for problem in check(text).diagnostics
        for fix in problem.fixes
        for edit in fix.edits
    }
    assert edited == {("“", '"'), ("”", '"')}


def test_an_insertion_before_a_line_break_of_two_characters() -> None:
    raw = "a\r\nb"
    assert applied(raw, tuple(in_raw(raw, [TextEdit(1, 1, "x")]))) == "ax\r\nb"
    assert applied(raw, tuple(in_raw(raw, [TextEdit(1, 2, "")]))) == "ab"
    assert applied(raw, tuple(in_raw(raw, [TextEdit(2, 2, "x")]))) == "a\r\nxb"


def test_fixes_that_overlap_are_applied_one_after_the_other() -> None:
    text = "policy: p\nrules:\n  - name: a\n    rule: discrad nic if nic is a brige\n"
    assert "rule: discard nic when nic is bridge\n" in _fixed(text)


def test_a_refused_fix_does_not_stop_the_others() -> None:
    """`host` is the only word similar to `hots`, but it cannot be compared with a text."""
    text = "policy: p\nrules:\n  - name: a\n    rule: match nic when nic.name = hots or nic.nam == “a”\n"
    assert 'nic.name = hots or nic.name = "a"\n' in _fixed(text)


@pytest.mark.parametrize("chunk", CHUNKS)
def test_fixes_of_the_mistakes_that_people_make(chunk: str, tmp_path: Path) -> None:
    files, _ = split(chunk)
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    check_here = partial(check_text, name=POLICY, path=tmp_path / POLICY)
    before = check_here(files[POLICY])
    for allowed in (SAFE, ALL):
        after = fix_text(before, check_here, allowed)
        _holds(before, after.checked, allowed)
        assert fix_text(after.checked, check_here, allowed).text == after.text


def _holds(before: Checked, after: Checked, allowed: frozenset[Safety]) -> None:
    """Test that a valid policy stays valid, and that a safe fix does not change what it means."""
    if before.policy is None:
        return
    assert after.policy is not None
    if allowed == SAFE and all(problem.code != "GLOB_NOT_USED" for problem in before.diagnostics):
        assert means_the_same(before.policy.program, after.policy.program)


@given(rules=st.one_of(random_rules, look_alike_rules))
def test_safe_fixes_do_not_change_what_a_valid_policy_means(rules: Rules) -> None:
    program = tried_program([OWNERS, *rules])
    if program is not None:
        before = check(program.text)
        _holds(before, fix_text(before, check).checked, SAFE)


@given(name=st.sampled_from(shipped_names()), seed=st.integers(0, 2**32))
def test_mistakes_in_shipped_policies_are_fixed_back(name: str, seed: int) -> None:
    text, chosen = shipped_text(name).decode(), random.Random(seed)
    signs = {" = ": " == ", " and ": " && ", " != ": " <> ", " not ": " !", " or ": " || "}
    right, wrong = chosen.choice(list(signs.items()))
    spoilt = "".join(
        line.replace(right, wrong) if line.lstrip().startswith("rule: ") and '"' not in line else line
        for line in text.splitlines(keepends=True)
    )
    assert _fixed(spoilt) == text


def test_a_diagnostic_of_a_base_has_no_fix_for_the_policy(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("policy: b\nrules:\n  - name: a\n    rule: mtch nic when nic is up\n")
    text = "policy: p\nextends: ./base.yaml\nrules:\n  - name: b\n    rule: discard nic when nic is bond\n"
    here = partial(check_text, name="p.yaml", path=tmp_path / "p.yaml")
    checked = here(text)
    assert [problem.code for problem in checked.diagnostics] == ["UNKNOWN_VERB"]
    assert checked.diagnostics[0].fixes
    assert not checked.own_fixes
    assert fix_text(checked, here).text == text


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        "\ud800",
        "a" * 300_000,
        "[" * 100,
        "policy: {a: [" * 9,
        "%",
        "--- a\n--- b",
        "\0",
        "parameters:a: {type: [b]}",
        "parameters: {type: [b]}",
    ],
)
def test_every_diagnostic_of_a_text_has_a_place(text: str | bytes) -> None:
    checked = check(text)
    assert checked.policy is None
    assert checked.diagnostics
    for problem in checked.diagnostics:
        assert problem.place.count(":") == 2
        assert problem.location is not None
    assert fix_text(checked, check, ALL).fixes == ()


def test_a_block_at_the_end_of_the_file_without_a_line_break() -> None:
    text = "policy: p\nrules:\n  - name: a\n    rule: |"
    (problem,) = check(text).diagnostics
    assert problem.location is not None
    assert problem.location.end <= len(text)


def test_a_policy_that_does_not_exist() -> None:
    checked = check_policy("strct")
    assert [problem.code for problem in checked.diagnostics] == ["POLICY_NOT_FOUND"]
    assert checked.source is None


def test_fixes_are_values() -> None:
    fix = Fix("write `a`", Safety.SAFE, (TextEdit(0, 1, "a"),))
    assert hash(fix) == hash(Fix("write `a`", Safety.SAFE, (TextEdit(0, 1, "a"),)))
