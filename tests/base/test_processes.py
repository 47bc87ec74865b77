"""A pool of processes: an interrupt while a process starts prints no traceback and loses no result."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

INTERRUPTED_AFTER_FORK = "os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGINT))"
INTERRUPTED_AT_START = """
import os, signal, sys
if "--multiprocessing-fork" in sys.orig_argv:
    os.kill(os.getpid(), signal.SIGINT)
"""
POOL = """
import os, signal, sys
from evaluator.base.processes import process_pool
if __name__ == "__main__":
    {prepared}
    with process_pool(2, {method!r}) as pool:
        print(*pool.map(abs, [-1, -2, -3]))
        print(*pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, []).result())
    print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""


@pytest.mark.parametrize(
    ("method", "prepared"), [("fork", INTERRUPTED_AFTER_FORK), ("spawn", "pass")], ids=["fork", "spawn"]
)
def test_an_interrupt_of_a_process_that_starts_is_ignored(method: str, prepared: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTED_AT_START, encoding="utf-8")
    (tmp_path / "pool.py").write_text(POOL.format(prepared=prepared, method=method), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])}
    command = [sys.executable, str(tmp_path / "pool.py")]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert process.stderr == ""
    assert (process.stdout, process.returncode) == ("1 2 3\n\nset()\n", 0)  # no signal stays blocked


INTERRUPTED_OWNER = """
import os, signal
from evaluator.base.processes import process_pool

fork, forks = os.fork, []

def fork_and_interrupt_the_owner():
    process = fork()
    forks.append(process)
    if process != 0 and len(forks) == {number}:
        os.kill(os.getpid(), signal.SIGINT)
    return process

os.fork = fork_and_interrupt_the_owner
try:
    with process_pool(2, "fork") as pool:
        pool.submit(abs, -1).result()
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("number", [1, 2])
def test_an_owner_that_is_interrupted_while_a_process_starts_ends(number: int) -> None:
    for _ in range(3):  # the process that starts may or may not have run its first instructions
        command = [sys.executable, "-c", INTERRUPTED_OWNER.format(number=number)]
        process = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert (process.stdout, process.stderr, process.returncode) == ("interrupted\n", "", 0)
