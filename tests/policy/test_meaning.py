"""The meaning of each word and sign of the rule language, as data: a host, and for whom a condition holds."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import evaluator
from evaluator import HostAddresses
from evaluator.base.source import Source
from evaluator.engine import Policy
from evaluator.policy.language.vocabulary import FUNCTIONS, MESSAGE_WORDS, STATES, WORDS
from evaluator.policy.load import read_program
from evaluator.testing.terse_topology import read_topology

TABLE = yaml.safe_load((Path(__file__).parents[1] / "meaning" / "words.yaml").read_text(encoding="utf-8"))
MESSAGES = yaml.safe_load((Path(__file__).parents[1] / "meaning" / "messages.yaml").read_text(encoding="utf-8"))
HOSTS = [{**TABLE, "given": read_topology(TABLE["given"])}, *TABLE["reports"]]
CASES = [
    pytest.param(number, condition, names, id=f"{number}: {condition}")
    for number, host in enumerate(HOSTS)
    for condition, names in host["holds"].items()
]
LACKS = [(number, word) for number, host in enumerate(HOSTS) for word in host.get("lacks", ())]


def _asked(number: int) -> tuple[evaluator.Report, HostAddresses]:
    host = HOSTS[number]
    return evaluator.read_report(copy.deepcopy(host["given"])), HostAddresses.of(*host["host"])


def _policy(condition: str) -> Policy:
    rule = {"name": "tried", "rule": f"match nic when {condition}"}
    document = {"policy": "tried", **{key: TABLE[key] for key in ("parameters", "conditions")}, "rules": [rule]}
    text = yaml.safe_dump(document, default_style='"', width=10_000).replace('!!bool "true"', "true")
    return Policy(read_program(Source("tried", text.replace('!!bool "false"', "false"))))


@pytest.mark.parametrize(("number", "condition", "names"), CASES)
def test_for_whom_a_condition_holds(number: int, condition: str, names: list[str]) -> None:
    report, host = _asked(number)
    assert report.facts.links
    decision = _policy(condition).decide(report, host)
    assert list(decision.candidates) == names
    for interface in decision.reasons().interfaces:
        assert interface.reasons[0].held is (interface.name in names)
        assert interface.reasons[0].clause


@pytest.mark.parametrize(("number", "word"), LACKS)
def test_what_a_format_cannot_supply_is_said(number: int, word: str) -> None:
    report, host = _asked(number)
    owner = "nic" if word.startswith("nic") else "a"
    asked = word.replace("address", owner, 1)
    asked = asked if " is " in word else f"count({asked}) > 0" if word == "nic.altnames" else f"{asked} is known"
    condition = asked if owner == "nic" else f"some a in nic.addresses satisfies {asked}"
    findings = _policy(condition).decide(report, host).findings
    assert [one for one in findings if one.code == "REPORT_LACKS_FACT" and f"`{word}`" in one.message]


@pytest.mark.parametrize("row", MESSAGES["says"], ids=lambda row: row["message"])
def test_what_a_message_shows(row: dict[str, Any]) -> None:
    choose = {"name": "choose", "rule": f"match nic when {MESSAGES['candidates']}"}
    said = {"name": "said", "rule": row["rule"], "message": row["message"], "code": "SAID"}
    text = yaml.safe_dump({"policy": "tried", "rules": [choose, said]}, width=10_000)
    report = evaluator.read_report(read_topology(MESSAGES["given"]))
    decision = evaluator.load_policy(text=text).decide(report, HostAddresses.of(*MESSAGES["host"]))
    findings = [one for one in decision.findings if one.code == "SAID"]
    assert [one.message for one in findings] == row["says"]
    for key in ("interfaces", "addresses"):
        if key in row:
            assert [list(getattr(one, key)) for one in findings] == [row[key]]


def test_every_word_is_in_the_table() -> None:
    sentences = " ".join(condition for host in HOSTS for condition in host["holds"])
    used: set[Any] = set(sentences.replace("(", " ").replace(")", " ").replace(",", " ").split())
    used |= {part for word in used for part in word.split(".")}
    not_reported_by_vdsm = {"team", "veth", "dummy", "macvlan", "vrf", "tun", "loopback", "ovs", "other"}
    elsewhere = {"position", "first_address", "conflicts", "mac", "speed", "name"}
    assert {w.name for w in WORDS} - elsewhere <= used
    assert {s.name for s in STATES} - not_reported_by_vdsm - {"bridge", "ipv4"} <= used
    assert set(FUNCTIONS) <= used
    assert {f"{{{word.shown}}}" for word in MESSAGE_WORDS} <= set(re.findall(r"{[a-z._]+}", str(MESSAGES)))
