"""An interrupt (ctrl-c) ends the command with the status 130 and without a traceback, also during imports.

Python imports `sitecustomize` before the command. Here it sends SIGINT at one moment: when a module is first looked up,
or when the process ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

REPORT = Path(__file__).parents[2] / "policies" / "examples" / "bond.json"
ACTIVENIC = [str(Path(sysconfig.get_path("scripts")) / "activenic")]
MODULE = [sys.executable, "-m", "evaluator"]
DECIDE = ["decide", str(REPORT), "--address", "192.0.2.10"]
INTERRUPTS = """
import atexit, os, signal, sys

class InDestructor:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

class AtImport:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["MOMENT"]:
            sys.meta_path.remove(self)
            if os.environ["PLACE"] == "destructor":
                InDestructor()
            else:
                signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, AtImport())
if os.environ["MOMENT"] == "the end":
    atexit.register(signal.raise_signal, signal.SIGINT)
if os.environ["PLACE"] != "ignored":
    signal.signal(signal.SIGINT, signal.default_int_handler)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("interrupts")
    (folder / "sitecustomize.py").write_text(INTERRUPTS, encoding="utf-8")
    return folder


def interrupted(command: list[str], folder: Path, moment: str, place: str = "code") -> subprocess.CompletedProcess[str]:
    """Run a command that sends itself SIGINT at a moment."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "MOMENT": moment, "PLACE": place}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("start", [ACTIVENIC, MODULE], ids=["script", "module"])
@pytest.mark.parametrize(
    ("moment", "place"),
    [
        ("evaluator.cli.run", "code"),
        ("msgspec", "code"),
        ("msgspec._utils", "destructor"),
        ("evaluator.decision.decision", "code"),
        ("evaluator.cli.decide", "code"),
        ("evaluator.cli.decide", "destructor"),
        ("evaluator.report.vdsm.read", "code"),
        ("rich.console", "code"),
        ("rich.table", "destructor"),
    ],
)
def test_an_interrupt_during_an_import_prints_nothing(start: list[str], moment: str, place: str, folder: Path) -> None:
    done = interrupted([*start, *DECIDE], folder, moment, place)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize(
    ("arguments", "moment"),
    [
        (["check", "strict"], "lark"),
        (["explain", *DECIDE[1:]], "evaluator.explain.explain"),
        (["--help"], "evaluator.cli.run"),
        (["test", "--help"], "evaluator.cli.test"),
    ],
)
def test_every_command_can_be_interrupted(arguments: list[str], moment: str, folder: Path) -> None:
    done = interrupted([*MODULE, *arguments], folder, moment)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_interrupt_at_the_end_of_the_process_prints_only_the_result(folder: Path) -> None:
    done = interrupted([*MODULE, *DECIDE, "--output", "name"], folder, "the end")
    assert (done.returncode, done.stdout, done.stderr) == (130, "bond0\n", "")


@pytest.mark.parametrize("moment", ["msgspec", "rich.console", "the end"])
def test_an_ignored_interrupt_stays_ignored(moment: str, folder: Path) -> None:
    command = ["bash", "-c", "trap '' INT; exec \"$@\"", "bash", *MODULE, *DECIDE, "--output", "text"]
    done = interrupted(command, folder, moment, "ignored")
    assert (done.returncode, done.stderr) == (0, "")
    assert "bond0" in done.stdout
