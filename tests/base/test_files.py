"""Every file that a user names is bounded: a FIFO, a device, a folder or a huge file is refused at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evaluator import DecisionLog, RecordError, ReportError, load_policy, read_report
from evaluator.audit.log.signing import write_keys
from evaluator.base.diagnostic import QuestionError
from evaluator.cli.main import main
from tests.support.logs import filled

pytestmark = pytest.mark.volume

ROOT = Path(__file__).parents[2]
BOND = str(ROOT / "policies" / "examples" / "bond.json")
DECIDE = ["decide", BOND, "--address", "192.0.2.10"]
HUGE = 64 * 1024 * 1024


def _fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _huge(path: Path) -> Path:
    with path.open("wb") as file:
        file.truncate(HUGE)
    return path


MAKERS: dict[str, Callable[[Path], Path]] = {
    "fifo": _fifo,
    "device": lambda _: Path("/dev/zero"),
    "folder": _folder,
    "huge": _huge,
    "missing": lambda path: path,
}
TEST = "policy: strict\ntests:\n  - {name: a, report: FILE, host: 192.0.2.10, want: resolved bond0}\n"


def _test_file(bad: Path) -> list[str]:
    path = bad.parent / "a.test.yaml" if bad.parent.name != "dev" else Path(os.environ["TEST_FOLDER"]) / "a.test.yaml"
    path.write_text(TEST.replace("FILE", str(bad)))
    return ["test", str(path)]


COMMANDS: dict[str, Callable[[Path, str, str], list[str]]] = {
    "replay": lambda bad, log, key: ["replay", str(bad)],
    "replay --log": lambda bad, log, key: ["replay", "--all", "--log", str(bad)],
    "log list": lambda bad, log, key: ["log", "list", str(bad)],
    "log show": lambda bad, log, key: ["log", "show", str(bad), "d-1"],
    "log verify": lambda bad, log, key: ["log", "verify", str(bad)],
    "log export": lambda bad, log, key: ["log", "export", str(bad)],
    "log head": lambda bad, log, key: ["log", "head", str(bad)],
    "log prune": lambda bad, log, key: ["log", "prune", str(bad), "--before", "2026-01-01"],
    "explain --log": lambda bad, log, key: ["explain", "d-1", "--log", str(bad)],
    "record-test": lambda bad, log, key: ["record-test", "d-1", "--log", str(bad)],
    "record-test FILE": lambda bad, log, key: ["record-test", str(bad)],
    "--key": lambda bad, log, key: ["log", "verify", log, "--key", str(bad)],
    "--mask": lambda bad, log, key: ["log", "export", log, "--mask", str(bad)],
    "--sign-key": lambda bad, log, key: [
        "decide",
        BOND,
        "--address",
        "192.0.2.10",
        "--log",
        log,
        "--sign-key",
        str(bad),
    ],
    "--route": lambda bad, log, key: [*DECIDE, "--route", str(bad)],
    "--hosts": lambda bad, log, key: ["decide", BOND, "--host", "node7.lab.test", "--hosts", str(bad)],
    "--policy": lambda bad, log, key: [*DECIDE, "--policy", str(bad)],
    "check": lambda bad, log, key: ["check", str(bad)],
    "test report": lambda bad, log, key: _test_file(bad),
    "test": lambda bad, log, key: ["test", str(bad)],
}


@pytest.fixture(autouse=True)
def _nothing_waits_for_ever() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", MAKERS)
def test_no_command_waits_for_or_swallows_a_strange_file(
    command: str,
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TEST_FOLDER", str(tmp_path))
    log, key = str(filled(tmp_path / "good.log", 2)), str(tmp_path / "good.key")
    write_keys(Path(key))
    arguments = COMMANDS[command](MAKERS[kind](tmp_path / "bad"), log, key)
    capsys.readouterr()
    try:
        status = main(arguments)
    except SystemExit as error:
        status = int(str(error.code))
    out, err = capsys.readouterr()
    assert status in (1, 2, 7, 8), (status, err)
    assert err or out
    assert "Traceback" not in err


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "missing"])
def test_the_library_refuses_them_too(kind: str, tmp_path: Path) -> None:
    bad = MAKERS[kind](tmp_path / "bad")
    uses: list[Callable[[], object]] = [
        lambda: DecisionLog.open(bad, read_only=True),
        lambda: DecisionLog.open(filled(tmp_path / "log", 1), signer=bad),
        lambda: load_policy(bad),
    ]
    if kind != "fifo":  # a report may come from a pipe
        uses.append(lambda: read_report(bad))
    for use in uses:
        with pytest.raises(QuestionError):
            use()
    with pytest.raises(RecordError):
        DecisionLog.open(bad, create=False)
    with pytest.raises(ReportError):
        read_report(Path("bad\0name"))


def test_a_report_may_come_from_a_pipe() -> None:
    decide = '"$0" -m evaluator decide'
    asked = "--address 192.0.2.10 --output name"
    script = f"cat {BOND} | {decide} - {asked} && {decide} <(cat {BOND}) {asked}"
    command = ["bash", "-c", script, sys.executable]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "bond0\nbond0\n"


def test_a_pipe_that_never_ends_is_cut(tmp_path: Path) -> None:
    script = '"$0" -m evaluator decide <(cat /dev/zero) --address 192.0.2.10'
    done = subprocess.run(
        ["bash", "-c", script, sys.executable], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, "REPORT_TOO_LARGE" in done.stderr) == (7, True)
