"""The log of decisions: what is kept comes back, whoever writes, and whatever goes wrong is said."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator import DecisionLog, HostAddresses, LogFilter, RecordError
from evaluator.audit.log.chain import Head
from evaluator.audit.log.export import chained
from evaluator.audit.record import make_record
from evaluator.audit.replay import replay
from tests.support.logs import (
    AMBIGUOUS,
    DECISIONS,
    REJECTED,
    RESOLVED,
    STRICT,
    WHEN,
    dump,
    filled,
    open_log,
    plain,
    problems,
    tampering,
)
from tests.support.scripted_dns import answer, scripted_server
from tests.support.strategies import host_addresses, reports
from tests.support.untyped import untyped

ROOT = Path(__file__).parents[2]


def codes(error: pytest.ExceptionInfo[RecordError]) -> list[str]:
    return [diagnostic.code for diagnostic in error.value.diagnostics]


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    with open_log(tmp_path / "log") as log:
        assert str(log.head()) == "0:" + "0" * 64
        assert log.append(RESOLVED, {"engine": "a"}) == "d-1"
        record = log.get("d-1")
        assert record == make_record(RESOLVED, "d-1", WHEN, {"engine": "a"}, evaluator.__version__)
        assert log.head().seq == 1
        assert log.verify().is_sound
        assert repr(log) == f"DecisionLog('{tmp_path / 'log'}')"
    assert [file.name for file in tmp_path.iterdir()] == ["log"]
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_defaults_are_the_clock_and_a_random_id(tmp_path: Path) -> None:
    with DecisionLog.open(str(tmp_path / "log")) as log:
        first, second = log.append(RESOLVED), log.append(RESOLVED)
        assert first != second
        assert log.get(first).envelope["timestamp"] <= log.get(second).envelope["timestamp"]
        assert log.get(first).envelope["labels"] == {}


@pytest.fixture(scope="module")
def one_log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DecisionLog]:
    with DecisionLog.open(tmp_path_factory.mktemp("log") / "log") as log:
        yield log
        assert log.verify().is_sound


@given(report=reports(), addresses=host_addresses, labels=st.dictionaries(st.text(), st.text(), max_size=3))
def test_a_replay_out_of_the_log_gives_the_decision_again(
    one_log: DecisionLog, report: Any, addresses: list[str], labels: dict[str, str]
) -> None:
    decision = STRICT.decide(evaluator.read_report(json.dumps(report)), HostAddresses.of(*addresses))
    found = replay(one_log.get(one_log.append(decision, labels)), evaluator.__version__)
    assert (found.differences, found.changes) == ((), ())
    assert found.decision is not None
    assert found.decision.to_json() == decision.to_json()


def test_a_looked_up_name_is_replayed_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(query: Any, _: str) -> bytes:
        is_a = query.question[0].rdtype.name == "A"
        return answer(query, *(["node7.lab.test. 60 IN A 192.0.2.10"] if is_a else [])).to_wire()

    with scripted_server(script) as server:
        host = evaluator.resolve_host("node7.lab.test", servers=[server], timeout=60)
    decision = STRICT.decide(evaluator.read_report(ROOT / "policies" / "examples" / "bond.json"), host)
    with open_log(tmp_path / "log") as log:
        kept = log.append(decision)
        monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("the network was asked"))
        found = replay(log.get(kept), evaluator.__version__)
    assert found.is_equal
    assert found.decision is not None
    assert found.decision.to_json() == decision.to_json()


def test_reports_and_policies_are_kept_once(tmp_path: Path) -> None:
    path = filled(tmp_path / "log", 40)
    assert len(dump(path)["body"]) == 3
    assert len(dump(path)["entry"]) == 40


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (LogFilter(), "1 2 3 4 5 6 7 8"),
        (LogFilter(host="192.0.2.10"), "1 5"),
        (LogFilter(host="192.0.2.10, 192.0.2.12"), "3 7"),
        (LogFilter(host="192.0.2.1"), ""),
        (LogFilter(status="rejected"), "2 6"),
        (LogFilter(status=evaluator.Status.AMBIGUOUS), "3 7"),
        (LogFilter(interface="bond0"), "1 5"),
        (LogFilter(policy="ovirt-engine"), "4 8"),
        (LogFilter(finding="MANAGEMENT_NETWORK_OVER_BRIDGE"), "2 6"),
        (LogFilter(finding="MANAGEMENT_NETWORK_OVER_BRIDGE", labels={"run": "5"}), "6"),
        (LogFilter(labels={"engine": "e0"}), "1 3 5 7"),
        (LogFilter(labels={"engine": "e0", "run": "2"}), "3"),
        (LogFilter(labels={"engine": "run"}), ""),
        (LogFilter(since=WHEN + timedelta(minutes=6)), "7 8"),
        (LogFilter(until=WHEN + timedelta(minutes=2)), "1 2"),
        (LogFilter(since=WHEN + timedelta(minutes=1), until=WHEN + timedelta(minutes=6), status="resolved"), "5"),
        (LogFilter(host="192.0.2.10", status="rejected"), ""),
        (LogFilter(host="' OR 1 --"), ""),
        (LogFilter(host=""), ""),
    ],
)
def test_filters(tmp_path: Path, wanted: LogFilter, found: str) -> None:
    with DecisionLog.open(filled(tmp_path / "log"), read_only=True) as log:
        assert [record.decision_id for record in log.records(wanted)] == [f"d-{n}" for n in found.split()]
        newest = [entry.head.seq for entry in log.entries(wanted, newest_first=True, limit=2)]
        assert newest == [int(n) for n in found.split()][::-1][:2]
        assert log.count(wanted) == len(found.split())


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (LogFilter(status="rejected"), "2 6"),
        (LogFilter(host="192.0.2.10", interface="bond0"), "1 5"),
        (LogFilter(interface="br0"), "2 6"),
        (LogFilter(policy="ovirt-engine"), "4 8"),
        (LogFilter(finding="MANAGEMENT_NETWORK_OVER_BRIDGE", labels={"run": "5"}), "6"),
        (LogFilter(labels={"engine": "e0", "run": "2"}), "3"),
        (LogFilter(since=WHEN + timedelta(minutes=6)), "7 8"),
        (LogFilter(until=WHEN + timedelta(minutes=2)), "1 2"),
    ],
)
def test_filters_of_an_export(tmp_path: Path, wanted: LogFilter, found: str) -> None:
    export = tmp_path / "export"
    with DecisionLog.open(filled(tmp_path / "log"), read_only=True) as log:
        export.write_text("".join(f"{json.dumps(line)}\n" for line in chained(log.records())))
    with DecisionLog.open(export, read_only=True) as log:
        assert [record.decision_id for record in log.records(wanted)] == [f"d-{n}" for n in found.split()]
        assert log.count(wanted) == len(found.split())


def test_a_moment_knows_its_time_zone(tmp_path: Path) -> None:
    naive = WHEN.replace(tzinfo=None)
    with open_log(filled(tmp_path / "log", 1)) as log:
        for use in (lambda: log.count(LogFilter(since=naive)), lambda: log.prune(naive)):
            with pytest.raises(RecordError) as error:
                use()
            assert codes(error) == ["LOG_TIME_INVALID"]
    with DecisionLog.open(tmp_path / "log", clock=lambda: naive) as log, pytest.raises(RecordError) as error:
        log.append(RESOLVED)
    assert codes(error) == ["LOG_TIME_INVALID"]


def test_a_closed_log_is_said_to_be_closed(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log")
    log.close()
    with pytest.raises(RecordError, match="cannot be used"):
        log.append(RESOLVED)


def test_the_hash_is_the_one_that_the_docs_describe(tmp_path: Path) -> None:
    path = filled(tmp_path / "log", 2)

    def part(octets: bytes) -> bytes:
        return len(octets).to_bytes(8, "big") + octets

    before = bytes(32)
    with DecisionLog.open(path, read_only=True) as log:
        for number, entry in enumerate(log.entries(), 1):
            parts = (before, number.to_bytes(8, "big"), b"", log.get(f"d-{number}").canonical())
            text = b"activenic decision log: entry 1\n" + b"".join(map(part, parts))
            before = hashlib.sha256(text).digest()
            assert entry.head == Head(number, before)


def test_an_id_is_given_once(tmp_path: Path) -> None:
    with DecisionLog.open(tmp_path / "log", new_id=lambda: "d") as log:
        log.append(RESOLVED)
        with pytest.raises(RecordError) as error:
            log.append(REJECTED)
        assert codes(error) == ["RECORD_ID_TWICE"]
        assert log.head().seq == 1
        with pytest.raises(RecordError) as error:
            log.get("e")
        assert codes(error) == ["RECORD_NOT_FOUND"]


def test_what_cannot_be_kept_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with open_log(tmp_path / "log") as log:
        for labels in ({"a": "\ud800"}, {"a": 1}, {"\ud800": "a"}):
            with pytest.raises(RecordError):
                log.append(RESOLVED, untyped(labels))
        twice = STRICT.decide(evaluator.read_report(b'{"nics": {}, "nics": {}}'), HostAddresses.of())
        with pytest.raises(evaluator.ReportError):
            log.append(twice)
        assert log.head().seq == 0
        assert log.verify().is_sound


def test_two_hundred_appends_at_once_give_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "log"
    script = (
        "import sys; from pathlib import Path; from evaluator import DecisionLog\n"
        "from tests.support.logs import RESOLVED\n"
        "with DecisionLog.open(Path(sys.argv[1]), timeout=300) as log:\n"
        "    for _ in range(25): print(log.append(RESOLVED))"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    kept: list[str] = []
    with DecisionLog.open(path, timeout=300) as shared:

        def write(i: int) -> None:
            with DecisionLog.open(path, timeout=300) as own:
                kept.extend((shared if i % 2 else own).append(DECISIONS[n % 4]) for n in range(15))

        threads = [threading.Thread(target=write, args=(i,)) for i in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for other in others:
            kept.extend(other.communicate()[0].split())
        found = shared.verify()
        assert (found.problems, found.records) == ((), 200)
        assert {record.decision_id for record in shared.records()} == set(kept)
    assert len(set(kept)) == 200


def test_a_writer_waits_and_then_says_who_is_in_the_way(tmp_path: Path) -> None:
    path = filled(tmp_path / "log", 1)
    with closing(plain(path)) as other, open_log(path, timeout=0.1) as log:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RecordError) as error:
            log.append(RESOLVED)
        assert codes(error) == ["LOG_BUSY"]
        other.execute("ROLLBACK")
        log.append(RESOLVED)


def _foreign_database(path: Path) -> None:
    with closing(plain(path)) as connection:
        connection.execute("CREATE TABLE entry (a)")


def _undecodable(path: Path) -> None:
    _foreign_database(path)
    with closing(plain(path)) as connection:
        connection.execute("CREATE TABLE names_of_another_encoding (a)")
    path.write_bytes(path.read_bytes().replace(b"names_of_another", b"names\xffof\xffanother"))


def _newer(path: Path) -> None:
    filled(path, 2)
    with closing(plain(path)) as connection:
        connection.execute("PRAGMA user_version=3")
        connection.execute("DROP TABLE label")


@pytest.mark.parametrize(
    ("make", "code", "said"),
    [
        (lambda path: path.write_text("hello"), "LOG_NOT_A_LOG", "is not a log"),
        (lambda path: path.write_bytes(b"\0" * 8192), "LOG_NOT_A_LOG", "is not a log"),
        (lambda path: path.write_bytes(b""), "LOG_NOT_A_LOG", "is empty and not a log"),
        (lambda path: path.mkdir(), "LOG_NOT_A_LOG", "is not a regular file"),
        (_foreign_database, "LOG_NOT_A_LOG", "another program"),
        (_undecodable, "LOG_NOT_A_LOG", "another program"),
        (_newer, "LOG_NEWER", "has version 3"),
        (lambda path: path.symlink_to("gone"), "LOG_UNREADABLE", "no such file"),
    ],
)
@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_no_log_is_left_as_it_was(
    tmp_path: Path, make: Any, code: str, said: str, read_only: bool
) -> None:
    path = tmp_path / "log"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    names = set(tmp_path.iterdir())
    with pytest.raises(RecordError) as error:
        DecisionLog.open(path, read_only=read_only)
    assert codes(error) == [code]
    assert said in str(error.value)
    assert set(tmp_path.iterdir()) == names
    assert before is None or path.read_bytes() == before


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    for options in ({"read_only": True}, {"create": False}):
        with pytest.raises(RecordError) as error:
            DecisionLog.open(tmp_path / "log", **options)
        assert codes(error) == ["LOG_UNREADABLE"]
    with pytest.raises(RecordError):
        DecisionLog.open(tmp_path / "none" / "log")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a b", "50%?mode=ro#x", "日本", "-"])
def test_any_name_of_a_file(tmp_path: Path, name: str) -> None:
    assert problems(filled(tmp_path / name)) == []
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_the_triggers_stop_mistakes(tmp_path: Path) -> None:
    path = filled(tmp_path / "log", 4)
    before = dump(path)
    with closing(plain(path)) as connection:
        for statement in (
            "UPDATE entry SET host = 'a'",
            "UPDATE body SET size = 1",
            "UPDATE finding SET code = 'A'",
            "UPDATE label SET value = 'A'",
            "DELETE FROM entry WHERE seq = 4",
            "DELETE FROM body",
            "DELETE FROM finding",
            "DELETE FROM label",
            "INSERT INTO entry SELECT 9, hash, signer, signature, 'd-9', timestamp, host, status, interface, policy,"
            " policy_sha256, envelope FROM entry WHERE seq = 1",
            "UPDATE named SET body = 1",
            "DELETE FROM named",
            "INSERT OR REPLACE INTO entry SELECT 5, hash, signer, signature, decision_id, timestamp, host, status,"
            " interface, policy, policy_sha256, envelope FROM entry WHERE seq = 1",
            "INSERT OR REPLACE INTO entry SELECT * FROM entry WHERE seq = 1",
            "INSERT OR REPLACE INTO body SELECT * FROM body",
        ):
            with pytest.raises(Exception, match=r"a log|a text|names this"):
                connection.execute(statement)
    assert dump(path) == before


def test_prune_leaves_a_stub_from_which_the_log_verifies(tmp_path: Path) -> None:
    path = filled(tmp_path / "log", 8)
    with open_log(path) as log:
        head = log.head()
        assert log.prune(WHEN) is None
        stub = log.prune(WHEN + timedelta(minutes=3))
        assert stub is not None
        assert (stub.last.seq, stub.count) == (3, 3)
        found = log.verify(head=head)
        assert (found.problems, found.records, found.pruned) == ((), 5, 3)
        assert log.verify(head=stub.last).is_sound
        assert [record.decision_id for record in log.records()] == ["d-4", "d-5", "d-6", "d-7", "d-8"]
        with pytest.raises(RecordError):
            log.get("d-3")
        assert log.append(AMBIGUOUS) == "d-9"
        second = log.prune(WHEN + timedelta(days=1))
        assert second is not None
        assert (second.last.seq, second.count) == (9, 6)
        assert log.head() == second.last
        assert log.prune(WHEN + timedelta(days=1)) is None
        log.append(AMBIGUOUS)
        found = log.verify()
        assert (found.problems, found.records, found.pruned, found.head.seq) == ((), 1, 9, 10)
    assert len(dump(path)["body"]) == 2


def test_prune_removes_a_beginning_only(tmp_path: Path) -> None:
    moments = iter([WHEN, WHEN + timedelta(minutes=2), WHEN - timedelta(minutes=9), WHEN])
    with DecisionLog.open(tmp_path / "log", clock=lambda: next(moments)) as log:
        for decision in DECISIONS[:3]:
            log.append(decision)
        stub = log.prune(WHEN + timedelta(minutes=1))
        assert stub is not None
        assert stub.last.seq == 1
        assert log.verify().is_sound


def test_pruned_texts_are_gone_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with open_log(path) as log:
        log.append(RESOLVED, {"secret": "once-upon-a-time"})
        log.append(RESOLVED)
        log.prune(WHEN + timedelta(seconds=1))
    assert b"once-upon-a-time" not in path.read_bytes()


def test_an_altered_record_is_not_pruned_away_unseen(tmp_path: Path) -> None:
    path = filled(tmp_path / "log")
    with tampering(path) as connection:
        connection.execute("UPDATE entry SET host = 'another' WHERE seq = 1")
        connection.execute("UPDATE entry SET envelope = x'00' WHERE seq = 3")
        connection.execute("DELETE FROM entry WHERE seq = 4")
    with open_log(path) as log:
        checkpoint = log.prune(WHEN + timedelta(minutes=5))
        assert checkpoint is not None
        assert (checkpoint.last.seq, checkpoint.count, checkpoint.damaged) == (5, 5, (1, 3, 4))
        found = log.verify()
        assert (found.problems, found.pruned, found.pruned_damaged) == ((), 5, (1, 3, 4))
        assert [record.decision_id for record in log.records()] == ["d-6", "d-7", "d-8"]


def test_a_file_that_sqlite_finds_damaged_is_not_pruned(tmp_path: Path) -> None:
    path = filled(tmp_path / "log")
    with closing(plain(path)) as connection:
        connection.execute("DROP TRIGGER entry_stays")
    before = dump(path)
    with open_log(path) as log, pytest.raises(RecordError) as error:
        log.prune(WHEN + timedelta(days=1))
    assert codes(error) == ["LOG_SCHEMA_ALTERED"]
    assert dump(path) == before


@pytest.mark.system
def test_a_log_on_a_medium_that_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "medium"
    folder.mkdir()
    path = filled(folder / "log")
    with _read_only(folder):
        with DecisionLog.open(path, read_only=True) as log:
            assert log.verify().records == 8
        with pytest.raises(RecordError) as error, DecisionLog.open(path) as log:
            log.append(RESOLVED)
        assert set(codes(error)) <= {"LOG_UNWRITABLE", "LOG_UNREADABLE"}
        with pytest.raises(RecordError):
            DecisionLog.open(folder / "new")
        assert [file.name for file in folder.iterdir()] == ["log"]
    assert problems(path) == []


class _read_only:
    """A folder that cannot be written: by its mode, or for a superuser by mounting it so."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_mounted = False

    def __enter__(self) -> None:
        self._folder.chmod(0o500)
        (self._folder / "log").chmod(0o400)
        try:
            (self._folder / "probe").touch()
        except OSError:
            return
        (self._folder / "probe").unlink()
        for command in (["--bind", self._folder, self._folder], ["-o", "remount,bind,ro", self._folder]):
            if shutil.which("mount") is None or subprocess.run(["mount", *command], check=False).returncode:
                self.__exit__()
                pytest.fail("nothing can be mounted read-only here: it needs root and the package mount")
            self._is_mounted = True

    def __exit__(self, *_: object) -> None:
        if self._is_mounted:
            subprocess.run(["umount", self._folder], check=True)
        self._folder.chmod(0o700)
        (self._folder / "log").chmod(0o600)
