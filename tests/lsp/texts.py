"""Texts with a cursor, and folders of policies, for the tests of the language server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evaluator.lsp.document import Document
from evaluator.lsp.workspace import Workspace, key_of

CURSOR = "▮"
BASE = """policy: base
description: A base.
parameters:
  least: {type: integer, default: 1500, description: the least MTU}
conditions:
  fast: nic.speed is known and nic.speed > 1000
rules:
  - name: owns
    rule: match nic when nic.addresses overlaps host.addresses
  - name: small
    rule: |
      reject nic when nic.mtu is known
        and nic.mtu < least and nic is not fast
    code: SMALL
    message: "{nic.name} is below {least}"
"""


def at_cursor(text: str) -> tuple[str, int]:
    """Return a text without its cursor, and the offset of the cursor."""
    before, _, after = text.partition(CURSOR)
    return before + after, len(before)


def workspace_with(folder: Path, texts: Mapping[str, str]) -> Workspace:
    """Return a workspace with base.yaml on the disk and some texts in the editor."""
    (folder / "base.yaml").write_text(BASE, encoding="utf-8")
    workspace = Workspace((folder,))
    for name, text in texts.items():
        path = folder / name
        workspace.open(Document(key_of(path), text, str(path)))
    return workspace
