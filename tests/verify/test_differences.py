"""Two policies are compared for every host: proofs that a change never happens, and the smallest host of each other."""

import json
from pathlib import Path

import pytest

from evaluator import PolicyError, load_policy
from evaluator.base.schema import violations
from evaluator.cli.main import main
from evaluator.verify.differences import compare_policies
from evaluator.verify.memory import Resources
from evaluator.verify.policy_change import TRANSITIONS, FindingChange, Happens, Never, NeverUpTo, Transition, Undecided
from evaluator.verify.policy_pair import pairs_of
from evaluator.verify.prove import prove_same
from evaluator.verify.search_pair import Policies
from evaluator.workbench.compare_policies import parse_for_each
from tools.engine_page import compared as compared_engine
from tools.engine_page import engine_page

ROOT = Path(__file__).parents[2]
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
SMALL = """\
policy: small
parameters:
  vlan: {type: integer, default: 0}
rules:
  - name: owns
    rule: match nic when nic.addresses overlaps host.addresses
  - name: fits
    rule: reject nic when nic.vlan_id is unknown or nic.vlan_id != vlan
    code: VLAN
    message: "another VLAN"
  - name: bond
    rule: warn nic when nic in candidates and nic is bond
    code: BOND
    message: "a bond"
"""


def changed(old, new, text=STRICT.text):
    assert old in text
    return load_policy(text=text.replace(old, new))


def compared(old, new, assignments=(), size=2, number=0):
    """Return the verdict on each change, for one of the pairs of the policies."""
    pair = pairs_of(old.program, new.program, *parse_for_each(assignments, old, new))[number]
    return {
        result.change: result.verdict for result in compare_policies(Policies(old, new, pair), 5, size, Resources())
    }


def happening(verdicts):
    """Return the changes that happen, with the short form of their hosts."""
    return {_words(change) for change, verdict in verdicts.items() if isinstance(verdict, Happens)}


def _words(change):
    if isinstance(change, Transition):
        return f"{change.old} → {change.new}"
    return f"{'+' if change.appears else '-'}{change.code} {change.severity}"


@pytest.mark.parametrize(("old", "new"), SAME.values(), ids=SAME)
def test_policies_in_other_words_are_proved_equal(old, new):
    assert prove_same(STRICT.program, changed(old, new).program, {}, 60).is_proved


@pytest.mark.parametrize(("old", "new"), OTHER.values(), ids=OTHER)
def test_other_policies_are_told_apart_by_a_small_host(old, new):
    other = changed(old, new)
    pair = pairs_of(STRICT.program, other.program, {}, {})[0]
    first = next(compare_policies(Policies(STRICT, other, pair), 0.2, 2, Resources()))
    assert isinstance(first.verdict, Happens)
    assert isinstance(first.change, Transition)


def test_each_change_happens_or_is_proved_never_to_happen():
    verdicts = compared(load_policy(text=SMALL), changed("nic is bond", "nic is vlan", SMALL))
    assert set(TRANSITIONS) < verdicts.keys()
    assert happening(verdicts) == {"+BOND warning", "-BOND warning"}
    assert all(isinstance(verdict, Happens | Never) for verdict in verdicts.values())


def test_a_change_has_the_smallest_host_and_both_answers():
    verdicts = compared(load_policy(text=SMALL), changed("nic.vlan_id != vlan", "nic.vlan_id = vlan", SMALL))
    assert happening(verdicts) >= {"resolved → rejected", "rejected → resolved"}
    example = verdicts[Transition("resolved", "rejected")].example
    answers = [(answer.status, answer.host_active_nic) for answer in (example.old, example.new)]
    assert answers == [("resolved", "nic0"), ("rejected", "nic0")]
    assert [interface.name for interface in example.host.interfaces] == ["nic0"]
    assert (example.subjects, example.new.parameters) == ((), {"vlan": 0})
    verdicts = compared(load_policy(text=SMALL), changed("nic is bond", "nic is bridge", SMALL))
    assert verdicts[FindingChange("BOND", "warning", appears=True)].example.subjects == ("bridge0",)
    assert verdicts[FindingChange("BOND", "warning", appears=False)].example.subjects == ("bond0",)


def test_messages_are_not_compared_but_severities_are():
    small = load_policy(text=SMALL)
    message = compared(small, changed('message: "a bond"', 'message: "{nic.name} is a bond"', SMALL))
    assert all(isinstance(verdict, Never) for verdict in message.values())
    severity = compared(small, changed("code: BOND\n", "code: BOND\n    severity: info\n", SMALL))
    assert happening(severity) == {"-BOND warning", "+BOND info"}


def test_a_finding_of_a_rule_without_an_interface():
    both = "warn when count(candidates) > 1 and count(owners) > 1"
    small = load_policy(text=SMALL.replace("warn nic when nic in candidates and nic is bond", both))
    assert not happening(compared(small, changed(" and count(owners) > 1", "", small.text)))
    assert happening(compared(small, changed("> 1 and count(owners) > 1", "= 1", small.text))) == {
        "+BOND warning",
        "-BOND warning",
    }


def test_the_same_values_of_the_parameters_and_the_defaults_are_compared():
    old, new = load_policy(text=SMALL), changed("default: 0", "default: 5", SMALL)
    assert all(isinstance(verdict, Never) for verdict in compared(old, new).values())
    defaults = compared(old, new, number=1)
    assert happening(defaults) == {"resolved → rejected", "rejected → resolved", "+VLAN error", "-VLAN error"}
    example = defaults[Transition("resolved", "rejected")].example
    assert (example.old.parameters, example.new.parameters) == ({"vlan": 0}, {"vlan": 5})
    assert example.host.parameters == {"vlan": 5}
    assert len(pairs_of(old.program, new.program, {"vlan": 3}, {"vlan": 3})) == 1
    assert not happening(compared(old, new, ["vlan=3"]))


def test_a_parameter_that_only_one_policy_requires():
    """Both have a value for the same values. With the defaults, the new policy has none."""
    text = SMALL.replace("nic.vlan_id is unknown or", "vlan is given and")
    optional = text.replace("{type: integer, default: 0}", "{type: integer, optional: true}")
    optional = load_policy(text=optional.replace("nic.vlan_id !=", "nic.vlan_id is known and nic.vlan_id !="))
    required = load_policy(text=SMALL.replace("nic.vlan_id is unknown or", "nic.vlan_id is known and"))
    assert all(isinstance(verdict, Never) for verdict in compared(required, optional).values())
    assert happening(compared(required, optional, number=1)) == {"rejected → resolved", "-VLAN error"}


def test_parameters_with_one_name_but_two_types():
    old = load_policy(text=SMALL)
    new = load_policy(
        text=SMALL.replace("integer, default: 0", "string, default: a").replace(
            "nic.vlan_id != vlan", "vlan = nic.name"
        )
    )
    assert "rejected → resolved" in happening(compared(old, new))
    assert "rejected → resolved" in happening(compared(old, new, ["vlan=7"]))
    with pytest.raises(PolicyError):
        parse_for_each(["vlan=x"], old, new)


def test_without_a_proof_the_size_of_the_searched_hosts_is_the_answer():
    old = SMALL.replace("nic is bond", "count(nic.slaves) > count(nic.ports)")
    new = SMALL.replace("nic is bond", "count(nic.ports) < count(nic.slaves)")
    verdicts = compared(load_policy(text=old), load_policy(text=new))
    verdict = verdicts[FindingChange("BOND", "warning", appears=True)]
    assert verdict == NeverUpTo(2, ("count(nic.ports) < count(nic.slaves)", "count(nic.slaves) > count(nic.ports)"))
    words = compared(
        load_policy(text=SMALL.replace("is bond", "is up")), load_policy(text=SMALL.replace("is bond", "is down"))
    )
    assert words[FindingChange("BOND", "warning", appears=True)] == Undecided(2, (), ("nic is down", "nic is up"))


def run(arguments, capsys):
    status = main(["diff", *arguments, "--proof"])
    return status, capsys.readouterr().out


@pytest.fixture
def policies(tmp_path):
    """Two policy files: the small one, and one that rejects bonds too."""
    old, new = tmp_path / "small.yaml", tmp_path / "mine.yaml"
    old.write_text(SMALL, encoding="utf-8")
    text = SMALL.replace("policy: small", "policy: mine").replace("unknown or", "unknown or nic is bond or")
    new.write_text(text, encoding="utf-8")
    return str(old), str(new)


def test_the_command_prints_a_proof_or_the_smallest_host_of_each_change(policies, tmp_path, capsys):
    old, new = policies
    copy = tmp_path / "copy.yaml"
    copy.write_text(SMALL.replace("policy: small", "policy: copy"), encoding="utf-8")
    status, text = run([old, str(copy), "--exit-code"], capsys)
    assert status == 0
    assert "  both policies give every host the same status and interface (proved)\n" in text
    assert "  both policies give every host the same findings (proved)\n" in text
    assert run([old, new], capsys)[0] == 0
    status, text = run([old, new, "--exit-code"], capsys)
    assert status == 8
    assert "small → mine, for all values of the parameters; both policies get the same values\n" in text
    assert "  resolved bond0 → rejected bond0\n      bond0 has 192.0.2.10/24\n" in text
    assert "      asked by 192.0.2.10 with vlan=0\n      small: resolved: bond0 (bond) is the hostActiveNic" in text
    assert "      mine: rejected: bond0, because another VLAN\n  no host shows another change (proved)\n" in text


def test_without_a_proof_and_without_a_change_the_command_fails(policies, tmp_path, capsys):
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(SMALL.replace("nic.vlan_id != vlan", "count(nic.slaves) > count(nic.ports)"), encoding="utf-8")
    new.write_text(SMALL.replace("nic.vlan_id != vlan", "count(nic.ports) < count(nic.slaves)"), encoding="utf-8")
    status, text = run([str(old), str(new), "-n", "1", "--timeout", "2"], capsys)
    assert status == 1
    assert "  resolved → rejected: no host of at most 1 interfaces has this change; no proof for larger hosts\n" in text
    assert "      no exact translation: count(nic.ports) < count(nic.slaves)\n" in text


def test_the_document_and_the_tables(policies, capsys):
    status, text = run([*policies, "--output", "json"], capsys)
    document = json.loads(text)
    assert (status, violations(document, "policy-proof")) == (0, ())
    (comparison,) = document["comparisons"]
    verdicts = {(one["from"], one["to"]): one["verdict"] for one in comparison["transitions"]}
    assert [change for change, verdict in verdicts.items() if verdict == "found"] == [("resolved", "rejected")]
    assert set(verdicts.values()) == {"found", "never"}
    assert comparison["assumed"]
    status, text = run([*policies, "--output", "markdown"], capsys)
    assert (
        "| resolved bond0 → rejected bond0 | bond bond0 has 192.0.2.10/24 | asked by 192.0.2.10 with vlan=0 |" in text
    )


def test_the_changed_hosts_become_tests_of_the_new_policy(policies, tmp_path, capsys):
    path = tmp_path / "mine.test.yaml"
    run([*policies, "--write-tests", str(path)], capsys)
    assert main(["test", str(path), "-v"]) == 0
    assert "passed: small → mine: resolved bond0 → rejected bond0" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["diff", *policies, "--corpus", str(path), "--write-tests", str(path)])


def test_the_page_about_the_engine_and_strict_is_current(monkeypatch):
    """Nine changes happen on hosts of at most two interfaces, and all others are proved never to happen."""
    monkeypatch.undo()  # this test uses all processors
    found = compared_engine()
    for pair in found.pairs:
        verdicts = [type(result.verdict) for result in pair.transitions]
        assert (verdicts.count(Happens), verdicts.count(Never)) == (9, 13)
    page = engine_page(found)
    assert (ROOT / "docs" / "engine-against-strict.md").read_text(encoding="utf-8") == page
    monkeypatch.setattr("tools.engine_page.statements_of", lambda host: "nic nic7")
    with pytest.raises(ValueError, match="is about another host"):
        engine_page(found)
