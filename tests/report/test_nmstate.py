"""nmstate's reports: real ones of 0.3.7, and the shapes of 2.x."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator import HostAddresses, ReportError
from evaluator.base.schema import is_valid, violations
from tests.support.captured import STRICT, Question, follow, hosts, questions
from tests.support.strategies import host_addresses, json_trees, reports, shuffled, spoilt
from tests.support.untyped import untyped

QUESTIONS = questions("nmstate")
ANSWERABLE = [question for question in QUESTIONS if question.is_answerable]
# 0.3.7 calls an Open vSwitch bridge's port `unknown`; what may also be answered stands in the capture
DEBATABLE = [question for question in ANSWERABLE if str(question) == "63-ovs-bridge 192.0.2.10"]


@pytest.mark.parametrize("question", [q for q in ANSWERABLE if q not in DEBATABLE], ids=str)
def test_the_expected_decision(question: Question) -> None:
    decision = question.decide()
    assert decision.status == question.wanted["status"]
    assert decision.host_active_nic == question.wanted["hostActiveNic"]
    assert violations(decision.to_dict(), "decision") == ()


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_the_owners_are_those_of_the_report(question: Question) -> None:
    assert list(question.decide().owners) == question.owners_in_tool


def test_a_bridge_of_an_unknown_kind_is_said_to_be_unknown() -> None:
    (question,) = DEBATABLE
    decision = question.decide()
    answer = {"status": str(decision.status), "hostActiveNic": decision.host_active_nic}
    assert answer in question.asked["also_acceptable"]
    assert ("KIND_UNKNOWN", ("br-ex",)) in [(f.code, f.interfaces) for f in decision.findings]


def test_how_many_questions_these_reports_can_answer() -> None:
    assert (len(hosts("nmstate")), len(QUESTIONS), len(ANSWERABLE)) == (26, 67, 65)


@pytest.mark.parametrize("host", hosts("nmstate"), ids=lambda host: host.name)
def test_every_pointer_leads_to_what_it_names(host: Path) -> None:
    text = (host / "nmstate.json").read_text()
    document = json.loads(text)
    report = evaluator.read_report(text)
    for link in report.facts.links:
        assert follow(document, link.pointer())["name"] == link.name
        for pointer in link.pointers.values():
            follow(document, pointer)
        for owned in link.addresses:
            assert follow(document, owned.pointer) == owned.raw


def test_what_networkmanager_has_not_activated_may_have_addresses() -> None:
    (question,) = [q for q in QUESTIONS if str(q) == "58-vrf 192.0.2.10"]
    found = {f.code: f for f in question.decide().findings}
    assert found["ADDRESSES_NOT_TOLD"].interfaces == ("ens1", "ens2", "ens2.5")
    document = json.loads((question.host / "nmstate.json").read_text())
    document["interfaces"][0]["accept-all-mac-addresses"] = False  # told by those that ask the kernel
    assert "ADDRESSES_NOT_TOLD" not in {f.code for f in evaluator.read_report(document).findings}


def test_settings_alone_do_not_tell_dynamic_addresses() -> None:
    ipv4 = {"enabled": True, "dhcp": True, "address": []}
    document = {"interfaces": [{"name": "ens1", "type": "ethernet", "ipv4": ipv4}], "routes": {"config": []}}
    report = evaluator.read_report(document)
    assert [(f.code, f.interfaces) for f in report.findings] == [("ADDRESSES_NOT_TOLD", ("ens1",))]


def _iface(name: str, type_name: str, *addresses: str, **more: Any) -> dict[str, Any]:
    """Return an interface as 2.x shows it."""
    entry: dict[str, Any] = {"name": name, "type": type_name, "state": "up", "accept-all-mac-addresses": False}
    for family in ("ipv4", "ipv6"):
        own = [a.split("/") for a in addresses if (":" in a) == (family == "ipv6")]
        listed = [{"ip": ip, "prefix-length": int(length)} for ip, length in own]
        entry[family] = {"enabled": True, "address": listed} if listed else {"enabled": False}
    return {**entry, **{key.replace("_", "-"): value for key, value in more.items()}}


def _ports(*names: str) -> dict[str, Any]:
    return {"port": [{"name": name} for name in names]}


STACK = [
    _iface("eth0", "ethernet", ethernet={"speed": 10000}),
    _iface("eth1", "ethernet"),
    _iface("bond0", "bond", link_aggregation={"mode": "802.3ad", "port": ["eth0", "eth1"]}),
    _iface("bond0.7", "vlan", vlan={"base-iface": "bond0", "id": 7}),
    _iface("br0", "linux-bridge", "192.0.2.10/24", bridge=_ports("bond0.7", "vnet3")),
    _iface("vnet3", "tun"),
    _iface("lo", "loopback", "127.0.0.1/8", "203.0.113.9/32"),
]


def _read(*interfaces: dict[str, Any], **more: Any) -> evaluator.Report:
    return evaluator.read_report({"interfaces": list(interfaces), **more})


def _answer(report: evaluator.Report, *addresses: str) -> tuple[str, str | None]:
    decision = STRICT.decide(report, HostAddresses.of(*addresses))
    return str(decision.status), decision.host_active_nic


def test_a_stack_as_2_x_shows_it() -> None:
    report = _read(*STACK)
    links = report.facts.by_name
    assert links["bond0"].lowers.slaves == ("eth0", "eth1")
    assert (links["bond0"].bond_mode, links["bond0.7"].vlan_id, links["bond0.7"].lowers.base) == (4, 7, "bond0")
    assert links["br0"].lowers.ports == ("bond0.7", "vnet3")
    assert links["br0"].missing == ()
    assert (links["eth0"].speed, links["eth1"].speed) == (10000, None)
    assert [link.name for link in sorted(links.values(), key=lambda link: link.position)] == [
        *("eth0", "eth1", "vnet3", "lo", "bond0.7", "bond0", "br0")
    ]
    assert links["lo"].addresses == ()
    assert [(f.code, f.addresses) for f in report.findings] == [("ADDRESS_NOT_COUNTED", ("203.0.113.9",))]
    assert _answer(report, "192.0.2.10") == ("rejected", "br0")
    assert _answer(report, "203.0.113.9") == ("no_match", None)


@pytest.mark.parametrize("key", ["slaves", "port", "ports"])
def test_the_words_of_all_versions_for_members(key: str) -> None:
    bond = _iface("bond0", "bond", link_aggregation={key: ["eth0"]})
    bridge = _iface("br0", "linux-bridge", bridge={key: [{"name": "bond0"}]})
    team = _iface("team0", "team", team={key: [{"name": "eth1"}]})
    links = _read(bond, bridge, team, _iface("eth0", "ethernet"), _iface("eth1", "ethernet")).facts.by_name
    assert links["bond0"].lowers.slaves == ("eth0",)
    assert links["br0"].lowers.ports == ("bond0",)
    assert links["team0"].lowers.slaves == ("eth1",)
    assert links["bond0"].pointer("slaves") == f"/interfaces/0/link-aggregation/{key}"


@pytest.mark.parametrize(("mode", "number"), [("balance-alb", 6), (1, 1), ("1", 1), ("lacp", None), (7, None)])
def test_bond_modes(mode: object, number: int | None) -> None:
    report = _read(_iface("bond0", "bond", link_aggregation={"mode": mode}))
    assert report.facts.by_name["bond0"].bond_mode == number


def test_controllers_are_members_of_what_they_name() -> None:
    report = _read(
        _iface("bond0", "bond", "192.0.2.10/24"),
        _iface("vrf0", "vrf", vrf={"port": ["bond0"]}),
        _iface("eth0", "ethernet", "192.0.2.10/24", controller="bond0"),
        _iface("eth1", "ethernet", controller="vrf0"),
        _iface("eth2", "ethernet", controller=""),
    )
    assert report.facts.by_name["bond0"].lowers.slaves == ("eth0",)
    assert report.facts.by_name["vrf0"].lowers.names == ()
    assert _answer(report, "192.0.2.10") == ("resolved", "bond0")


@pytest.mark.parametrize(
    ("type_name", "kind", "base"),
    [
        ("vxlan", "other", "eth0"),
        ("mac-vlan", "macvlan", "eth0"),
        ("mac-vtap", "macvlan", "eth0"),
        ("ipvlan", "other", "eth0"),
        ("macsec", "other", "eth0"),
        ("infiniband", "other", "eth0"),
        ("ip-tunnel", "other", "eth0"),
        ("veth", "veth", None),
        ("dummy", "dummy", None),
        ("tun", "tun", None),
        ("vrf", "vrf", None),
        ("wireguard", "other", None),
    ],
)
def test_kinds_and_what_they_stand_on(type_name: str, kind: str, base: str | None) -> None:
    own = _iface("x0", type_name, "192.0.2.10/24", **{type_name: {"base-iface": "eth0", "peer": "eth0"}})
    report = _read(_iface("eth0", "ethernet", "192.0.2.10/24"), own)
    link = report.facts.by_name["x0"]
    assert (str(link.kind), link.lowers.base, link.vlan_id) == (kind, base, 0)
    assert _answer(report, "192.0.2.10") == (("resolved", "x0") if base else ("ambiguous", None))
    assert {f.code for f in report.findings} == {"ADDRESS_ON_SEVERAL_INTERFACES"}


def test_an_infiniband_card_is_a_nic_and_hsr_stands_on_both_ports() -> None:
    report = _read(
        _iface("ib0", "infiniband", infiniband={"base-iface": "", "pkey": "0xffff"}),
        _iface("eth0", "ethernet"),
        _iface("hsr0", "hsr", hsr={"port1": "ib0", "port2": "eth0"}),
    )
    assert str(report.facts.by_name["ib0"].kind) == "physical"
    assert report.facts.topology.below("hsr0") == ("eth0", "ib0")


@pytest.mark.parametrize("kernel_type", ["ovs-interface", "tun"])
def test_an_open_vswitch_bridge_and_its_own_port_are_one_bridge(kernel_type: str) -> None:
    port = _iface("br-ex", kernel_type, "192.0.2.10/24")
    bridge = _iface("br-ex", "ovs-bridge", bridge=_ports("eth0", "br-ex", "mgmt0"))
    others = (_iface("eth0", "ethernet", "192.0.2.10/24"), _iface("mgmt0", "ovs-interface", "198.51.100.20/24"))
    for interfaces in ((port, bridge, *others), (bridge, *others, port)):
        report = _read(*interfaces)
        link = report.facts.by_name["br-ex"]
        assert (str(link.kind), link.lowers.ports) == ("bridge", ("eth0", "mgmt0"))
        assert untyped(report.document)["interfaces"][int(link.pointer().split("/")[2])]["type"] == kernel_type
        assert follow(report.document, link.pointer("ports"))[0] == {"name": "eth0"}
        assert _answer(report, "192.0.2.10") == ("rejected", "br-ex")
        assert _answer(report, "198.51.100.20") == ("resolved", "mgmt0")


def test_an_open_vswitch_bond_is_no_interface_and_its_members_are_ports() -> None:
    bond = {
        "name": "ovsbond",
        "link-aggregation": {"mode": "balance-slb", "port": [{"name": "eth0"}, {"name": "eth1"}]},
    }
    bridge = _iface("br0", "ovs-bridge", bridge={"port": [bond, {"name": "ovs0"}]})
    report = _read(bridge, _iface("eth0", "ethernet"), _iface("eth1", "ethernet"), _iface("ovs0", "ovs-interface"))
    assert report.facts.by_name["br0"].lowers.ports == ("eth0", "eth1", "ovs0")
    assert report.findings == ()


@pytest.mark.parametrize(
    "types", [("ethernet", "ethernet"), ("ovs-bridge", "ovs-bridge"), ("bond", "ethernet", "ovs-bridge")]
)
def test_one_name_for_several_interfaces_is_refused(types: tuple[str, ...]) -> None:
    with pytest.raises(ReportError) as error:
        _read(*(_iface("br0", type_name) for type_name in types))
    assert [d.code for d in error.value.diagnostics] == ["REPORT_NAME_TWICE"]
    assert "`/interfaces/1`" in error.value.diagnostics[0].message


def test_what_is_absent_is_left_out() -> None:
    report = _read(
        _iface("eth0", "ethernet", "192.0.2.10/24"), _iface("br0", "linux-bridge", "192.0.2.10/24", state="absent")
    )
    assert [link.name for link in report.facts.links] == ["eth0"]
    assert [(f.code, f.interfaces) for f in report.findings] == [("INTERFACE_ABSENT", ("br0",))]


@pytest.mark.parametrize(("state", "up"), [("up", True), ("down", False), ("ignore", None), ("strange", None)])
def test_states(state: str, up: bool | None) -> None:
    link = _read(_iface("eth0", "ethernet", "192.0.2.10/24", state=state)).facts.by_name["eth0"]
    assert link.up is up
    assert len(link.addresses) == 1


def _route(destination: str, interface: str = "", gateway: str = "", **more: Any) -> dict[str, Any]:
    entry = {"destination": destination, "next-hop-interface": interface, "next-hop-address": gateway, "table-id": 254}
    return {**entry, **{key.replace("_", "-"): value for key, value in more.items()}}


ETHERNETS = (
    _iface("eth0", "ethernet", "192.0.2.10/24", "2001:db8::10/64"),
    _iface("eth1", "ethernet", "198.51.100.20/24"),
)


def test_routes_of_2_x_have_no_connected_ones_and_these_are_added() -> None:
    running = [
        _route("0.0.0.0/0", "eth0", "192.0.2.1", metric=100),
        _route("0.0.0.0/0", "eth1", "198.51.100.1", metric=200),
        _route("::/0", "eth0", "fe80::1%eth0", metric=1024),
        _route("10.0.0.0/8", "eth1", "198.51.100.1", metric=-1),
        _route("10.9.0.0/16", "eth0", table_id=100),
        _route("10.8.0.0/16", "eth0", state="absent"),
        _route("10.7.0.0/16", route_type="blackhole"),
        _route("2001:db8:7::/48", "lo", route_type="unreachable", metric=1024),
        _route("junk", "eth0"),
        _route("10.6.0.0/16", "gone"),
    ]
    report = _read(*ETHERNETS, routes={"running": running, "config": []})
    links = report.facts.by_name
    assert [f"{way.destination} {way.metric}" for way in links["eth0"].main_routes] == [
        *("0.0.0.0/0 100", "192.0.2.0/24 0", "::/0 1024", "2001:db8::/64 256")
    ]
    assert [f"{way.destination} {way.metric}" for way in links["eth1"].main_routes] == [
        *("0.0.0.0/0 200", "10.0.0.0/8 0", "198.51.100.0/24 0")
    ]
    blocked = [str(way.destination) for way in report.facts.blocked]
    assert blocked == ["10.6.0.0/16", "10.7.0.0/16", "2001:db8:7::/48"]
    assert [str(gateway) for gateway in links["eth0"].gateways] == ["192.0.2.1", "fe80::1"]
    assert follow(report.document, links["eth0"].pointer("gateways")) == "192.0.2.1"
    assert [f.message for f in report.findings] == [
        "a route has the invalid destination `junk`; the route is ignored",
        "routes go through `gone`, which the report does not describe",
    ]
    reached = report.facts.route_to(HostAddresses.of("203.0.113.1").answers[0])
    assert [link.name for link in reached] == ["eth0"]


def test_a_report_without_routes_lacks_them() -> None:
    assert "route_to" in _read(*ETHERNETS).facts.unsupported_words
    for routes in ({"running": []}, {"config": []}):
        assert "route_to" not in _read(*ETHERNETS, routes=routes).facts.unsupported_words


def test_where_connected_routes_are_listed_none_is_added() -> None:
    report = _read(*ETHERNETS, routes={"running": [_route("192.0.2.0/24", "eth0", "0.0.0.0", metric=100)]})
    assert [str(way.destination) for way in report.facts.by_name["eth0"].main_routes] == ["192.0.2.0/24"]
    assert report.facts.by_name["eth1"].main_routes == ()


def test_a_gateway_that_is_none_is_a_finding() -> None:
    report = _read(*ETHERNETS, routes={"running": [_route("0.0.0.0/0", "eth0", "router")]})
    assert [f.code for f in report.findings] == ["MALFORMED_ADDRESS"]
    assert report.facts.by_name["eth0"].gateways == ()


def test_every_problem_of_a_report_at_once() -> None:
    interfaces = [
        {"name": "", "mtu": -1},
        {"type": "bond"},
        {"name": "a", "vlan": {"id": 4096}, "ipv4": {"dhcp": "no"}},
    ]
    with pytest.raises(ReportError) as error:
        _read(*interfaces, routes={"running": [{"metric": "x"}]})
    assert [d.place for d in error.value.diagnostics] == [
        "/interfaces/0/mtu",
        "/interfaces/0/name",
        "/interfaces/1",
        "/interfaces/2/ipv4/dhcp",
        "/interfaces/2/vlan/id",
        "/routes/running/0/metric",
    ]


def test_malformed_addresses_are_left_out_and_the_good_ones_count() -> None:
    ipv4 = {
        "enabled": True,
        "address": [{"ip": "192.0.2.300", "prefix-length": 24}, {"ip": "192.0.2.10", "prefix-length": 33}],
    }
    ipv6 = {"enabled": True, "address": [{"ip": "::ffff:192.0.2.11", "prefix-length": 120}, {"ip": "fe80::1%eth0"}]}
    report = _read({"name": "eth0", "type": "ethernet", "ipv4": ipv4, "ipv6": ipv6})
    assert [str(o) for o in report.facts.by_name["eth0"].addresses] == ["192.0.2.11", "fe80::1"]
    assert [f.code for f in report.findings] == ["MALFORMED_ADDRESS"] * 2


# laws


def as_nmstate(report: dict[str, Any]) -> dict[str, Any]:
    """Return a random VDSM report as nmstate would show the same host."""
    types = {"nics": "ethernet", "vlans": "vlan", "bondings": "bond", "bridges": "linux-bridge"}
    interfaces = []
    for kind, type_name in types.items():
        for name, data in report[kind].items():
            entry: dict[str, Any] = {"name": name, "type": type_name, "state": "up"}
            for family in ("ipv4", "ipv6"):
                parted = [text.partition("/") for text in data[f"{family}addrs"]]
                address = [{"ip": ip, **({"prefix-length": int(n)} if n else {})} for ip, _, n in parted]
                entry[family] = {"enabled": bool(address), "address": address}
            if kind == "vlans":
                entry["vlan"] = {"base-iface": data["iface"], **({"id": data["vlanid"]} if "vlanid" in data else {})}
            elif kind == "bondings":
                entry["link-aggregation"] = {"port": data["slaves"]}
            elif kind == "bridges":
                entry["bridge"] = _ports(*data["ports"])
            interfaces.append(entry)
    return {"interfaces": interfaces}


@given(report=reports(), addresses=host_addresses)
def test_nmstate_and_vdsm_of_one_host_give_one_decision(report: dict[str, Any], addresses: list[str]) -> None:
    bare = {**report, "networks": {}}
    host = HostAddresses.of(*addresses)
    here, there = (STRICT.decide(evaluator.read_report(d), host) for d in (bare, as_nmstate(report)))
    assert (here.status, here.host_active_nic, here.owners) == (there.status, there.host_active_nic, there.owners)
    assert here.candidates == there.candidates


@given(report=reports(), addresses=host_addresses, seed=st.integers(0, 2**32))
def test_the_byte_law(report: dict[str, Any], addresses: list[str], seed: int) -> None:
    document = as_nmstate(report)
    other = shuffled(document, random.Random(seed))
    host = HostAddresses.of(*addresses)
    here, there, printed = (
        STRICT.decide(evaluator.read_report(d), host).to_json() for d in (document, other, yaml.safe_dump(other))
    )
    assert here == there == printed


KEYS = [
    *("name", "type", "state", "mtu", "ipv4", "enabled", "dhcp", "address", "ip", "prefix-length", "routes", "running"),
    *(
        "parent",
        "macsec",
        "hsr",
        "port1",
        "ports-config",
        "team",
        "slaves",
        "infiniband",
        "state",
        "table-id",
        "config",
    ),
    *("metric", "link-aggregation", "mode", "port", "bridge", "vlan", "id", "base-iface", "controller", "x", ""),
]
TYPES = ["macsec", "hsr", "team", "infiniband", "ovs-bridge", "vlan", "unknown", "a/b"]
scalars = st.sampled_from([*TYPES, None, True, 0, 1, -1, 24, 1.0, 24.5, 2**53, 2**63, "", "a", "24", "up", "\x00", "𝒳"])
values = json_trees(scalars, KEYS)


@st.composite
def spoiled(draw: st.DrawFn) -> Any:
    return spoilt(draw, reports().map(as_nmstate), KEYS, values)


@given(document=spoiled())
def test_two_validators_reach_one_verdict_and_nothing_else_is_raised(document: Any) -> None:
    assert is_valid(document, "nmstate-report") == (violations(document, "nmstate-report") == ())
    try:
        report = evaluator.read_report(document, format="nmstate")
    except ReportError:
        return
    STRICT.decide(report, HostAddresses.of("10.0.0.1")).explain()
