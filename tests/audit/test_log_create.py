"""How a log comes to be: once, whole, without hard links, and beside what killed processes left."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from pathlib import Path

import pytest

from evaluator import DecisionLog, RecordError
from tests.support.logs import RESOLVED, filled, problems

DRAFT = ".log.0123456789abcdef"


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "operation not permitted")

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("no_links")
def test_without_hard_links_many_make_one_log(tmp_path: Path) -> None:
    path, kept = tmp_path / "log", []

    def write() -> None:
        with DecisionLog.open(path) as log:
            kept.append(log.append(RESOLVED))

    threads = [threading.Thread(target=write) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with DecisionLog.open(path, read_only=True) as log:
        assert {record.decision_id for record in log.records()} == set(kept)
    assert len(kept) == 16
    assert problems(path) == []
    assert {file.name for file in tmp_path.iterdir()} <= {"log", "log-wal", "log-shm"}


@pytest.mark.usefixtures("no_links")
def test_without_hard_links_nothing_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("hello")
    with pytest.raises(RecordError):
        DecisionLog.open(tmp_path / "log")
    assert (tmp_path / "log").read_text() == "hello"


def test_what_was_left_by_killed_makers_goes(tmp_path: Path) -> None:
    for suffix in ("", "-journal", "-wal"):
        (tmp_path / f"{DRAFT}{suffix}").write_text("half")
    others = [".log.0123", ".log.0123456789abcdeg", ".log2.0123456789abcdef", "xlog.0123456789abcdef"]
    for name in others:
        (tmp_path / name).write_text("another's")
    filled(tmp_path / "log", 1)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([*others, "log"])


def test_who_holds_the_folder_is_waited_for(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(RecordError) as error:
        DecisionLog.open(tmp_path / "log", timeout=0.05)
    assert error.value.diagnostics[0].code == "LOG_BUSY"
    assert list(tmp_path.iterdir()) == []
    timer = threading.Timer(0.2, os.close, [descriptor])
    timer.start()
    DecisionLog.open(tmp_path / "log", timeout=300).close()
    timer.join()
    assert problems(tmp_path / "log") == []
