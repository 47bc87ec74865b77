"""Mutated texts of a policy, its base and its tests, and what every function of the language server must hold on them.

`tests/lsp/test_mutated_texts.py` runs some of them, `make long` a million: `python -m tests.support.server_texts`.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from evaluator.base.diagnostic import PolicyError
from evaluator.base.fix import applied
from evaluator.lsp.actions import fix_all, quick_fixes
from evaluator.lsp.complete import complete
from evaluator.lsp.diagnose import diagnose
from evaluator.lsp.document import Document
from evaluator.lsp.hover import hover_at
from evaluator.lsp.lenses import lenses_of
from evaluator.lsp.names import definition, names_of, references, symbol_of, use_at
from evaluator.lsp.positions import Positions
from evaluator.lsp.rename import RenameError, rename
from evaluator.lsp.symbols import symbols_of
from evaluator.lsp.workspace import Workspace
from evaluator.workbench.format_policy import edits_of

BASE = """policy: base
parameters:
  least: {type: integer, default: 1500, description: the least MTU}
  nets: {type: [cidr], optional: true}
conditions:
  fast: nic.speed is known and nic.speed > 1000
rules:
  - name: owns
    rule: match nic when nic.addresses overlaps host.addresses
  - name: small
    rule: |
      reject nic when nic.mtu is known
        and nic.mtu < least and not (nic is fast or nic is up)
    code: SMALL
    message: "{nic.name} has the MTU {nic.mtu} 🙂"
"""
EXTENDING = """policy: site
extends: ./base.yaml
parameters: {least: {default: 9000}}
rules:
  - name: other
    after: owns
    rule: 'discard nic when some other in candidates satisfies other above nic and count(other.ports) > 1'
  - remove: small
"""
TEST = """policy: ./base.yaml
parameters: {least: 1400}
tests:
  - name: one
    given: ens1 has 192.0.2.1/24
    host: 192.0.2.1
    want: resolved ens1
  - name: two
    given: bond0 over ens1, ens2
    want: {status: no_match, fired: [owns], silent: [small]}
"""
TEXTS = {"base.yaml": BASE, "site.yaml": EXTENDING, "site.test.yaml": TEST}
PIECES = (
    *("\n", "\n  ", " ", ": ", "- ", "{", "}", "[", "]", '"', "'", "|", ">", "#", "&a", "*a", "!t", "\t", "\r\n", "\r"),
    *("\u2028", "\x85", "\ufeff", "\x00", "\ud800", "🙂", "é", "“", "а", "---\n", "? ", "%", "@", "`", "~", "\x0c"),
    *("nic", ".", "is", "not ", "some x in ", "satisfies ", "count(", "(", ")", ", ", "=", "extends: ./site.yaml\n"),
    *("rules:", "policy: ", "tests:\n", "extends: .\n", "0x1", "1:30", "yes", "null", "{nic.", "x" * 300),
)


def mutated(text: str, chance: random.Random) -> str:
    """Return a text after a few mutations."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 0, 0, 1, 1, 3, 20)))
        piece = chance.choice((*PIECES, "", "", text[chance.randrange(len(text) + 1) :][:30]))
        text = text[:start] + piece + text[end:]
    return text


def check(workspace: Workspace, document: Document, chance: random.Random) -> None:
    raw, length = document.raw, len(document.text)
    for problem in diagnose(workspace, document):
        assert problem.location is not None
        assert 0 <= problem.location.start <= problem.location.end <= length
        assert problem.location.name == document.name
    assert all(0 <= use.start <= use.end <= length for use in names_of(document))
    for symbol in symbols_of(document):
        assert symbol.name
        assert 0 <= symbol.place.start <= symbol.name_place.start <= symbol.name_place.end <= symbol.place.end <= length
    for fix in quick_fixes(workspace, document, 0, length) if chance.random() < 0.25 else ():
        assert all(0 <= edit.start <= edit.end <= len(raw) for edit in fix.edits)
        assert isinstance(applied(raw, fix.edits), str)
    at = chance.randrange(length + 1)
    for item in complete(workspace, document, at):
        assert 0 <= item.start <= item.end == at
    hover = hover_at(workspace, document, at)
    assert hover is None or (0 <= hover.start <= at <= hover.end <= length and hover.text)
    found = definition(workspace, document, at)
    assert found is None or 0 <= found.use.start <= found.use.end <= len(found.document.text)
    use = use_at(document, at)
    symbol_at = None if use is None else symbol_of(workspace, document, use)
    if symbol_at is not None:
        assert references(workspace, symbol_at)
    if chance.random() < 0.1:
        check_changes(workspace, document, at)
    positions = Positions(raw, len)
    assert document.plain_offset(positions.offset(*positions.position(document.raw_offset(at)))) == at


def check_changes(workspace: Workspace, document: Document, at: int) -> None:
    """Check the functions that change texts or run tests; a refusal is allowed."""
    assert all(0 <= lens.start <= lens.end <= len(document.text) for lens in lenses_of(workspace, document))
    applied(document.raw, fix_all(workspace, document))
    with suppress(PolicyError):
        applied(document.raw, edits_of(document.name, document.raw))
    with suppress(RenameError):
        for key, edits in rename(workspace, document, at, "renamed").edits.items():
            changed = workspace.document(key)
            assert changed is not None
            applied(changed.raw, edits)


def try_seed(workspace: Workspace, folder: Path, seed: int) -> None:
    """Check the server on one mutated text; raises AssertionError, with the text, if a function fails."""
    chance = random.Random(seed)
    name = chance.choice(tuple(TEXTS))
    documents = {other: Document(str(folder / other), text, str(folder / other)) for other, text in TEXTS.items()}
    documents[name] = Document(str(folder / name), mutated(TEXTS[name], chance), str(folder / name))
    for document in documents.values():
        workspace.open(document)
    try:
        check(workspace, documents[name], chance)
    except Exception as error:
        raise AssertionError(f"seed {seed}: {documents[name].raw!r}") from error


def main() -> int:
    """Try many texts; print the first that breaks the server."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace()
        for seed in range(options.seed, options.seed + options.cases):
            try_seed(workspace, Path(folder), seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
