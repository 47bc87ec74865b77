"""Parts of a policy without an effect."""

from evaluator.cli.main import main

POLICY = """policy: lab
rules:
  - {name: owns, rule: match nic when nic in owners and count(nic.matched) > 0}
  - {name: bonds, rule: discard nic when nic is bond}
  - {name: bonds-again, rule: discard nic when nic is bond}
"""


def verify(tmp_path, capsys, *arguments):
    policy = tmp_path / "lab.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    status = main(["verify", str(policy), *arguments, "-n", "2"])
    return status, capsys.readouterr().out


def test_a_rule_that_repeats_another_one_has_no_effect(tmp_path, capsys):
    status, output = verify(tmp_path, capsys, "--property", "every-rule-matters")
    assert status == 8
    assert "no effect on a host of at most 2 interfaces:\n      bonds: the rule is removed" in output
    assert "bonds-again: the rule is removed" in output
    assert "owns: the rule" not in output


def test_a_clause_that_follows_from_another_one_is_proved_redundant(tmp_path, capsys):
    status, output = verify(tmp_path, capsys, "--property", "every-clause-matters")
    assert status == 8
    assert "owns: `nic in owners` is replaced by true" in output
    assert "`count(nic.matched) > 0` is replaced by true" in output
    assert "`count(nic.matched) > 0` is replaced by false" not in output
