"""What is shown for a word: the rows of hover.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from evaluator.lsp.hover import hover_at
from evaluator.lsp.meanings import SIGN_MEANINGS
from evaluator.policy.language.checked import Quantifier, Relate
from evaluator.policy.language.vocabulary import KEYWORDS
from tests.lsp.texts import at_cursor, workspace_with

ROWS = yaml.safe_load((Path(__file__).parent / "hover.yaml").read_text(encoding="utf-8"))
RULE = "policy: a\nextends: ./base.yaml\nrules:\n  - name: x\n    rule: {}\n"


def text_of(row: dict[str, Any]) -> str:
    return RULE.format(row["rule"]) if "rule" in row else row["text"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: repr(text_of(row)[-40:]))
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_hover(row: dict[str, Any], line_end: str, tmp_path: Path) -> None:
    text, offset = at_cursor(text_of(row))
    name = row.get("file", "site.yaml")
    workspace = workspace_with(tmp_path, {name: "\ufeff" + text.replace("\n", line_end)})
    document = workspace.document(str(tmp_path / name))
    hover = hover_at(workspace, document, offset)
    if row["has"] is None:
        assert hover is None
        return
    assert hover is not None
    assert document.text[hover.start : hover.end] == row["word"]
    for part in row["has"]:
        assert part in hover.text


def test_every_word_of_the_grammar_has_a_meaning() -> None:
    operators = {str(relation) for relation in Relate} - {str(Relate.IN_NETWORK)}
    assert {*KEYWORDS, *operators, *map(str, Quantifier)} <= set(SIGN_MEANINGS)
