"""The hooks for pre-commit: the definition has the form that pre-commit reads, and the commands take files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from evaluator.cli.main import main

ROOT = Path(__file__).parents[2]
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
UNTIDY = "policy: a\nrules:\n  - name: a\n    rule: match nic when  nic.addresses overlaps host.addresses\n"
KEYS = {"id", "name", "description", "entry", "language", "types", "files", "exclude"}


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_a_hook_has_the_form_of_pre_commit(hook: dict[str, object]) -> None:
    assert hook.keys() == KEYS
    assert all(isinstance(hook[key], str) and hook[key] for key in KEYS - {"types"})
    assert (hook["language"], hook["types"]) == ("python", ["yaml"])
    files, exclude = re.compile(str(hook["files"])), re.compile(str(hook["exclude"]))
    chosen = [
        name
        for name in ("policies/a.yaml", "x/policies/a.yml", "policies/a.test.yaml", "a.yaml", "policies/x/a.yaml")
        if files.search(name) and not exclude.search(name)
    ]
    assert chosen == ["policies/a.yaml", "x/policies/a.yml"]


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_the_command_of_a_hook_takes_files(hook: dict[str, str], tmp_path: Path) -> None:
    policy = tmp_path / "a.yaml"
    policy.write_text(UNTIDY, encoding="utf-8")
    program, *arguments = hook["entry"].split()
    assert program == "activenic"
    assert main([*arguments, str(policy)]) == 0
    assert main([*arguments, str(policy), str(policy)]) == 0
    policy.write_text(UNTIDY.replace("match", "mtch"), encoding="utf-8")
    assert main(["check", str(policy)]) == 8


def test_the_hook_that_formats_writes_the_file(tmp_path: Path) -> None:
    policy = tmp_path / "a.yaml"
    policy.write_text(UNTIDY, encoding="utf-8")
    assert main([*HOOKS["activenic-fmt"]["entry"].split()[1:], str(policy)]) == 0
    assert policy.read_text(encoding="utf-8") == UNTIDY.replace("  nic.addr", " nic.addr")
