"""`activenic explain --change-as-test`: printed, appended, refused, and never half-written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluator.cli.main import main
from evaluator.testing.run_cases import run_case_file
from evaluator.testing.terse_topology import read_topology

HOST = "bond0 over ens1, ens2 has 192.0.2.10/24; ens3 has 198.51.100.5/24"
FILE = b"""# kept by hand \xe2\x80\x94 do not touch
policy: strict   # the shipped one
tests:
  - name: "a bond"   # first
    given: bond0 over ens1, ens2 has 192.0.2.10/24
    host: 192.0.2.10
    want: resolved bond0
"""


@pytest.fixture
def report(tmp_path: Path) -> str:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(read_topology(HOST)))
    return str(path)


def change(report: str, name: str, *options: str) -> int:
    return main(["explain", report, "--address", "192.0.2.10", "--change-as-test", name, *options])


def passed(path: Path) -> list[bool]:
    return [result.passed for result in run_case_file(path)]


def test_the_test_is_printed_and_passes(report: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert change(report, "ens3") == 0
    path = tmp_path / "x.test.yaml"
    path.write_text(capsys.readouterr().out)
    assert passed(path) == [True]


def test_one_of_several_node_network_states_stays_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    eth0 = {"name": "eth0", "type": "ethernet", "state": "up"}
    eth0["ipv4"] = {"enabled": True, "address": [{"ip": "192.0.2.10", "prefix-length": 24}]}
    states = {"n1": [eth0, {"name": "eth1", "type": "ethernet", "state": "up"}], "n2": []}
    items = [
        {
            "apiVersion": "nmstate.io/v1beta1",
            "kind": "NodeNetworkState",
            "metadata": {"name": name},
            "status": {"currentState": {"interfaces": interfaces}},
        }
        for name, interfaces in states.items()
    ]
    path = tmp_path / "states.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    assert change(str(path), "eth1", "--item", "n1") == 0
    printed = tmp_path / "printed.test.yaml"
    printed.write_text(capsys.readouterr().out)
    assert passed(printed) == [True]


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("bond0", 1, "`bond0` is the hostActiveNic already"),
        ("lo", 1, "the search found no change that would make `lo`"),
    ],
)
def test_without_a_change_it_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, status: int, message: str
) -> None:
    path = tmp_path / "report.json"
    loopback = {"ifname": "lo", "flags": ["LOOPBACK"], "link_type": "loopback", "addr_info": []}
    bond = {"ifname": "bond0", "flags": ["UP"], "linkinfo": {"info_kind": "bond"}, "link_type": "ether"}
    bond["addr_info"] = [{"family": "inet", "local": "192.0.2.10", "prefixlen": 24}]
    path.write_text(json.dumps([loopback, bond]))
    assert change(str(path), name) == status
    captured = capsys.readouterr()
    assert (captured.out, message in captured.err) == ("", True)


def test_an_unknown_interface_and_options_that_do_not_go_together_are_usage(report: str) -> None:
    for arguments in (
        ["--change-as-test", "nope"],
        ["--write-tests", "x"],
        ["--change-as-test", "x", "--output", "json"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(["explain", report, "--address", "192.0.2.10", *arguments])
        assert ended.value.code == 2


@pytest.mark.parametrize(
    "content",
    [
        FILE,
        FILE.rstrip(b"\n"),
        FILE.replace(b"\n", b"\r\n"),
        FILE + b"# the end\nparameters: {management_vlan: 0}\n",
        FILE.replace(b"policy: strict   # the shipped one\n", b"").replace(
            b"    given", b"    policy: strict\n    given"
        ),
        FILE.replace(b"  - name", b"- name").replace(b"\n    ", b"\n  "),
    ],
)
def test_a_test_is_appended_and_every_byte_stays(report: str, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kept.test.yaml"
    path.write_bytes(content)
    for count, name in ((2, "ens3"), (3, "ens1"), (4, "ens1")):
        assert change(report, name, "--write-tests", str(path)) == 0
        assert passed(path) == [True] * count
    after = path.read_bytes()
    rest = iter(after.splitlines())
    assert all(line in rest for line in content.splitlines())
    assert sorted(one.name for one in tmp_path.iterdir()) == ["kept.test.yaml", "report.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"tests: [\n",
        b"",
        FILE.replace(b"policy: strict ", b"policy: ovirt-engine "),
        b"policy: strict\ntests: [{name: a, given: ens1 has 192.0.2.1/24, host: 192.0.2.1, want: resolved ens1}]\n",
        b"policy: strict\ntests:\n  - name: a\n    nonsense: b\n",
    ],
)
def test_a_file_that_cannot_take_it_stays_as_it_is(report: str, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kept.test.yaml"
    path.write_bytes(content)
    assert change(report, "ens3", "--write-tests", str(path)) in (1, 8)
    assert path.read_bytes() == content
    assert sorted(one.name for one in tmp_path.iterdir()) == ["kept.test.yaml", "report.json"]


def test_a_policy_file_is_named_from_the_folder_of_the_test(report: str, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "policies" / "strict.yaml").read_text()
    policy = tmp_path / "policies" / "mine.yaml"
    policy.parent.mkdir()
    policy.write_text(text.replace("policy: strict", "policy: mine"))
    (tmp_path / "tests").mkdir()
    path = tmp_path / "tests" / "new.test.yaml"
    assert change(report, "ens3", "--policy", str(policy), "--write-tests", str(path)) == 0
    assert passed(path) == [True]
    assert "policy: ../policies/mine.yaml" in path.read_text()
