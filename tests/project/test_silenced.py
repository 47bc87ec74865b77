"""The code silences few rules of ruff and mypy. A rule that is silenced often is a rule that the design breaks."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("benchmarks", "evaluator", "examples", "tests", "tools")
MOST = 70
COMMENT = re.compile(r"# (?:noqa|type: ignore)(?=[:\[\s]|$)", re.MULTILINE)
IGNORED = {"D105", "D107", "D203", "D213", "D400", "PLR2004", "PLR0911", "PLR0912", "RUF001", "RUF002", "RUF003"}


def test_few_comments_silence_a_rule() -> None:
    counts = {
        str(path.relative_to(ROOT)): len(COMMENT.findall(path.read_text(encoding="utf-8")))
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
    }
    assert len(counts) > 500
    assert 0 < sum(counts.values()) <= MOST, {path: count for path, count in counts.items() if count}


def test_no_more_rules_are_ignored_everywhere() -> None:
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert set(ruff["ignore"]) <= IGNORED
    assert len(ruff["per-file-ignores"]) <= 4
