"""Ansible's facts: real ones of hosts set up for the purpose, in every wrapping, and what they cannot tell."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator import HostAddresses, ReportError
from evaluator.base.schema import is_valid, violations
from evaluator.report.read import read_report_text
from tests.support.captured import CAPTURES, STRICT, Question, follow, hosts, questions
from tests.support.strategies import host_addresses, json_trees, reports, shuffled, spoilt

QUESTIONS = questions("ansible")
ANSWERABLE = [question for question in QUESTIONS if question.is_answerable]
HOSTS = hosts("ansible")


def _facts(host: str) -> dict[str, Any]:
    document = json.loads((CAPTURES / "ansible" / host / "ansible.json").read_text())
    facts: dict[str, Any] = document["ansible_facts"]
    return facts


@pytest.mark.parametrize("question", ANSWERABLE, ids=str)
def test_the_expected_decision(question: Question) -> None:
    decision = question.decide()
    assert decision.status == question.wanted["status"]
    assert decision.host_active_nic == question.wanted["hostActiveNic"]
    assert violations(decision.to_dict(), "decision") == ()


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_the_owners_are_those_of_the_report(question: Question) -> None:
    assert list(question.decide().owners) == question.owners_in_tool


def test_how_many_questions_these_facts_can_answer() -> None:
    assert (len(HOSTS), len(QUESTIONS), len(ANSWERABLE)) == (7, 36, 34)


@pytest.mark.parametrize("question", [q for q in QUESTIONS if not q.is_answerable], ids=str)
def test_an_address_that_ansible_lost_is_not_passed_over(question: Question) -> None:
    decision = question.decide()
    assert decision.status == "no_match"
    lost = [list(f.addresses) for f in decision.findings if f.code == "ADDRESS_WITHOUT_INTERFACE"]
    assert question.asked["addresses"] in lost
    (reason,) = (f for f in decision.findings if f.code == "NO_INTERFACE_OWNS_ADDRESS")
    assert "leaves out" not in reason.hint  # what it cannot tell the kind of is there all the same


def _wrappings(facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    plain = {key if key == "ansible_local" else key.removeprefix("ansible_"): value for key, value in facts.items()}
    return {
        "printed": {"ansible_facts": facts, "changed": False},
        "cached": facts,
        "plain": plain,
        "host's variables": {"ansible_facts": plain, "nics": "any", "result": 1, "inventory_hostname": "h"},
    }


@pytest.mark.parametrize("wrapping", ["printed", "cached", "plain", "host's variables"])
@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_every_pointer_leads_to_what_it_names_in_every_wrapping(host: Path, wrapping: str) -> None:
    document = _wrappings(_facts(host.name))[wrapping]
    report = evaluator.read_report(document)
    assert report.format == "ansible"
    assert report.facts == evaluator.read_report(host / "ansible.json").facts
    for link in report.facts.links:
        assert follow(document, link.pointer())["device"] == link.name
        for pointer in link.pointers.values():
            follow(document, pointer)
        for owned in link.addresses:
            assert follow(document, owned.pointer) == owned.raw


def test_what_a_fact_cache_holds_since_2_19() -> None:
    facts = _facts("01-nic-one")
    report = evaluator.read_report({"__payload__": json.dumps(facts)})
    assert report.document == facts
    assert report.facts == evaluator.read_report(facts).facts
    for payload, code in (("{", "REPORT_NOT_JSON"), ("[]", "REPORT_INVALID"), ("{}", "REPORT_INVALID")):
        with pytest.raises(ReportError) as error:
            evaluator.read_report({"__payload__": payload})
        assert [d.code for d in error.value.diagnostics] == [code]


@pytest.mark.parametrize("head", ["node7 | SUCCESS => ", "10.0.0.1 | CHANGED => "])
def test_what_the_command_prints_before_the_json_is_named(head: str) -> None:
    text = head + (CAPTURES / "ansible" / "01-nic-one" / "ansible.json").read_text()
    with pytest.raises(ReportError) as error:
        read_report_text(text.encode())
    assert [(d.code, d.hint) for d in error.value.diagnostics] == [
        ("REPORT_NOT_JSON", "remove the text before the first `{`")
    ]


def test_bonds_bridges_and_nics_are_told_and_the_rest_is_said_to_be_unknown() -> None:
    kinds = {
        link.name: (str(link.kind), link.vlan_id, link.bond_mode, link.up)
        for host in ("02-bond-and-vlan", "03-bridges")
        for link in evaluator.read_report(CAPTURES / "ansible" / host / "ansible.json").facts.links
    }
    assert kinds == {
        "bond0": ("bond", 0, 1, True),
        "bond0.100": ("other", None, None, True),
        "br-ex": ("bridge", 0, None, True),
        "docker0": ("bridge", 0, None, False),
        "ens1": ("physical", 0, None, True),
        "ens2": ("physical", 0, None, False),
        "lo": ("loopback", 0, None, True),
    }
    findings = evaluator.read_report(CAPTURES / "ansible" / "05-kinds" / "ansible.json").findings
    unknown = {name for f in findings if f.code == "KIND_UNKNOWN" for name in f.interfaces}
    assert unknown == {"mv0", "veth0", "dummy7", "vrf-mgmt", "team0", "vx5"}  # a tunnel cannot be a bridge


def test_the_names_of_members_are_the_true_ones_and_positions_follow_the_kinds() -> None:
    report = evaluator.read_report(CAPTURES / "ansible" / "03-bridges" / "ansible.json")
    links = report.facts.by_name
    assert links["br-ex"].lowers.ports == ("ens1",)
    assert links["br-ex"].pointer("ports") == "/ansible_facts/ansible_br_ex/interfaces"
    assert [link.name for link in sorted(links.values(), key=lambda link: link.position)] == [
        *("ens1", "lo", "ens2", "docker0", "br-ex")
    ]


def test_default_routes_and_gateways() -> None:
    report = evaluator.read_report(CAPTURES / "ansible" / "01-nic-one" / "ansible.json")
    link = report.facts.by_name["ens1"]
    assert [str(way.destination) for way in link.main_routes] == [
        "0.0.0.0/0",
        "192.0.2.0/24",
        "::/0",
        "2001:db8::/64",
        "fe80::/64",
    ]
    assert [str(gateway) for gateway in link.gateways] == ["192.0.2.1", "2001:db8::1"]
    assert follow(report.document, link.pointer("gateways")) == "192.0.2.1"


def test_words_that_ansible_cannot_supply_are_named() -> None:
    report = evaluator.read_report(CAPTURES / "ansible" / "01-nic-one" / "ansible.json")
    assert "nic is vlan" in report.facts.unsupported_words
    assert "nic is dhcp" in report.facts.unsupported_words
    assert not report.facts.unsupported_words & {
        "nic is up",
        "nic is bond",
        "nic is bridge",
        "nic is physical",
        "nic is slave",
    }


def test_labels_belong_to_the_one_interface_whose_name_they_begin_with() -> None:
    facts = _facts("04-labels-and-peers")
    (ens1,) = (link for link in evaluator.read_report(facts).facts.links if link.name == "ens1")
    of_labels = {
        str(o): o.pointer for o in ens1.addresses if o.pointer.startswith(("/ansible_ens1_mgmt", "/ansible_ens1_san"))
    }
    assert of_labels == {
        "192.0.2.130": "/ansible_ens1_mgmt/ipv4/address",
        "203.0.113.30": "/ansible_ens1_san/ipv4/address",
    }
    assert [str(o) for o in ens1.addresses if o.primary] == ["192.0.2.10", "2001:db8:9::1"]
    facts["ansible_interfaces"].append("ens1_mgmt2")
    facts["ansible_ens1_mgmt2"] = {"device": "ens1_mgmt2", "type": "ether"}
    facts["ansible_interfaces"].append("ens1_mgmt2_x")
    facts["ansible_ens1_mgmt2_x"] = {"ipv4": {"address": "192.0.2.77", "prefix": "24"}}
    found = [f for f in evaluator.read_report(facts).findings if "192.0.2.77" in f.addresses]
    assert [f.code for f in found] == ["ADDRESS_WITHOUT_INTERFACE"]  # of ens1 or of ens1_mgmt2


def test_an_interface_that_is_listed_and_not_described_is_a_finding() -> None:
    report = evaluator.read_report(CAPTURES / "ansible" / "06-names" / "ansible.json")
    assert [(f.code, f.interfaces) for f in report.findings if f.interfaces] == [("INTERFACE_NOT_DESCRIBED", ("a-b",))]


def test_facts_that_bear_an_interfaces_name_are_no_interfaces() -> None:
    facts = {
        "ansible_interfaces": ["python", "default_ipv4", "locally_reachable_ips", "mounts", "eth0"],
        "ansible_python": {"type": "cpython", "executable": "/usr/bin/python3"},
        "ansible_default_ipv4": {"interface": "eth0", "address": "192.0.2.10", "gateway": "192.0.2.1"},
        "ansible_locally_reachable_ips": {"ipv4": ["192.0.2.10"], "ipv6": []},
        "ansible_mounts": [{"device": "/dev/sda1"}],
        "ansible_eth0": {"device": "eth0", "type": "ether", "module": "virtio_net"},
    }
    report = evaluator.read_report(facts)
    assert [link.name for link in report.facts.links] == ["eth0"]
    names = {f.interfaces[0] for f in report.findings if f.code == "INTERFACE_NOT_DESCRIBED"}
    assert names == {"python", "default_ipv4", "locally_reachable_ips", "mounts"}


def test_netmasks_of_old_versions_and_what_is_malformed() -> None:
    facts = {
        "ansible_interfaces": ["eth0"],
        "ansible_default_ipv4": {"interface": "eth0", "gateway": "inet6"},
        "ansible_eth0": {
            "device": "eth0",
            "type": "ether",
            "pciid": "virtio0",
            "speed": -1,
            "ipv4": {"address": "192.0.2.10", "netmask": "255.255.255.0"},
            "ipv4_secondaries": [{"address": "192.0.2.11", "prefix": 24}, {"address": "192.0.2.999", "prefix": "24"}],
            "ipv6": [{"address": "2001:db8::1", "prefix": "64x"}, {}],
        },
    }
    report = evaluator.read_report(facts)
    (link,) = report.facts.links
    assert [(str(o), o.prefix) for o in link.addresses] == [("192.0.2.10", 24), ("192.0.2.11", 24)]
    assert (link.speed, link.gateways) == (None, ())
    assert [f.code for f in report.findings] == ["MALFORMED_ADDRESS"] * 3


@pytest.mark.parametrize(
    ("document", "places"),
    [
        ({"ansible_facts": {"ansible_hostname": "h"}}, ["/ansible_facts"]),
        ({"ansible_interfaces": "eth0"}, None),
        ({"ansible_interfaces": [1]}, ["/ansible_interfaces/0"]),
        (
            {"ansible_interfaces": ["a"], "ansible_a": {"device": 1, "mtu": -1, "ipv4": []}},
            ["/ansible_a/device", "/ansible_a/ipv4", "/ansible_a/mtu"],
        ),
        (
            {"ansible_facts": {"interfaces": ["a"], "a": {"device": "", "slaves": [""]}}},
            ["/ansible_facts/a/device", "/ansible_facts/a/slaves/0"],
        ),
    ],
    ids=lambda v: str(v)[:40],
)
def test_every_problem_of_a_report_at_once(document: dict[str, Any], places: list[str] | None) -> None:
    with pytest.raises(ReportError) as error:
        evaluator.read_report(document)
    if places is None:
        assert [d.code for d in error.value.diagnostics] == ["REPORT_NOT_RECOGNISED"]
    else:
        assert [d.place for d in error.value.diagnostics] == places


def test_documents_of_other_tools_are_theirs() -> None:
    for document, name in (
        ({"interfaces": ["a"], "nics": {}}, "vdsm"),
        ({"interfaces": [], "ansible_x": 1}, "nmstate"),
        ({"interfaces": [{"name": "a"}]}, "nmstate"),
        ({"ansible_interfaces": [], "nics": {}, "interfaces": []}, "ansible"),
    ):
        assert evaluator.read_report(document).format == name
    with pytest.raises(ReportError) as error:
        evaluator.read_report({"interfaces": ["a"]})
    assert [d.code for d in error.value.diagnostics] == ["REPORT_NOT_RECOGNISED"]


def test_one_interface_under_two_keys_is_refused() -> None:
    entry = {"device": "eth0"}
    with pytest.raises(ReportError) as error:
        evaluator.read_report({"ansible_interfaces": ["a", "b"], "ansible_a": entry, "ansible_b": entry})
    assert [d.code for d in error.value.diagnostics] == ["REPORT_NAME_TWICE"]


LINUX_NIC = {"device": "eth0", "type": "ether", "ipv4": {"address": "192.0.2.10", "prefix": "24"}}
UNIX_NIC = {"device": "em0", "ipv4": [{"address": "192.0.2.10", "netmask": "255.255.255.0"}], "flags": ["UP"]}
WINDOWS = {"interfaces": [{"connection_name": "Ethernet", "interface_index": 3, "macaddress": "00:11:22:33:44:55"}]}


@pytest.mark.parametrize("prefix", ["ansible_", ""])
@pytest.mark.parametrize("is_wrapped", [True, False])
@pytest.mark.parametrize(
    ("facts", "system", "fact"),
    [
        ({"interfaces": ["em0"], "em0": UNIX_NIC, "system": "FreeBSD"}, "FreeBSD", "system"),
        ({"interfaces": ["em0"], "em0": UNIX_NIC, "system": "OpenBSD"}, "OpenBSD", "system"),
        ({"interfaces": ["en0"], "en0": {**UNIX_NIC, "device": "en0"}, "system": "Darwin"}, "macOS", "system"),
        ({"interfaces": ["net0"], "system": "SunOS"}, "Solaris", "system"),
        ({**WINDOWS, "system": "Win32NT", "os_family": "Windows"}, "Windows", "system"),
        ({**WINDOWS, "os_family": "Windows"}, "Windows", "os_family"),
        ({**WINDOWS, "all_ipv4_addresses": []}, "Windows", "interfaces"),
        ({"system": "Win32NT", "os_family": "Windows"}, "Windows", "system"),
        ({"system": "Plan 9", "os_family": "x", "interfaces": []}, "`Plan 9`", "system"),
        ({"interfaces": ["em0"], "em0": UNIX_NIC, "all_ipv4_addresses": []}, "BSD, macOS or another Unix", "em0"),
        (
            {"interfaces": ["lo0"], "lo0": {"device": "lo0", "ipv4": [], "flags": []}, "all_ipv4_addresses": []},
            "BSD, macOS or another Unix",
            "lo0",
        ),
    ],
)
def test_facts_of_other_systems_are_refused_by_name(
    facts: dict[str, Any], system: str, fact: str, prefix: str, is_wrapped: bool
) -> None:
    document = {prefix + name: value for name, value in {"all_ipv4_addresses": [], "os_family": "x", **facts}.items()}
    if "os_family" not in facts and "system" not in facts:
        del document[f"{prefix}os_family"]
    wrapped = {"ansible_facts": document} if is_wrapped else document
    with pytest.raises(ReportError) as error:
        evaluator.read_report(wrapped)
    (problem,) = error.value.diagnostics
    place = ("/ansible_facts" if is_wrapped else "") + f"/{prefix}{fact}"
    assert (problem.code, problem.place) == ("REPORT_OF_OTHER_SYSTEM", place)
    assert problem.message == f"these are facts of {system}; only facts of Linux are supported"


@pytest.mark.parametrize("prefix", ["ansible_", ""])
def test_facts_of_linux_are_read_with_and_without_their_prefix(prefix: str) -> None:
    facts = {"interfaces": ["eth0"], "eth0": LINUX_NIC, "system": "Linux", "os_family": "Debian"}
    document = {prefix + name: value for name, value in facts.items()}
    for form in (document, {"ansible_facts": document}):
        assert [link.name for link in evaluator.read_report(form).facts.links] == ["eth0"]


@pytest.mark.parametrize(
    "document",
    [
        {"ansible_facts": {"ansible_hostname": "h", "gather_subset": ["!network"]}},
        {"ansible_facts": {"hostname": "h", "system": "Linux"}},
        {"ansible_hostname": "h", "ansible_system": "Linux"},
    ],
)
def test_facts_without_the_network_say_how_to_gather_it(document: dict[str, Any]) -> None:
    with pytest.raises(ReportError) as error:
        evaluator.read_report(document)
    (problem,) = error.value.diagnostics
    assert (problem.code, problem.message) == ("REPORT_INVALID", "the facts name no interfaces")
    assert "`gather_subset=network`" in problem.hint
    assert "iproute2" in problem.hint


def test_a_report_without_an_interface_proves_nothing() -> None:
    report = evaluator.read_report({"ansible_interfaces": []})
    decision = STRICT.decide(report, HostAddresses.of("192.0.2.10"))
    found = {f.code: f for f in decision.findings}
    assert decision.status == "no_match"
    assert found["REPORT_INCOMPLETE"].message == "the report names no interface: is iproute2 installed on the host?"
    assert "NAT" not in found["NO_INTERFACE_OWNS_ADDRESS"].hint


# laws


def as_ansible(report: dict[str, Any]) -> dict[str, Any]:
    """Return a random VDSM report as Ansible would show the same host, its vlans called `ether` as it does."""
    facts: dict[str, Any] = {"ansible_interfaces": []}
    types = {"nics": "ether", "vlans": "ether", "bondings": "bonding", "bridges": "bridge"}
    members = {"bondings": ("slaves", "slaves"), "bridges": ("interfaces", "ports")}
    for kind, type_name in types.items():
        for name, data in report[kind].items():
            entry: dict[str, Any] = {"device": name, "type": type_name}
            parted = [text.partition("/") for text in (*data["ipv4addrs"], *data["ipv6addrs"])]
            listed = [{"address": ip, **({"prefix": n} if n else {})} for ip, _, n in parted]
            entry["ipv4_secondaries"] = [item for item in listed if ":" not in item["address"]]
            entry["ipv6"] = [item for item in listed if ":" in item["address"]]
            if kind in members:
                entry[members[kind][0]] = data[members[kind][1]]
            facts["ansible_interfaces"].append(name)
            facts[f"ansible_{name}"] = entry
    return facts


@given(report=reports(), addresses=host_addresses)
def test_ansible_and_vdsm_of_one_host_give_one_decision_but_for_vlans(
    report: dict[str, Any], addresses: list[str]
) -> None:
    host = HostAddresses.of(*addresses)
    bare = {**report, "networks": {}}
    there = STRICT.decide(evaluator.read_report(as_ansible(report)), host)
    assert STRICT.decide(evaluator.read_report(bare), host).owners == there.owners
    without = {**bare, "nics": {**bare["nics"], **bare["vlans"]}, "vlans": {}}
    here = STRICT.decide(evaluator.read_report(without), host)
    assert (here.status, here.host_active_nic, here.candidates) == (
        there.status,
        there.host_active_nic,
        there.candidates,
    )


@given(report=reports(), addresses=host_addresses, seed=st.integers(0, 2**32))
def test_the_byte_law(report: dict[str, Any], addresses: list[str], seed: int) -> None:
    document = as_ansible(report)
    host = HostAddresses.of(*addresses)
    other = shuffled(document, random.Random(seed))
    here, there = (STRICT.decide(evaluator.read_report(d), host).to_json() for d in (document, other))
    assert here == there


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_the_byte_law_of_real_facts(host: Path) -> None:
    facts = _facts(host.name)
    for question in questions("ansible"):
        if question.host == host:
            other = STRICT.decide(
                evaluator.read_report(shuffled(facts, random.Random(1))), HostAddresses.of(*question.asked["addresses"])
            )
            assert other.to_json() == question.decide().to_json()


KEYS = [
    *(
        "ansible_interfaces",
        "ansible_facts",
        "interfaces",
        "ansible_a",
        "ansible_default_ipv4",
        "ansible_all_ipv4_addresses",
    ),
    *(
        "device",
        "type",
        "active",
        "mtu",
        "slaves",
        "mode",
        "ipv4",
        "ipv4_secondaries",
        "ipv6",
        "address",
        "prefix",
        "x",
        "",
    ),
]
scalars = st.sampled_from([None, True, 0, 1, -1, 24, 1.0, 24.5, 2**63, "", "a", "a_b", "24", "192.0.2.1", "\x00", "𝒳"])
values = json_trees(scalars, KEYS)


@st.composite
def spoiled(draw: st.DrawFn) -> Any:
    document = spoilt(draw, reports().map(as_ansible), KEYS, values)
    return draw(st.sampled_from([document, {"ansible_facts": document}]))


@given(document=spoiled())
def test_two_validators_reach_one_verdict_and_nothing_else_is_raised(document: Any) -> None:
    assert is_valid(document, "ansible-facts") == (violations(document, "ansible-facts") == ())
    try:
        report = evaluator.read_report(document, format="ansible")
    except ReportError:
        return
    STRICT.decide(report, HostAddresses.of("192.0.2.1")).explain()
