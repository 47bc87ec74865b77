"""The units in `packaging/systemd`: their exposure, their syntax, and their command lines without systemd as init."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.service import WAIT, decide_on_port, free_port

pytestmark = pytest.mark.system
ROOT = Path(__file__).parents[2]
UNITS = ROOT / "packaging" / "systemd"
TOKEN = "a-token-of-an-engine-0123456789"
COMMAND = [sys.executable, "-m", "evaluator"]
# what MemoryDenyWriteExecute and NoNewPrivileges do; kernels before 6.3 do not know the first, and ignore it
CONFINE = """
import ctypes, os, sys
prctl = ctypes.CDLL(None).prctl
prctl(65, 1, 0, 0, 0)
prctl(38, 1, 0, 0, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def _value(unit: str, key: str) -> str:
    """Return the value of a key that a unit has once, with joined lines."""
    text = (UNITS / unit).read_text().replace("\\\n", " ")
    (value,) = re.findall(rf"^{key}=(.+)$", text, re.MULTILINE)
    return str(value)


@pytest.mark.parametrize(("unit", "exposure"), [("activenic.service", 11), ("activenic-tcp.service", 5)])
def test_the_exposure_does_not_grow(unit: str, exposure: int) -> None:
    """In tenths, of 100; systemd-analyze calls a unit with more than 20 medium."""
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={exposure}", str(UNITS / unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    copies = []
    for unit in sorted((*UNITS.glob("*.service"), *UNITS.glob("*.socket"))):
        copies.append(tmp_path / unit.name)
        text = unit.read_text().replace("/usr/bin/activenic", "/bin/true")  # it is not installed there
        copies[-1].write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE))
    done = subprocess.run(["systemd-analyze", "verify", *copies], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(copies) == 3


@contextmanager
def _process(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of a unit, without the privileges that a process can give up by itself."""
    with (folder / "errors").open("ab") as errors:
        process = subprocess.Popen([sys.executable, "-c", CONFINE, *command], stderr=errors)
    try:
        yield process
    finally:
        process.kill()
        process.wait(WAIT)


def test_the_commands_of_the_units(tmp_path: Path) -> None:
    """The port of the socket unit leads to the service, which makes its log and stops on SIGTERM."""
    paths = {"/run/activenic": tmp_path, "/etc/activenic": tmp_path, "/var/lib/activenic": tmp_path}

    def here(text: str) -> list[str]:
        for path, folder in paths.items():
            text = text.replace(path, str(folder))
        return shlex.split(text)

    (tmp_path / "policies").mkdir()
    shutil.copy(ROOT / "examples" / "recipes" / "bonds-first.yaml", tmp_path / "policies")
    (tmp_path / "tokens").write_text(f"{TOKEN}\n")
    serve = here(_value("activenic.service", "ExecStart"))
    assert serve.pop(0) == "/usr/bin/activenic"
    port = free_port()
    address = _value("activenic-tcp.socket", "ListenStream").replace("8181", str(port))
    proxy = ["systemd-socket-activate", "-l", address, *here(_value("activenic-tcp.service", "ExecStart"))]
    tokens = ["--token-file", str(tmp_path / "tokens"), "--drain", "0"]
    with _process([*COMMAND, *serve, *tokens], tmp_path) as service, _process(proxy, tmp_path):
        started = subprocess.run(here(_value("activenic.service", "ExecStartPost")), check=False, timeout=WAIT)
        assert started.returncode == 0, (tmp_path / "errors").read_text()
        assert decide_on_port(port, TOKEN)["hostActiveNic"] == "bond0"
        service.send_signal(signal.SIGTERM)
        assert service.wait(WAIT) == 0
    assert (tmp_path / "decisions.log").stat().st_size > 0
