"""Finds wording that is hard to read. The number of matches in a file can fall, but not rise.

The patterns are in english.toml. english_baseline.json lists the files that had such wording when the check was
introduced, and the number of matches in each of these files. A file can have at most this number of matches. Every
other file must have no match. So the check needs no history of changes. The check reads Markdown, YAML and JSON files
without the code between backticks. In Python files, it reads docstrings, comments, and strings that contain a space.

    python -m tools.english                    check (part of `make lint`)
    python -m tools.english --list FILE …      show each place in these files
    python -m tools.english --update           lower the baseline; it refuses to raise a count
    python -m tools.english --update --reset   set the baseline to the present counts
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parent.parent
TABLE = Path(__file__).with_name("english.toml")
BASELINE = Path(__file__).with_name("english_baseline.json")
_FOLDERS = {
    "evaluator": ("*.py",),
    "tools": ("*.py",),
    "benchmarks": ("*.py",),
    "docs": ("*.md",),
    "policies": ("*.yaml",),
    "schemas": ("*.json",),
}
_FILES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
_FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
_INDENT = re.compile(r"[ \t]*\n[ \t]*")
_CODE = re.compile(r"`[^`\n]*`")


class Pattern(Struct, frozen=True):
    """A pattern, the wording to use instead, and the matches that are allowed."""

    find: re.Pattern[str]
    instead: str
    allowed: tuple[re.Pattern[str], ...] = ()

    def matches(self, text: str) -> Iterator[re.Match[str]]:
        """Yield the matches that are not allowed."""
        for match in self.find.finditer(text):
            if not any(exception.search(match[0]) for exception in self.allowed):
                yield match


class Place(Struct, frozen=True):
    """One match in a file."""

    path: str
    line: int
    words: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: `{self.words}`: write {self.instead}"


def read_patterns(table: str) -> tuple[Pattern, ...]:
    """Return the patterns of a TOML table. A space in a pattern also matches a line end."""
    return tuple(
        Pattern(
            re.compile(entry["find"].replace(" ", r"\s"), re.IGNORECASE),
            entry["instead"],
            tuple(re.compile(text, re.IGNORECASE) for text in entry.get("allowed", ())),
        )
        for entry in tomllib.loads(table)["pattern"]
    )


def files(root: Path) -> Iterator[Path]:
    """Yield the files that are checked, in order."""
    for folder, names in _FOLDERS.items():
        for name in names:
            yield from sorted((root / folder).rglob(name))
    yield from (root / name for name in _FILES)


def places(path: str, text: str, patterns: Sequence[Pattern]) -> tuple[Place, ...]:
    """Return every match in a file, sorted by line."""
    found = [
        Place(path, line + part.count("\n", 0, match.start()), " ".join(match[0].split()), pattern.instead)
        for line, part in prose(path, text)
        for pattern in patterns
        for match in pattern.matches(part)
    ]
    return tuple(sorted(found, key=lambda place: (place.line, place.words)))


def prose(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield the parts of a file that people read, each with its first line number."""
    if not path.endswith(".py"):
        yield 1, _without_code(text)
        return
    for line, part in (*_strings(ast.parse(text)), *_comments(text)):
        yield line, _without_code(part)


def _without_code(text: str) -> str:
    """Return the text without code blocks, code between backticks and indentation; line numbers do not change."""
    text = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)
    return _CODE.sub("``", _INDENT.sub("\n", text))


def _strings(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield docstrings, messages and other strings with a space; a value in an f-string becomes `{}`."""
    if isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values]
        yield node.lineno, "".join(parts)
        children: list[ast.AST] = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
    else:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value
        children = list(ast.iter_child_nodes(node))
    for child in children:
        yield from _strings(child)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def counts(found: Mapping[str, Sequence[Place]]) -> dict[str, int]:
    """Return the number of matches in each file that has at least one match."""
    return {path: len(those) for path, those in sorted(found.items()) if those}


def raised(now: Mapping[str, int], baseline: Mapping[str, int]) -> dict[str, int]:
    """Return the files with more matches than the baseline allows, and the number of matches that are too many."""
    return {path: count - baseline.get(path, 0) for path, count in now.items() if count > baseline.get(path, 0)}


def lowered(now: Mapping[str, int], baseline: Mapping[str, int]) -> dict[str, int]:
    """Return a new baseline. It has the lower number for each file that now has fewer matches."""
    return {path: min(count, now[path]) for path, count in baseline.items() if path in now}


def all_places(root: Path, patterns: Sequence[Pattern]) -> dict[str, tuple[Place, ...]]:
    """Return the matches of every checked file, by its path below the root."""
    names = {str(path.relative_to(root)): path for path in files(root)}
    return {name: places(name, path.read_text(encoding="utf-8"), patterns) for name, path in names.items()}


def main(arguments: Sequence[str] | None = None, root: Path = ROOT, baseline: Path = BASELINE) -> int:
    """Check the files, list matches or update the baseline. Return 1 if a file has more matches than allowed."""
    parser = argparse.ArgumentParser(description="find wording that is hard to read")
    parser.add_argument("--list", nargs="+", metavar="FILE", default=(), help="show each place in these files")
    parser.add_argument("--update", action="store_true", help="lower the baseline")
    parser.add_argument("--reset", action="store_true", help="with --update: also raise it")
    options = parser.parse_args(arguments)
    found = all_places(root, read_patterns(TABLE.read_text(encoding="utf-8")))
    allowed: dict[str, int] = json.loads(baseline.read_text(encoding="utf-8")) if baseline.exists() else {}
    now = counts(found)
    if options.list:
        _print(place for name in options.list for place in found.get(name, ()))
        return 0
    too_many = {} if options.reset else raised(now, allowed)
    for name, more in too_many.items():
        _print(found[name])
        print(f"{name}: {more} more than the baseline allows ({allowed.get(name, 0)})")
    if options.update:
        chosen = now if options.reset else lowered(now, allowed)
        baseline.write_text(json.dumps(chosen, indent=1) + "\n", encoding="utf-8")
    elif lowered(now, allowed) != allowed:
        print("some files improved: run `make english-baseline`")
    return 1 if too_many else 0


def _print(those: Iterator[Place] | Sequence[Place]) -> None:
    for place in those:
        print(place)


if __name__ == "__main__":
    sys.exit(main())
