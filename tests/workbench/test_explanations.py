"""`activenic check --explain`: every code is explained, and its examples are right."""

from __future__ import annotations

import ast
import io
import shlex
from pathlib import Path

import pytest

from evaluator.base.diagnostic import QuestionError, Severity
from evaluator.base.finding import FindingCode
from evaluator.cli.main import main
from evaluator.workbench.check_text import Checked, check_text
from evaluator.workbench.explanations import Explanation, explanation_of, explanations

ROOT = Path(__file__).parents[2]
EXPLANATIONS = list(explanations().values())
FILES = [
    "evaluator/cli/fmt.py",
    *("evaluator/workbench/" + name for name in ("missing_words.py", "policy_files.py", "proved_warnings.py")),
]
# codes of other things than policies that the modules about policies mention
OTHERS = {str(code) for code in FindingCode} | {"CHANGES_MEANING", "NOT_GIVEN"}
MATCH = "match nic when nic.addresses overlaps host.addresses"
GENERATED = {
    "POLICY_TOO_LARGE": "x" * 300_000,
    "RULE_TOO_LONG": "policy: p\nrules:\n  - name: a\n    rule: match nic when nic is up" + " and nic is up" * 200,
    "TOO_MANY_PROBLEMS": "policy: p\nrules:\n"
    + "".join(f"  - name: r{n}\n    rule: match nic when x{n} = 1\n" for n in range(150)),
    "YAML_TOO_DEEP": "[" * 100 + "]" * 100,
}
# tests of `fmt`, of the step budget and of proved warnings
ELSEWHERE = {"NOT_FORMATTED", "POLICY_TOO_COSTLY", "POLICY_UNWRITABLE", "RULES_NOT_PROVED"}


def _codes_in(path: Path) -> set[str]:
    """Return the texts of a module that are diagnostic codes: capital letters with underscores."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if "_" in text.strip("_") and text.replace("_", "").isalpha() and text.isupper()}


def test_every_code_is_explained() -> None:
    modules = [*(ROOT / "evaluator" / "policy").rglob("*.py"), *(ROOT / name for name in FILES)]
    codes = set().union(*map(_codes_in, modules)) - OTHERS
    assert codes - set(explanations()) == set()
    assert set(explanations()) - codes <= {"NOT_FORMATTED", "POLICY_UNWRITABLE"}
    assert list(explanations()) == sorted(explanations())


def _policy(example: str) -> dict[str, str]:
    """Return the files of an example; the first is the policy."""
    first, *others = ("\n" + example).split("\n=== ")
    files = {name: text for name, _, text in (other.partition("\n") for other in others)}
    first = first.strip("\n")
    if not first:
        return files
    if not first.split("\n")[0].rstrip().endswith(":") and not first.startswith("extends:"):
        sentences = [*([] if first.startswith("match") else [MATCH]), *first.split("\n")]
        first = "rules:\n" + "\n".join(f"  - name: r{at}\n    rule: |\n      {s}" for at, s in enumerate(sentences))
    return {"policy.yaml": f"policy: example\n{first}\n", **files}


def _checked(example: str, folder: Path) -> Checked:
    files = _policy(example)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return check_text(files["policy.yaml"], "policy.yaml", path=folder / "policy.yaml")


def _codes(example: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the codes that an example gives, as a text."""
    if not example.startswith("$ "):
        return " ".join(problem.code for problem in _checked(example, folder).diagnostics)
    command, _, text = example.removeprefix("$ activenic ").partition("\n")
    report = str(ROOT / "policies" / "examples" / "bond.json")
    (folder / "empty-folder").mkdir(exist_ok=True)
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "a.yaml").write_text(f"policy: a\nrules:\n  - name: a\n    rule: {MATCH}\n")
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    main(shlex.split(command.replace("REPORT", report), comments=True))
    return capsys.readouterr().err


@pytest.mark.volume
@pytest.mark.parametrize("one", EXPLANATIONS, ids=lambda one: one.code)
def test_the_examples_are_right(
    one: Explanation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if one.code in GENERATED:
        assert one.code in [problem.code for problem in check_text(GENERATED[one.code]).diagnostics]
    elif one.code not in ELSEWHERE:
        assert one.code in _codes(one.bad, tmp_path, monkeypatch, capsys)
    assert one.code not in _codes(one.good, tmp_path, monkeypatch, capsys)
    if not one.good.startswith("$"):
        good = _checked(one.good, tmp_path)
        assert not [problem for problem in good.diagnostics if problem.severity is Severity.ERROR]


def test_a_code_can_be_written_in_other_ways() -> None:
    assert explanation_of("[unknown_word]") is explanation_of("UNKNOWN-WORD")
    with pytest.raises(QuestionError, match="did you mean `UNKNOWN_WORD`"):
        explanation_of("UNKNOWN_WRD")
