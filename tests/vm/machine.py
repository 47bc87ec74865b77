"""Boots guests of Debian's user-mode-linux and brings back what they wrote down; nothing here can hang for good.

A guest is one plain process: it needs no KVM, no image, no network and no right that its caller lacks.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import evaluator
from tests.vm.plan import Step

_HERE = Path(__file__).parent
_SECONDS = 600  # until a guest that hangs is ended; half a minute is what it takes
_PACKAGES = {"linux.uml": "user-mode-linux", "ip": "iproute2", "modprobe": "kmod"}


# Linux 6.1 as a guest saves 832 bytes of registers; a host with AVX-512 and AMX has more and refuses (EFAULT)
_REGISTERS_REFUSED = "ptrace set fp regs failed"


class UnsuitableProcessorError(Exception):
    """The guest kernel cannot run on this processor."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one step."""

    step: str
    status: int
    stdout: bytes
    stderr: bytes
    seconds: float


Outcomes = dict[tuple[str, str], Outcome]


def missing() -> tuple[str, ...]:
    """Return what a guest needs and this machine lacks, in words."""
    return tuple(
        f"`{program}` is missing: install the package `{package}`"
        for program, package in _PACKAGES.items()
        if _program(program) is None
    )


def run(jobs: Sequence[Sequence[Step]], folder: Path) -> Outcomes:
    """Run each job's steps in a guest of its own, all at once; return the outcome of each step by scenario and name."""
    deadline = time.monotonic() + _SECONDS
    with ExitStack() as stack:
        guests = [stack.enter_context(_guest(folder / f"guest-{n}", job)) for n, job in enumerate(jobs)]
        for guest in guests:
            with suppress(subprocess.TimeoutExpired):  # the missing results tell, and how far it came
                guest.wait(max(0.0, deadline - time.monotonic()))
    return {key: outcome for n, job in enumerate(jobs) for key, outcome in _outcomes(folder / f"guest-{n}", len(job))}


@contextmanager
def _guest(folder: Path, job: Sequence[Step]) -> Iterator[subprocess.Popen[bytes]]:
    modules = _modules()
    for library in ("lib", "usr/lib"):  # modprobe's default has moved from the first to the second
        (folder / "root" / library).mkdir(parents=True)
        (folder / "root" / library / "modules").symlink_to(modules)
    (folder / "job.json").write_text(json.dumps({"steps": [asdict(step) for step in job]}, indent=1))
    with (folder / "console").open("wb") as console:
        guest = subprocess.Popen(
            _command_line(folder),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield guest
        finally:
            with suppress(ProcessLookupError):  # its processes are processes of the host, too
                os.killpg(guest.pid, signal.SIGKILL)
            guest.wait()


def _command_line(folder: Path) -> list[str]:
    """Return the kernel's command line; what the kernel does not know it hands to the first process as environment."""
    environment = {
        "JOB": folder,
        "PYTHON": sys.executable,
        "RUNNER": _HERE / "guest.py",
        "PYTHONPATH": Path(evaluator.__file__).parents[1],
        "PYTHONDONTWRITEBYTECODE": 1,
        "SECONDS_LEFT": _SECONDS,
    }
    return [
        str(_program("linux.uml")),
        "mem=512M",
        "rootfstype=hostfs",
        "rootflags=/",
        "ro",
        f"uml_dir={folder}/",
        f'init="{_HERE / "guest_init.sh"}"',
        "con=null",
        "con0=fd:0,fd:1",
        "quiet",
        *(f'{name}="{value}"' for name, value in environment.items()),
    ]


def _outcomes(folder: Path, wanted: int) -> Iterator[tuple[tuple[str, str], Outcome]]:
    file = folder / "results.jsonl"
    lines = file.read_bytes().splitlines() if file.exists() else []
    if len(lines) != wanted:
        if _REGISTERS_REFUSED in _tail(folder / "console"):
            raise UnsuitableProcessorError(f"user-mode-linux cannot run on this processor: {_REGISTERS_REFUSED}")
        logs = "\n".join(_tail(folder / name) for name in ("console", "log"))
        raise AssertionError(f"the guest did {len(lines)} of {wanted} steps in {_SECONDS} seconds\n{logs}")
    for line in lines:
        result = json.loads(line)
        yield (
            (result["scenario"], result["name"]),
            Outcome(
                step=result["name"],
                status=result["status"],
                stdout=result["stdout"].encode(errors="surrogateescape"),
                stderr=result["stderr"].encode(errors="surrogateescape"),
                seconds=result["seconds"],
            ),
        )


def _tail(file: Path) -> str:
    text = file.read_text(errors="backslashreplace") if file.exists() else "never written"
    return f"--- {file.name}\n{text[-3000:]}"


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def _modules() -> Path:
    """Return where Debian keeps the guest kernel's modules: beside the kernel, by the kernel's version."""
    kernel = _program("linux.uml")
    assert kernel is not None
    return Path(kernel).parents[1] / "lib" / "uml" / "modules"
