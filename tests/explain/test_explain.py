"""Explanations: what an interface nearly owns, and the change that would make it the answer, tried again here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator import HostAddresses
from evaluator.base.schema import violations
from evaluator.cli.main import main
from evaluator.testing.terse_topology import read_topology
from tests.support.strategies import host_addresses, reports
from tests.support.untyped import untyped

CASES = yaml.safe_load((Path(__file__).parents[1] / "explain" / "changes.yaml").read_text())
ASKED = re.compile(r"the host had only the address(?:es)? (`[^`]+`(?: and `[^`]+`)*)")


def _explain(case: dict[str, Any]) -> Any:
    policy = evaluator.load_policy(case.get("policy", "strict"))
    report = evaluator.read_report(read_topology(case["given"]))
    return policy.decide(report, HostAddresses.of(*case["host"]), **case.get("parameters", {})).explain()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["given"])
def test_near_misses_and_changes(case: dict[str, Any]) -> None:
    found = {one.name: one for one in _explain(case).interfaces}
    for name, want in case["want"].items():
        change = found[name].change
        if "if" in want or not want:
            assert (None if change is None else list(change.steps)) == want.get("if")
        if "near" in want or not want:
            assert list(found[name].near_misses) == want.get("near", [])


@given(report=reports(), addresses=host_addresses, policy=st.sampled_from(["strict", "keep-management"]))
def test_asking_by_the_address_that_is_named_gives_that_interface(
    report: dict[str, Any], addresses: list[str], policy: str
) -> None:
    read, loaded = evaluator.read_report(report), evaluator.load_policy(policy)
    decision = loaded.decide(read, HostAddresses.of(*addresses))
    for one in decision.explain().interfaces:
        if one.name == decision.host_active_nic and decision.status == "resolved":
            assert one.change is None
        if one.change is None or len(one.change.steps) > 1:
            continue
        asked = ASKED.fullmatch(one.change.steps[0])
        if asked:
            again = loaded.decide(read, HostAddresses.of(*re.findall("`([^`]+)`", asked[1])))
            assert (again.status, again.host_active_nic) == ("resolved", one.name)


@given(report=reports(), addresses=host_addresses)
def test_the_same_question_gives_the_same_explanation(report: dict[str, Any], addresses: list[str]) -> None:
    policy = evaluator.load_policy("strict")
    explanations = [
        policy.decide(evaluator.read_report(report), HostAddresses.of(*addresses)).explain().to_dict() for _ in range(2)
    ]
    assert explanations[0] == explanations[1]


def test_reasons_leave_the_changes_out_and_nothing_else() -> None:
    report = evaluator.read_report(read_topology("bond0 over ens1 has 192.0.2.10/24; ens2 has 192.0.2.11/24"))
    decision = evaluator.load_policy("strict").decide(report, HostAddresses.of("192.0.2.10"))
    full, short = decision.explain().to_dict(), decision.reasons().to_dict()
    for one in untyped(full["interfaces"]):
        one["change"] = one["search"] = None
    assert full == short


def test_of_a_large_host_those_are_explained_that_matter() -> None:
    names = "; ".join(f"n{i} has 10.0.{i}.1/24" for i in range(100))
    decision = evaluator.load_policy("strict").decide(
        evaluator.read_report(read_topology(names)), HostAddresses.of("10.0.7.1", "10.0.8.1")
    )
    explanation = decision.explain(40)
    assert [one.name for one in explanation.interfaces] == ["n7", "n8"]
    assert explanation.others == 98
    assert len(decision.explain(100).interfaces) == 100


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--address", "192.0.2.10"], 0, "bond0 (bond over ens1, ens2) is the hostActiveNic"),
        (["--address", "192.0.2.99"], 5, "near miss: `192.0.2.99` is in the subnet"),
    ],
)
def test_the_command(arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    bond = str(Path(__file__).parents[2] / "policies" / "examples" / "bond.json")
    assert main(["explain", bond, *arguments]) == status
    assert said in capsys.readouterr().out
    assert main(["explain", bond, *arguments, "--output", "json"]) == status
    document = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in document["explanation"]["interfaces"]] == ["bond0", "ens1", "ens2"]
    assert violations(document["decision"], "decision") == ()
    assert violations(document, "explanation#printed") == ()


def test_a_kept_decision_is_explained_by_its_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bond = str(Path(__file__).parents[2] / "policies" / "examples" / "bond.json")
    log = tmp_path / "log"
    report = evaluator.read_report(Path(bond))
    decision = evaluator.load_policy("strict").decide(report, HostAddresses.of("192.0.2.10"))
    with evaluator.DecisionLog.open(log) as kept:
        decision_id = kept.append(decision)
    assert main(["explain", bond, "--address", "192.0.2.10"]) == 0
    fresh = capsys.readouterr().out
    assert main(["explain", decision_id, "--log", str(log)]) == 0
    told = capsys.readouterr().out
    assert told.startswith(fresh)
    assert told.removeprefix(fresh).splitlines()[0] == f"decision: {decision_id}"
    assert told.endswith("labels: none\nchanged versions: none\n")
    assert main(["explain", decision_id, "--log", str(log), "--output", "html"]) == 0
    page = capsys.readouterr().out
    assert decision_id in page
    assert "The record" in page
    assert "&quot;revision&quot;" in page or '"revision"' in page
    assert main(["explain", "none", "--log", str(log)]) == 1
    assert "none" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["explain", decision_id, "--log", str(log), "--address", "192.0.2.10"])


def test_a_loopback_link_gets_no_change_but_says_that_its_addresses_do_not_count(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = str(Path(__file__).parents[1] / "explain" / "pppoe.ip.json")
    assert main(["explain", report, "--address", "203.0.113.1"]) == 5
    out = capsys.readouterr().out
    assert "no rule matched it; activenic ignores addresses of a loopback link" in " ".join(out.split())
    assert "`lo` owned" not in out
    assert out.index("\nfindings\n") < out.index("\nlo  loopback")
    assert "NO_INTERFACE_OWNS_ADDRESS" in out


ONE_ANSWER = """\
policy: one-answer
description: one answer, one owner
rules:
  - name: owns-host-address
    rule: match nic when nic.addresses overlaps host.addresses
  - name: one-answer
    rule: ambiguous when count(host.answers) != 1
    code: SEVERAL_ANSWERS
    message: the host has several addresses
"""


def test_what_is_said_was_tried_where_fewer_answers_and_an_owner_are_needed(tmp_path: Path) -> None:
    policy = tmp_path / "one-answer.yaml"
    policy.write_text(ONE_ANSWER)
    report = evaluator.read_report(read_topology("nic n0; n4 has 192.0.2.1/24, 192.0.2.2/24"))
    asked = HostAddresses.of("192.0.2.1", "192.0.2.2")
    decision = evaluator.load_policy(policy).decide(report, asked)
    n0, _ = decision.explain().interfaces
    assert n0.change is not None
    assert [edit.to_dict() for edit in n0.change.edits] == [
        {
            "what": "answers",
            "interface": None,
            "from": ["192.0.2.1", "192.0.2.2"],
            "to": ["192.0.2.1"],
            "sentence": "the host had only the address `192.0.2.1`",
        },
        {
            "what": "addresses",
            "interface": "n0",
            "from": [],
            "to": ["192.0.2.1/24"],
            "sentence": "`n0` owned `192.0.2.1/24`",
        },
        {
            "what": "addresses",
            "interface": "n4",
            "from": ["192.0.2.1/24", "192.0.2.2/24"],
            "to": ["192.0.2.2/24"],
            "sentence": "`n4` did not own `192.0.2.1`",
        },
    ]
    again = evaluator.read_report(read_topology("n0 has 192.0.2.1/24; n4 has 192.0.2.2/24"))
    assert evaluator.load_policy(policy).decide(again, HostAddresses.of("192.0.2.1")).host_active_nic == "n0"


@pytest.mark.parametrize(
    ("policy", "given", "asked", "parameters", "summary"),
    [
        (
            "route-to-engine",
            "ens1 has 192.0.2.10/24 gateway 192.0.2.1; eth0 has 198.51.100.5/24",
            ["198.51.100.5"],
            {"engine_address": "203.0.113.1"},
            [
                "ens1 (physical) is the hostActiveNic",
                "because the rule route-leads-to-engine matched it; "
                "eth0 owns an address of the host and was not matched by any rule",
            ],
        ),
        (
            "last-client-iface",
            "ens1 has 192.0.2.10/24; last client ens1",
            ["192.0.2.10"],
            {},
            [
                "ens1 (physical) is the hostActiveNic",
                "because the rule last-client-came-here matched it; it owns 192.0.2.10, "
                "and no other interface owns an address of the host",
            ],
        ),
        (
            "strict",
            "ens1 has 192.0.2.10/24; ens1.5 on ens1 has 192.0.2.10/24",
            ["192.0.2.10"],
            {},
            [
                "ens1.5 (vlan on ens1) is the hostActiveNic",
                "because it owns 192.0.2.10; "
                "ens1 owns an address of the host and was discarded by the rule top-link-layer",
            ],
        ),
        (
            "route-to-engine",
            "br0 over ens1 has 192.0.2.10/24 gateway 192.0.2.1; eth0 has 198.51.100.5/24",
            ["198.51.100.5"],
            {"engine_address": "203.0.113.1"},
            ["br0, because it is a bridge over ens1, and ovirtmgmt cannot be deployed over a bridge"],
        ),
        (
            "strict",
            "ens1 has 192.0.2.10/24; ens2 has 192.0.2.11/24",
            ["192.0.2.10", "192.0.2.11"],
            {},
            ["more than one interface matches: ens1, ens2"],
        ),
        ("strict", "ens1 has 192.0.2.10/24", ["192.0.2.11"], {}, ["no interface was found for 192.0.2.11"]),
        ("strict", "ens1 has 192.0.2.10/24", [], {}, ["no host address was given"]),
    ],
)
def test_the_summary_says_what_held(
    policy: str, given: str, asked: list[str], parameters: dict[str, Any], summary: list[str]
) -> None:
    report = evaluator.read_report(read_topology(given))
    decision = evaluator.load_policy(policy).decide(report, HostAddresses.of(*asked), **parameters)
    found = decision.reasons().summary
    assert list(found[: len(summary)]) == summary
