"""`activenic fmt`: canonical sentences, and not a byte of anything else."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.base.diagnostic import PolicyError
from evaluator.base.source import Source
from evaluator.cli.main import main
from evaluator.policy.language.program import Program
from evaluator.policy.load import read_program
from evaluator.policy.source.find import shipped_names, shipped_text
from evaluator.policy.source.folder import policies_below
from evaluator.policy.syntax.layout import WIDTH
from evaluator.policy.syntax.parse import tokens
from evaluator.workbench.format_policy import edits_of, format_policy
from tests.support.random_policies import OWNERS, Rules, look_alike_rules, random_rules, tried_program

ROOT = Path(__file__).parents[2]
_CHUNKS = (ROOT / "tests" / "format" / "layout.txt").read_text(encoding="utf-8").partition("\n")[2].split("====\n")
CASES = [chunk.split("----\n") for chunk in _CHUNKS]
UGLY = "policy: a\nrules:\n  - name: a\n    rule: match  nic when nic is bond\n"
PRETTY = UGLY.replace("match  nic", "match nic")


@pytest.mark.parametrize(("title", "before", "after"), CASES, ids=[title.strip() for title, *_ in CASES])
def test_a_policy_is_formatted(title: str, before: str, after: str) -> None:
    assert title.strip()
    assert format_policy("a.yaml", before) == after
    assert edits_of("a.yaml", after) == ()


def _spoilt(condition: str, seed: int) -> str:
    """Return the tokens of a condition with other white space between them."""
    chosen = random.Random(seed)
    return "".join(piece.text + chosen.choice((" ", "  ")) for piece in tokens(condition))


@given(rules=st.one_of(random_rules, look_alike_rules), seed=st.integers(0, 2**32))
def test_a_formatted_policy_means_the_same_and_is_not_formatted_again(rules: Rules, seed: int) -> None:
    rules = [OWNERS, *rules]
    for tried in (rules, [(verb, _spoilt(condition, seed)) for verb, condition in rules]):
        program = tried_program(tried)
        if program is None:
            continue
        after = format_policy("a.yaml", program.text)
        assert edits_of("a.yaml", after) == ()
        again = read_program(Source("a", after))
        assert _meaning(again) == _meaning(program)


def _meaning(program: Program) -> object:
    rules = [(rule.name, rule.verb_name, rule.condition, rule.code, rule.message) for rule in program.rules]
    return rules, program.parameters


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_policies_are_formatted(name: str) -> None:
    assert edits_of(name, shipped_text(name).decode()) == ()


EXAMPLES = policies_below(ROOT / "examples")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_formatted(path: Path) -> None:
    assert edits_of(path.name, path.read_text(encoding="utf-8")) == ()


def test_every_recipe_is_among_the_examples() -> None:
    assert len(EXAMPLES) >= len(list((ROOT / "examples/recipes").glob("*.test.yaml"))) > 30


def test_lines_are_as_long_as_they_may_be_and_no_longer() -> None:
    shortest = "    rule: match nic when nic.name = "
    for length, is_one_line in ((WIDTH - len(shortest) - 2, True), (WIDTH - len(shortest) - 1, False)):
        after = format_policy("a", UGLY.replace("nic is bond", f'nic.name = "{"x" * length}"'))
        assert ("|" not in after) is is_one_line
        assert max(map(len, after.splitlines())) <= WIDTH


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_the_byte_order_mark_stay(mark: str, end: str, tmp_path: Path) -> None:
    path, long = tmp_path / "a.yaml", " and nic is bond" * 9
    second = UGLY[UGLY.index("  - name") :].replace("nic is bond", f"nic is vlan{long}").replace(": a", ": b")
    path.write_bytes((mark + (UGLY + second).replace("\n", end)).encode())
    assert main(["fmt", str(path)]) == 0
    text = path.read_bytes().decode()
    assert text.startswith(mark + PRETTY.replace("\n", end))
    assert text.count("\n") == text.count(end) > 8
    assert main(["fmt", "--check", str(path)]) == 0


def test_files_are_written_at_once_and_only_if_they_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deep").mkdir()
    ugly, pretty, linked = tmp_path / "deep" / "ugly.yaml", tmp_path / "pretty.yml", tmp_path / "linked.yaml"
    ugly.write_text(UGLY)
    pretty.write_text(PRETTY)
    linked.symlink_to(ugly)
    for name in (".hidden.yaml", "a.test.yaml", "other.yaml"):
        (tmp_path / name).write_text("policy: strict\ntests: []\n")
    ugly.chmod(0o640)
    before = pretty.stat()
    monkeypatch.chdir(tmp_path)
    assert main(["fmt", "--check"]) == 8
    assert capsys.readouterr().out == "would format deep/ugly.yaml\nwould format linked.yaml\n"
    assert main(["fmt", "--diff", "."]) == 0
    assert "-    rule: match  nic when nic is bond\n+    rule: match nic when nic is bond\n" in capsys.readouterr().out
    assert ugly.read_text() == UGLY
    assert main(["fmt", "deep"]) == 0
    assert (ugly.read_text(), ugly.stat().st_mode & 0o777, linked.is_symlink()) == (PRETTY, 0o640, True)
    after = pretty.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )
    assert capsys.readouterr().out == "formatted deep/ugly.yaml\n"
    assert {path.name for path in (tmp_path / "deep").iterdir()} == {"ugly.yaml"}


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for options, status, printed in (([], 0, PRETTY), (["--check"], 8, "would format <stdin>\n")):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(UGLY.encode())))
        assert main(["fmt", "-", *options]) == status
        assert capsys.readouterr().out == printed


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("policy: a\nrules:\n  - {name: a, rule: match nic wen nic is bond}\n", "RULE_SYNTAX"),
        ("policy: [a\n", "YAML_SYNTAX"),
        ("rules: []\n", "POLICY_INVALID"),
        ("", "POLICY_EMPTY"),
    ],
)
def test_what_cannot_be_read_is_left_alone(text: str, code: str, tmp_path: Path) -> None:
    path, good = tmp_path / "a.yaml", tmp_path / "b.yaml"
    path.write_text(text)
    good.write_text(UGLY)
    with pytest.raises(PolicyError) as error:
        format_policy("a.yaml", text)
    assert [str(diagnostic.code) for diagnostic in error.value.diagnostics] == [code]
    assert main(["fmt", str(path), str(good)]) == 8
    assert (path.read_text(), good.read_text()) == (text, PRETTY)


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(UGLY)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)  # as a full disk does
    assert main(["fmt", str(path)]) == 8
    assert "no space left on device [POLICY_UNWRITABLE]" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["a.yaml"]
    assert path.read_text() == UGLY
