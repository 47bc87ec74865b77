"""A policy that travels as its texts is the same policy at the end of the journey, or it is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from msgspec.structs import replace

import evaluator
from evaluator.fleet.asked_texts import AskedTexts
from evaluator.fleet.ranges import Lines
from evaluator.fleet.rows import Asked
from evaluator.fleet.work_folder import WorkFolder

EXTENDING = "policy: mine\nextends: strict\nrules:\n  - name: a\n    rule: warn nic when nic is bond\n    message: m\n"


def sent(asked: Asked) -> AskedTexts:
    octets = pickle.dumps(AskedTexts.of(asked))
    assert b"Program" not in octets  # no compiled policy
    copy: AskedTexts = pickle.loads(octets)
    return copy


@pytest.mark.parametrize("name", ["strict", "ovirt-engine", "file"])
def test_a_policy_arrives_as_it_was_sent(tmp_path: Path, name: str) -> None:
    base = tmp_path / "base.yaml"
    base.write_text(EXTENDING)
    file = tmp_path / "file.yaml"
    file.write_text("policy: file\nextends: ./base.yaml\n")
    policy = evaluator.load_policy(file if name == "file" else name)
    asked = Asked(policy, {"management_network": "m"}, findings=True)
    arrived = sent(asked).load()
    assert (arrived.policy.digest, arrived.policy.program.texts) == (policy.digest, policy.program.texts)
    assert (arrived.parameters, arrived.findings, arrived.digest) == (asked.parameters, True, False)
    assert sent(asked).load().policy is arrived.policy  # compiled once


def test_another_version_of_activenic_is_refused() -> None:
    texts = AskedTexts.of(Asked(evaluator.load_policy("strict"), {}))
    other = replace(texts, texts=replace(texts.texts, version="0.0.1"))
    with pytest.raises(evaluator.QuestionError, match="FLEET_WORKER_VERSION"):
        other.load()


def test_another_digest_is_refused() -> None:
    texts = AskedTexts.of(Asked(evaluator.load_policy("strict"), {}))
    other = replace(texts, texts=replace(texts.texts, digest="0" * 64))
    with pytest.raises(evaluator.QuestionError, match="FLEET_POLICY_DIFFERS"):
        other.load()


def test_a_worker_of_an_earlier_run_writes_no_file_of_this_run() -> None:
    part = Lines("q.jsonl", 0, 10, 1)
    assert WorkFolder("r.work", "a" * 64).file_of(part) != WorkFolder("r.work", "b" * 64).file_of(part)
