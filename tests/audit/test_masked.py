"""The masked records of reports in every format and of policies of several kinds: `masked.txt`.

A paragraph has the case, the masked policy and report, and the members of the envelope. All pseudonyms follow from one
key. After a change, `python -m tests.audit.test_masked` writes the file again. Check by eye that nothing of the
original, which is in this file and in `tests/report/odd/`, is in the difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from msgspec.structs import replace

import evaluator
from evaluator import HostAddresses
from evaluator.audit.mask.mask import mask
from evaluator.audit.record import make_record
from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding
from evaluator.facts.address import in_order, parse_address
from evaluator.report.read import read_report_text

MASKED = Path(__file__).with_name("masked.txt")
ODD = Path(__file__).parents[1] / "report" / "odd"
KEY = b"sixteen octets!!"
WHEN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OWN = """
policy: rack-in-berlin
description: only the cards of rack 7
parameters:
  uplink: {type: string, default: eth0}
  nets: {type: [string], default: [storage, backup]}
  wide: {type: [cidr], default: [10.20.0.0/16]}
  peer: {type: address, default: 192.0.2.77}
  limit: {type: integer, optional: true}
  big: {type: integer, default: 123456}
  small: {type: integer, default: 7}
  sure: {type: boolean, default: true}
conditions:
  in_wide: some a in nic.matched satisfies a in wide
  local_name: nic.name like ["virbr*", "docker0"]
rules:
  - name: by-name
    rule: match nic when nic.name != "docker0" and not (nic is local_name) and count(nic.slaves) != 1500
  - name: by-address
    rule: prefer nic when nic is in_wide or address("192.0.2.9") in nic.subnets or count(nic.slaves) = 4094
  - name: one-left
    rule: ambiguous when count(candidates) > 1
    code: MORE_THAN_ONE_CARD
    message: 'ask berlin: {candidates.addresses} of {uplink}'
    hint: call 5550123
  - name: known-code
    rule: warn nic when nic.name < "m" and sure
    code: LINK_DOWN
    severity: info
    message: "{nic.name} is {nic.addresses}"
"""
EXTENDS = """
policy: rack-in-berlin
extends: strict
parameters:
  management_network: {type: string, default: berlin}
rules:
  - remove: host-prefix
  - {name: no-docker, before: one-interface, rule: discard nic when nic.name = "docker0"}
  - {replace: true, name: vlan-fits, rule: reject nic when nic is vlan, code: NO_VLAN, message: a vlan, hint: ""}
"""


class Case(NamedTuple):
    """A record to mask."""

    report: Any
    policy: str = "strict"
    addresses: tuple[str, ...] = ("192.0.2.1", "203.0.113.9", "2001:db8::1", "fe80::1", "127.0.0.1")
    name: str = ""
    format: str = "auto"
    item: str | None = None
    erased: str = ""
    is_on_purpose: bool = True


def _odd(tool: str, name: str) -> Any:
    cases = yaml.safe_load((ODD / f"{tool}.yaml").read_text(encoding="utf-8"))
    return next(case["report"] for case in cases if case["name"] == name)


SMALL = {"nics": {"eth0": {"ipv4addrs": ["192.0.2.1/24"]}, "docker0": {"addr": "10.20.1.1", "netmask": "255.255.0.0"}}}
CASES = {
    "vdsm": Case(_odd("vdsm", "settings as texts and as numbers")),
    "vdsm with networks": Case(_odd("vdsm", "networks that contradict their devices"), "keep-management"),
    "vdsm 4.9": Case(_odd("vdsm", "a reply of VDSM 4.9, in which the networks are the bridges")),
    "iproute2": Case(_odd("iproute2", "the forms of an address")),
    "iproute2 without details": Case(_odd("iproute2", "links without details")),
    "iproute2 with routes": Case(_odd("iproute2", "routes")),
    "iproute2, collected": Case(_odd("iproute2", "a collected report")),
    "iproute2, names of any octets": Case(_odd("iproute2", "names of any octets")),
    "nmstate": Case(_odd("nmstate", "Open vSwitch")),
    "nmstate with routes": Case(_odd("nmstate", "running routes")),
    "nmstate in Kubernetes": Case(_odd("nmstate", "a NodeNetworkState")),
    "nmstate, one of two": Case(_odd("nmstate", "one of two NodeNetworkStates"), item="node8"),
    "ansible": Case(_odd("ansible", "forms of interfaces")),
    "ansible without the prefix": Case(_odd("ansible", "facts without the prefix")),
    "ansible with labels": Case(_odd("ansible", "labels that could belong to several interfaces, or to none")),
    "a policy of one's own": Case(SMALL, OWN),
    "a policy with a large number": Case(SMALL, OWN.replace("123456", "16777216").replace("4094", "16777216")),
    "a policy that extends strict": Case(SMALL, EXTENDS),
    "a host by its name": Case(SMALL, name="node_7.example.org"),
    "a host by its name, with a policy of one's own": Case(SMALL, OWN, name="node7"),
    "a report that was erased": Case(SMALL, erased="report"),
    "a policy that was erased": Case(SMALL, OWN, erased="policy"),
    "a report that is damaged": Case(SMALL, erased="report", is_on_purpose=False),
    "a policy that is damaged": Case(SMALL, EXTENDS, erased="policy", is_on_purpose=False),
    "no addresses": Case(SMALL, addresses=()),
}


def _told(name: str, case: Case) -> Iterator[str]:
    report = read_report_text(json.dumps(case.report).encode(), case.format, (), case.item)
    own = case.policy.startswith("\n")
    policy = evaluator.load_policy(text=case.policy[1:]) if own else evaluator.load_policy(case.policy)
    decision = policy.decide(report, _host(case))
    record = make_record(decision, f"d-{name}", WHEN, {"engine": "berlin"}, evaluator.__version__)
    if case.erased:
        gone = {"report": None} if case.erased == "report" else {"texts": (None,) * len(record.texts)}
        erased = {**record.envelope, "erased": [f"/input/{case.erased}"] if case.is_on_purpose else []}
        record = replace(record, envelope=erased, **gone)
    masked = mask(record, KEY)
    yield name
    for text, original in zip(masked.texts, decision.case.program.contents, strict=True):
        yield "the text of a shipped policy" if text == original.encode() else (text or b"none").decode().rstrip()
    yield (masked.report or b"none").decode()
    envelope = {key: value for key, value in masked.envelope.items() if key not in ("engine", "result")}
    yield from (f"{key}: {json.dumps(value)}" for key, value in {**envelope, **masked.envelope["result"]}.items())


def _host(case: Case) -> HostAddresses:
    if not case.name:
        return HostAddresses.of(*case.addresses)
    answers = in_order(map(parse_address, case.addresses))
    remark = Finding("NAME_HAS_UNDERSCORE", Severity.WARNING, "`node_7` has an underscore", hint="rename")
    return HostAddresses(answers, asked=case.name, complete=False, first=answers[0], remarks=(remark,))


def paragraph(name: str) -> str:
    """Return the paragraph of a case."""
    return "\n".join(_told(name, CASES[name]))


EXPECTED = {text.partition("\n")[0]: text for text in MASKED.read_text(encoding="utf-8").split("\n\n")}


@pytest.mark.parametrize("name", CASES)
def test_a_masked_record(name: str) -> None:
    assert paragraph(name) == EXPECTED[name]


if __name__ == "__main__":
    MASKED.write_text("\n\n".join(map(paragraph, CASES)), encoding="utf-8")
