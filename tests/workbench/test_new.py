"""`activenic new`: what it makes passes every check from the start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from evaluator.cli.main import main
from evaluator.workbench.scaffold import BASES


@pytest.mark.parametrize("base", [None, *BASES])
def test_a_new_policy_passes_every_check(
    base: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my-site", *(["--from", base] if base else [])]) == 0
    names = ["my-site/my-site.yaml", "my-site/my-site.test.yaml", "my-site/README.md"]
    schemas = ["my-site/.schemas/policy.schema.json", "my-site/.schemas/policy-test.schema.json"]
    assert capsys.readouterr().out.splitlines() == names + schemas
    for name, schema in zip(names, schemas, strict=False):
        first, text = Path(name).read_text(encoding="utf-8").split("\n", 1)
        assert Path("my-site", first.removeprefix("# yaml-language-server: $schema=")) == Path(schema)
        Draft202012Validator(json.loads(Path(schema).read_bytes())).validate(yaml.safe_load(text))
    assert main(["check", "--strict", names[0]]) == 0
    assert main(["fmt", "--check", "my-site"]) == 0
    assert main(["test", "my-site"]) == 0
    assert "2 passed, 0 failed" in capsys.readouterr().out
    assert main(["new", "my-site"]) == 8
    assert "`my-site` cannot be created: file exists [POLICY_UNWRITABLE]" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["strict", "A b", "../x", "", "x" * 64])
def test_what_cannot_be_made(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", name]) == 8
    assert "[POLICY_NAME]" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
