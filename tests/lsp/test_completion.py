"""What is offered at a cursor: the rows of completion.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from evaluator.lsp.complete import complete
from tests.lsp.texts import at_cursor, workspace_with

ROWS = yaml.safe_load((Path(__file__).parent / "completion.yaml").read_text(encoding="utf-8"))
RULE = "policy: a\nextends: ./base.yaml\nrules:\n  - name: x\n    rule: {}\n"
TEST = "policy: ./base.yaml\ntests:\n  - name: x\n    given: bond0 over ens1, ens2\n    {}\n"


def text_of(row: dict[str, Any]) -> str:
    if "rule" in row:
        return RULE.format(row["rule"])
    return TEST.format(row["test"]) if "test" in row else row["text"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: repr(text_of(row)[-40:]))
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_completion(row: dict[str, Any], line_end: str, tmp_path: Path) -> None:
    text, offset = at_cursor(text_of(row))
    name = row.get("file", "site.yaml")
    workspace = workspace_with(tmp_path, {name: "\ufeff" + text.replace("\n", line_end)})
    document = workspace.document(str(tmp_path / name))
    items = complete(workspace, document, offset)
    labels = [item.candidate.label for item in items]
    assert len(set(labels)) == len(labels)
    assert labels[: len(row.get("start", ()))] == row.get("start", [])
    assert set(row.get("has", ())) <= set(labels), labels
    assert set(row.get("lacks", ())).isdisjoint(labels)
    if "all" in row:
        assert sorted(labels) == sorted(row["all"])
    inserts = {item.candidate.label: item.candidate.insert for item in items}
    assert {label: inserts.get(label) for label in row.get("insert", {})} == row.get("insert", {})
    for item in items:
        assert document.text[item.start : item.end] == row.get("replaces", "")
