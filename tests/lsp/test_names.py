"""Definitions, references and renames across the texts of a folder, some of them open and changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.base.fix import applied
from evaluator.lsp.diagnose import diagnose
from evaluator.lsp.document import Document
from evaluator.lsp.names import definition, references, symbol_of, use_at
from evaluator.lsp.rename import RenameError, renamable, rename
from evaluator.lsp.workspace import Workspace, key_of

TEXTS = {
    "base.yaml": """policy: base
parameters:
  least: {type: integer, default: 1500}
  "quoted": {type: integer, default: 1}
conditions:
  fast: nic.speed is known and nic.speed > 1000
rules:
  - name: owns
    rule: match nic when nic.addresses overlaps host.addresses
  - name: "small"
    rule: |
      reject nic when nic.mtu is known
        and nic.mtu < least and nic is not fast
    message: "{nic.name} is below {least}, {quoted}"
""",
    "site.yaml": """policy: site
extends: ./base.yaml
parameters: {least: {default: 9000}}
conditions:
  slow: nic is not fast
rules:
  - name: small
    replace: true
    rule: 'reject nic when nic is slow and nic.mtu is known and nic.mtu < least'
  - name: note
    after: owns
    rule: warn nic when some least_one in nic.stack satisfies least_one is fast
""",
    "last.yml": """policy: last
extends: ./site.yaml
rules:
  - remove: note
  - {name: more, before: small, rule: warn nic when nic is slow}
""",
    "tests/site.test.yaml": """policy: ../site.yaml
parameters: {least: 1400}
tests:
  - name: a
    given: ens1 has 192.0.2.1/24
    host: 192.0.2.1
    want: {status: resolved, fired: [owns], silent: [small]}
  - name: b
    policy: ../base.yaml
    given: ens1 has 192.0.2.1/24
    host: 192.0.2.1
    parameters: {least: 1, quoted: 2}
    want: {status: resolved, fired: ["owns"]}
""",
    "other.yaml": """policy: other
parameters: {least: {type: integer, default: 1}}
conditions: {fast: nic is up}
rules:
  - {name: owns, rule: match nic when nic is fast and count(nic.ports) < least}
""",
    ".hidden/copy.yaml": "policy: copy\nextends: ../base.yaml\nrules: [{remove: owns}]\n",
    "broken.yaml": 'policy: broken\nextends: ./base.yaml\nrules:\n  - {name: z, after: owns}\n  - "\n',
}
NAMES = {
    "base.yaml": {"rule": ["owns", "small"], "parameter": ["least", "quoted"], "condition": ["fast"]},
    "site.yaml": {"rule": ["note"], "condition": ["slow"]},
    "last.yml": {"rule": ["more"]},
    "other.yaml": {"rule": ["owns"], "parameter": ["least"], "condition": ["fast"]},
}
DECLARED = [(file, name) for file, kinds in NAMES.items() for names in kinds.values() for name in names]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for name, text in TEXTS.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Workspace((tmp_path,))


def document_in(workspace: Workspace, name: str) -> Document:
    document = workspace.document(key_of(workspace.folders[0] / name))
    assert document is not None
    return document


def uses(workspace: Workspace, file: str, name: str) -> dict[str, int]:
    """Return the number of uses of a name in each file, by the name that a file declares."""
    document = document_in(workspace, file)
    at = use_at(document, document.text.index(name, 14))
    assert at is not None
    symbol = symbol_of(workspace, document, at)
    assert symbol is not None
    found: dict[str, int] = {}
    for one in references(workspace, symbol):
        assert one.document.text[one.use.start : one.use.end] == one.use.name
        path = str(Path(one.document.key).relative_to(workspace.folders[0].resolve()))
        found[path] = found.get(path, 0) + 1
    return found


def test_references(workspace: Workspace) -> None:
    assert uses(workspace, "base.yaml", "least") == {
        "base.yaml": 3,
        "site.yaml": 2,
        "tests/site.test.yaml": 2,
    }
    assert uses(workspace, "base.yaml", "quoted") == {"base.yaml": 2, "tests/site.test.yaml": 1}
    assert uses(workspace, "base.yaml", "fast") == {"base.yaml": 2, "site.yaml": 2}
    assert uses(workspace, "base.yaml", "owns") == {
        "base.yaml": 1,
        "broken.yaml": 1,
        "site.yaml": 1,
        "tests/site.test.yaml": 2,
    }
    assert uses(workspace, "base.yaml", "small") == {
        "base.yaml": 1,
        "last.yml": 1,
        "site.yaml": 1,
        "tests/site.test.yaml": 1,
    }
    assert uses(workspace, "site.yaml", "note") == {"last.yml": 1, "site.yaml": 1}
    assert uses(workspace, "site.yaml", "slow") == {"last.yml": 1, "site.yaml": 2}
    assert uses(workspace, "other.yaml", "least") == {"other.yaml": 2}
    assert uses(workspace, "site.yaml", "./base.yaml") == {
        "base.yaml": 1,
        "broken.yaml": 1,
        "site.yaml": 1,
        "tests/site.test.yaml": 1,
    }


@pytest.mark.parametrize(
    ("file", "words", "target", "line"),
    [
        ("site.yaml", "./base.yaml", "base.yaml", "policy: base"),
        ("site.yaml", "owns", "base.yaml", "  - name: owns"),
        ("site.yaml", "small", "base.yaml", '  - name: "small"'),
        ("site.yaml", "slow and", "site.yaml", "  slow: nic is not fast"),
        ("site.yaml", "fast", "base.yaml", "  fast: nic.speed is known and nic.speed > 1000"),
        ("site.yaml", "least'", "site.yaml", "parameters: {least: {default: 9000}}"),
        ("site.yaml", "least: ", "base.yaml", "  least: {type: integer, default: 1500}"),
        ("base.yaml", "owns", "base.yaml", "  - name: owns"),
        ("last.yml", "small", "site.yaml", "  - name: small"),
        ("last.yml", "note", "site.yaml", "  - name: note"),
        ("last.yml", "slow", "site.yaml", "  slow: nic is not fast"),
        ("tests/site.test.yaml", "../site.yaml", "site.yaml", "policy: site"),
        ("tests/site.test.yaml", "small", "site.yaml", "  - name: small"),
        ("tests/site.test.yaml", "quoted", "base.yaml", '  "quoted": {type: integer, default: 1}'),
        ("broken.yaml", "owns", "base.yaml", "  - name: owns"),
    ],
)
def test_definition(workspace: Workspace, file: str, words: str, target: str, line: str) -> None:
    document = document_in(workspace, file)
    found = definition(workspace, document, document.text.index(words))
    assert found is not None
    assert found.document.key == document_in(workspace, target).key
    assert found.document.text[: found.use.start].count("\n") == found.document.text.split("\n").index(line)


@pytest.mark.parametrize("words", ["least_one in", "nic.mtu", "nic when", "true"])
def test_what_has_no_definition(workspace: Workspace, words: str) -> None:
    document = document_in(workspace, "site.yaml")
    assert definition(workspace, document, document.text.index(words)) is None


def test_a_shipped_policy_has_a_definition_and_cannot_be_renamed(workspace: Workspace) -> None:
    path = str(workspace.folders[0] / "strict-site.yaml")
    text = "policy: strict-site\nextends: strict\nrules:\n  - remove: near-miss\n"
    document = Document(path, text, path)
    workspace.open(document)
    found = definition(workspace, document, text.index("near-miss"))
    assert found is not None
    assert Path(found.document.key).name == "strict.yaml"
    with pytest.raises(RenameError, match="`near-miss` is declared in a shipped policy"):
        renamable(workspace, document, text.index("near-miss"))
    with pytest.raises(RenameError, match="a policy cannot be renamed"):
        renamable(workspace, document, text.index("strict-site"))


@pytest.mark.parametrize(("file", "name"), DECLARED)
def test_a_rename_changes_every_use_and_no_meaning(workspace: Workspace, file: str, name: str) -> None:
    document = document_in(workspace, file)
    before = {one.key: codes(workspace, one) for one in workspace.documents()}
    counts = uses(workspace, file, name)
    result = rename(workspace, document, document.text.index(name, 14), "renamed_1")
    assert {key: len(edits) for key, edits in result.edits.items()} == {
        key_of(workspace.folders[0] / path): count for path, count in counts.items()
    }
    for key, edits in result.edits.items():
        one = workspace.document(key)
        assert one is not None
        workspace.open(Document(key, applied(one.raw, edits), one.path))
    assert {one.key: codes(workspace, one) for one in workspace.documents()} == before
    assert uses(workspace, file, "renamed_1") == counts


def codes(workspace: Workspace, document: Document) -> list[str]:
    return [problem.code for problem in diagnose(workspace, document)]


@pytest.mark.parametrize(
    ("file", "name", "new", "message"),
    [
        ("base.yaml", "owns", "small", "the rule `small` already exists"),
        ("base.yaml", "owns", "note", "the rule `note` already exists"),
        ("base.yaml", "owns", "more", "the rule `more` already exists"),
        ("base.yaml", "owns", "two words", "is not a valid name of a rule"),
        ("base.yaml", "owns", "", "missing|`` cannot be"),
        ("base.yaml", "owns", "yes", "YAML reads `yes` as a boolean"),
        ("base.yaml", "owns", "a: b", "cannot be the new name"),
        ("base.yaml", "owns", "x # y", "cannot be the new name"),
        ("base.yaml", "least", "quoted", "the parameter `quoted` already exists"),
        ("base.yaml", "least", "nic", "is a word of the language"),
        ("base.yaml", "least", "when", "cannot be the new name"),
        ("base.yaml", "least", "a-b", "cannot be the new name"),
        ("base.yaml", "least", "least_one", "cannot be the new name"),
        ("base.yaml", "least", "1a", "cannot be the new name"),
        ("base.yaml", "fast", "slow", "the condition `slow` already exists"),
        ("base.yaml", "fast", "bridge", "is a kind or state of the language"),
        ("base.yaml", "fast", "not", "cannot be the new name"),
        ("base.yaml", "fast", "a\nb", "cannot be the new name"),
    ],
)
def test_what_cannot_be_a_new_name(workspace: Workspace, file: str, name: str, new: str, message: str) -> None:
    document = document_in(workspace, file)
    with pytest.raises(RenameError, match=message):
        rename(workspace, document, document.text.index(name, 14), new)


@given(new=st.text("ab1-_ .:#{}'\"\n", max_size=4), at=st.sampled_from(DECLARED))
def test_a_rename_never_breaks_a_policy(
    tmp_path_factory: pytest.TempPathFactory, new: str, at: tuple[str, str]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "renamed"
    workspace = Workspace((folder,))
    for name, text in TEXTS.items():
        workspace.open(Document(key_of(folder / name), text, str(folder / name)))
    document = document_in(workspace, at[0])
    try:
        result = rename(workspace, document, document.text.index(at[1], 14), new)
    except RenameError:
        return
    before = {one.key: codes(workspace, one) for one in workspace.documents()}
    for key, edits in result.edits.items():
        one = workspace.document(key)
        assert one is not None
        workspace.open(Document(key, applied(one.raw, edits), one.path))
    assert {one.key: codes(workspace, one) for one in workspace.documents()} == before
