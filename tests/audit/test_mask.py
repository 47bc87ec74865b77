"""Masked records: the decision stays, in other names; nothing of the host is left; what cannot replay says so."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator import Decision, HostAddresses, Report
from evaluator.audit.mask.key import read_key
from evaluator.audit.mask.mask import MASKING_VERSION, Masking, mask
from evaluator.audit.mask.policy import mask_value
from evaluator.audit.mask.pseudonyms import Pseudonyms
from evaluator.audit.record import Record
from evaluator.audit.replay import ReplayClass, replay
from evaluator.base.diagnostic import RecordError, Severity
from evaluator.base.finding import Finding
from evaluator.base.source import Source
from evaluator.engine import Policy
from evaluator.facts.address import in_order, parse_address
from evaluator.policy.language.types import Base
from evaluator.policy.load import read_program
from evaluator.policy.source.find import shipped_names
from evaluator.report.read import FORMATS, read_report_text
from tests.audit.test_record import record_of, through_json
from tests.support.captured import Question, questions
from tests.support.strategies import host_addresses, reports

pytestmark = pytest.mark.volume
KEY = b"sixteen octets!!"
VERSION = evaluator.__version__
SAME_EVERYWHERE = {
    *("localhost", "127.0.0.1", "::1", "0.0.0.0", "255.255.255.255", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"),
    *("0.0.0.0/0", "::/0", "fe80::/64"),
}
ENGINE = {"route-to-engine": {"engine_address": "198.51.100.1"}}


def exported(record: Record) -> str:
    """Everything that leaves the house, bodies decoded."""
    document = record.to_dict()
    bodies = (base64.b64decode(body or "").decode() for body in (document["report"], *document["texts"]))
    return "\n".join((json.dumps(document["record"], ensure_ascii=False), *bodies))


def leaks(record: Record, originals: Iterable[str]) -> set[str]:
    text = exported(record).lower()
    wanted = {one.lower() for one in originals if len(one) >= 3} - SAME_EVERYWHERE - {"ovirtmgmt"}
    # `c.5` may come of `if-abcdc.5`, where the c is a digit of the pseudonym
    return {one for one in wanted if re.search(rf"(?<![0-9a-z]){re.escape(one)}(?![0-9a-z])", text)}


def identifying(report: Report, host: HostAddresses) -> set[str]:
    facts = report.facts
    found = {link.name for link in facts.links} | {name for link in facts.links for name in link.lowers.names}
    found |= {str(owned.address) for link in facts.links for owned in link.addresses} | set(facts.networks)
    found |= {str(one) for link in facts.links for one in (*link.gateways, *link.subnets)}
    found |= {link.mac for link in facts.links if link.mac}
    return found | {str(address) for address in (*host.answers, *host.withheld)} | {host.asked or ""}


def assert_masked(decision: Decision, record: Record, report: Report) -> Record:
    """Mask a record and assert all that holds for every one that replays."""
    made = mask(record, KEY)
    masked = through_json(made)
    assert masked.envelope.get("not_replayable") is None
    outcome = replay(masked, VERSION)
    assert outcome.is_equal
    assert outcome.decision is not None
    then, now = record.envelope["result"], masked.envelope["result"]
    names = Pseudonyms(KEY)
    assert now["status"] == then["status"]
    assert now["hostActiveNic"] == (then["hostActiveNic"] and names.name(then["hostActiveNic"]))
    for key in ("owners", "candidates"):
        assert now[key] == sorted(map(names.name, then[key]))
    for one in ("code", "severity"):
        assert sorted(finding[one] for finding in now["findings"]) == sorted(f[one] for f in then["findings"])
    assert [step["fired"] for step in now["trace"]] == [step["fired"] for step in then["trace"]]
    assert leaks(masked, identifying(report, decision.host)) == set()
    assert mask(record, KEY) == made
    return masked


@given(report=reports(), addresses=host_addresses, policy=st.sampled_from(shipped_names()))
def test_a_masked_record_replays_to_the_same_decision(report: Any, addresses: list[str], policy: str) -> None:
    read = evaluator.read_report(report)
    decision = evaluator.load_policy(policy).decide(read, HostAddresses.of(*addresses), **ENGINE.get(policy, {}))
    assert_masked(decision, record_of(decision), read)


@given(report=reports(), addresses=host_addresses, complete=st.booleans(), withheld=st.booleans())
def test_a_host_that_was_asked_by_name(report: Any, addresses: list[str], complete: bool, withheld: bool) -> None:
    read, answers = evaluator.read_report(report), tuple(map(parse_address, addresses))
    remark = Finding("NAME_HAS_UNDERSCORE", Severity.WARNING, "`node_7.example.org` has an underscore", hint="rename")
    host = HostAddresses(
        () if withheld else in_order(answers),
        asked="node_7.example.org",
        complete=complete,
        first=None if withheld else next(iter(answers), None),
        remarks=(remark,),
        withheld=answers if withheld else (),
    )
    decision = evaluator.load_policy("strict").decide(read, host)
    masked = assert_masked(decision, record_of(decision), read)
    assert masked.envelope["input"]["host"]["remarks"][0]["message"] == "masked"


def report_of(question: Question) -> list[Report]:
    """The reports of a captured host in one format, as texts."""
    host = question.host
    if question.tool != "iproute2":
        return [read_report_text((host / f"{question.tool}.json").read_bytes())]
    tables = [path.read_bytes() for path in (host / "ip-route.json", host / "ip-route6.json") if path.exists()]
    with_kinds, without = ((host / name).read_bytes() for name in ("ip-addr.json", "ip-addr-nodetail.json"))
    return [read_report_text(with_kinds, routes=tables), read_report_text(without)]


def _first_of_each_host() -> list[tuple[Question, str]]:
    found = []
    for tool in ("vdsm", "iproute2", "nmstate", "ansible"):
        of_host = {question.host: question for question in reversed(questions(tool))}
        assert len(of_host) > 5
        found += [(one, "strict" if i % 3 else "ovirt-engine") for i, one in enumerate(of_host.values())]
    return found


@pytest.mark.parametrize(("question", "policy"), _first_of_each_host(), ids=str)
def test_captured_hosts(question: Question, policy: str) -> None:
    host = HostAddresses.of(*question.asked["addresses"])
    for report in report_of(question):
        decision = evaluator.load_policy(policy).decide(report, host)
        assert_masked(decision, record_of(decision), report)


KEPT = {
    "nics": {
        "eth0": {"addr": "203.0.113.9", "netmask": "255.255.255.0", "ipv4addrs": ["203.0.113.9/24"], "speed": 1000},
        "eth1": {"ipv4addrs": ["203.0.113.77/24"], "hwaddr": "52:54:00:AB:CD:EF", "secret-key": "secret-value"},
        "docker0": {"ipv4addrs": ["172.17.0.1/16"]},
    },
    "vlans": {"eth0.100": {"ipv4addrs": ["198.51.100.7/24"]}},
    "bondings": {},
    "networks": {"ovirtmgmt": {"iface": "eth0", "bridged": False, "qosInbound": {"secret": "secret-value"}}},
    "lastClientIface": "eth0",
    "uuid": "secret-value",
}


def recorded(policy: str, labels: Mapping[str, str] | None = None, report: Any = KEPT, **parameters: Any) -> Record:
    program = read_program(Source("written", policy))
    host = HostAddresses.of("203.0.113.9")
    record = record_of(Policy(program).decide(evaluator.read_report(report), host, **parameters))
    record.envelope["labels"].update(labels or {})
    return record


def policy_of(*rules: str, parameters: str = "", comment: str = "") -> str:
    lines = [f"  - name: rule-{i}\n    rule: {rule}" for i, rule in enumerate(rules)]
    return f"policy: written\n{parameters}rules:{comment}\n" + "\n".join(lines) + "\n"


def test_what_was_done_is_in_the_record() -> None:
    masked = mask(recorded(policy_of("match nic when nic.addresses overlaps host.addresses"), {"host": "rack 5"}), KEY)
    assert masked.envelope["erased"] == [
        *("/input/report/*", "/input/report/networks/*/qosInbound/*", "/input/report/nics/*/*"),
    ]
    assert masked.envelope["masked"] == [
        *("/decision_id", "/input/host", "/input/parameters", "/input/policy", "/input/report", "/labels", "/result"),
    ]
    assert masked.envelope["masking"] == MASKING_VERSION
    assert "secret" not in exported(masked)
    body = json.loads(masked.report or b"")
    base, vlan = next(iter(body["nics"])), next(iter(body["vlans"]))
    assert vlan == f"{base}.100"
    assert body["lastClientIface"] == base
    assert body["nics"][base]["speed"] == 1000
    assert body["nics"][base]["netmask"] == "255.255.255.0"


@pytest.mark.parametrize(
    "rules",
    [
        ['discard nic when nic.name = "docker0"'],
        ['discard nic when nic.name in ["docker0", "virbr0"] or nic.mac is known and nic.mac = "52:54:00:ab:cd:ef"'],
        ['discard nic when nic.kind = "bridge" or nic.kind in ["bond", "vlan"]'],
        ["discard nic when 'ovirtmgmt' in nic.networks and nic.name != \"eth0\""],
        ['discard nic when some a in nic.addresses satisfies a = address("203.0.113.77")'],
        ['discard nic when host.name != "203.0.113.9"'],
        ["'discard nic when nic.name = \"docker0\" or nic.name = ''eth1'''"],
        ['"discard nic when nic.name = \\"docker0\\" or nic.name = \'eth1\'"'],
        ['|\n      discard nic when nic.name = "docker0"\n        or nic.name = "eth1"'],
        ['discard nic when "addr" in nic.conflicts'],
        ['discard nic when cidr("0.0.0.0/0") in nic.routes'],
    ],
)
def test_exact_literals_are_mapped_along(rules: list[str]) -> None:
    record = recorded(policy_of("match nic when count(nic.addresses) > 0", *rules))
    masked = through_json(mask(record, KEY))
    assert replay(masked, VERSION).is_equal
    assert masked.envelope.get("replayable", True)
    assert [len(step["after"]) for step in masked.envelope["result"]["trace"]] == [
        len(step["after"]) for step in record.envelope["result"]["trace"]
    ]
    names = {"docker0", "eth0", "eth1", "virbr0", "ovirtmgmt", "203.0.113.77", "203.0.113.9", "52:54:00:ab:cd:ef"}
    assert leaks(masked, names) == set()


PARAMETERS = """parameters:
  unwanted: {type: [string], default: [docker0, "eth1"], description: such as docker0}
  kinds: {type: [string], default: [bridge, bond]}
  server: {type: address, optional: true}
  network:
    type: string
    default: ovirtmgmt
    description: >-
      the logical network; ovirtmgmt
      if not given
"""


def test_parameters_and_defaults_are_mapped_along() -> None:
    rules = (
        "match nic when nic.addresses overlaps host.addresses or server is given and server in nic.addresses",
        "discard nic when nic.name in unwanted or nic.kind in kinds",
        "prefer nic when network in nic.networks",
    )
    record = recorded(policy_of(*rules, parameters=PARAMETERS), server="203.0.113.77", unwanted=["docker0", "eth9"])
    masked = through_json(mask(record, KEY))
    assert replay(masked, VERSION).is_equal
    assert masked.envelope["result"]["status"] == "resolved"
    assert ["bridge", "bond"] in masked.envelope["input"]["parameters"].values()
    assert leaks(masked, {"docker0", "eth0", "eth1", "eth9", "ovirtmgmt", "203.0.113.77"}) == set()
    assert b"logical network" not in (masked.policy or b"")


@pytest.mark.parametrize(
    ("rule", "parameters", "given"),
    [
        ('discard nic when some a in nic.addresses satisfies a in cidr("172.17.0.0/16")', "", {}),
        (
            "discard nic when some a in nic.addresses satisfies a in lan",
            "parameters: {lan: {type: [cidr]}}\n",
            {"lan": ["172.17.0.0/16"]},
        ),
        ('discard nic when host.name = "203.0.113.9, 198.51.100.1"', "", {}),
        ('discard nic when nic.name like "nothing-of-this-host*"', "", {}),
    ],
)
def test_networks_are_mapped_along(rule: str, parameters: str, given: dict[str, Any]) -> None:
    record = recorded(policy_of("match nic when count(nic.addresses) > 0", rule, parameters=parameters), **given)
    masked = through_json(mask(record, KEY))
    assert masked.envelope.get("not_replayable") is None
    assert replay(masked, VERSION).is_equal
    assert leaks(masked, {"172.17.0.0", "172.17", "203.0.113.9", "nothing-of-this-host"}) == set()


@pytest.mark.parametrize(
    ("rule", "parameters", "given", "said"),
    [
        ('discard nic when nic.name like "docker*"', "", {}, "globs"),
        ("discard nic when nic.name like bad", "parameters: {bad: {type: [string]}}\n", {"bad": ["docker*"]}, "globs"),
        ('discard nic when nic.name < "e"', "", {}, "order"),
    ],
)
def test_what_cannot_be_mapped_says_that_it_does_not_replay(
    rule: str, parameters: str, given: dict[str, Any], said: str
) -> None:
    record = recorded(policy_of("match nic when count(nic.addresses) > 0", rule, parameters=parameters), **given)
    masked = through_json(mask(record, KEY))
    assert masked.envelope["replayable"] is False
    (reason,) = masked.envelope["not_replayable"]
    assert said in reason
    found = replay(masked, VERSION)
    assert (found.outcome, found.reasons, found.differences) == (ReplayClass.NOT_COMPARABLE, (reason,), ())
    then, now = record.envelope["result"], masked.envelope["result"]
    assert [now["status"], len(now["candidates"])] == [then["status"], len(then["candidates"])]
    assert leaks(masked, {"docker*", "docker0", "eth0", "eth1", "172.17.0.0", "203.0.113.9"}) == set()


def test_a_result_that_is_not_the_inputs_is_masked_and_does_not_replay() -> None:
    record = recorded(policy_of("match nic when nic.addresses overlaps host.addresses"))
    record.envelope["result"].update(hostActiveNic="eth1")
    masked = mask(record, KEY)
    assert masked.envelope["not_replayable"] == ["the decision on the masked inputs differs from the original decision"]
    assert masked.envelope["result"]["hostActiveNic"] == Pseudonyms(KEY).name("eth1")
    assert leaks(masked, {"eth0", "eth1", "docker0"}) == set()


def test_a_text_that_is_no_single_name_is_not_mapped_exactly() -> None:
    addresses = ("198.51.100.7", "203.0.113.9")
    policy = policy_of(f'match nic when host.name = "{", ".join(addresses)}"')
    decision = Policy(read_program(Source("written", policy))).decide(
        evaluator.read_report(KEPT), HostAddresses.of(*addresses)
    )
    masked = mask(record_of(decision), KEY)
    assert masked.envelope["not_replayable"] == ["the decision on the masked inputs differs from the original decision"]
    assert masked.envelope["result"]["status"] == decision.status
    assert leaks(masked, {"eth0", "eth0.100", *addresses}) == set()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("input", "host", "answers"), ["nonsense"]),
        (("input", "host", "first"), "nonsense"),
        (("result", "candidates"), [{"secret": 1}]),
        (("result", "interface"), {"name": "eth0"}),
        (("result", "secret"), "x"),
    ],
)
def test_what_is_no_decision_cannot_be_masked(path: tuple[str, ...], value: object) -> None:
    record = recorded(policy_of("match nic when nic.addresses overlaps host.addresses"))
    place = record.envelope
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    with pytest.raises(RecordError):
        mask(record, KEY)


def test_names_that_are_words_of_the_language() -> None:
    words = ("bond", "bridge", "nic", "match", "strict", "interface", "resolved", "vlan", "a", "the")
    report = {"nics": {name: {"ipv4addrs": [f"203.0.113.{i}/24"]} for i, name in enumerate(words, 1)}}
    decision = evaluator.load_policy("strict").decide(evaluator.read_report(report), HostAddresses.of("203.0.113.3"))
    masked = mask(record_of(decision), KEY)
    assert masked.envelope.get("not_replayable") is None
    assert replay(masked, VERSION).is_equal


@pytest.mark.parametrize("gone", ["report", "policy", "both"])
def test_erased_bodies(gone: str) -> None:
    whole = recorded((Path(__file__).parents[2] / "policies" / "strict.yaml").read_text())
    record = Record(
        whole.envelope, None if gone != "policy" else whole.report, (None if gone != "report" else whole.policy,)
    )
    masked = through_json(mask(record, KEY))
    assert masked.envelope["replayable"] is False
    assert leaks(masked, {"eth0", "eth1", "docker0", "203.0.113.9", "ovirtmgmt"}) == set()


COMMENTED = """# who wrote this: alice
policy: no-docker0  # for the rack in Berlin
description: 'leaves docker0 out # not a comment'
rules: # Berlin
  # Berlin
  - name: not-docker0
    rule: | # Berlin
      match nic when nic.name != "docker0"

  # Berlin
  - name: one
    rule: warn when count(candidates) > 1
    message: "several, docker0 \\"left\\" out: {candidates}"  # Berlin
    hint: >
      ask 192.0.2.53
      about docker0

# Berlin
"""


def test_what_people_wrote_for_people() -> None:
    record = recorded(COMMENTED)
    masked = through_json(mask(record, KEY))
    assert replay(masked, VERSION).is_equal
    text = exported(masked).casefold()
    assert [word for word in ("docker", "192.0.2.53", "berlin", "alice", "comment", '"left') if word in text] == []
    (finding,) = (one for one in masked.envelope["result"]["findings"] if one["rule"])
    assert finding["message"].startswith("masked ")
    assert finding["interfaces"] == masked.envelope["result"]["candidates"]


def test_a_name_that_only_the_policy_knows() -> None:
    policy = policy_of('match nic when nic.name != "virbr0"').replace("rule-0", "no-virbr0")
    policy = policy.replace("policy: written", "policy: virbr0-is-out\ndescription: not virbr0")
    masked = through_json(mask(recorded(policy), KEY))
    assert replay(masked, VERSION).is_equal
    assert leaks(masked, {"virbr0"}) == set()
    assert masked.envelope["result"]["trace"][0]["rule"] == Pseudonyms(KEY).name("no-virbr0")


def test_a_shipped_policy_stays_as_it_is() -> None:
    whole = recorded((Path(__file__).parents[2] / "policies" / "strict.yaml").read_text())
    masked = through_json(mask(whole, KEY))
    assert masked.policy == whole.policy
    assert masked.envelope["revision"] == whole.envelope["revision"]
    assert masked.envelope["result"]["policy"]["name"] == "strict"
    assert "/input/policy" not in masked.envelope["masked"]
    then, now = (one.envelope["result"] for one in (whole, masked))
    assert [step["place"] for step in now["trace"]] == [step["place"] for step in then["trace"]]
    assert all("masked" not in finding["message"] for finding in now["findings"])


def test_a_changed_shipped_policy_is_not_shipped() -> None:
    text = (Path(__file__).parents[2] / "policies" / "strict.yaml").read_text()
    masked = through_json(mask(recorded(text + "# for the rack in Berlin\n"), KEY))
    assert replay(masked, VERSION).is_equal
    assert "strict" not in exported(masked)
    assert "berlin" not in exported(masked).casefold()


def test_the_records_of_one_export_have_the_pseudonyms_of_one() -> None:
    record = recorded(policy_of("match nic when nic.addresses overlaps host.addresses"))
    masking = Masking(KEY)
    assert masking.mask(record) == masking.mask(record) == mask(record, KEY)
    assert mask(record, b"sixteen others!!") != mask(record, KEY)


def test_raw_responses_are_dropped() -> None:
    read = evaluator.read_report(KEPT)
    host = evaluator.resolve_host("localhost")
    decision = evaluator.load_policy("strict").decide(read, host)
    record = record_of(decision)
    assert record.envelope["input"]["host"]["resolution"] is not None
    masked = assert_masked(decision, record, read)
    assert masked.envelope["input"]["host"]["resolution"] is None
    assert "/input/host/resolution" in masked.envelope["erased"]
    assert masked.envelope["input"]["host"]["asked"] == "localhost"


def test_another_key_gives_other_names_and_a_masked_record_can_be_masked() -> None:
    record = recorded(policy_of('match nic when nic.name = "eth0"'))
    one, other = mask(record, KEY), mask(record, b"sixteen others!!")
    assert one.envelope["result"]["hostActiveNic"] != other.envelope["result"]["hostActiveNic"]
    again = mask(one, KEY)
    assert replay(again, VERSION).differences == ()
    assert leaks(again, {one.envelope["result"]["hostActiveNic"]}) == set()


@pytest.mark.parametrize("wrap", ["result", "info", "ansible_facts"])
def test_envelopes(wrap: str) -> None:
    body: dict[str, Any] = KEPT
    if wrap == "ansible_facts":
        nic = {"device": "eth0", "type": "ether", "ipv4": {"address": "203.0.113.9", "netmask": "255.255.255.0"}}
        body = {"interfaces": ["eth0", "eth0_san"], "eth0": nic, "eth0_san": {"ipv4": {"address": "198.51.100.7"}}}
    document = {wrap: body, "jsonrpc": "2.0", "id": "secret-id"}
    masked = mask(recorded(policy_of('match nic when nic.name = "eth0"'), report=document), KEY)
    assert masked.envelope.get("not_replayable") is None
    assert leaks(masked, {"eth0", "eth0_san", "secret-id", "198.51.100.7"}) == set()
    assert masked.envelope["result"]["status"] == "resolved"


def test_every_format_can_be_masked() -> None:
    assert {one.name for one in FORMATS} == {"vdsm", "iproute2", "nmstate", "ansible"}


def test_odd_names_and_yaml() -> None:
    text = b"interfaces:\n- name: on\n  ipv4: {address: [{ip: 203.0.113.9, prefix-length: 24}]}\n  type: ethernet\n"
    report = read_report_text(text)
    decision = evaluator.load_policy("strict").decide(report, HostAddresses.of("203.0.113.9"))
    assert_masked(decision, record_of(decision), report)
    addresses = b'"addr_info": [{"local": "203.0.113.9", "prefixlen": 24}]'
    odd = b'[{"ifname": "ba`d\\\\x", %s}, {"ifname": "\xff\xfe\xfd", "addr_info": []}]' % addresses
    report = read_report_text(odd)
    decision = evaluator.load_policy("strict").decide(report, HostAddresses.of("203.0.113.9"))
    assert_masked(decision, record_of(decision), report)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "MASK_KEY_UNREADABLE"),
        (b"", "MASK_KEY_TOO_SHORT"),
        (b"fifteen octets!\r\n", "MASK_KEY_TOO_SHORT"),
        (b"k" * 70_000, "MASK_KEY_TOO_LARGE"),
    ],
)
def test_what_is_no_key(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordError) as error:
        read_key(path)
    assert [one.code for one in error.value.diagnostics] == [code]


def test_a_key_is_its_file_without_the_last_line_break(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(KEY + b"\n")
    assert read_key(tmp_path / "key") == KEY
    with pytest.raises(RecordError):
        mask(recorded(policy_of("match nic when nic is up")), b"short")


def test_a_number_that_can_be_an_ipv4_address_is_dropped() -> None:
    least = 1 << 24  # 1.0.0.0
    numbers = [0, least - 1, least, 1 - least, -least]
    assert mask_value(Base.INTEGER, numbers, Pseudonyms(KEY)) == [0, least - 1, None, 1 - least, None]
