"""What a log is after its writers were killed, and when the disk is full."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluator import DecisionLog, RecordError
from tests.support.logs import DECISIONS, RESOLVED, filled, open_log, problems

ROOT = Path(__file__).parents[2]
BOND = str(ROOT / "policies" / "examples" / "bond.json")


@pytest.mark.volume
def test_writers_are_killed_at_any_moment() -> None:
    command = [sys.executable, "-m", "tests.support.log_writers", "40", "5"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    words = done.stdout.split()
    assert words[::2] == ["killed", "awaited", "acknowledged"], done.stdout
    killed, awaited, acknowledged = (int(word) for word in words[1::2])
    assert killed == 160
    assert acknowledged >= awaited > 100


def test_a_log_whose_pages_were_on_their_way_into_the_file(tmp_path: Path) -> None:
    path, stopped = filled(tmp_path / "log", 3), tmp_path / "stopped"
    with open_log(path) as log:
        for i in range(40):
            log.append(DECISIONS[i % 4])
        before, waiting = path.read_bytes(), path.with_name("log-wal").read_bytes()
    after = path.read_bytes()
    assert len(after) > len(before)
    for read_only in (True, False):
        stopped.write_bytes(after[:4096] + before[4096:])
        stopped.with_name("stopped-wal").write_bytes(waiting)
        with DecisionLog.open(stopped, read_only=read_only) as log:
            found = log.verify()
        assert (found.problems, found.records) == ((), 43)


def _limited(path: Path, octets: int, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `decide --log` where no file may grow beyond a size."""
    script = (
        "import resource, sys; from evaluator.cli.main import main\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({octets}, {octets}))\n"
        f"sys.exit(main(['decide', {BOND!r}, '--address', '192.0.2.10', '--log', {str(path)!r}, *sys.argv[1:]]))"
    )
    return subprocess.run([sys.executable, "-c", script, *options], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("octets", [0, 100, 4096, 8192, 20_000, 60_000])
@pytest.mark.parametrize("exists", [True, False])
def test_a_record_that_finds_no_space_is_not_printed(tmp_path: Path, octets: int, exists: bool) -> None:
    path = tmp_path / "log"
    if exists:
        filled(path, 3)
    done = _limited(path, octets)
    with_space = done.returncode == 0
    assert (done.returncode, done.stdout == "") == ((0, False) if with_space else (1, True))
    assert with_space or "LOG_UNWRITABLE" in done.stderr or "LOG_UNREADABLE" in done.stderr
    assert "Traceback" not in done.stderr
    assert octets > 4096 or not with_space
    assert {file.name for file in tmp_path.iterdir()} <= {"log", "log-wal", "log-shm"}
    if exists:
        assert problems(path) == []
        with DecisionLog.open(path) as log:
            assert log.head().seq == 3 + with_space
            log.append(RESOLVED)
            assert log.verify().is_sound


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.fail("a file system cannot be mounted here: it needs root and the package mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.system
def test_a_full_disk(small_disk: Path) -> None:
    path, kept = small_disk / "log", []
    with open_log(path) as log:
        with pytest.raises(RecordError) as error:
            kept.extend(log.append(DECISIONS[i % 4]) for i in range(5000))
        assert error.value.diagnostics[0].code == "LOG_UNWRITABLE"
        assert [record.decision_id for record in log.records()] == kept
        with pytest.raises(RecordError):
            log.append(RESOLVED)
        assert log.verify().is_sound
    with DecisionLog.open(path, read_only=True) as log:
        assert [record.decision_id for record in log.records()] == kept
    with pytest.raises(RecordError) as error:
        DecisionLog.open(small_disk / "another")
    assert error.value.diagnostics[0].code in ("LOG_UNWRITABLE", "LOG_UNREADABLE")
    assert {file.name for file in small_disk.iterdir()} <= {"log", "log-wal", "log-shm"}
