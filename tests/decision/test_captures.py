"""What real hosts reported, and the decision each must give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import evaluator
from evaluator.base.schema import is_valid, violations

HOSTS = sorted((Path(__file__).parents[1] / "captures" / "vdsm").iterdir())
POLICY = evaluator.load_policy("strict")


def _questions() -> list[tuple[Path, dict[str, Any]]]:
    return [(host, q) for host in HOSTS for q in json.loads((host / "expected.json").read_text())["questions"]]


QUESTIONS = _questions()
ANSWERABLE = [(host, q) for host, q in QUESTIONS if q["owners_in"]["vdsm"] == q["owners"]]


@pytest.mark.parametrize(
    ("host", "question"), ANSWERABLE, ids=lambda v: v.name if isinstance(v, Path) else str(v["addresses"])
)
def test_the_expected_decision(host: Path, question: dict[str, Any]) -> None:
    wanted = {**question, **question.get("by_format", {}).get("vdsm", {})}
    decision = POLICY.decide(
        evaluator.read_report(host / "vdsm.json"), evaluator.HostAddresses.of(*question["addresses"])
    )
    assert decision.status == wanted["status"]
    assert decision.host_active_nic == wanted["hostActiveNic"]
    assert list(decision.owners) == wanted["owners"]
    assert violations(decision.to_dict(), "decision") == ()


@pytest.mark.parametrize(
    ("host", "question"),
    [(host, q) for host, q in QUESTIONS if q["owners_in"]["vdsm"] is not None],
    ids=lambda v: v.name if isinstance(v, Path) else str(v["addresses"]),
)
def test_the_owners_are_those_of_the_report(host: Path, question: dict[str, Any]) -> None:
    report = evaluator.read_report(host / "vdsm.json")
    decision = POLICY.decide(report, evaluator.HostAddresses.of(*question["addresses"]))
    assert list(decision.owners) == question["owners_in"]["vdsm"]


def test_how_many_questions_a_vdsm_report_can_answer() -> None:
    assert (len(HOSTS), len(ANSWERABLE)) == (26, 57)


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_a_real_report_is_valid_in_every_envelope(host: Path) -> None:
    document = json.loads((host / "vdsm.json").read_text())
    for wrapped in (
        document,
        {"jsonrpc": "2.0", "id": "1", "result": document},
        {"status": {"code": 0}, "info": document},
    ):
        assert is_valid(wrapped, "capability-report")
        assert evaluator.read_report(wrapped).facts == evaluator.read_report(document).facts


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_every_pointer_leads_to_what_it_names(host: Path) -> None:
    document = json.loads((host / "vdsm.json").read_text())
    for wrapped in (document, {"jsonrpc": "2.0", "id": "1", "result": document}):
        for link in evaluator.read_report(wrapped).facts.links:
            for pointer in link.pointers.values():
                follow(wrapped, pointer)
            for owned in link.addresses:
                assert follow(wrapped, owned.pointer) == owned.raw


def follow(document: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document
