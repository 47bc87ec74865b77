"""Symbols, lenses, fixes and the kinds of texts, without the protocol."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from evaluator.base.fix import applied
from evaluator.lsp.actions import fix_all, line_edits, quick_fixes
from evaluator.lsp.diagnose import diagnose
from evaluator.lsp.document import Document, Kind
from evaluator.lsp.lenses import explain_rule, lenses_of
from evaluator.lsp.names import depends_on
from evaluator.lsp.server import _page_of_diagnostics
from evaluator.lsp.symbols import symbols_of
from evaluator.lsp.workspace import Workspace, key_of
from evaluator.policy.source.find import shipped_names, shipped_text
from evaluator.testing.terse_topology import read_topology
from evaluator.workbench.explanations import explanations
from tests.lsp.texts import BASE, workspace_with

SITE = """policy: site
extends: ./base.yaml
rules:
  - name: fast-ones
    rule: prefer nic when nic is fast
"""
TESTS = """policy: ./site.yaml
tests:
  - {name: a, given: ens1 has 192.0.2.1/24, host: 192.0.2.1, want: resolved ens1}
  - {name: b, given: ens1 has 192.0.2.1/24, want: no_match}
  - {name: c, policy: strict, given: ens1 has 192.0.2.1/24, want: no_match}
"""


def document_in(workspace: Workspace, name: str) -> Document:
    document = workspace.document(key_of(workspace.folders[0] / name))
    assert document is not None
    return document


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.yaml", "policy: a\n", Kind.POLICY),
        ("a.yaml", "# x\nextends: strict\n", Kind.POLICY),
        ("a.yaml", "rules:\n  - name: x\n    rule: match nic\n", Kind.POLICY),
        ("a.json", '{"policy": "a"}', Kind.POLICY),
        ("a.yaml", "policy: a\ntests: []\n", Kind.TEST),
        ("a.test.yaml", "", Kind.TEST),
        ("a.test.yml", "policy: a", Kind.TEST),
        ("a.yaml", "", Kind.OTHER),
        ("a.yaml", "services: {}\n", Kind.OTHER),
        ("a.yaml", "spec:\n  policy: a\n", Kind.OTHER),
    ],
)
def test_the_kind_of_a_text(name: str, text: str, kind: Kind) -> None:
    assert Document(name, text, name).kind is kind


def test_a_shipped_policy_has_no_diagnostics() -> None:
    workspace = Workspace()
    for name in shipped_names():
        assert diagnose(workspace, Document(name, shipped_text(name).decode())) == ()


def test_symbols(tmp_path: Path) -> None:
    workspace = workspace_with(tmp_path, {"a.test.yaml": TESTS, "x.yaml": "policy: a\nrules: [{remove: b}, {}, 1]\n"})
    base = document_in(workspace, "base.yaml")
    found = [(one.name, one.detail) for one in symbols_of(base)]
    assert found == [
        ("least", "integer"),
        ("fast", "nic.speed is known and nic.speed > 1000"),
        ("owns", "match nic when nic.addresses overlaps host.addresses"),
        ("small", "reject nic when nic.mtu is known and nic.mtu < least and nic is not fast"),
    ]
    assert base.text[symbols_of(base)[3].place.start :].startswith("name: small\n")
    assert [one.name for one in symbols_of(document_in(workspace, "a.test.yaml"))] == ["a", "b", "c"]
    assert [one.name for one in symbols_of(document_in(workspace, "x.yaml"))] == ["remove b", "(no name)"]
    assert symbols_of(Document("k", "a: {}")) == ()


def test_lenses_have_tests_coverage_and_questions(tmp_path: Path) -> None:
    workspace = workspace_with(tmp_path, {"site.yaml": SITE})
    site = document_in(workspace, "site.yaml")
    assert [lens.title for lens in lenses_of(workspace, site)] == ["no tests"]
    (tmp_path / "site.test.yaml").write_text(TESTS, encoding="utf-8")
    (tmp_path / "copy").mkdir()  # equal texts in another folder are another policy
    for name, text in (("base.yaml", BASE), ("site.yaml", SITE), ("site.test.yaml", TESTS)):
        (tmp_path / "copy" / name).write_text(text, encoding="utf-8")
    workspace.refresh()
    (lens,) = lenses_of(workspace, site)
    assert lens.title == "this rule fired in 0 of 2 tests; 1 of 2 outcomes covered"
    assert site.text[lens.start : lens.end] == "fast-ones"
    report = read_topology("ens1 has 192.0.2.1/24; ens2 has 192.0.2.1/24")
    question = {"report": report, "addresses": ["192.0.2.1"], "parameters": {"least": 1}}
    (tmp_path / "site.json").write_text(json.dumps(question), encoding="utf-8")
    (tmp_path / "site.node8.json").write_text(json.dumps(report), encoding="utf-8")
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "wrong.json").write_text("{", encoding="utf-8")
    (tmp_path / "questions" / "x.json").write_text("{}", encoding="utf-8")
    titles = [lens.title for lens in lenses_of(workspace, site)]
    assert titles[1] == "site.json: no change; ambiguous"
    assert titles[2].startswith("site.node8.json: a report without the addresses of its host")
    assert titles[3].startswith("wrong.json: ")
    assert len(titles) == 4
    shown = explain_rule(workspace, site, "fast-ones", str(tmp_path / "site.json"))
    assert shown.splitlines()[0] == "site.json: ambiguous"
    assert len(shown.splitlines()) == 3
    base = document_in(workspace, "base.yaml")
    assert {lens.rule for lens in lenses_of(workspace, base)} == {"owns", "small"}
    assert lenses_of(workspace, base)[0].title == "this rule fired in 1 of 2 tests; 4 of 4 outcomes covered"
    workspace.open(Document(site.key, site.raw.replace("fast", "fst"), site.path))
    assert lenses_of(workspace, document_in(workspace, "site.yaml")) == ()


def test_the_lens_follows_the_question_and_the_policy(tmp_path: Path) -> None:
    workspace = workspace_with(tmp_path, {"site.yaml": SITE})
    path = tmp_path / "site.json"
    for given, result in [("ens1 has 192.0.2.1/24", "resolved ens1"), ("ens77 has 192.0.2.1/24", "resolved ens77")]:
        path.write_text(json.dumps({"report": read_topology(given), "addresses": ["192.0.2.1"]}), encoding="utf-8")
        assert lenses_of(workspace, document_in(workspace, "site.yaml"))[1].title.endswith(result)
    site = document_in(workspace, "site.yaml")
    workspace.open(
        Document(site.key, site.raw.replace("prefer nic when nic is fast", "reject nic when true"), site.path)
    )
    title = lenses_of(workspace, document_in(workspace, "site.yaml"))[1].title
    assert title == "site.json: fired for ens77; rejected ens77"


def test_fixes_of_a_text_with_other_line_ends(tmp_path: Path) -> None:
    good = "\ufeff# é🙂\n" + SITE
    bad = good.replace("is fast", "is fst").replace("prefer", "prefr").replace("\n", "\r\n")
    workspace = workspace_with(tmp_path, {"site.yaml": bad})
    site = document_in(workspace, "site.yaml")
    assert sorted(fix.title for fix in quick_fixes(workspace, site, 0, len(site.text))) == [
        "write `fast`",
        "write `prefer`",
    ]
    assert quick_fixes(workspace, site, 0, 3) == ()
    assert applied(bad, fix_all(workspace, site)) == good.replace("\n", "\r\n")
    assert fix_all(workspace, document_in(workspace, "base.yaml")) == ()
    for fix in quick_fixes(workspace, site, 0, len(site.text)):
        assert fix.is_preferred
        assert applied(bad, fix.edits) != bad


@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("a\nb\n", "a\nc\n"), ("a\r\nb", "b"), ("", "x\n"), ("a\u2028b\n", "a\u2028c\n")]
)
def test_line_edits(before: str, after: str) -> None:
    assert applied(before, line_edits(before, after)) == after


def test_which_texts_depend_on_a_text(tmp_path: Path) -> None:
    texts = {
        "site.yaml": SITE,
        "a.test.yaml": TESTS,
        "b.yaml": "policy: b\nextends: ./site.yaml\n",
        "c.yaml": "policy: c\n",
    }
    workspace = workspace_with(tmp_path, texts)
    base = document_in(workspace, "base.yaml").key
    depending = [name for name in texts if depends_on(workspace, document_in(workspace, name), base)]
    assert depending == ["site.yaml", "a.test.yaml", "b.yaml"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("policy: a\nextends: ./a.yaml\n", ["EXTENDS_CYCLE"]),
        ("policy: a\nextends: ./none.yaml\n", ["POLICY_UNREADABLE"]),
        ("policy: a\nextends: strict\nrules:\n  - remove: near-miss\n", []),
        ("policy: \ud800\n", ["POLICY_UNREADABLE"]),
        ("policy: a\n# " + "x" * 300_000, ["POLICY_TOO_LARGE"]),
        ("policy: strict\nrules:\n  - {name: a, rule: match nic when true}\n", ["SHIPPED_NAME_REUSED"]),
        ("policy: " + "[" * 20, ["YAML_TOO_DEEP"]),
    ],
)
def test_diagnostics_of_a_whole_text(text: str, codes: list[str], tmp_path: Path) -> None:
    workspace = workspace_with(tmp_path, {"a.yaml": text})
    document = document_in(workspace, "a.yaml")
    assert [problem.code for problem in diagnose(workspace, document) if "TRUE" not in problem.code] == codes
    assert all(problem.location is not None for problem in diagnose(workspace, document))


def test_a_test_file_is_checked_with_unsaved_policies(tmp_path: Path) -> None:
    workspace = workspace_with(tmp_path, {"site.yaml": SITE, "a.test.yaml": TESTS.replace("ens1}", "ens1, x: 1}")})
    (problem,) = diagnose(workspace, document_in(workspace, "a.test.yaml"))
    assert (problem.code, problem.message) == ("POLICY_INVALID", "unknown key `x`")
    workspace.open(Document(key_of(tmp_path / "a.test.yaml"), TESTS, str(tmp_path / "a.test.yaml")))
    assert diagnose(workspace, document_in(workspace, "a.test.yaml")) == ()
    workspace.open(
        Document(key_of(tmp_path / "site.yaml"), BASE.replace("match nic", "match"), str(tmp_path / "site.yaml"))
    )
    (problem,) = diagnose(workspace, document_in(workspace, "a.test.yaml"))
    assert "the policy `./site.yaml` cannot be used" in problem.message


def test_a_text_without_a_file_has_lenses_too() -> None:
    document = Document("untitled:1", "policy: a\nrules:\n  - {name: a, rule: match nic when nic is bond}\n")
    assert [lens.title for lens in lenses_of(Workspace(), document)] == ["no tests"]
    for name in shipped_names():
        shipped = Document(name, shipped_text(name).decode())
        assert {lens.title for lens in lenses_of(Workspace(), shipped)} == {"no tests"}


def test_every_diagnostic_has_a_section_to_link_to() -> None:
    page = _page_of_diagnostics().removeprefix("file://")
    sections = re.findall(r"^## ([A-Z_]+)$", Path(page).read_text(encoding="utf-8"), re.MULTILINE)
    assert set(sections) == set(explanations())
