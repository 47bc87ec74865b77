"""Generated tests: they pass, and every outcome that a small host can have occurs in them."""

from pathlib import Path

import pytest

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
    assert "few-slaves: `nic is veth` is true" in capsys.readouterr().err


def test_tests_are_written_only_if_they_are_generated(folder, capsys):
    with pytest.raises(SystemExit):
        main(["test", "--write-tests", "mine.test.yaml"])
    assert "needs `--generate`" in capsys.readouterr().err
