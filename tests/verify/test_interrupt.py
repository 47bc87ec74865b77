"""A command that waits for the solver ends at once after Ctrl-C and after SIGTERM, with all its processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

# the solver neither proves nor refutes the last property for a long time: a rule compares two counts
POLICY = """policy: hard
extends: strict
rules:
  - name: many
    after: owns-host-address
    rule: |-
      discard nic when count(nic.uppers) > count(nic.lowers) and some other in candidates satisfies other.mtu is known
      and nic.mtu is known and other.mtu > nic.mtu
"""
SECOND_RULE = """  - name: more
    after: many
    rule: |-
      discard nic when count(nic.uppers) > count(nic.addresses) and some other in candidates satisfies other above nic
      and nic.mtu is known
"""
TESTS = "policy: swapped.yaml\ntests: [{name: none, given: ens1, host: 192.0.2.7, want: no_match}]\n"
COMMANDS = {
    "verify": (
        "verify",
        "hard.yaml",
        "--property",
        "owns-host-address",
        "--property",
        "topmost-owner-wins",
        "--timeout",
        "600",
    ),
    "diff": ("diff", "hard.yaml", "ovirt-engine", "--proof", "-n", "2", "--timeout", "600"),
    "mutate": ("mutate", "swapped.yaml", "-n", "0"),
}
AT_ONCE = 2.0  # seconds; the machine may have other work


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hard.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "swapped.yaml").write_text(POLICY.replace("hard", "swapped") + SECOND_RULE, encoding="utf-8")
    (tmp_path / "swapped.test.yaml").write_text(TESTS, encoding="utf-8")
    return tmp_path


def start(folder: Path, command: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "ACTIVENIC_CACHE": "on", "XDG_CACHE_HOME": str(folder / "cache")}
    return subprocess.Popen(
        [sys.executable, "-m", "evaluator", *COMMANDS[command]],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def processes_of(group: int) -> Iterator[int]:
    """Yield the processes of a session that have not ended."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, of_group, *_ = status.read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(of_group) == group and state != "Z":
                yield int(status.parent.name)


def is_solving(process: int) -> bool:
    """Return whether a process has loaded the solver and has worked for some time."""
    with suppress(OSError):
        folder = Path("/proc") / str(process)
        fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        has_solver = "cvc5" in (folder / "maps").read_text(encoding="utf-8")
        return has_solver and ticks / os.sysconf("SC_CLK_TCK") > 1
    return False


def wait_for_solver(process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 60
    while not any(is_solving(one) for one in processes_of(process.pid) if one != process.pid):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("verify", signal.SIGINT),
        ("verify", signal.SIGTERM),
        pytest.param("diff", signal.SIGINT, marks=pytest.mark.system),
        pytest.param("diff", signal.SIGTERM, marks=pytest.mark.system),
        pytest.param("mutate", signal.SIGINT, marks=pytest.mark.system),
        pytest.param("mutate", signal.SIGTERM, marks=pytest.mark.system),
    ],
)
def test_a_command_ends_at_once_with_its_processes(command: str, number: signal.Signals, folder: Path) -> None:
    process = start(folder, command)
    try:
        wait_for_solver(process)
        signalled = time.monotonic()
        if number is signal.SIGINT:
            os.killpg(process.pid, number)  # as the terminal does
        else:
            process.send_signal(number)
        output, problems = process.communicate(timeout=30)
        assert time.monotonic() - signalled < AT_ONCE
        assert problems == ""
        assert process.returncode == (130 if number is signal.SIGINT else -number)
        assert list(processes_of(process.pid)) == []
        if command == "verify":
            assert "owns-host-address: proved for every host" in output
            assert len(list((folder / "cache" / "activenic").iterdir())) == 2  # the search and the proof
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
