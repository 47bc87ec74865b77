"""Thousands of mutated texts: no function of the server raises an error or returns a place outside of the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.lsp.workspace import Workspace
from tests.support.server_texts import try_seed

ROUNDS = 2000
PARTS = 8


@pytest.mark.volume
@pytest.mark.parametrize("part", range(PARTS))
def test_no_text_breaks_the_server(part: int, tmp_path: Path) -> None:
    workspace = Workspace()
    for seed in range(part, ROUNDS, PARTS):
        try_seed(workspace, tmp_path, seed)
