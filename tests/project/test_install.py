"""A wheel carries the policies and schemas, and works away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import evaluator

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_what_a_wheel_holds(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("policies", "schemas"):
        for path in (ROOT / folder).rglob("*.*"):
            assert f"evaluator/data/{path.relative_to(ROOT)}" in names
    assert "evaluator/data/docs/diagnostics.md" in names  # the language server links to it
    assert "evaluator/py.typed" in names
    assert "evaluator/policy/syntax/grammar.lark" in names
    assert "evaluator/render/page.css" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith("tests/") for name in names)


def test_a_wheel_works_alone(wheel: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_bytes((ROOT / "policies" / "examples" / "bridge.json").read_bytes())
    environment = {**os.environ, "PYTHONPATH": str(wheel), "PYTHONSAFEPATH": "1"}
    code = "import sys; from evaluator.cli.main import main; sys.exit(main())"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert run("--version").stdout == f"activenic {evaluator.__version__}\n"
    done = run("decide", "report.json", "--address", "192.0.2.10", "--output", "json")
    assert (done.returncode, done.stderr) == (3, "")
    assert '"hostActiveNic": "br0"' in done.stdout
    assert run("decide", "report.json", "--address", "nonsense").returncode == 2
    assert run("check", "strict").returncode == 0
