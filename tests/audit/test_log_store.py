"""One door for logs and exports, ids that can be copied, and files of others."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import evaluator
from evaluator import DecisionLog, LogFilter, RecordError
from evaluator.audit.log.signing import write_keys
from evaluator.cli.main import main
from tests.support.logs import DECISIONS, RESOLVED, filled, open_log

ROOT = Path(__file__).parents[2]
BOND = str(ROOT / "policies" / "examples" / "bond.json")
DECIDE = ["decide", BOND, "--address", "192.0.2.10"]
OLD = ROOT / "tests" / "logs" / "0.1.0"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with random ids."""
    path = tmp_path / "log"
    with DecisionLog.open(path) as kept:
        for decision in DECISIONS:
            kept.append(decision, {"engine": "lab"})
    return path


@pytest.fixture(params=["log", "export"])
def source(request: pytest.FixtureRequest, log: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    if request.param == "log":
        return log
    assert main(["log", "export", str(log)]) == 0
    export = log.with_name("export")
    export.write_text(capsys.readouterr().out)
    return export


def ids(path: Path) -> list[str]:
    with DecisionLog.open(path, read_only=True) as log:
        return [entry.decision_id for entry in log.entries()]


def test_every_reading_command_takes_a_log_or_an_export(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third, fourth = ids(source)
    name = str(source)
    assert main(["log", "list", name, "--output", "jsonl"]) == 0
    assert [json.loads(line)["decision_id"] for line in capsys.readouterr().out.splitlines()] == [
        *(fourth, third, second, first)
    ]
    for arguments, status in (
        (["log", "show", name, first[:6]], 0),
        (["log", "export", name], 0),
        (["log", "verify", name], 0),
        (["log", "head", name], 0),
        (["replay", first[:8], "--log", name], 0),
        (["replay", "--all", "--log", name], 0),
        (["replay", name], 0),
        (["explain", second[:6], "--log", name], 3),
        (["record-test", first[:6], "--log", name], 0),
    ):
        assert main(arguments) == status, arguments
        assert capsys.readouterr().err == ""
    with DecisionLog.open(source, read_only=True) as log:
        assert [record.decision_id for record in log.records(LogFilter(status="rejected"))] == [second]
        assert log.get(first[:6]).decision_id == first
        assert (log.count(), log.head().seq, log.verify().is_sound) == (4, 4, True)
        with pytest.raises(RecordError):
            log.append(RESOLVED)


@pytest.mark.parametrize("wanted", [LogFilter(host="::ffff:192.0.2.10"), LogFilter(finding="SEVERAL_INTERFACES")])
def test_filters_mean_the_same(log: Path, capsys: pytest.CaptureFixture[str], wanted: LogFilter) -> None:
    assert main(["log", "export", str(log)]) == 0
    export = log.with_name("export")
    export.write_text(capsys.readouterr().out)
    with DecisionLog.open(log, read_only=True) as one, DecisionLog.open(export, read_only=True) as other:
        assert [record.envelope for record in one.records(wanted)] == [r.envelope for r in other.records(wanted)]
        sha256 = evaluator.load_policy("strict").program.digest
        for policy, count in (("strict", 3), (sha256, 3), ("0" * 64, 0)):
            assert one.count(LogFilter(policy=policy)) == other.count(LogFilter(policy=policy)) == count


def test_a_policy_is_found_by_its_digest_in_a_log_of_version_1(tmp_path: Path) -> None:
    path = Path(shutil.copy(OLD / "decisions.log", tmp_path))
    with DecisionLog.open(path, read_only=True) as log:
        digests = {e.envelope["revision"]: 0 for e in log.entries()}
        for entry in log.entries():
            digests[entry.envelope["revision"]] += 1
        for sha256, count in digests.items():
            assert log.count(LogFilter(policy=sha256)) == count


def test_a_log_of_version_1_is_never_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(shutil.copy(OLD / "decisions.log", tmp_path))
    before = path.read_bytes()
    for arguments in ([*DECIDE, "--log", str(path)], ["log", "prune", str(path), "--before", "2030-01-01"]):
        assert main(arguments) == 1
        out, err = capsys.readouterr()
        assert (out, "[LOG_OLDER]" in err, "start a new log" in err) == ("", True, True)
    assert path.read_bytes() == before


def test_records_of_both_versions_stand_in_one_new_log(tmp_path: Path) -> None:
    path = tmp_path / "new"
    with DecisionLog.open(OLD / "plain.jsonl", read_only=True) as old, open_log(path) as new:
        for record in old.records():
            new.append_record(record)
        new.append(RESOLVED)
        assert new.verify().is_sound
        assert [record.envelope["schema_version"] for record in new.records()] == [1] * 6 + [2]


def test_an_ambiguous_prefix_lists_its_matches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = iter(["abcdef-1", "abcdef-2", "abcdeg-1"])
    with DecisionLog.open(tmp_path / "log", new_id=lambda: next(names)) as log:
        for _ in range(3):
            log.append(RESOLVED)
    for prefix, status, said in (
        ("abcdef", 1, "`abcdef-1`, `abcdef-2`"),
        ("abcdeg", 0, ""),
        ("abcde", 1, "6 characters are enough"),
        ("abcdef-1", 0, ""),
        ("abcdex", 1, "has no record of decision"),
    ):
        assert main(["log", "show", str(tmp_path / "log"), prefix]) == status
        assert said in capsys.readouterr().err


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_id_is_ever_broken(log: Path, width: int) -> None:
    leader, follower = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(width), "TERM": "xterm"}
    command = [sys.executable, "-m", "evaluator", "log", "list", str(log)]
    done = subprocess.run(command, cwd=ROOT, stdout=follower, stderr=subprocess.PIPE, check=True, env=environment)
    os.close(follower)
    with closing(os.fdopen(leader, "rb", buffering=0)) as terminal:
        shown = re.sub(r"\x1b\[[0-9;]*m", "", terminal.read(20_000).decode())
    assert done.stderr == b""
    assert all(any(name in line for line in shown.splitlines()) for name in ids(log))
    assert "engine=lab" in shown
    if width >= 80:
        assert max(map(len, shown.splitlines())) <= width


def test_decide_prints_the_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log"
    for output in ("text", "json", "name", "html"):
        assert main([*DECIDE, "--log", str(path), "--output", output]) == 0
        out, err = capsys.readouterr()
        said = out if output == "text" else err
        assert said.splitlines()[-1] == f"decision: {ids(path)[-1]}"
        assert (err == "") == (output == "text")
    assert main([*DECIDE, "--output", "json"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--finding", "SEVERAL_INTERFACE"], "did you mean `SEVERAL_INTERFACES`?"),
        (["--finding", "NOTHING"], "unknown finding `NOTHING`"),
        (["--status", "resolve"], "did you mean `resolved`?"),
    ],
)
def test_an_unknown_word_in_a_filter_is_usage(
    source: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for action in ("list", "export"):
        with pytest.raises(SystemExit) as stopped:
            main(["log", action, str(source), *options])
        assert stopped.value.code == 2
        assert said in capsys.readouterr().err


def test_a_code_of_an_own_policy_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = evaluator.load_policy(
        text="policy: own\nrules:\n  - {name: mine, rule: match nic when nic.addresses overlaps host.addresses}\n"
        "  - {name: odd, rule: warn nic when true, code: OUR_OWN}\n"
    )
    report = evaluator.read_report(Path(BOND))
    with open_log(tmp_path / "log") as log:
        log.append(policy.decide(report, evaluator.HostAddresses.of("192.0.2.10")))
    assert main(["log", "list", str(tmp_path / "log"), "--finding", "OUR_OWN"]) == 0
    assert "d-1" in capsys.readouterr().out


def test_an_empty_result_says_so(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "list", str(source), "--host", "none", "--output", "jsonl"]) == 0
    assert capsys.readouterr() == ("", "no record matches\n")
    open_log(tmp_path / "empty").close()
    assert main(["log", "list", str(tmp_path / "empty")]) == 0
    assert capsys.readouterr().err == "the log has no records\n"


def test_a_log_that_others_can_write_is_read_with_a_warning(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for mode in (0o620, 0o602):
        log.chmod(mode)
        assert main([*DECIDE, "--log", str(log)]) == 1
        out, err = capsys.readouterr()
        assert (out, "[LOG_OPEN_TO_OTHERS]" in err) == ("", True)
        for arguments in (["log", "list"], ["log", "verify"], ["log", "export"]):
            assert main([*arguments, str(log)]) == 0
            assert "warning: the log" in capsys.readouterr().err
    log.chmod(0o644)
    assert main(["log", "verify", str(log)]) == 0
    assert capsys.readouterr().err == ""
    log.parent.chmod(0o777)
    assert main([*DECIDE, "--log", str(log)]) == 1
    log.parent.chmod(0o1777)
    assert main([*DECIDE, "--log", str(log)]) == 0
    with DecisionLog.open(log, read_only=True) as opened:
        assert opened.warnings == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_log_of_another_user_is_not_written(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.chown(log, 12345, 12345)
    before = log.read_bytes()
    assert main([*DECIDE, "--log", str(log)]) == 1
    assert "belongs to another user (uid 12345)" in capsys.readouterr().err
    assert log.read_bytes() == before
    assert main(["log", "list", str(log)]) == 0
    assert "warning: the log" in capsys.readouterr().err


def test_keys_that_others_can_read(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, mask = tmp_path / "key", tmp_path / "mask"
    write_keys(key)
    mask.write_bytes(b"0123456789abcdef0123456789abcdef")
    mask.chmod(0o600)
    signed = str(tmp_path / "signed")
    uses = ([*DECIDE, "--log", signed, "--sign-key", str(key)], ["log", "export", str(log), "--mask", str(mask)])
    for use, path in zip(uses, (key, mask), strict=True):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert main(use) == 0
        assert "KEY_OPEN_TO_OTHERS" not in capsys.readouterr().err
        path.chmod(0o640)
        assert main(use) == 0
        assert "can be read by others (mode 0640) [KEY_OPEN_TO_OTHERS]" in capsys.readouterr().err


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_wal_without_its_index_on_a_read_only_medium(
    read_only_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = filled(tmp_path / "log", 3)
    with open_log(path) as log:
        log.append(RESOLVED)
        for name in ("log", "log-wal"):
            shutil.copy(tmp_path / name, read_only_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(read_only_disk)], check=True)
    assert main(["log", "list", str(read_only_disk / "log")]) == 1
    assert "copy the log and its `-wal` file to a folder of your own" in capsys.readouterr().err
