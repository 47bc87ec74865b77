"""Runs inside the guest: carries out the steps of a job one by one and writes down what came of each.

It knows neither scenarios nor what is expected of them; it judges nothing. Results are one JSON object a line, each
flushed, so that a guest that hangs has told how far it came. Bytes that are no UTF-8 become lone surrogates.
`activenic` is called in this process, which goes into the step's namespace for it and comes back, because Python takes
many seconds to start under emulation.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from evaluator.cli.main import main as activenic

_STEP_SECONDS = 300
_FAILED = 70
_CLONE_NEWNET = 0x40000000
_OWN_NAMESPACE = Path("/proc/self/ns/net")
_CAPTURED = {1: Path("/run/stdout"), 2: Path("/run/stderr")}
_LIBC = ctypes.CDLL(None, use_errno=True)


def main(job: Path) -> None:
    """Carry out the job of this folder."""
    signal.signal(signal.SIGALRM, _give_up)
    with (job / "results.jsonl").open("w") as results:
        for step in json.loads((job / "job.json").read_text())["steps"]:
            print(json.dumps(_carry_out(step)), file=results, flush=True)


def _carry_out(step: dict[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    run = _in_this_process if step["argv"][0] == "activenic" else _as_a_process
    status, stdout, stderr = run(step)
    return {
        "scenario": step["scenario"],
        "name": step["name"],
        "status": status,
        "stdout": stdout.decode(errors="surrogateescape"),
        "stderr": stderr.decode(errors="surrogateescape"),
        "seconds": round(time.monotonic() - started, 3),
    }


def _as_a_process(step: dict[str, Any]) -> tuple[int, bytes, bytes]:
    inside = () if step["namespace"] is None else ("ip", "netns", "exec", step["namespace"])
    command, stdin = [*inside, *step["argv"]], step["stdin"].encode(errors="surrogateescape")
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=_STEP_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        return _FAILED, error.stdout or b"", (error.stderr or b"") + str(error).encode()
    return done.returncode, done.stdout, done.stderr


def _in_this_process(step: dict[str, Any]) -> tuple[int, bytes, bytes]:
    with _inside(step["namespace"]), _captured():
        before = _OWN_NAMESPACE.stat().st_ino
        signal.alarm(_STEP_SECONDS)
        try:
            status = activenic(step["argv"][1:])
            assert _OWN_NAMESPACE.stat().st_ino == before, "the command left its caller in another namespace"
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        except Exception:
            traceback.print_exc()
            status = _FAILED
        finally:
            signal.alarm(0)
    stdout, stderr = (file.read_bytes() for file in _CAPTURED.values())
    return status, stdout, stderr


@contextmanager
def _captured() -> Iterator[None]:
    kept = {descriptor: os.dup(descriptor) for descriptor in _CAPTURED}
    for descriptor, file in _CAPTURED.items():
        with file.open("wb") as target:
            os.dup2(target.fileno(), descriptor)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, copy in kept.items():
            os.dup2(copy, descriptor)
            os.close(copy)


@contextmanager
def _inside(namespace: str | None) -> Iterator[None]:
    """Go where `ip netns exec` goes: it mounts /sys again, which shows the links of the namespace that mounted it."""
    if namespace is None:
        yield
        return
    with _OWN_NAMESPACE.open() as home, Path("/run/netns", namespace).open() as there:
        _must(_LIBC.setns(there.fileno(), _CLONE_NEWNET))
        _must(_LIBC.mount(b"sysfs", b"/sys", b"sysfs", 0, None))
        try:
            yield
        finally:
            _must(_LIBC.umount2(b"/sys", 0))
            _must(_LIBC.setns(home.fileno(), _CLONE_NEWNET))


def _must(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _give_up(_: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"not done after {_STEP_SECONDS} seconds: {frame}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
