"""`fleet summary`, `fleet diff` and the queries of docs/fleet.md: counts that agree with the rows."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from evaluator.base.schema import violations
from evaluator.cli.main import main
from tests.support.mixed_questions import mixed_questions

PAGE = (Path(__file__).parents[2] / "docs" / "fleet.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fleet")
    questions = (json.dumps(question) for question in mixed_questions(300, seed=5))
    (folder / "q.jsonl").write_text("\n".join([*questions, "{"]))
    out = folder / "result.parquet"
    assert main(["fleet", "decide", str(folder / "q.jsonl"), "--findings", "--out", str(out)]) == 0
    return folder


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["fleet", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_the_summary_counts_the_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "result.parquet"
    document = json.loads(output(capsys, "summary", str(path), "--output", "json"))
    assert not violations(document, "fleet-summary")
    rows = pq.read_table(path).to_pylist()
    assert document["hosts"] == len(rows) == 301
    assert document["invalid"] == sum(row["error"] is not None for row in rows) > 10
    for part, column in [("statuses", "status"), ("kinds", "kind")]:
        assert counted(document[part]) == Counter(row[column] for row in rows if row[column] is not None)
    for part, column in [("refusals", "refusals"), ("findings", "findings")]:
        assert counted(document[part]) == Counter(code for row in rows for code in set(row[column] or ()))
    codes = Counter(code for row in rows for code in {problem["code"] for problem in row["error"] or ()})
    assert counted(document["problems"]) == codes
    labels = Counter((*label, row["status"] or "invalid") for row in rows for label in row["labels"])
    assert {(one["label"], one["value"], one["status"]): one["hosts"] for one in document["labels"]} == labels
    hosts = [count["hosts"] for count in document["findings"]]
    assert hosts == sorted(hosts, reverse=True)


def counted(counts: list[dict[str, Any]]) -> dict[str, int]:
    return {count["name"]: count["hosts"] for count in counts}


def test_the_summary_as_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "summary", str(folder / "result.parquet"))
    assert text.startswith("301 hosts, ")
    assert {"status:", "kind:", "finding:", "problem:", "label:"} <= set(text.splitlines())
    document = json.loads(output(capsys, "summary", str(folder / "result.parquet"), "--output", "json"))
    lines = {line.strip() for line in text.splitlines()}
    for part in ("statuses", "kinds", "refusals", "findings", "problems"):
        assert {f"{one['hosts']}  {one['name']}" for one in document[part][:20]} <= lines


def test_a_result_in_several_files(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = pq.read_table(folder / "result.parquet")
    target = tmp_path / "result [1].parquet"
    target.mkdir()
    for number, start in enumerate((0, 100)):
        pq.write_table(rows.slice(start, [100, None][number]), target / f"part-{number}.parquet")
    (target / "_SUCCESS").write_bytes(b"")
    assert output(capsys, "summary", str(target)) == output(capsys, "summary", str(folder / "result.parquet"))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"text"])
def test_a_file_that_is_not_a_result(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    path = tmp_path / "r.parquet"
    path.write_bytes(content)
    assert main(["fleet", "summary", str(path)]) == 1
    assert "[FLEET_RESULT_INVALID]" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["result*.parquet", "result[1].parquet", "a'b.parquet"])
def test_any_name_of_a_result(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (tmp_path / name).write_bytes((folder / "result.parquet").read_bytes())
    assert output(capsys, "summary", str(tmp_path / name)).startswith("301 hosts")


def test_the_difference_equals_that_of_activenic_diff(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy, questions = tmp_path / "mine.yaml", str(folder / "q.jsonl")
    policy.write_text(
        "policy: mine\nextends: strict\nrules:\n  - name: no-bonds\n    before: one-interface\n"
        "    rule: discard nic when nic is bond\n"
    )
    fleet = json.loads(output(capsys, "diff", "strict", str(policy), questions, "--output", "json"))
    assert not violations(fleet, "fleet-diff")
    assert main(["diff", "strict", str(policy), "--corpus", questions, "--output", "json"]) == 0
    small = json.loads(capsys.readouterr().out)
    refused = [one.pop("refused") for one in (fleet, small)]
    assert [[problem["code"] for problem in one["diagnostics"]] for one in refused[0]] == [
        [problem["code"] for problem in one["diagnostics"]] for one in refused[1]
    ]
    labels, findings = fleet.pop("labels"), fleet.pop("findings")
    assert fleet == small
    assert small["changes"]
    changed = Counter(label for change in small["changes"] for label in change["labels"].items())
    by_label: Counter[tuple[str, str]] = Counter()
    for one in labels:
        by_label[one["label"], one["value"]] += one["count"]
    assert by_label == changed
    assert {"code", "change", "count"} == set(findings[0])
    text = output(capsys, "diff", "strict", str(policy), questions)
    assert "changed hosts by label:" in text


def test_the_page_has_ten_queries() -> None:
    assert len(QUERIES) == 10


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_of_the_page_runs(folder: Path, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    monkeypatch.chdir(folder)
    with duckdb.connect() as connection:
        rows = connection.execute(query).fetchall()
    assert rows or "ADDRESS_ON_SLAVE" in query
