"""Generated tests: they pass, and every outcome that a small host can have occurs in them."""

from pathlib import Path

import pytest
import yaml

from evaluator.cli.main import main

POLICY = """\
policy: mine
rules:
  - name: owns
    rule: match nic when nic.addresses overlaps host.addresses
  - name: top
    rule: discard nic when some other in candidates satisfies other above nic
  - name: few-slaves
    rule: reject nic when nic is bond and count(nic.slaves) < 2
    code: FEW_SLAVES
    message: "{nic.name} has few slaves"
  - name: two
    rule: warn when count(owners) > 1
    code: TWO_OWNERS
    message: two owners
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_generated_tests_cover_every_outcome(folder, capsys):
    assert main(["test", "--generate", "./mine.yaml", "--write-tests", "mine.test.yaml"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["test", "mine.test.yaml", "--threshold", "100", "--strict"]) == 0
    assert (folder / "mine.test.yaml").read_text().count("- name:") <= 6


def test_the_tests_are_printed_as_a_file(folder, capsys):
    assert main(["test", "--generate", "./mine.yaml"]) == 0
    (folder / "printed.test.yaml").write_text(capsys.readouterr().out)
    assert main(["test", "printed.test.yaml", "--threshold", "100"]) == 0


def test_an_outcome_without_a_small_host_is_named(folder, capsys):
    (folder / "mine.yaml").write_text(POLICY.replace("nic is bond and", "nic is veth and"))
    assert main(["test", "--generate", "./mine.yaml"]) == 0
    errors = capsys.readouterr().err
    assert "`nic is veth` in few-slaves is never true on hosts of at most 3 interfaces" in errors
    assert "the search did not try all values of these words: nic is veth" in errors
    assert main(["test", "--generate", "./mine.yaml", "-n", "1"]) == 0
    assert "the rule top never fires on hosts of at most 1 interface" in capsys.readouterr().err


def test_no_test_can_be_left_out(folder, capsys):
    assert main(["test", "--generate", "./mine.yaml", "--write-tests", "mine.test.yaml"]) == 0
    document = yaml.safe_load((folder / "mine.test.yaml").read_text())
    for number, test in enumerate(document["tests"]):
        others = [other for at, other in enumerate(document["tests"]) if at != number]
        (folder / "fewer.test.yaml").write_text(yaml.safe_dump({**document, "tests": others}))
        assert main(["test", "fewer.test.yaml", "--threshold", "100"]) == 8, test["name"]


def test_a_parameter_is_the_same_in_all_tests(folder, capsys):
    text = POLICY.replace("rules:", "parameters: {limit: {type: integer, default: 1}}\nrules:")
    (folder / "mine.yaml").write_text(text.replace("count(owners) > 1", "count(owners) > limit"))
    assert main(["test", "--generate", "./mine.yaml", "--param", "limit=0"]) == 0
    tests = yaml.safe_load(capsys.readouterr().out)["tests"]
    assert {test["parameters"]["limit"] for test in tests} == {0}


def test_hosts_are_written_in_the_short_notation(folder, capsys):
    assert main(["test", "--generate", "./mine.yaml"]) == 0
    tests = yaml.safe_load(capsys.readouterr().out)["tests"]
    assert "vlan1 on nic0 has 192.0.2.10/24 vlan 5" in "\n".join(test.get("given", "") for test in tests)
    assert [test for test in tests if "given" not in test and any(test["report"].values())] == []


@pytest.mark.parametrize("option", [["--write-tests", "mine.test.yaml"], ["-n", "2"], ["--param", "limit=1"]])
def test_options_of_the_generator_need_it(folder, capsys, option):
    with pytest.raises(SystemExit):
        main(["test", *option])
    assert f"`{option[0]}` needs `--generate`" in capsys.readouterr().err
