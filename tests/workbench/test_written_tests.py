"""`new --test` and `record-test --write-tests`: tests of real reports and of logged decisions, appended to a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from evaluator.cli.main import main
from evaluator.testing.terse_topology import read_topology

pytestmark = pytest.mark.volume

MINE = "policy: mine\nextends: strict\nrules:\n  - {name: no-docker, rule: 'discard nic when nic.name = \"docker0\"'}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.json").write_text(
        json.dumps(read_topology("ens1 has 192.0.2.10/24; br0 over ens2 has 192.0.2.11/24"))
    )
    (tmp_path / "mine.yaml").write_text(MINE)
    return tmp_path


def passed(path: str, count: int) -> bool:
    tests = yaml.safe_load(Path(path).read_text(encoding="utf-8"))["tests"]
    return len(tests) == count and main(["test", path]) == 0


def test_a_test_of_a_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "--test", "a.json", "--address", "192.0.2.10"]) == 0
    text = capsys.readouterr().out
    (folder / "printed.test.yaml").write_text(text)
    assert passed("printed.test.yaml", 1)
    document = yaml.safe_load(text)
    assert document["policy"] == "strict"
    (test,) = document["tests"]
    assert test["name"] == "192.0.2.10: resolved, ens1"
    assert test["want"] == {
        "status": "resolved",
        "hostActiveNic": "ens1",
        "candidates": ["ens1"],
        "owners": ["ens1"],
        "findings": [],
    }


@pytest.mark.parametrize(
    "question",
    [
        ["--address", "192.0.2.10"],
        ["--address", "192.0.2.11"],
        ["--address", "192.0.2.11", "--param", "management_network=other", "--param", "management_vlan=5"],
        ["--address", "192.0.2.10", "--address", "192.0.2.11"],
        ["--address", "192.0.2.99"],
        ["--host", "node7", "--hosts", "hosts"],
    ],
)
def test_tests_are_appended(folder: Path, question: list[str]) -> None:
    (folder / "hosts").write_text("192.0.2.10 node7\n2001:db8::7 node7\n")
    (folder / "sub").mkdir()
    line = ["new", "--test", "a.json", "--policy", "mine.yaml", "--write-tests", "sub/mine.test.yaml"]
    assert main([*line, "--address", "192.0.2.10"]) == 0
    assert main([*line, *question]) == 0
    assert main([*line, *question]) == 0
    assert passed("sub/mine.test.yaml", 3)
    tests = yaml.safe_load(Path("sub/mine.test.yaml").read_text(encoding="utf-8"))
    assert tests["policy"] == "../mine.yaml"
    assert len({test["name"] for test in tests["tests"]}) == 3


NMSTATE = """interfaces:
- name: eth1
  type: ethernet
  ipv4: {enabled: true, address: [{ip: 192.0.2.10, prefix-length: 24}]}
"""
IPROUTE2 = [{"ifindex": 2, "ifname": "eth1", "addr_info": [{"family": "inet", "local": "192.0.2.10", "prefixlen": 24}]}]
ANSIBLE = {"ansible_interfaces": ["eth1"], "ansible_eth1": {"device": "eth1", "ipv4": {"address": "192.0.2.10"}}}


@pytest.mark.parametrize("report", [NMSTATE, json.dumps(IPROUTE2), json.dumps(ANSIBLE)])
def test_reports_of_every_format(folder: Path, report: str) -> None:
    (folder / "report").write_text(report)
    line = ["new", "--test", "report", "--address", "192.0.2.10", "--write-tests", "all.test.yaml"]
    assert main(line) == main(line) == 0
    assert passed("all.test.yaml", 2)


NEW_POLICY = "a new policy takes only NAME and `--from`; to create a test, use `--test REPORT` instead of NAME"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give the NAME of a new policy, or `--test REPORT` for a new test"),
        (["site", "--test", "a.json"], "give the NAME of a new policy, or `--test REPORT` for a new test"),
        (["site", "--address", "192.0.2.10"], NEW_POLICY),
        (["site", "--write-tests", "b.test.yaml"], NEW_POLICY),
        (["--test", "a.json", "--from", "strict", "--address", "192.0.2.1"], "`--from` cannot be used with `--test`"),
        (["--test", "a.json"], "no host address was given: give `--host` or `--address`"),
    ],
)
def test_usage(folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    before = sorted(folder.iterdir())
    with pytest.raises(SystemExit) as exit_:
        main(["new", *arguments])
    assert exit_.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"activenic new: error: {message}"
    assert sorted(folder.iterdir()) == before


def logged(policy: str, report: str, capsys: pytest.CaptureFixture[str]) -> str:
    main(["decide", report, "--address", "192.0.2.10", "--policy", policy, "--log", "log"])
    return capsys.readouterr().out.splitlines()[-1].removeprefix("decision: ")


def test_records_are_appended(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A record of an own policy needs a file with the policy; a large report is a file too."""
    large = {"nics": {"ens1": {"addr": "192.0.2.10", "netmask": "255.255.255.0"}}, "note": "x" * 200_000}
    (folder / "large.json").write_text(json.dumps(large))
    ids = [logged("mine.yaml", name, capsys) for name in ("a.json", "large.json", "a.json")]
    for decision_id in ids:
        assert main(["record-test", decision_id, "--log", "log", "--write-tests", "kept.test.yaml"]) == 0
    assert passed("kept.test.yaml", 3)
    assert len(list(folder.glob("kept*.policy.yaml"))) == 3
    assert len(list(folder.glob("kept*.report.json"))) == 1


def test_nothing_is_left_if_a_record_cannot_be_appended(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strict, mine = logged("strict", "a.json", capsys), logged("mine.yaml", "a.json", capsys)
    assert main(["record-test", strict, "--log", "log", "--write-tests", "kept.test.yaml"]) == 0
    text = (folder / "kept.test.yaml").read_bytes()
    assert main(["record-test", mine, "--log", "log", "--write-tests", "kept.test.yaml"]) == 1
    assert "but another policy" in capsys.readouterr().err
    assert (folder / "kept.test.yaml").read_bytes() == text
    assert list(folder.glob("kept-*")) == []
    Path("other.yaml").write_text(MINE.replace("mine", "other").replace("docker0", "ens1"))
    line = ["record-test", mine, "--log", "log", "--policy", "other.yaml", "--write-tests", "fails.test.yaml"]
    assert main(line) == 1
    assert "the test cannot be added to `fails.test.yaml`: the test fails: " in capsys.readouterr().err
    assert not (folder / "fails.test.yaml").exists()
    with pytest.raises(SystemExit):
        main(["record-test", mine, "--log", "log", "--write-tests", "b.test.yaml", "--to", "c.test.yaml"])


def test_to_removes_what_it_wrote_if_a_file_exists(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = logged("mine.yaml", "a.json", capsys)
    (folder / "kept.test.yaml").write_text("mine\n")
    assert main(["record-test", mine, "--log", "log", "--to", "kept.test.yaml"]) == 1
    assert (folder / "kept.test.yaml").read_text() == "mine\n"
    assert list(folder.glob("kept.policy.yaml")) == []
