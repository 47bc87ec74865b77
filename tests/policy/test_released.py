"""`policies/released.json` names every policy text that a release contained, and its entries never change."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import evaluator
from evaluator import DecisionLog
from evaluator.base.schema import is_valid, violations
from evaluator.base.shipped import read_shipped
from evaluator.policy.source.find import shipped_names

LOGS = Path(__file__).parents[1] / "logs"
RELEASED = json.loads(read_shipped("policies", "released.json"))
ENTRIES = [(entry["name"], entry["version"], entry["sha256"]) for entry in RELEASED["policies"]]


def version_key(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_the_document_satisfies_its_schema() -> None:
    assert violations(RELEASED, "released-policies") == ()
    assert not is_valid({**RELEASED, "schema_version": 2}, "released-policies")
    assert not is_valid({"schema_version": 1, "policies": [{"name": "strict"}]}, "released-policies")


def test_the_entries_are_sorted_and_unique() -> None:
    keys = [(name, version_key(version)) for name, version, _ in ENTRIES]
    assert keys == sorted(set(keys))
    assert all(set(digest) <= set("0123456789abcdef") for _, _, digest in ENTRIES)


def test_the_entries_of_0_1_0_are_the_texts_that_its_log_holds(tmp_path: Path) -> None:
    shutil.copy(LOGS / "0.1.0" / "decisions.log", tmp_path)
    with DecisionLog.open(tmp_path / "decisions.log", read_only=True) as log:
        texts = {(record.envelope["input"]["policy"]["name"], record.policy) for record in log.records()}
    digests = {(name, hashlib.sha256(text or b"").hexdigest()) for name, text in texts if name != "our-hosts"}
    assert len(digests) == 5
    assert {(name, digest) for name, version, digest in ENTRIES if version == "0.1.0"} == digests


def test_a_release_names_its_own_texts() -> None:
    texts = {name: read_shipped("policies", f"{name}.yaml") for name in shipped_names()}
    today = {(name, hashlib.sha256(text).hexdigest()) for name, text in texts.items()}
    unnamed = today - {(name, digest) for name, _, digest in ENTRIES}
    assert not unnamed or ".dev" in evaluator.__version__


def test_it_is_not_taken_for_a_policy() -> None:
    assert "released" not in shipped_names()
