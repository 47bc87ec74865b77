"""What the rules did with each interface, and why: `tests/explain/outcomes.yaml`, `tests/explain/clauses.yaml`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import evaluator
from evaluator import HostAddresses
from evaluator.testing.terse_topology import read_topology

OUTCOMES = yaml.safe_load((Path(__file__).with_name("outcomes.yaml")).read_text())
CLAUSES = yaml.safe_load((Path(__file__).with_name("clauses.yaml")).read_text())
RULES = """\
policy: one-condition
parameters:
  number: {{type: integer, default: 2, description: a number}}
rules:
  - name: judged
    rule: |
      match nic when {}
  - {{name: uses-the-parameter, rule: match nic when number = 99}}
"""


@pytest.mark.parametrize("case", OUTCOMES["cases"], ids=lambda case: f"{case['given']} asked by {case['host']}")
def test_what_became_of_each_interface(case: dict[str, Any]) -> None:
    policy = evaluator.load_policy(text=OUTCOMES["policy"])
    decision = policy.decide(evaluator.read_report(read_topology(case["given"])), HostAddresses.of(*case["host"]))
    explained = decision.reasons()
    assert (decision.status, explained.stability) == (case["status"], case["stability"])
    answers = {one.address: " ".join(filter(None, (one.status, one.host_active_nic))) for one in explained.answers}
    assert answers == case["answers"]
    assert {reason.rule: reason.effect for reason in explained.rules} == case["rules"]
    by_name = {one.name: one for one in explained.interfaces}
    for name, want in case["interfaces"].items():
        outcome = by_name[name].outcome
        assert all(words in outcome for words in want["outcome"]), outcome
        assert {other for other in by_name if _names(outcome, other)} == by_name.keys() & {*want["outcome"]}, outcome
        judged = (reason for reason in by_name[name].reasons if reason.held is not None)
        assert {reason.rule: reason.effect for reason in judged} == want["effects"]
        near = by_name[name].near_misses
        assert len(near) == len(want.get("near", []))
        for sentence, words in zip(near, want.get("near", []), strict=True):
            assert all(word in sentence for word in words), sentence


def _names(sentence: str, name: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", sentence) is not None


@pytest.mark.parametrize("condition", CLAUSES["conditions"])
def test_the_clause_that_decides_and_what_it_saw(condition: str) -> None:
    policy = evaluator.load_policy(text=RULES.format(condition))
    report = evaluator.read_report(read_topology(CLAUSES["given"]))
    explained = policy.decide(report, HostAddresses.of(*CLAUSES["host"])).reasons()
    by_name = {one.name: one.reasons[0] for one in explained.interfaces}
    for name, want in CLAUSES["conditions"][condition].items():
        reason = by_name[name]
        seen = [[value.word, value.value, *value.pointers] for value in reason.seen]
        assert {"held": reason.held, "clause": reason.clause, "seen": seen} == want
