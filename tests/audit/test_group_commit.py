"""Group commit: what waits is written together, and each caller gets the outcome of its own record."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

import evaluator
from evaluator import DecisionLog, RecordError
from evaluator.audit.log.group_commit import GroupCommit
from evaluator.audit.record import Record, make_record
from evaluator.base.diagnostic import Diagnostic
from evaluator.testing.terse_topology import read_topology
from tests.support.untyped import untyped

WAIT = 30.0
DECISION = evaluator.load_policy("strict").decide(
    evaluator.read_report(read_topology("ens1 has 192.0.2.10/24")), evaluator.HostAddresses.of("192.0.2.10")
)


def _record(name: str) -> Record:
    return make_record(DECISION, name, datetime(2026, 1, 1, tzinfo=UTC), {}, "0")


class _Gate:
    """Writes nothing until it is opened, and remembers the groups. A record with the id `bad` is refused."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.started = threading.Event()
        self.opened = threading.Event()

    def write(self, records: Sequence[Record]) -> None:
        self.started.set()
        assert self.opened.wait(WAIT)
        ids = [record.decision_id for record in records]
        self.groups.append(ids)
        if "bad" in ids:
            raise RecordError([Diagnostic("BAD", "refused")])


def test_records_that_wait_are_written_together() -> None:
    gate, commits = _Gate(), []
    group = GroupCommit(gate.write, lambda records, seconds: commits.append(records))
    first = group.submit(_record("a"))
    assert gate.started.wait(WAIT)
    others = [group.submit(_record(name)) for name in "bcd"]
    assert not first.done()
    gate.opened.set()
    for future in (first, *others):
        assert future.result(WAIT) is None
    group.close()
    assert gate.groups == [["a"], ["b", "c", "d"]]
    assert commits == [1, 3]
    with pytest.raises(RecordError, match="the log is closed"):
        group.submit(_record("e"))


def test_one_bad_record_fails_alone() -> None:
    gate = _Gate()
    group = GroupCommit(gate.write)
    first = group.submit(_record("a"))
    assert gate.started.wait(WAIT)
    futures = {name: group.submit(_record(name)) for name in ("b", "bad", "c")}
    gate.opened.set()
    group.close()
    assert first.result(0) is futures["b"].result(0) is futures["c"].result(0) is None
    assert [problem.code for problem in untyped(futures["bad"].exception(0)).diagnostics] == ["BAD"]
    assert gate.groups[1:] == [["b", "bad", "c"], ["b"], ["bad"], ["c"]]


def test_a_cancelled_caller_harms_nobody() -> None:
    gate = _Gate()
    group = GroupCommit(gate.write)
    running = group.submit(_record("a"))
    assert gate.started.wait(WAIT)
    waiting = group.submit(_record("b"))
    assert waiting.cancel()
    assert not running.cancel()
    gate.opened.set()
    assert running.result(WAIT) is None
    assert group.submit(_record("c")).result(WAIT) is None
    group.close()
    assert gate.groups == [["a"], ["c"]]


def test_an_unexpected_error_reaches_every_caller() -> None:
    def fail(_: Sequence[Record]) -> None:
        raise ZeroDivisionError

    group = GroupCommit(fail)
    with pytest.raises(ZeroDivisionError):
        group.submit(_record("a")).result(WAIT)
    with pytest.raises(ZeroDivisionError):
        group.submit(_record("b")).result(WAIT)
    group.close()


def test_a_group_in_a_log_is_written_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    with DecisionLog.open(tmp_path / "d.log") as log:
        log.append_records([_record("a"), _record("b")])
        log.append_records([])
        with pytest.raises(RecordError, match="already has a record"):
            log.append_records([_record("c"), _record("a")])
        damaged = replace(_record("d"), report=b"{}")
        with pytest.raises(RecordError, match="digest"):
            log.append_records([_record("e"), damaged])
        assert [entry.decision_id for entry in log.entries()] == ["a", "b"]
        assert log.verify().problems == ()
