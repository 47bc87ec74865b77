"""`packaging/Containerfile`: its steps are run in folders, because a container tool needs an image from a registry."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.service import WAIT, decide_on_port, free_port

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "packaging" / "Containerfile").read_text()
TOKEN = "a-token-of-an-engine-0123456789"
INSTALL = 300.0  # only ends an installation that hangs


def _steps(stage: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the instructions of a stage, each with its words."""
    lines = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
    starts = [index for index, line in enumerate(lines) if line.startswith("FROM")]
    for line in lines[starts[stage] : [*starts, len(lines)][stage + 1]]:
        name, _, words = line.partition(" ")
        yield name, json.loads(words) if words.startswith("[") else shlex.split(words)


def test_every_package_comes_from_the_lock_with_its_hash() -> None:
    installs = [words for name, words in _steps(0) if name == "RUN" and "install" in words]
    assert len(installs) == 2
    for words in installs:
        options = set(words)
        from_lock = {"--require-hashes", "/source/locks/service.txt"} <= options
        assert from_lock or {"--no-index", "--no-deps", "--no-build-isolation"} <= options


def test_the_service_is_not_root_and_listens_on_every_address_only_with_tokens() -> None:
    steps = dict(_steps(1))
    assert steps["USER"] == ["65532:65532"]
    assert steps["ENTRYPOINT"][:4] == ["/opt/activenic/bin/activenic", "serve", "--bind", "0.0.0.0"]
    assert "--token-file" in steps["ENTRYPOINT"]
    assert re.findall(r"^COPY .*(?:token|key|\.git).*$", TEXT, re.M) == []


@pytest.mark.system
def test_what_the_steps_build_serves(tmp_path: Path) -> None:
    def here(word: str) -> str:
        for path in ("/source", "/opt", "/policies", "/tokens"):
            word = f"{tmp_path}{word}" if word.startswith(path) else word
        return word

    environment = {**os.environ, "PIP_NO_COMPILE": "1"}  # half of the time, and an image is not tested here
    for name, words in _steps(0):
        if name == "COPY":
            _copy(words[:-1], Path(here(words[-1])))
        elif name == "RUN":
            command = [sys.executable if word == "python3" else here(word) for word in words]
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=INSTALL, env=environment
            )
            assert done.returncode == 0, done.stderr
    (tmp_path / "policies").mkdir()
    shutil.copy(ROOT / "examples" / "recipes" / "bonds-first.yaml", tmp_path / "policies")
    (tmp_path / "tokens").write_text(f"{TOKEN}\n")
    port = free_port()
    command = [here(word) for word in dict(_steps(1))["ENTRYPOINT"]]
    command[command.index("0.0.0.0")] = "127.0.0.1"
    with (tmp_path / "errors").open("wb") as errors:
        service = subprocess.Popen([*command, "--port", str(port), "--drain", "0"], stderr=errors, cwd=tmp_path)
    try:
        assert decide_on_port(port, TOKEN)["hostActiveNic"] == "bond0"
        service.terminate()
        assert service.wait(WAIT) == 0
    finally:
        service.kill()


def _copy(sources: list[str], target: Path) -> None:
    """Do COPY: the content of one folder into the target, or files into the folder of the target."""
    for source in sources:
        path = ROOT / source
        if path.is_dir():
            shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
