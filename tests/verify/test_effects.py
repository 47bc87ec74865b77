"""Parts of a policy without an effect."""

from evaluator.cli.main import main

POLICY = """policy: lab
rules:
  - {name: owns, rule: match nic when nic in owners and count(nic.matched) > 0}
  - {name: bonds, rule: discard nic when nic is bond}
  - {name: bonds-again, rule: discard nic when nic is bond}
"""


TESTS = """policy: lab.yaml
tests: [{name: one owner, given: ens1 has 192.0.2.10/24, host: 192.0.2.10, want: resolved}]
"""


def verify(tmp_path, capsys, *arguments, policy=POLICY):
    path = tmp_path / "lab.yaml"
    path.write_text(policy, encoding="utf-8")
    status = main(["verify", str(path), *arguments, "-n", "2"])
    return status, capsys.readouterr().out


def test_a_rule_that_repeats_another_one_has_no_effect(tmp_path, capsys):
    status, output = verify(tmp_path, capsys, "--property", "every-rule-matters")
    assert status == 8
    assert "no effect on a host of at most 2 interfaces:\n      bonds: the rule is removed" in output
    assert "bonds-again: the rule is removed" in output
    host = "nic nic0 has 192.0.2.10/24; asked by 192.0.2.10"
    assert output.endswith(f"      owns: the rule is removed\n        {host}: resolved nic0 → no_match\n")


def test_a_clause_that_follows_from_another_one_is_proved_redundant(tmp_path, capsys):
    status, output = verify(tmp_path, capsys, "--property", "every-clause-matters")
    assert status == 8
    assert "owns: `nic in owners` is replaced by true" in output
    assert "`count(nic.matched) > 0` is replaced by true" in output
    assert "`count(nic.matched) > 0` is replaced by false" not in output


def test_each_part_with_an_effect_has_a_decision_that_it_changes(tmp_path, capsys):
    (tmp_path / "lab.test.yaml").write_text(TESTS, encoding="utf-8")
    _, output = verify(tmp_path, capsys, "--property", "every-rule-matters")
    assert "owns: the rule is removed\n        test `one owner`: resolved ens1 → no_match\n" in output
    assert "bonds: the rule is removed\n        " not in output
    _, output = verify(tmp_path, capsys, "--property", "every-clause-matters")
    assert "nic nic0" not in output
    _, output = verify(tmp_path, capsys, "--property", "every-clause-matters", "-v")
    assert "`count(nic.matched) > 0` is replaced by false\n        test `one owner`: resolved ens1 → no_match" in output


def test_findings_that_differ_are_named(tmp_path, capsys):
    rules = "  - {name: mtu, rule: warn nic when nic in owners and nic.mtu is known and nic.mtu > 1500, code: LARGE}\n"
    status, output = verify(
        tmp_path, capsys, "--property", "every-rule-matters", policy=POLICY.partition("  - {name: bonds,")[0] + rules
    )
    assert status == 0
    host = "nic nic0 has 192.0.2.10/24 (mtu: 1501); asked by 192.0.2.10"
    assert f"{host}: resolved nic0 → resolved nic0 without LARGE" in output
