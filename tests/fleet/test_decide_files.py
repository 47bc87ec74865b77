"""`fleet decide`: every form of input gives the rows of `decide_batches`, and a killed run continues."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import evaluator
from evaluator.cli.main import main
from evaluator.fleet import decide_batches, plan
from evaluator.fleet.decide_files import Inputs, decide_files
from evaluator.fleet.rows import RESULT, Asked
from tests.support.mixed_questions import mixed_questions

STRICT = evaluator.load_policy("strict")
QUESTIONS = list(mixed_questions(500, seed=11))
LINES = [json.dumps(question).encode() for question in QUESTIONS]
SMALL_RANGES = "import sys, evaluator.fleet.plan as plan; plan._OCTETS = 15000\n"
COMMAND = SMALL_RANGES + "from evaluator.cli.main import main; sys.exit(main())"
SECONDS = 90


def by_batches(texts: list[bytes], ids: list[str], **columns: bool) -> list[dict[str, Any]]:
    (batch,) = decide_batches([pa.record_batch({"question": texts, "id": ids})], STRICT, **columns)
    rows: list[dict[str, Any]] = batch.to_pylist()
    return rows


def line_rows(name: str, texts: list[bytes] = LINES, **columns: bool) -> list[dict[str, Any]]:
    return by_batches(texts, [f"{name}:{number}" for number in range(1, len(texts) + 1)], **columns)


def decide(*inputs: Path, out: Path, addresses: Path | None = None, **columns: bool) -> list[dict[str, Any]]:
    for _ in decide_files(Inputs(inputs, addresses), out, Asked(STRICT, {}, **columns)):
        pass
    table = pq.read_table(out)
    assert table.schema.equals(RESULT)
    assert not out.with_name(f"{out.name}.work").exists()
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("questions") / "fleet.jsonl"
    path.write_bytes(b"\n".join(LINES) + b"\n")
    return path


@pytest.fixture
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "_OCTETS", 30_000)
    monkeypatch.setattr(plan, "_ROWS", 100)
    monkeypatch.setattr(plan, "_FILES", 7)


@pytest.mark.usefixtures("small_ranges")
def test_many_ranges_give_the_rows_of_the_lines_in_order(questions: Path, tmp_path: Path) -> None:
    out = tmp_path / "result.parquet"
    assert decide(questions, out=out) == line_rows("fleet.jsonl")
    assert decide(questions, out=out, findings=True, digest=True) == line_rows(
        "fleet.jsonl", findings=True, digest=True
    )


@pytest.mark.parametrize("octets", [1, 2, 7, 100, 10_000])
def test_ranges_end_at_ends_of_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, octets: int) -> None:
    monkeypatch.setattr(plan, "_OCTETS", octets)
    path = tmp_path / "q.jsonl"
    path.write_bytes(b"\n" + b"\r\n" + LINES[0] + b"\r\n\n{\n" + LINES[1] + b"\n \n" + b'{"id": "last"}')
    files = plan.input_files([path])
    items = [item.id for part in plan.plan(files, None) for item in part.questions((STRICT,))]
    assert items == ["host-0", "q.jsonl:5", "host-1", "last"]
    assert sum(part.octets for part in plan.plan(files, None)) == path.stat().st_size


def test_a_line_that_is_too_long_is_one_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    with path.open("wb") as file:
        file.write(LINES[0] + b"\n")
        for _ in range(70):
            file.write(b" " * 1_000_000 + b"x")
        file.write(b"\n" + LINES[1])
    rows = decide(path, out=tmp_path / "r.parquet")
    assert [row["id"] for row in rows] == ["host-0", "q.jsonl:2", "host-1"]
    assert [problem["code"] for problem in rows[1]["error"]] == ["REPORT_TOO_LARGE"]


@pytest.mark.usefixtures("small_ranges")
def test_parquet_gives_the_rows_of_its_batches(tmp_path: Path) -> None:
    path = tmp_path / "q.parquet"
    ids = [None if number % 3 else f"own-{number}" for number in range(len(LINES))]
    pq.write_table(pa.table({"question": LINES, "id": ids}), path, row_group_size=640)
    defaults = [name or f"q.parquet:{number}" for number, name in enumerate(ids, 1)]
    assert decide(path, out=tmp_path / "r.parquet") == by_batches(LINES, defaults)


def test_a_table_of_columns(tmp_path: Path) -> None:
    path, report = tmp_path / "q.parquet", json.dumps({"nics": {"ens1": {"addr": "192.0.2.10"}}})
    pq.write_table(pa.table({"report": [report] * 2, "addresses": [["192.0.2.10"], ["junk"]]}), path)
    good, bad = decide(path, out=tmp_path / "r.parquet")
    assert (good["id"], good["hostActiveNic"], bad["id"], bad["status"]) == ("q.parquet:1", "ens1", "q.parquet:2", None)


def test_two_inputs_are_one_fleet(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_bytes(b"\n".join(LINES[:20]))
    rows = decide(tmp_path / "b.jsonl", tmp_path / "a.jsonl", out=tmp_path / "r.parquet")
    assert rows == line_rows("b.jsonl", LINES[:20]) + line_rows("a.jsonl", LINES[:20])


ADDRESSES = {"a": ["192.0.2.10"], "b": ["192.0.2.11", "2001:db8::1"], "c": ["junk"]}


def _csv(path: Path) -> None:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["rack", "addresses", "id"])
        rows.writerows([["1", "; ".join(addresses), name] for name, addresses in ADDRESSES.items()])


def _csv_by_row(path: Path) -> None:
    path.write_text("\ufeffid,addresses\n" + "".join(f"{n},{a}\n" for n, texts in ADDRESSES.items() for a in texts))


def _jsonl(path: Path) -> None:
    path.write_text("".join(json.dumps({"id": n, "addresses": a, "rack": 1}) + "\n" for n, a in ADDRESSES.items()))


def _parquet(path: Path) -> None:
    pq.write_table(pa.table({"id": list(ADDRESSES), "addresses": list(ADDRESSES.values())}), path)


@pytest.mark.usefixtures("small_ranges")
@pytest.mark.parametrize(
    ("name", "write"), [("t.csv", _csv), ("u.csv", _csv_by_row), ("t.jsonl", _jsonl), ("t.parquet", _parquet)]
)
def test_a_folder_of_reports_with_a_table(tmp_path: Path, name: str, write: Callable[[Path], None]) -> None:
    folder = tmp_path / "reports"
    (folder / "site").mkdir(parents=True)
    for host, address in {"a": "192.0.2.10", "b": "192.0.2.11", "c": "192.0.2.12", "d": "192.0.2.13"}.items():
        (folder / "site" / f"{host}.json").write_text(json.dumps({"nics": {f"ens{host}": {"addr": address}}}))
    (folder / "e.json").write_text(json.dumps({"id": "e", "report": {"nics": {}}, "addresses": ["192.0.2.14"]}))
    (folder / "f.yaml").write_text("interfaces: [{name: eth0, type: ethernet}]\n")
    (folder / "g.json").write_text('{"nics": {}, "nics": {}}')
    (folder / "h.jsonl").write_bytes(LINES[0])
    (folder / "notes.txt").write_text("not read")
    table = tmp_path / name
    write(table)
    rows = {row["id"]: row for row in decide(folder, out=tmp_path / "r.parquet", addresses=table)}
    assert {name: row["hostActiveNic"] for name, row in rows.items() if name in "abe"} == {
        "a": "ensa",
        "b": "ensb",
        "e": None,
    }
    codes = {name: [problem["code"] for problem in row["error"]] for name, row in rows.items() if name in "cdfg"}
    missing = ["HOST_MISSING"]
    assert codes == {"c": ["HOST_ADDRESS_INVALID"], "d": missing, "f": missing, "g": missing}
    assert rows["e"]["status"] == "no_match"
    assert rows["host-0"] == line_rows("h.jsonl", LINES[:1])[0]


def test_a_decision_log_and_its_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, export = tmp_path / "decisions.log", tmp_path / "export.jsonl"
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"nics": {"ens1": {"addr": "192.0.2.10"}}}))
    asked = ["decide", str(report), "--address", "192.0.2.10", "--log", str(log)]
    assert main([*asked, "--label", "dc=west"]) == 0
    assert main([*asked, "--policy", "ovirt-engine", "--param", "management_network=m"]) in (0, 3)
    capsys.readouterr()
    assert main(["log", "export", str(log)]) == 0
    export.write_text(capsys.readouterr().out)
    rows = decide(log, out=tmp_path / "a.parquet")
    assert [row["hostActiveNic"] for row in rows] == ["ens1", "ens1"]
    assert rows[0]["labels"] == [("dc", "west")]
    assert decide(export, out=tmp_path / "b.parquet") == rows


@pytest.mark.parametrize("text", [b"", b"\n\n"])
def test_an_empty_input_gives_an_empty_table(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "q.jsonl").write_bytes(text)
    assert decide(tmp_path / "q.jsonl", out=tmp_path / "r.parquet") == []


def run(questions: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", COMMAND, "fleet", "decide", str(questions), "--out", str(out), *options]
    return subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)


def wait_for(condition: Callable[[], Any], seconds: float = SECONDS) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return value


def finished(out: Path) -> list[Path]:
    return sorted(out.with_name(f"{out.name}.work").glob("*.arrow"))


def workers(process: subprocess.Popen[str]) -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


@pytest.fixture
def killed(tmp_path: Path) -> tuple[Path, Path]:
    """Return a large input and a result that does not exist yet."""
    path = tmp_path / "fleet.jsonl"
    path.write_bytes(b"\n".join(LINES * 3))
    return path, tmp_path / "result.parquet"


def _whole_run(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.kill()
    return -signal.SIGKILL, ""


def _worker(process: subprocess.Popen[str]) -> tuple[int, str]:
    os.kill(workers(process)[0], signal.SIGKILL)
    return 1, "[FLEET_PROCESS_ENDED]"


def _interrupt(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGINT)
    return 130, ""


@pytest.mark.volume
@pytest.mark.parametrize("end", [_whole_run, _worker, _interrupt])
def test_an_ended_run_leaves_nothing_torn_and_the_next_run_continues(
    killed: tuple[Path, Path], end: Callable[[subprocess.Popen[str]], tuple[int, str]]
) -> None:
    questions, out = killed
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = run(questions, out)
    signal.signal(signal.SIGINT, handler)
    wait_for(lambda: finished(out))
    pids = workers(process)
    status, code = end(process)
    _, stderr = process.communicate(timeout=SECONDS)
    assert process.returncode == status
    assert code in stderr
    assert "Traceback" not in stderr
    wait_for(lambda: not any(map(is_running, pids)))
    assert not out.exists()
    first = finished(out)[0]
    with pa.ipc.open_file(first) as reader:
        batch = reader.read_all().combine_chunks().to_batches()[0]
    count = batch.num_rows
    marked = batch.set_column(0, "id", pa.array(["from the first run"] * count))
    with pa.ipc.new_file(str(first), RESULT) as writer:
        writer.write_batch(marked)
    (first.parent / "torn.arrow.1.part").write_bytes(b"torn")
    again = run(questions, out)
    again.communicate(timeout=SECONDS)
    assert again.returncode == 0
    rows = pq.read_table(out).to_pylist()
    expected = line_rows("fleet.jsonl", LINES * 3)
    assert len(rows) == len(expected)
    differing = [(row, other) for row, other in zip(rows, expected, strict=True) if row != other]
    assert len(differing) == count
    assert {row["id"] for row, _ in differing} == {"from the first run"}
    assert not finished(out)


OTHER = ["--findings --digest", "--policy ovirt-engine --param management_network=m"]


@pytest.mark.volume
@pytest.mark.parametrize("options", OTHER)
def test_other_options_begin_again(questions: Path, tmp_path: Path, options: str) -> None:
    out = tmp_path / "r.parquet"
    process = run(questions, out)
    wait_for(lambda: finished(out))
    process.kill()
    process.communicate()
    for file in finished(out):
        file.write_bytes(b"torn")
    process = run(questions, out, *options.split())
    assert (process.communicate(timeout=SECONDS)[1], process.returncode) == ("", 0)
    assert pq.read_table(out).num_rows == len(LINES)


def test_a_changed_input_begins_again(tmp_path: Path) -> None:
    questions, out = tmp_path / "q.jsonl", tmp_path / "r.parquet"
    questions.write_bytes(b"\n".join(LINES))
    process = run(questions, out)
    wait_for(lambda: finished(out))
    process.kill()
    process.communicate()
    questions.write_bytes(b"\n".join(LINES[:3]))
    assert decide(questions, out=out) == line_rows("q.jsonl", LINES[:3])


def test_two_runs_with_one_result(questions: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    process = run(questions, out)
    wait_for(lambda: finished(out))
    process.send_signal(signal.SIGSTOP)
    with pytest.raises(evaluator.QuestionError, match="another run"):
        decide(questions, out=out)
    process.send_signal(signal.SIGCONT)
    process.communicate(timeout=SECONDS)
    assert process.returncode == 0


def test_a_folder_with_other_files_is_not_touched(questions: Path, tmp_path: Path) -> None:
    other = tmp_path / "r.parquet.work" / "mine.txt"
    other.parent.mkdir()
    other.write_text("mine")
    with pytest.raises(evaluator.QuestionError, match=r"mine\.txt"):
        decide(questions, out=tmp_path / "r.parquet")
    assert other.read_text() == "mine"
