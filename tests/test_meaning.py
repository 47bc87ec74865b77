"""The meaning of each word and sign of the rule language, as data: a host, and for whom a condition holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import evaluator
from evaluator import HostAddresses
from evaluator.engine import Policy
from evaluator.policy.load import read_program
from evaluator.policy.vocabulary import FUNCTIONS, STATES, WORDS
from evaluator.source import Source
from evaluator.workbench.terse_topology import read_topology

TABLE = yaml.safe_load((Path(__file__).parent / "meaning" / "words.yaml").read_text(encoding="utf-8"))
REPORT = evaluator.read_report(read_topology(TABLE["given"]))
HOST = HostAddresses.of(*TABLE["host"])


def _policy(condition: str) -> Policy:
    rule = {"name": "tried", "rule": f"match nic when {condition}"}
    document = {"policy": "tried", "parameters": TABLE["parameters"], "rules": [rule]}
    text = yaml.safe_dump(document, default_style='"', width=10_000).replace('!!bool "true"', "true")
    return Policy(read_program(Source("tried", text.replace('!!bool "false"', "false"))))


@pytest.mark.parametrize(("condition", "names"), TABLE["holds"].items(), ids=lambda v: v if isinstance(v, str) else "")
def test_for_whom_a_condition_holds(condition: str, names: list[str]) -> None:
    decision = _policy(condition).decide(REPORT, HOST)
    assert list(decision.candidates) == names
    for interface in decision.explain().interfaces:
        assert interface.reasons[0].held is (interface.name in names)
        assert interface.reasons[0].clause


def test_every_word_is_in_the_table() -> None:
    sentences = " ".join(TABLE["holds"])
    used: set[Any] = set(sentences.replace("(", " ").replace(")", " ").replace(",", " ").split())
    used |= {part for word in used for part in word.split(".")}
    not_reported_by_vdsm = {"team", "veth", "dummy", "macvlan", "vrf", "tun", "loopback", "ovs", "other"}
    elsewhere = {"position", "first_address", "conflicts", "mac", "speed", "name"}
    assert {w.name for w in WORDS} - elsewhere <= used
    assert {s.name for s in STATES} - not_reported_by_vdsm - {"bridge", "ipv4"} <= used
    assert set(FUNCTIONS) <= used
