"""Logs of released versions (`tests/logs/`) stay readable: verify, list, show, export, explain and replay them all.

The expected rows are those that `log list` of the release printed, and the noted head pins the rest of each record. The
expected replay classes are in `tests/logs/replay.json`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from evaluator import DecisionLog, LogFilter
from evaluator.audit.log.signing import read_public_key
from evaluator.base.status import Status
from evaluator.cli.exits import EXIT_OF_STATUS
from evaluator.cli.main import main

pytestmark = pytest.mark.volume
LOGS = Path(__file__).parents[1] / "logs"
VERSIONS = sorted(path.name for path in LOGS.iterdir() if (path / "SHA256SUMS").exists())
REPLAYS: dict[str, dict[str, dict[str, str]]] = json.loads((LOGS / "replay.json").read_text())
FORMATS = ("vdsm", "iproute2", "nmstate", "ansible")
STATUSES = ("resolved", "rejected", "ambiguous", "no_match", "unknown_host")
_EXPLAINED = ("equal", "same answer")  # other records are reported as broken
Json = dict[str, Any]
Run = Callable[..., tuple[int, str]]


class Kept(NamedTuple):
    """A copy of a log or export of a release; for a log also the list and the head that the release printed."""

    version: str
    path: Path

    @property
    def rows(self) -> list[Json]:
        """The rows of `log list`, oldest first."""
        return json_lines(self.path.with_suffix(".list.jsonl").read_text())[::-1]

    @property
    def head(self) -> str:
        return self.path.with_suffix(".head").read_text().strip()

    @property
    def is_signed(self) -> bool:
        return all(row["signed"] for row in self.rows)

    @property
    def pruned(self) -> int:
        return int(self.rows[0]["seq"]) - 1

    def replay_class(self, decision_id: str) -> str:
        """Return the class that a replay of this record must give."""
        classes = REPLAYS[self.version][self.path.name]
        return classes.get(decision_id, classes["*"])


def json_lines(text: str) -> list[Json]:
    return [json.loads(line) for line in text.splitlines()]


def files(suffix: str) -> list[Any]:
    """Return the logs or exports of all versions, each as a parameter."""
    named = [(version, name) for version, classes in REPLAYS.items() for name in classes if name.endswith(suffix)]
    return [pytest.param(one, id="/".join(one)) for one in named]


def of_logs(test: Any) -> Any:
    return pytest.mark.parametrize("kept", files(".log"), indirect=True)(test)


def of_exports(test: Any) -> Any:
    return pytest.mark.parametrize("kept", files(".jsonl"), indirect=True)(test)


@pytest.fixture
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    version, name = request.param
    shutil.copytree(LOGS / version, tmp_path / version)
    return Kept(version, tmp_path / version / name)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command and returns its exit status and output; standard error must stay empty."""

    def run_command(*arguments: str | Path) -> tuple[int, str]:
        capsys.readouterr()
        status = main(list(map(str, arguments)))
        out, err = capsys.readouterr()
        assert err == ""
        return status, out

    return run_command


@pytest.fixture(autouse=True, scope="module")
def _no_test_writes_to_the_originals() -> Iterator[None]:
    yield
    for version in VERSIONS:
        assert sums(version) == noted_sums(version)


def sums(version: str) -> dict[str, str]:
    """Return the digest of every file; a file that SQLite left beside a log would be among them."""
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (LOGS / version).iterdir()}
    del found["SHA256SUMS"]
    return found


def noted_sums(version: str) -> dict[str, str]:
    lines = (LOGS / version / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_files_of_a_release_never_change(version: str) -> None:
    assert sums(version) == noted_sums(version)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_log_and_export_has_its_expected_classes(version: str) -> None:
    names = {path.name for path in (LOGS / version).iterdir() if path.suffix in (".log", ".jsonl")}
    assert set(REPLAYS[version]) == {name for name in names if not name.endswith(".list.jsonl")}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_logs_hold_every_kind_of_record(version: str, tmp_path: Path) -> None:
    shutil.copy(LOGS / version / "decisions.log", tmp_path)
    with DecisionLog.open(tmp_path / "decisions.log", read_only=True) as log:
        envelopes = [record.envelope for record in log.records()]
    assert {envelope["engine"]["version"] for envelope in envelopes} == {version}
    inputs = [envelope["input"] for envelope in envelopes]
    asked = {(one["input"]["report"]["format"], one["result"]["status"]) for one in envelopes}
    assert asked == set(product(FORMATS, STATUSES))
    policies = {one["policy"]["name"] for one in inputs}
    assert policies == {*released_names(version), "our-hosts"}
    resolutions = [one["host"]["resolution"] for one in inputs if one["host"]["resolution"]]
    assert {one["source"] for one in resolutions} == {"dns", "hosts", "localhost"}
    assert any(query["response"] for one in resolutions for query in one.get("queries", ()))
    assert any(one["parameters"] for one in inputs)
    assert all(envelope["labels"] for envelope in envelopes)


def released_names(version: str) -> set[str]:
    released = json.loads((LOGS.parent.parent / "policies" / "released.json").read_text())["policies"]
    return {entry["name"] for entry in released if entry["version"] == version}


@of_logs
def test_a_log_verifies(kept: Kept, run: Run) -> None:
    status, out = run("log", "verify", kept.path, "--head", kept.head, "--output", "json")
    found = json.loads(out)
    assert (status, found["sound"], found["problems"], found["head"]) == (0, True, [], kept.head)
    assert (found["records"], found["pruned"]) == (len(kept.rows), kept.pruned)
    assert found["signed"] == (len(kept.rows) if kept.is_signed else 0)
    assert run("log", "head", kept.path) == (0, f"{kept.head}\n")
    status, out = run("log", "verify", kept.path)
    assert (status, kept.head in out, f"{len(kept.rows)} records" in out) == (0, True, True)
    other = f"{kept.head.partition(':')[0]}:{'0' * 64}"
    assert run("log", "verify", kept.path, "--head", other)[0] == 8


@of_logs
def test_a_log_verifies_with_its_key_only(kept: Kept, run: Run) -> None:
    key = kept.path.with_name("signed.pub")
    assert run("log", "verify", kept.path, "--key", key)[0] == (0 if kept.is_signed else 8)
    with DecisionLog.open(kept.path, read_only=True) as log:
        found = log.verify([read_public_key(key)])
    assert (found.is_sound, found.signatures_checked) == (kept.is_signed, True)
    assert run("log", "keygen", kept.path.with_name("other"))[0] == 0
    assert run("log", "verify", kept.path, "--key", kept.path.with_name("other.pub"))[0] == 8


@of_logs
def test_a_log_is_listed(kept: Kept, run: Run) -> None:
    status, out = run("log", "list", kept.path, "--output", "jsonl")
    listed = json_lines(out)[::-1]
    assert (status, len(listed)) == (0, len(kept.rows))
    for row, now in zip(kept.rows, listed, strict=True):
        assert {member: now[member] for member in row} == row
    status, out = run("log", "list", kept.path, "--limit", "0")
    assert status == 0
    for row, line in zip(kept.rows, out.splitlines()[:0:-1], strict=True):
        cells = {cell.strip() for cell in line.split("  ")}
        assert {row["decision_id"], row["status"], row["host"], row["hostActiveNic"] or ""} <= cells
        assert cells >= ({", ".join(row["findings"])} | {row["policy"]})


@of_logs
def test_records_are_found(kept: Kept) -> None:
    with DecisionLog.open(kept.path, read_only=True) as log:
        assert log.count() == len(kept.rows)
        for member, option in (("status", "status"), ("hostActiveNic", "interface"), ("policy", "policy")):
            for value in {row[member] for row in kept.rows} - {None}:
                wanted = [row["decision_id"] for row in kept.rows if row[member] == value]
                assert [record.decision_id for record in log.records(LogFilter(**{option: value}))] == wanted
        for label in {label for row in kept.rows for label in row["labels"].items()}:
            wanted = [row["decision_id"] for row in kept.rows if label in row["labels"].items()]
            assert [r.decision_id for r in log.records(LogFilter(labels=dict([label])))] == wanted


@of_logs
def test_each_record_is_shown(kept: Kept, run: Run) -> None:
    for row in kept.rows:
        status, out = run("log", "show", kept.path, row["decision_id"], "--output", "json")
        assert status == 0
        assert_is(json.loads(out), row)
        status, out = run("log", "show", kept.path, row["decision_id"])
        lines = [line.split(None, 1) for line in out.splitlines()]
        assert status == 0
        for line in (["status", row["status"]], ["interface", row["hostActiveNic"] or "none"]):
            assert line in lines


def assert_is(document: Json, row: Json) -> None:
    """Assert that a record agrees with its row of the list, and has both bodies."""
    envelope = document["record"]
    assert {member: envelope[member] for member in ("decision_id", "timestamp", "labels")} == {
        member: row[member] for member in ("decision_id", "timestamp", "labels")
    }
    result = envelope["result"]
    assert (result["status"], result["hostActiveNic"]) == (row["status"], row["hostActiveNic"])
    assert (result["host"]["name"], result["policy"]["name"]) == (row["host"], row["policy"])
    assert sorted({finding["code"] for finding in result["findings"]}) == row["findings"]
    assert all(document[body] for body in ("report", "policy"))


@of_logs
def test_a_log_is_exported(kept: Kept, run: Run) -> None:
    status, out = run("log", "export", kept.path)
    lines = json_lines(out)
    assert status == 0
    for document, row in zip(lines, kept.rows, strict=True):
        assert_is(document, row)
    exported = kept.path.with_name("exported.jsonl")
    exported.write_text(out)
    assert run("log", "verify", exported)[0] == 0
    assert replay_classes(run("replay", exported, "--output", "json")[1]) == {
        row["decision_id"]: kept.replay_class(row["decision_id"]) for row in kept.rows
    }


@of_logs
def test_each_record_replays(kept: Kept, run: Run) -> None:
    expected = {row["decision_id"]: kept.replay_class(row["decision_id"]) for row in kept.rows}
    found = {}
    for decision_id, wanted in expected.items():
        status, out = run("replay", decision_id, "--log", kept.path, "--output", "json")
        found |= replay_classes(out)
        assert status == replay_exit([wanted]), decision_id
    assert found == expected
    status, out = run("replay", "--all", "--log", kept.path, "--output", "json")
    assert (status, replay_classes(out)) == (replay_exit(expected.values()), expected)


def replay_classes(out: str) -> dict[str, str]:
    """Return the class of each record from the JSON lines that `replay` prints."""
    return {document["decision_id"]: document["class"] for document in json_lines(out)}


def replay_exit(classes: Any) -> int:
    """Return 0 if no record failed and at least one could be compared."""
    return 0 if set(classes) <= {*_EXPLAINED, "not comparable"} and set(classes) & {*_EXPLAINED} else 8


@of_logs
def test_each_record_is_explained(kept: Kept, run: Run) -> None:
    for row in kept.rows:
        if kept.replay_class(row["decision_id"]) not in _EXPLAINED:
            continue
        status, out = run("explain", row["decision_id"], "--log", kept.path, "--output", "json")
        document = json.loads(out)
        decision = document["decision"]
        assert status == EXIT_OF_STATUS[Status(row["status"])]
        assert (decision["status"], decision["hostActiveNic"]) == (row["status"], row["hostActiveNic"])
        assert document["explanation"]
        status, out = run("explain", row["decision_id"], "--log", kept.path)
        assert status == EXIT_OF_STATUS[Status(row["status"])]
        assert {row["decision_id"], row["timestamp"]} <= {line.rpartition(": ")[2] for line in out.splitlines()}


@of_exports
def test_an_export_verifies_and_replays(kept: Kept, run: Run) -> None:
    lines = kept.path.read_text().splitlines(keepends=True)
    ids = [json.loads(line)["record"]["decision_id"] for line in lines]
    assert run("log", "verify", kept.path)[0] == 0
    status, out = run("replay", kept.path, "--output", "json")
    expected = {decision_id: kept.replay_class(decision_id) for decision_id in ids}
    assert (replay_classes(out), status) == (expected, replay_exit(expected.values()))
    kept.path.write_text("".join((*lines[:1], *lines[2:])))
    assert run("log", "verify", kept.path)[0] == 8


@pytest.mark.parametrize("version", VERSIONS)
def test_the_exports_are_those_of_the_log(version: str, tmp_path: Path, run: Run) -> None:
    for name in ("decisions.log", "mask.key"):
        shutil.copy(LOGS / version / name, tmp_path)
    (tmp_path / "mask.key").chmod(0o600)
    command = ["log", "export", tmp_path / "decisions.log", "--label", "export=yes"]
    plain, masked = (json_lines((LOGS / version / f"{name}.jsonl").read_text()) for name in ("plain", "masked"))
    rows = [row for row in Kept(version, LOGS / version / "decisions.log").rows if row["labels"].get("export")]
    for document, row in zip(plain, rows, strict=True):
        assert_is(document, row)
    assert json_lines(run(*command)[1]) == plain
    again = json_lines(run(*command, "--mask", tmp_path / "mask.key")[1])
    assert list(map(answer_of, again)) == list(map(answer_of, masked))
    assert [answer_of(document)[0] for document in masked] == [row["status"] for row in rows]


def answer_of(document: Json) -> tuple[str, bool]:
    """The status, and whether an interface is named: its pseudonym is another one in each version of masking."""
    result = document["record"]["result"]
    return result["status"], result["hostActiveNic"] is None
