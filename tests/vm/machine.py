"""Boots guests in qemu and brings back what they wrote down; nothing here can hang for good.

A guest is one plain process. qemu emulates its processor (TCG), because many machines have no KVM, and KVM may hang
inside another virtual machine. User-mode Linux is faster, but it panics on processors with a large register state, as
AMX has. The guest reads the host's files over 9p, so it needs no disk image and no network.
"""

from __future__ import annotations

import json
import os
import shutil
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
_BOOT = _HERE.parents[1] / ".vm"
_SECONDS = 1800  # until a guest that hangs is ended; two minutes is what it takes
_EMULATOR = "qemu-system-x86_64"
_PACKAGES = {_EMULATOR: "qemu-system-x86", "busybox": "busybox-static", "ip": "iproute2"}


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
    programs = (
        f"`{program}` is missing: install the package `{package}`"
        for program, package in _PACKAGES.items()
        if _program(program) is None
    )
    files = (
        f"`{file}` is missing: run `make {_BOOT.name}/initramfs`"
        for file in (_BOOT / "vmlinuz", _BOOT / "initramfs")
        if not file.exists()
    )
    return (*programs, *files)


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
    folder.mkdir()
    (folder / "job.json").write_text(json.dumps({"steps": [asdict(step) for step in job]}, indent=1))
    with (folder / "qemu").open("wb") as messages:
        guest = subprocess.Popen(
            _command_line(folder),
            stdin=subprocess.DEVNULL,
            stdout=messages,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield guest
        finally:
            guest.kill()
            guest.wait()


def _command_line(folder: Path) -> list[str]:
    shared = "security_model=none,multidevs=remap"
    return [
        str(_program(_EMULATOR)),
        *("-accel", "tcg", "-cpu", "max", "-machine", "q35", "-m", "512"),
        *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
        *("-serial", f"file:{_option(folder / 'console')}"),
        *("-kernel", str(_BOOT / "vmlinuz"), "-initrd", str(_BOOT / "initramfs")),
        *("-append", _kernel_arguments()),
        *("-virtfs", f"local,path=/,mount_tag=machine,readonly=on,{shared}"),
        *("-virtfs", f"local,path={_option(folder)},mount_tag=job,{shared}"),
    ]


def _kernel_arguments() -> str:
    """Return the kernel's arguments; what the kernel does not know it hands to the first process as environment."""
    environment = {
        "INIT": _HERE / "guest_init.sh",
        "PYTHON": sys.executable,
        "RUNNER": _HERE / "guest.py",
        "PYTHONPATH": Path(evaluator.__file__).parents[1],
        "PYTHONDONTWRITEBYTECODE": 1,
        "SECONDS_LEFT": _SECONDS,
    }
    assignments = (f'{name}="{value}"' for name, value in environment.items())
    return " ".join(("console=ttyS0", "quiet", "panic=-1", *assignments))


def _option(path: Path) -> str:
    """Return the path as it stands in an option of qemu, where a comma ends a value and two are one."""
    return str(path).replace(",", ",,")


def _outcomes(folder: Path, wanted: int) -> Iterator[tuple[tuple[str, str], Outcome]]:
    file = folder / "results.jsonl"
    lines = file.read_bytes().splitlines() if file.exists() else []
    if len(lines) != wanted:
        logs = "\n".join(_tail(folder / name) for name in ("qemu", "console", "log"))
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
