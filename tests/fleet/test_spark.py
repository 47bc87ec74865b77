"""Fleets on a real Spark cluster of two worker processes: the rows of one machine, whatever is killed.

`make test-spark` runs these tests in an environment of its own, with Java. All sockets are on the loopback interface.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import evaluator
from evaluator.fleet import plan
from evaluator.fleet.decide_files import Inputs, decide_files, on_this_machine
from evaluator.fleet.ranges import Lines, Range
from evaluator.fleet.rows import RESULT, Asked
from evaluator.fleet.work_folder import WorkFolder
from evaluator.report.json_text import parse_json
from tests.fleet.test_decide_batches import expected
from tests.fleet.test_decide_files import by_batches, finished, is_running, line_rows, wait_for
from tests.support.mixed_questions import mixed_questions

pytestmark = [pytest.mark.system, pytest.mark.spark]
CLUSTER = "local-cluster[2,1,1024]"
LOOPBACK = {"SPARK_LOCAL_IP": "127.0.0.1"}
_QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # a short run of Java needs no compiler for long ones
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    "spark.driver.extraJavaOptions": _QUICK,
    "spark.executor.extraJavaOptions": _QUICK,
}
SECONDS = 400  # only ends a test that hangs
STRICT = evaluator.load_policy("strict")
LINES = [json.dumps(question).encode() for question in mixed_questions(1500, seed=13)]
PAGE = (Path(__file__).parents[2] / "docs" / "fleet.md").read_text(encoding="utf-8")
_OCTETS = 40_000  # of a range
COMMAND = (
    f"import sys, evaluator.fleet.plan as plan; plan._OCTETS = {_OCTETS}\n"
    "from evaluator.cli.main import main; sys.exit(main())"
)


@pytest.fixture(autouse=True)
def _no_network() -> None:
    """Replace the fixture of conftest.py: the driver and Java talk over the loopback interface."""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        for name, value in LOOPBACK.items():
            patch.setenv(name, value)
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_WORKER_DIR", str(tmp_path_factory.mktemp("workers")))
        builder = SparkSession.builder.master(CLUSTER)
        for name, value in SETTINGS.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        yield session
        session.stop()


@pytest.fixture
def questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(plan, "_OCTETS", _OCTETS)
    path = tmp_path / "q.jsonl"
    path.write_bytes(b"\n".join(LINES))
    return path


def test_ten_thousand_mixed_hosts_equal_the_librarys_decisions(session: Any) -> None:
    from evaluator.fleet.spark import decide

    documents = [parse_json(json.dumps(question)) for question in mixed_questions(10_000, seed=7)]
    texts = [(number, json.dumps(document)) for number, document in enumerate(documents)]
    frame = session.createDataFrame(texts, "number long, question string").repartition(8)
    result = decide(frame, STRICT, findings=True, digest=True, retain=["number"])
    assert result.columns == ["number", *RESULT.names]
    rows = sorted((row.asDict(recursive=True) for row in result.collect()), key=lambda row: row["number"])
    assert [row.pop("number") for row in rows] == list(range(len(documents)))
    for row, document in zip(rows, documents, strict=True):
        wanted = expected(document, STRICT, {})
        assert row == {**wanted, "labels": dict(wanted["labels"])}
    statuses = {row["status"] for row in rows}
    assert {None, "resolved", "ambiguous", "rejected", "no_match", "unknown_host"} == statuses


def test_the_columns_of_a_question(session: Any) -> None:
    from evaluator.fleet.spark import decide

    report = json.dumps({"nics": {"ens1": {"addr": "192.0.2.10"}}})
    rows = [("a", report, ["192.0.2.10"], {"dc": "west"}, 7), ("b", "{", ["192.0.2.10"], None, 8)]
    schema = "id string, report string, addresses array<string>, labels map<string, string>, `rack, x` int"
    result = decide(session.createDataFrame(rows, schema), STRICT, retain=["rack, x"]).collect()
    assert [(row[0], row.id, row.status, row.hostActiveNic) for row in result] == [
        (7, "a", "resolved", "ens1"),
        (8, "b", None, None),
    ]
    assert result[0].labels == {"dc": "west"}
    assert [problem.code for problem in result[1].error] == ["REPORT_NOT_JSON"]


def test_what_is_refused_before_spark_decides(session: Any) -> None:
    from evaluator.fleet.spark import decide

    frame = session.createDataFrame([("a", "{}")], "id string, question string")
    with pytest.raises(evaluator.ReportError):
        decide(frame.drop("question"), STRICT)
    with pytest.raises(evaluator.PolicyError):
        decide(frame, STRICT, {"unknown": 1})
    with pytest.raises(ValueError, match="`id`"):
        decide(frame, STRICT, retain=["id"])


def test_the_script_of_the_page(session: Any, tmp_path: Path) -> None:
    (script,) = re.findall(r"```python\n(from pyspark.*?)```", PAGE, re.DOTALL)
    (tmp_path / "questions.jsonl").write_bytes(b"\n".join(LINES[:200]))
    exec(script.replace("hdfs:///fleet", tmp_path.as_uri()), {})
    rows = pq.read_table(tmp_path / "result").to_pylist()
    assert rows == by_batches(LINES[:200], [""] * 200, findings=True)


def below(pid: int) -> list[int]:
    """Return the processes below a process."""
    try:
        lists = [(thread / "children").read_text() for thread in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []
    own = [int(text) for children in lists for text in children.split()]
    return [*own, *(other for child in own for other in below(child))]


def workers(word: str, pid: int) -> list[int]:
    """Return the running processes below a process with a word in their command line, the lowest ones at the end."""
    return [one for one in below(pid) if is_running(one) and word.encode() in Path(f"/proc/{one}/cmdline").read_bytes()]


@pytest.mark.parametrize("word", ["pyspark.daemon", "CoarseGrainedExecutorBackend"])
def test_a_killed_worker_changes_nothing(session: Any, questions: Path, word: str) -> None:
    from evaluator.fleet.spark_ranges import on_spark

    out = questions.with_name("r.parquet")
    killed: list[tuple[int, int]] = []

    def kill() -> None:
        unfinished = -(-questions.stat().st_size // _OCTETS) - len(wait_for(lambda: finished(out), SECONDS))
        pid = workers(word, os.getpid())[-1]
        os.kill(pid, signal.SIGKILL)
        killed.append((pid, unfinished))

    thread = threading.Thread(target=kill)
    thread.start()
    parts = list(decide_files(Inputs((questions,)), out, Asked(STRICT, {}), on_spark(session)))
    thread.join()
    ((pid, unfinished),) = killed
    assert unfinished > len(parts) / 2  # there was much left to do
    assert not is_running(pid)
    assert pq.read_table(out).to_pylist() == line_rows("q.jsonl", LINES)
    assert not out.with_name("r.parquet.work").exists()


def test_an_invalid_input_is_the_error_of_one_machine(session: Any, tmp_path: Path) -> None:
    from evaluator.fleet.spark_ranges import on_spark

    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "a.json").write_text('{"nics": {}}')
    errors = []
    for engine in (on_this_machine, on_spark(session)):
        with pytest.raises(evaluator.HostNameError) as raised:
            list(decide_files(Inputs((folder,)), tmp_path / "r.parquet", Asked(STRICT, {}), engine))
        errors.append(raised.value.diagnostics)
    assert errors[0] == errors[1]


def test_a_worker_without_the_inputs(session: Any, questions: Path) -> None:
    from evaluator.fleet.spark_ranges import on_spark

    def ranges() -> Iterator[Range]:
        yield Lines(str(questions.with_name("missing.jsonl")), 0, 10, 1)

    folder = WorkFolder(str(questions.parent), "run")
    with pytest.raises(evaluator.QuestionError, match=r"missing\.jsonl.*FLEET_WORKER_FILE"):
        list(on_spark(session)(Asked(STRICT, {}), folder, ranges()))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            "Traceback:\n  File x\nModuleNotFoundError: No module named 'a'\n",
            "ModuleNotFoundError: No module named 'a'",
        ),
        ("An error occurred\n: java.lang.StateException: stopped\n\tat a.b(C:1)", "java.lang.StateException: stopped"),
        ("Job aborted: Task 0 failed 4 times\nDriver stacktrace:", "Job aborted: Task 0 failed 4 times"),
    ],
)
def test_the_cause_in_an_error_of_spark(text: str, cause: str) -> None:
    from evaluator.fleet.spark_ranges import cause_in

    assert cause_in(text) == cause


def run(questions: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    arguments = ["fleet", "decide", str(questions), "--out", str(out), "--findings", *options]
    environment = {**os.environ, **LOOPBACK, "SPARK_WORKER_DIR": str(questions.parent)}
    command = [sys.executable, "-c", COMMAND, *arguments]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def test_a_killed_command_leaves_nothing_torn_and_the_next_run_continues(questions: Path) -> None:
    out = questions.with_name("r.parquet")
    settings = [text for name, value in SETTINGS.items() for text in ("--spark-conf", f"{name}={value}")]
    first = run(questions, out, "--engine", "spark", "--master", CLUSTER, *settings)
    try:
        wait_for(lambda: finished(out), SECONDS)
        started = below(first.pid)
    finally:
        first.kill()
        first.communicate()
    wait_for(lambda: not any(map(is_running, started)), SECONDS)
    assert not out.exists()
    before = {path: path.stat().st_mtime_ns for path in finished(out)}
    second = run(questions, out, "--engine", "spark", "--master", "local[2]", *settings)
    wait_for(lambda: len(finished(out)) > len(before) or out.exists(), SECONDS)
    assert all(path.stat().st_mtime_ns == before[path] for path in finished(out) if path in before)
    stderr = second.communicate(timeout=SECONDS)[1]
    assert second.returncode == 0, stderr
    assert pq.read_table(out).to_pylist() == line_rows("q.jsonl", LINES, findings=True)
    assert not out.with_name("r.parquet.work").exists()
