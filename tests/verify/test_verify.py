"""The results of whole verifications, by the command and for all shipped policies."""

import json
import re
from pathlib import Path

import pytest

from evaluator.base.schema import violations
from evaluator.cli.main import main
from evaluator.policy.source.find import shipped_names
from evaluator.verify import verify
from tools.properties_page import section

ROOT = Path(__file__).parents[2]
POLICY = """policy: lab
extends: strict
rules:
  - name: no-docker
    after: owns-host-address
    rule: 'discard nic when nic.name like ["docker*", "virbr*"]'
"""
TESTS = """policy: lab.yaml
never: answer is known and answer.name like "docker*"
always: 'answer is unknown or answer.name like "*0"'
properties: {always-1: {expect: false, because: names are free}}
tests: [{name: none, given: ens1, host: 192.0.2.7, want: no_match}]
"""


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "lab.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "lab.test.yaml").write_text(TESTS, encoding="utf-8")
    return tmp_path / "lab.yaml"


def test_the_claims_beside_a_policy_are_verified_and_written_as_tests(lab, tmp_path, capsys):
    arguments = ["--property", "never-1", "--property", "always-1", "--output", "json"]
    assert main(["verify", str(lab), *arguments, "--write-tests", str(tmp_path / "new.test.yaml")]) == 0
    document = json.loads(capsys.readouterr().out)
    assert violations(document, "verify") == ()
    assert [(one["name"], one["verdict"], one["as_expected"]) for one in document["properties"]] == [
        ("always-1", "false", True),
        ("never-1", "proved", True),
    ]
    assert main(["test", str(tmp_path / "new.test.yaml")]) == 0
    assert main(["test", str(tmp_path / "lab.test.yaml")]) == 0


def test_a_false_property_is_a_failure_and_shows_its_host(lab, capsys):
    lab.write_text(POLICY.replace('nic.name like ["docker*", "virbr*"]', "nic is bond"), encoding="utf-8")
    assert main(["verify", str(lab), "--property", "owner-is-found", "-n", "1"]) == 8
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert "bond0 has 192.0.2.10/24   discarded by no-docker" in lines
    assert 'the property is false because this clause is false: status != "no_match"' in lines


def test_a_property_is_undecided_if_the_search_does_not_enumerate_a_word(lab, capsys):
    lab.write_text(POLICY.replace('nic.name like ["docker*", "virbr*"]', "nic is down"), encoding="utf-8")
    assert main(["verify", str(lab), "--property", "owner-is-found", "-n", "1", "--timeout", "1"]) == 1
    assert "does not enumerate nic is down" in capsys.readouterr().out


def test_a_part_without_a_known_effect_is_named(tmp_path, capsys):
    rule = "  - {name: ovs, rule: warn nic when nic is ovs, code: OVS_FOUND}\n"
    policy = tmp_path / "lab.yaml"
    policy.write_text(POLICY + rule, encoding="utf-8")
    assert main(["verify", str(policy), "--property", "every-rule-matters", "-n", "1", "--output", "json"]) == 1
    (one,) = json.loads(capsys.readouterr().out)["properties"]
    assert (one["parts"], one["untranslated"]) == (["ovs: the rule is removed"], [])
    assert main(["verify", str(policy), "--property", "every-rule-matters", "-n", "1"]) == 1
    text = capsys.readouterr().out
    assert "    no effect was found for these parts of the policy:\n      ovs: the rule is removed\n" in text


def test_a_false_property_needs_no_proof(lab, capsys, monkeypatch):
    proved = []
    monkeypatch.setattr(verify, "prove", lambda program, statement, parameters, seconds: proved.append(statement))
    assert main(["verify", str(lab), "--property", "owner-is-found"]) == 8
    assert proved == []


def test_names_are_enumerated(lab, capsys):
    assert main(["verify", str(lab), "--property", "owner-is-found", "-n", "1"]) == 8
    assert re.search(r"nic (docker|virbr)\d* has 192.0.2.10/24", capsys.readouterr().out)


def test_a_property_without_meaning_for_a_policy_is_not_asked(tmp_path, capsys):
    policy = tmp_path / "other.yaml"
    text = "policy: other\nparameters: {management_network: {type: integer, default: 1}}\nrules:\n"
    rule = "  - {name: a, rule: match nic when nic.mtu is known and nic.mtu = management_network}\n"
    policy.write_text(text + rule, encoding="utf-8")
    assert main(["verify", str(policy), "--property", "not-over-a-bridge"]) == 0
    assert "not asked, because cannot compare" in capsys.readouterr().out


@pytest.mark.system
@pytest.mark.parametrize("name", shipped_names())
def test_every_property_of_a_shipped_policy_is_as_stated(name):
    text = section(name)
    assert text in (ROOT / "docs" / "shipped-properties.md").read_text(encoding="utf-8")
    assert not re.search("undecided|true for every host of at most|not asked", text)
