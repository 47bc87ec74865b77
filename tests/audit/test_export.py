"""Exports: each line follows the one before, masked or not, and a masked one replays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rfc8785

import evaluator
from evaluator import HostAddresses
from evaluator.audit.log.chain import Head, entry_hash
from evaluator.audit.log.export import chained
from evaluator.audit.log.items import Damaged
from evaluator.audit.log.signing import write_keys
from evaluator.base.diagnostic import Diagnostic
from evaluator.cli.main import main
from evaluator.testing.terse_topology import read_topology

ROOT = Path(__file__).parents[2]
BOND = str(ROOT / "policies" / "examples" / "bond.json")
TOPOLOGY = "bond0 over ens1, ens2 has 192.0.2.10/24; secretnic has 198.51.100.77/24"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    policy, report = evaluator.load_policy("strict"), evaluator.read_report(read_topology(TOPOLOGY))
    with evaluator.DecisionLog.open(path) as kept:
        for address in ("192.0.2.10", "198.51.100.77", "203.0.113.9"):
            kept.append(policy.decide(report, HostAddresses.of(address)), {"host": "secret-host"})
    return path


def _export(log: Path, out: Path, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert main(["log", "export", str(log), *options]) == 0
    text = capsys.readouterr().out
    out.write_text(text)
    return text.splitlines()


@pytest.mark.parametrize("is_masked", [False, True])
def test_every_line_follows_the_one_before(
    is_masked: bool, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef0123456789abcdef")
    out = tmp_path / "export.jsonl"
    lines = _export(log, out, capsys, *(["--mask", str(key)] if is_masked else []))
    assert [json.loads(line)["chain"]["seq"] for line in lines] == [1, 2, 3]
    assert main(["log", "verify", str(out)]) == 0
    assert main(["replay", str(out)]) == 0
    capsys.readouterr()
    for wrong in ([lines[0], lines[2]], [lines[1], lines[0], lines[2]], [*lines, lines[2]], ["{}"], ["{"]):
        out.write_text("\n".join(wrong) + "\n")
        assert main(["log", "verify", str(out)]) == 8
    assert "is neither a log nor a file of records" in capsys.readouterr().err


def test_an_export_in_the_place_of_a_log_is_not_taken_for_it(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "export.jsonl"
    _export(log, out, capsys)
    write_keys(tmp_path / "key")
    assert main(["log", "verify", str(out), "--key", str(tmp_path / "key.pub")]) == 8
    assert "is an export, which is not signed" in capsys.readouterr().err
    assert main(["log", "head", str(log)]) == 0
    head = capsys.readouterr().out.strip()
    assert main(["log", "verify", str(out), "--head", head]) == 0  # a whole log and its export have one chain
    assert main(["log", "verify", str(out), "--head", f"3:{'0' * 64}"]) == 8
    assert "LOG_HEAD_DIFFERS" in capsys.readouterr().out
    assert main(["decide", BOND, "--address", "192.0.2.10", "--log", str(out)]) == 8
    assert main(["log", "prune", str(out), "--before", "2030-01-01"]) == 8
    capsys.readouterr()


def test_an_export_has_a_head_of_its_own(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "export.jsonl"
    lines = _export(log, out, capsys)
    assert main(["log", "head", str(out)]) == 0
    head = capsys.readouterr().out.strip()
    assert main(["log", "verify", str(out), "--head", head, "--output", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["sound"] is True
    out.write_text("\n".join(lines[:2]) + "\n")
    assert main(["log", "verify", str(out)]) == 0
    assert main(["log", "verify", str(out), "--head", head]) == 8
    assert "LOG_TAIL_CUT" in capsys.readouterr().out


def test_a_masked_export_gives_nothing_away(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef0123456789abcdef")
    lines = _export(log, tmp_path / "out", capsys, "--mask", str(key))
    assert not any(secret in line for line in lines for secret in ("secretnic", "198.51.100.77", "secret-host"))
    documents = [json.loads(line)["record"] for line in lines]
    assert [document["result"]["status"] for document in documents] == ["resolved", "resolved", "no_match"]
    assert all(document["masked"] for document in documents)
    key.write_bytes(b"short")
    assert main(["log", "export", str(log), "--mask", str(key)]) != 0


def test_a_line_that_is_no_record_has_its_code(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "export.jsonl"
    lines = _export(log, out, capsys)
    cut = json.loads(lines[1])
    del cut["record"]["result"]
    out.write_text("\n".join([lines[0], json.dumps(cut), "{"]) + "\n")
    with evaluator.DecisionLog.open(out, read_only=True) as export:
        problems = [(problem.code, problem.order) for problem in export.verify().problems]
    assert problems[:2] == [("RECORD_INVALID", 2), ("RECORD_INVALID", 3)]


def test_a_damaged_place_is_bound_by_its_mark(log: Path) -> None:
    with evaluator.DecisionLog.open(log, read_only=True) as kept:
        first, second, _ = kept.records()
    damaged = Damaged(2, "lost", (Diagnostic("LOG_RECORD_ALTERED", "altered", order=2),))
    lines = list(chained([first, damaged, second]))
    mark = {"damaged": lines[1]["damaged"], "decision_id": "lost"}
    bound = entry_hash(Head(1, bytes.fromhex(lines[0]["chain"]["hash"])), None, rfc8785.dumps(mark)).hex()
    assert lines[1]["chain"]["hash"] == bound == lines[2]["chain"]["previous"]
    assert lines[1]["record"] is lines[1]["report"] is None
