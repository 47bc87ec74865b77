"""Mutants of policies: which ones the tests kill, and the tests that are written for those that survive."""

import json
from pathlib import Path

import pytest

from evaluator.base.schema import violations
from evaluator.cli.main import main
from evaluator.policy.source.find import shipped_names

POLICY = """\
policy: mine
rules:
  - name: owns
    rule: match nic when nic.addresses overlaps host.addresses and nic is not vlan
  - name: no-bridge
    rule: reject nic when nic is bridge
    code: OVER_BRIDGE
    message: "{nic.name} is a bridge"
"""
TESTS = """\
policy: mine.yaml
tests:
  - name: a nic
    given: ens1 has 192.0.2.10/24
    host: 192.0.2.10
    want: resolved ens1
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    (tmp_path / "mine.yaml").write_text(POLICY)
    (tmp_path / "mine.test.yaml").write_text(TESTS)
    return tmp_path / "mine.yaml"


def results(policy: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, str]]:
    status = main(["mutate", str(policy), "--output", "json", *options])
    document = json.loads(capsys.readouterr().out)
    assert not list(violations(document, "mutation"))
    return status, {f"{mutant['rule']}: {mutant['change']}": mutant["result"] for mutant in document["mutants"]}


def test_mutants_of_a_policy(policy, capsys):
    status, fates = results(policy, capsys)
    assert status == 8
    assert fates == {
        "owns: the rule is removed": "killed",
        "owns: `nic.addresses overlaps host.addresses` is removed": "survived",
        "owns: `nic.addresses overlaps host.addresses` becomes `nic.addresses within host.addresses`": "survived",
        "owns: `nic.addresses overlaps host.addresses` becomes `nic.addresses not overlaps host.addresses`": "killed",
        "owns: `nic is not vlan` is removed": "survived",
        "owns: `nic is not vlan` becomes `nic is vlan`": "killed",
        "owns: `nic.addresses overlaps host.addresses and …` becomes `nic.addresses overlaps host.addresses or …`": (
            "survived"
        ),
        "owns: the rule changes places with no-bridge": "survived",
        "no-bridge: the rule is removed": "survived",
        "no-bridge: `nic is bridge` becomes `nic is not bridge`": "killed",
    }


def test_written_tests_kill_every_mutant_that_survived(policy, capsys):
    tests = policy.with_name("mine.test.yaml")
    assert main(["mutate", str(policy), "--write-tests", str(tests)]) == 8
    assert "10 mutants, 4 killed, 6 survived" in capsys.readouterr().out
    assert main(["test", str(tests)]) == 0
    capsys.readouterr()
    status, fates = results(policy, capsys)
    assert (status, set(fates.values())) == (0, {"killed"})


def test_an_equal_mutant_does_not_survive(policy, capsys):
    policy.write_text(POLICY.replace("nic is not vlan", "count(nic.matched) > 0"))
    _, fates = results(policy, capsys, "-n", "2")
    assert fates["owns: `count(nic.matched) > 0` is removed"] == "proved"


def test_without_the_solver_an_equal_mutant_is_compared_on_small_hosts(policy, capsys, monkeypatch):
    monkeypatch.setattr("evaluator.workbench.mutate_policy.find_spec", lambda _: None)
    policy.write_text(POLICY.replace("nic is not vlan", "count(nic.matched) > 0"))
    _, fates = results(policy, capsys, "-n", "2")
    assert fates["owns: `count(nic.matched) > 0` is removed"] == "equal"


def test_a_policy_without_tests(policy, capsys):
    policy.with_name("mine.test.yaml").unlink()
    assert main(["mutate", str(policy)]) == 8
    assert "[NO_TESTS]" in capsys.readouterr().err


@pytest.mark.system
@pytest.mark.parametrize("name", shipped_names())
def test_the_tests_of_a_shipped_policy_kill_every_mutant_that_is_not_proved_equal(name, capsys):
    assert main(["mutate", name, "--output", "json"]) == 0
    counts = json.loads(capsys.readouterr().out)["counts"]
    assert (counts["survived"], counts["equal"]) == (0, 0)
