"""The pages of `fleet summary` and `fleet diff`: the counts of the document, queries that agree, links with targets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from evaluator.base.text import visible
from evaluator.cli.main import main
from evaluator.fleet.summary import summarize
from evaluator.fleet.summary_page import summary_page
from evaluator.render.fleet_page.content import Chart, FleetPage
from tests.render.test_html import NASTY, Reader
from tests.support.mixed_questions import mixed_questions

STATUSES = ["resolved", "rejected", "ambiguous", "no_match", "unknown_host", "invalid"]
MINE = """
policy: mine
extends: strict
rules:
  - name: no-bonds
    before: one-interface
    rule: discard nic when nic is bond
"""


def odd_questions(count: int) -> Iterator[str]:
    """Yield questions with ids, labels and values that no page, query or file name may take for something else."""
    for number, question in enumerate(mixed_questions(count, seed=11)):
        if isinstance(question.get("labels"), dict):
            question["labels"] |= {"odd": NASTY[number % len(NASTY)], NASTY[number % 3]: "", "serial": str(number)}
        if number % 5 == 0 and "id" in question:
            question["id"] = f"{NASTY[number // 5 % len(NASTY)]}{number}"
        yield json.dumps(question)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    (folder / "q.jsonl").write_text("\n".join([*odd_questions(200), "{"]))
    (folder / "mine.yaml").write_text(MINE)
    out = str(folder / "result.parquet")
    assert main(["fleet", "decide", str(folder / "q.jsonl"), "--findings", "--digest", "--out", out]) == 0
    return folder


@pytest.fixture(scope="module")
def content(folder: Path) -> FleetPage:
    return summary_page(folder / "result.parquet", {})


def page(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["fleet", *arguments, "--output", "html"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def read(text: str) -> Reader:
    """Read a page, and assert that it loads nothing, runs nothing, and that every link has a target."""
    assert text.isascii()
    reader = Reader(text)
    assert not {tag for tag, _ in reader.shape} & {"script", "img", "link", "iframe", "object", "form", "base", "use"}
    ids = [value for _, name, value in reader.attributes if name == "id"]
    assert len(set(ids)) == len(ids)
    for _, name, value in reader.attributes:
        assert not name.startswith("on")
        assert name not in ("style", "src", "srcset", "action", "xlink:href")
        if name == "href":
            assert value[1:] in ids if value.startswith("#") else re.fullmatch(r"hosts/\d+\.html", value)
        if name == "aria-labelledby":
            assert value in ids
    style = text[text.index("<style>") : text.index("</style>")]
    assert all(f"pattern-{name}" in ids for name in re.findall(r"url\(#pattern-(\w+)\)", style))
    assert len(re.findall("url", style)) == len(re.findall(r"url\(#pattern-", style))
    return reader


def bars(chart: Chart) -> dict[str, dict[str, int]]:
    """Return the hosts of each bar by status."""
    return {
        bar.name: {status: hosts for status, hosts in zip(STATUSES, bar.hosts, strict=True) if hosts}
        for bar in chart.bars
        if not bar.is_rest
    }


def test_the_page_has_the_counts_of_the_document(folder: Path, content: FleetPage) -> None:
    summary = summarize(folder / "result.parquet")
    charts = {(chart.subject, chart.label): chart for chart in content.charts}
    parts = {"kind": summary.kinds, "refusal": summary.refusals, "finding": summary.findings}
    for subject, counts in [*parts.items(), ("problem", summary.problems), ("status", summary.statuses)]:
        chart = charts[subject, ""]
        totals = {bar.name: bar.total for bar in chart.bars if not bar.is_rest}
        if subject == "status":
            assert totals.pop("invalid") == summary.invalid
        assert totals == {count.name: count.hosts for count in counts[:12]}
    labels: dict[str, dict[str, dict[str, int]]] = {}
    for count in summary.labels:
        labels.setdefault(count.label, {}).setdefault(count.value, {})[count.status] = count.hosts
    assert set(labels) - {label for subject, label in charts if subject == "label"} == {"serial"}
    for label, values in labels.items():
        if label != "serial":
            assert bars(charts["label", label]).items() <= values.items()
    assert any(bar.is_rest and bar.name == "7 others" for bar in charts["label", "odd"].bars)
    assert any("`serial`" in note for note in content.notes)


def test_the_query_of_a_bar_lists_its_hosts(
    folder: Path, content: FleetPage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    text = "".join(read(page(capsys, "summary", "result.parquet")).text)
    with duckdb.connect() as connection:
        for bar in (bar for chart in content.charts for bar in chart.bars):
            assert bar.table is not None
            assert bar.table.query in text
            found = connection.execute(bar.table.query).fetchall()
            assert len(found) == bar.total > 0
            assert sorted(row[0] for row in found) == sorted(row.id for row in bar.table.rows)


def test_a_result_gives_one_page(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = page(capsys, "summary", str(folder / "result.parquet"))
    copy = tmp_path / "o'ther*[1].parquet"
    copy.write_bytes((folder / "result.parquet").read_bytes())
    assert page(capsys, "summary", str(copy)) == first
    assert str(folder) not in first


def test_every_bar_leads_to_its_hosts(folder: Path, content: FleetPage, capsys: pytest.CaptureFixture[str]) -> None:
    reader = read(page(capsys, "summary", str(folder / "result.parquet")))
    links = [value for tag, name, value in reader.attributes if tag == "a" and name == "href"]
    for number, chart in enumerate(content.charts):
        for row, _ in enumerate(chart.bars):
            assert f"#hosts-{number}-{row}" in links
        assert f"#chart-{number}" in links


def many(path: Path, hosts: int) -> Path:
    """Write a result with many hosts, one of a hundred of them not resolved."""
    columns = """
        'node-' || i AS id, if(i % 100 = 0, 'no_match', 'resolved') AS status, 'eth0' AS "hostActiveNic",
        'physical' AS kind, ['eth0'] AS candidates, ['eth0'] AS owners, []::VARCHAR[] AS refusals,
        MAP {'rack': 'r' || (i // 10)} AS labels, 'x' AS policy_sha256,
        NULL::STRUCT(code VARCHAR, message VARCHAR)[] AS error, NULL::VARCHAR[] AS findings, NULL::VARCHAR AS sha256
    """
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT {columns} FROM range({hosts}) t(i)) TO '{path}'")
    return path


def test_long_tables_and_many_values(tmp_path: Path) -> None:
    content = summary_page(many(tmp_path / "result.parquet", 20_000), {})
    status, _, rack = content.charts
    resolved, no_match = status.bars
    assert (resolved.note, no_match.note) == ("19,800 (99.0 %)", "200 (1.0 %)")
    assert resolved.table is not None
    assert len(resolved.table.rows) == 1000
    assert rack.bars[-1].name == "1,988 others"
    assert rack.bars[-1].table is not None
    states = [row.state for row in rack.bars[-1].table.rows]
    assert states[:197] == ["no_match"] * 196 + ["resolved"]  # `r0`, `r10`, `r100` and `r1000` have bars
    assert content.notes == ("The result has no findings. `activenic fleet decide --findings` adds them.",)
    assert content.sentences == ("19,800 of 20,000 hosts are resolved, 99.0 %.", "Not resolved: 200 no_match.")


def test_pages_of_hosts(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "pages"
    inputs = ["--inputs", str(folder / "q.jsonl"), "--most-pages", "6"]
    printed = page(capsys, "summary", str(folder / "result.parquet"), "--pages", str(target), *inputs)
    assert printed == f"{target}/index.html\n"
    index = read((target / "index.html").read_text(encoding="ascii"))
    links = {value for _, name, value in index.attributes if name == "href" and not value.startswith("#")}
    assert links == {f"hosts/{number}.html" for number in range(1, 7)}
    assert {path.name for path in tmp_path.iterdir()} == {"pages"}
    with duckdb.connect() as connection:
        query = f"SELECT id FROM '{folder}/result.parquet' WHERE status <> 'resolved' GROUP BY id ORDER BY id"
        ids = [host for (host,) in connection.execute(query).fetchall()]
    text = "".join(Reader((target / "hosts" / "1.html").read_text(encoding="ascii")).text)
    assert visible(ids[0]) in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--policy", "{folder}/mine.yaml", "--inputs", "{folder}/q.jsonl"], "[FLEET_POLICY_DIFFERS]"),
        (["--inputs", "{folder}/other.jsonl"], "[FLEET_INPUT_DIFFERS]"),
        (["--inputs", "{folder}/q.jsonl", "--param", "management_network=x"], "[FLEET_INPUT_DIFFERS]"),
    ],
)
def test_pages_of_other_decisions(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (folder / "other.jsonl").write_text("\n".join((folder / "q.jsonl").read_text().split("\n")[:50]))
    given = [argument.format(folder=folder) for argument in arguments]
    pages = ["--output", "html", "--pages", str(tmp_path / "pages")]
    assert main(["fleet", "summary", str(folder / "result.parquet"), *pages, *given]) != 0
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--inputs", "q.jsonl"], "`--inputs` needs `--pages`"),
        (["--pages", "new", "--inputs", "q.jsonl"], "`--pages` needs `--output html`"),
        (["--pages", "new", "--output", "html"], "also needs `--inputs`"),
        (["--pages", ".", "--output", "html", "--inputs", "q.jsonl"], "not an empty folder"),
        (["--pages", "new", "--output", "html", "--inputs", "q.jsonl", "--most-pages", "-1"], "must be a number"),
    ],
)
def test_options_that_do_not_fit(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit, match="2"):
        main(["fleet", "summary", "result.parquet", *arguments])
    assert message in capsys.readouterr().err


def test_the_page_of_a_comparison(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policies = ["strict", str(folder / "mine.yaml"), str(folder / "q.jsonl")]
    assert main(["fleet", "diff", *policies, "--output", "json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    text = page(capsys, "diff", *policies)
    words = "".join(read(text).text)
    assert f"answer changes for {len(document['changes'])} (" in words
    for one in document["transitions"]:
        assert f"{one['from']} → {one['to']} {one['count']} host" in words
    for one in document["changes"][:50]:
        assert str(one["new"]["hostActiveNic"] or "") in words
    codes = {one["code"] for one in document["findings"]}
    assert codes
    assert all(code in words for code in codes)


def test_pages_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "q.jsonl").write_text("")
    out = str(tmp_path / "result.parquet")
    read(page(capsys, "diff", "strict", "strict", str(tmp_path / "q.jsonl")))
    assert main(["fleet", "decide", str(tmp_path / "q.jsonl"), "--out", out]) == 0
    assert "0 hosts" in "".join(read(page(capsys, "summary", out)).text)
