"""Draws texts of the project at random. With them, readers test whether a text is clear at first reading.

    python -m tools.draw_texts --seed 7 [--count 100]

There are six kinds of texts: heads of modules, other docstrings, messages, help texts, paragraphs of the docs, and
descriptions in the schemas. The program draws the same number of texts of each kind. The same seed draws the same texts
from the same files.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parent.parent
_SHORTEST = 25  # shorter ones are names, not texts
_MOST_TOGETHER = 6  # a call with more texts is a table, for example the examples of a command
_PARAGRAPH = re.compile(r"\n\s*\n")
_FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)


class Drawn(Struct, frozen=True):
    """A text, its kind and its place."""

    kind: str
    place: str
    text: str


def draw(seed: int, count: int) -> list[Drawn]:
    """Return texts of all kinds in equal shares, in random order."""
    chosen = random.Random(seed)  # noqa: S311 -- a sample, not a secret
    kinds: dict[str, list[Drawn]] = {}
    for text in texts():
        if len(text.text) >= _SHORTEST:
            kinds.setdefault(text.kind, []).append(text)
    drawn: list[Drawn] = []
    for at, kind in enumerate(sorted(kinds)):
        share = count // len(kinds) + (at < count % len(kinds))
        drawn += chosen.sample(kinds[kind], min(share, len(kinds[kind])))
    chosen.shuffle(drawn)
    return drawn


def texts() -> Iterator[Drawn]:
    """Yield the texts of the project, in the order of its files."""
    for path in sorted((ROOT / "evaluator").rglob("*.py")):
        yield from _of_module(str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8")))
    for path in (*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        plain = _FENCE.sub("", path.read_text(encoding="utf-8"))
        for paragraph in _PARAGRAPH.split(plain):
            if not paragraph.lstrip().startswith(("#", "|")):
                yield Drawn("paragraph", str(path.relative_to(ROOT)), paragraph.strip())
    for path in sorted((ROOT / "schemas").glob("*.json")):
        for text in _descriptions(json.loads(path.read_text(encoding="utf-8"))):
            yield Drawn("schema", str(path.relative_to(ROOT)), text)


def _of_module(path: str, module: ast.Module) -> Iterator[Drawn]:
    """Yield the head, the docstrings, the messages and the help texts of a module."""
    docstrings: set[int] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text, first = ast.get_docstring(node), next(iter(node.body), None)
            if text is not None and isinstance(first, ast.Expr):
                docstrings.add(id(first.value))
                kind = "head" if isinstance(node, ast.Module) else "docstring"
                yield Drawn(kind, f"{path}:{getattr(node, 'lineno', 1)}", text)
    kind = "help" if path.startswith("evaluator/cli/") else "message"
    for line, texts in _printed_together(module, docstrings):
        if any(text.count(" ") > 2 for text in texts):
            yield Drawn(kind, f"{path}:{line}", "\n".join(texts))


def _printed_together(node: ast.AST, docstrings: set[int]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield texts that a user sees together: a message with its hint, an option with its help text.

    Such texts are arguments of one call, for example `Diagnostic(code, message, hint=...)`.
    """
    text = _written(node)
    if text is not None:
        if id(node) not in docstrings:
            yield getattr(node, "lineno", 1), (text,)
        return
    parts = [part for child in ast.iter_child_nodes(node) for part in _printed_together(child, docstrings)]
    if isinstance(node, ast.Call) and 1 < len(parts) <= _MOST_TOGETHER:
        yield parts[0][0], tuple(text for _, texts in parts for text in texts)
    else:
        yield from parts


def _written(node: ast.AST) -> str | None:
    """Return a string as it is printed. For a value in an f-string, it has the name of the value in braces."""
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else _named(part) for part in node.values]
        return "".join(map(str, parts))
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _named(part: ast.expr) -> str:
    return f"{{{ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else '...'}}}"


def _descriptions(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("description"), str):
            yield value["description"]
        for item in value.values():
            yield from _descriptions(item)
    elif isinstance(value, list):
        for item in value:
            yield from _descriptions(item)


def main() -> None:
    """Print the texts, each with its number, kind and place."""
    parser = argparse.ArgumentParser(description="Draw texts of the project at random.")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=100)
    options = parser.parse_args()
    for number, drawn in enumerate(draw(options.seed, options.count), 1):
        print(f"## {number} ({drawn.kind}, {drawn.place})\n\n{drawn.text}\n")


if __name__ == "__main__":
    main()
