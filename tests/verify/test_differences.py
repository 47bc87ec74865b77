"""Two policies are proved equal, or the smallest host of each change is found."""

import pytest

from evaluator import load_policy
from evaluator.cli.main import main
from evaluator.verify.differences import differences
from evaluator.verify.prove import prove_same

STRICT = load_policy("strict")
BODY = "other above nic and nic.matched within other.matched"
SAME = {
    "the owners instead of the candidates": ("some other in candidates", "some other in owners"),
    "a count": ("nic.addresses overlaps host.addresses", "count(nic.matched) > 0"),
    "below": ("other above nic", "nic below other"),
    "more than two: more than one is ambiguous anyway": ("count(candidates) > 1", "count(candidates) > 2"),
}
OTHER = {
    "overlaps": (BODY, BODY.replace("within", "overlaps")),
    "the base wins": ("other above nic", "other below nic"),
    "or instead of and": ("nic is bridge and management", "nic is bridge or management"),
    "a literal": ("nic.addresses overlaps host.addresses", "nic.addresses overlaps host.addresses and host is literal"),
    "no bridge": ("nic is bridge and management", "nic is bond and management"),
}


def changed(old, new):
    assert old in STRICT.text
    return load_policy(text=STRICT.text.replace(old, new))


@pytest.mark.parametrize(("old", "new"), SAME.values(), ids=SAME)
def test_policies_in_other_words_are_proved_equal(old, new):
    assert prove_same(STRICT.program, changed(old, new).program, {}, 60).is_proved


@pytest.mark.parametrize(("old", "new"), OTHER.values(), ids=OTHER)
def test_other_policies_are_told_apart_by_a_small_host(old, new):
    found = differences(STRICT, changed(old, new), {}, 0.2, 2)
    assert not found.is_same
    assert found.examples


def test_the_command_prints_a_proof_or_the_smallest_host_of_each_change(tmp_path, capsys):
    copy = tmp_path / "mine.yaml"
    copy.write_text(STRICT.text.replace("policy: strict", "policy: mine"), encoding="utf-8")
    assert main(["diff", "strict", str(copy), "--proof"]) == 0
    assert "strict and mine give every host the same status and interface (proved)" in capsys.readouterr().out
    arguments = ["diff", "ovirt-engine", "strict", "--proof", "-n", "1", "--timeout", "0.2", "--exit-code"]
    assert main(arguments) == 8
    assert "no_match → resolved nic0\n    host: nic nic0 has" in capsys.readouterr().out
