"""`activenic diff`: two policies on the same questions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import evaluator
from evaluator.base.diagnostic import HostNameError, ReportError
from evaluator.base.schema import violations
from evaluator.cli.main import main
from evaluator.decision.question import is_question, read_question
from evaluator.facts.host_addresses import HostAddresses
from evaluator.testing.terse_topology import read_topology
from evaluator.workbench.compare_policies import Compared, compare
from evaluator.workbench.comparison import as_markdown, collect
from evaluator.workbench.corpus import Unreadable, read_corpus
from evaluator.workbench.log_corpus import read_log_corpus
from tests.support.logs import filled, tampering

ROOT = Path(__file__).parents[2]
ONE = {"report": read_topology("ens1 has 192.0.2.10/24"), "addresses": ["192.0.2.10"]}
TWO = {
    "report": read_topology("ens1 has 192.0.2.10/24; ens2 has 192.0.2.11/24"),
    "addresses": ["192.0.2.10", "192.0.2.11"],
}
BRIDGE = {"report": read_topology("br0 over ens1 has 192.0.2.10/24"), "addresses": ["192.0.2.10"]}
NAMED = {**TWO, "id": "named", "labels": {"dc": "a"}}
del NAMED["addresses"]
NAMED |= {"host": "h.example.org", "answers": {"addresses": ["2001:db8::1", "192.0.2.11"], "complete": False}}
LAST = """policy: last
extends: strict
parameters:
  wanted: {type: string, default: "ens*"}
rules:
  - name: last-wins
    before: one-interface
    rule: prefer nic when nic.name like wanted and no other in candidates satisfies other.name > nic.name
  - remove: not-over-a-bridge
"""


def lines(path: Path, *questions: object) -> Path:
    path.write_text("".join(json.dumps(question) + "\n" for question in questions))
    return path


@pytest.fixture
def last(tmp_path: Path) -> str:
    path = tmp_path / "last.yaml"
    path.write_text(LAST)
    return str(path)


@pytest.mark.parametrize("question", [{**ONE, "addresses": ["junk"]}, {**ONE, "addresses": None}])
def test_an_invalid_question_in_a_file_is_one_item(tmp_path: Path, question: dict[str, Any]) -> None:
    for name, document in {"a": ONE, "b": question, "c": TWO}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    first, second, third = read_corpus([tmp_path], None)
    assert [first.id, second.id, third.id] == ["a.json", "b.json", "c.json"]
    assert isinstance(second, Unreadable)
    assert not isinstance(third, Unreadable)


def test_what_changes(tmp_path: Path, last: str, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = str(lines(tmp_path / "c.jsonl", ONE, {**TWO, "id": "two"}, BRIDGE, {"report": 5, "addresses": []}, "x"))
    assert main(["diff", "strict", last, "--corpus", corpus]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        "strict → last: 5 questions, 1 same, 2 changed, 2 invalid",
        "      1  ambiguous → resolved: two",
        "      1  rejected → resolved: c.jsonl:3",
    ]
    assert main(["diff", "strict", last, "--corpus", corpus, "--exit-code"]) == 8
    assert main(["diff", "strict", "strict", "--corpus", corpus, "--exit-code"]) == 0
    capsys.readouterr()
    assert main(["diff", "strict", last, "--corpus", corpus, "--output", "json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert violations(document, "policy-diff") == ()
    assert [(one["id"], one["new"]["hostActiveNic"], one["rules"]) for one in document["changes"]] == [
        ("two", "ens2", ["one-interface", "last-wins"]),
        ("c.jsonl:3", "br0", ["not-over-a-bridge", None]),
    ]
    assert [one["id"] for one in document["refused"]] == ["c.jsonl:4", "c.jsonl:5"]
    assert [one["diagnostics"][0]["code"] for one in document["refused"]] == ["REPORT_INVALID", "REPORT_INVALID"]
    assert main(["diff", "strict", last, "--corpus", corpus, "--output", "markdown"]) == 0
    assert (
        "| two | ambiguous (SEVERAL_INTERFACES) | resolved ens2 | one-interface → last-wins |"
        in capsys.readouterr().out
    )


def test_explanations_stand_side_by_side(
    tmp_path: Path, last: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    corpus = str(lines(tmp_path / "c.jsonl", {**ONE, "id": "one"}, {**TWO, "id": "two"}))
    for options in (["--show", "two"], ["--show-all"]):
        assert main(["diff", "strict", last, "--corpus", corpus, *options]) == 0
        text = capsys.readouterr().out
        heads = next(line for line in text.splitlines() if "strict: ambiguous" in line)
        assert heads.split("  ")[-1].strip() == "last: resolved ens2"
        assert "last-wins (prefer): candidates are now ens2" in text
        assert "\none\n" not in text
    assert main(["diff", "strict", last, "--corpus", corpus, "--show", "one", "--show", "none"]) == 0
    printed = capsys.readouterr()
    assert "\none\n" in printed.out
    assert "no question has the id none" in printed.err


def test_parameters_go_to_the_policy_that_declares_them(tmp_path: Path, last: str) -> None:
    corpus = lines(
        tmp_path / "c.jsonl", {**TWO, "parameters": {"wanted": "ens1"}}, {**ONE, "parameters": {"wnted": "x"}}
    )
    strict, other = evaluator.load_policy("strict"), evaluator.load_policy(Path(last))
    first, second = compare(strict, other, read_corpus([corpus], None), {})
    assert isinstance(first, Compared)
    assert first.new.status == "ambiguous"
    assert isinstance(second, Unreadable)
    assert [(one.code, one.hint) for one in second.diagnostics] == [("PARAMETER_UNKNOWN", "did you mean `wanted`?")]
    changed = next(iter(compare(strict, other, read_corpus([corpus], None), {"wanted": "*"})))
    assert isinstance(changed, Compared)
    assert changed.transition == ("ambiguous", "resolved")
    for given, status in (("wanted=ens1", 0), ("wnted=ens1", 2), ("management_vlan=x", 2)):
        assert main(["diff", "strict", last, "--corpus", str(corpus), "--param", given]) == status


def test_a_folder_of_questions_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "corpus"
    (folder / "deep" / ".hidden").mkdir(parents=True)
    (folder / "b.json").write_text(json.dumps(ONE))
    (folder / "deep" / "a.json").write_text(json.dumps(ONE["report"]))
    (folder / "deep" / "broken.json").write_text("{")
    (folder / "deep" / "c.yaml").write_text("interfaces:\n- name: eth0\n  type: ethernet\n  state: up\n")
    (folder / "deep" / ".hidden" / "d.json").write_text("{")
    lines(folder / "deep" / "d.jsonl", ONE, "", NAMED)
    items = list(read_corpus([folder], HostAddresses.of("192.0.2.10")))
    assert [one.id for one in items] == [
        *("b.json", "deep/a.json", "deep/broken.json", "deep/c.yaml", "d.jsonl:1", "d.jsonl:2", "named")
    ]
    assert [one.id for one in items if isinstance(one, Unreadable)] == ["deep/broken.json", "d.jsonl:2"]
    with pytest.raises(HostNameError):
        list(read_corpus([folder], None))
    assert main(["diff", "strict", "strict", "--corpus", str(folder)]) == 2
    assert "is a report without the addresses of its host [HOST_MISSING]" in capsys.readouterr().err
    assert main(["diff", "strict", "strict", "--corpus", str(tmp_path / "none.jsonl")]) != 0


def test_a_name_with_its_answers() -> None:
    question = read_question(NAMED, "x")
    assert (question.id, dict(question.labels)) == ("named", {"dc": "a"})
    assert (question.host.asked, question.host.complete) == ("h.example.org", False)
    assert (str(question.host.first), list(map(str, question.host.answers))) == (
        "192.0.2.11",
        ["192.0.2.11", "2001:db8::1"],
    )
    with pytest.raises(HostNameError, match=r'add the answers of the resolver: "answers"'):
        read_question(
            {**ONE, "host": "h"} | {"addresses": None} if False else {"report": ONE["report"], "host": "h"}, "x"
        )


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({**ONE, "host": "h"}, "/"),
        ({"report": ONE["report"]}, "/"),
        ({**ONE, "answers": {"addresses": []}}, "/"),
        ({**ONE, "labels": {"a": 1}}, "/labels/a"),
        ({**ONE, "more": 1}, "/more"),
    ],
)
def test_an_invalid_question(document: object, place: str) -> None:
    with pytest.raises(ReportError) as error:
        read_question(document, "x")
    assert [problem.place for problem in error.value.diagnostics] == [place]


def test_no_capture_looks_like_a_question() -> None:
    for path in (ROOT / "tests" / "captures").rglob("*.json"):
        assert not is_question(json.loads(path.read_text(encoding="utf-8")))


def test_ids_cannot_break_the_markdown(tmp_path: Path) -> None:
    corpus = lines(tmp_path / "c.jsonl", {**BRIDGE, "id": "a|<b>\n# c"})
    strict = evaluator.load_policy("strict")
    other = evaluator.load_policy(text="policy: x\nextends: strict\nrules:\n  - remove: not-over-a-bridge\n")
    text = "\n".join(as_markdown(collect(strict, other, compare(strict, other, read_corpus([corpus], None), {}))))
    assert "a\\|&lt;b>" in text
    assert "\n# c" not in text


def test_the_questions_of_a_log(tmp_path: Path, last: str, capsys: pytest.CaptureFixture[str]) -> None:
    log, export = tmp_path / "log", tmp_path / "export"
    filled(log, 4)
    assert main(["log", "export", str(log)]) == 0
    export.write_text(capsys.readouterr().out)
    for path in (log, export):
        assert main(["diff", "strict", last, "--log", str(path), "--output", "json"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert (document["questions"], document["refused"]) == (4, [])
        assert main(["diff", "strict", last, "--log", str(path), "--show", "d-1"]) == 0
        assert "\nd-1\n" in capsys.readouterr().out
    with tampering(log) as connection:
        connection.execute("UPDATE entry SET envelope = x'00' WHERE seq = 2")
    items = list(read_log_corpus(log))
    assert [isinstance(one, Unreadable) for one in items] == [False, True, False, False]
    assert main(["diff", "strict", last, "--log", last]) != 0


def test_a_corpus_without_questions_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A job that compares nothing must not pass."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.jsonl").write_text("\n")
    for name in ("empty", "empty.jsonl"):
        assert main(["diff", "strict", "strict", "--corpus", str(tmp_path / name)]) == 8
        assert "[NO_QUESTIONS]" in capsys.readouterr().err
    for name in ("missing", "missing.jsonl", "missing.json"):
        assert main(["diff", "strict", "strict", "--corpus", str(tmp_path / name)]) == 7
        assert f"{name}` cannot be read: no such file or directory" in capsys.readouterr().err
    (tmp_path / "bad.jsonl").write_text("{}\n5\n")
    assert main(["diff", "strict", "strict", "--corpus", str(tmp_path / "bad.jsonl"), "--exit-code"]) == 8
