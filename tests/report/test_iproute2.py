"""What `ip -j` prints, from real hosts and made up, and the decision it must give."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator import HostAddresses, ReportError
from evaluator.base.schema import is_valid, violations
from evaluator.facts.address import parse_address
from evaluator.report.read import read_report_text
from tests.decision.test_captures import follow
from tests.support.untyped import untyped

HOSTS = sorted((Path(__file__).parents[1] / "captures" / "iproute2").iterdir())
POLICY = evaluator.load_policy("strict")
SEVERAL_RIGHT = "also_acceptable"  # where reasonable people differ, and the kernel does not tell


def _load(host: Path, name: str) -> Any:
    return json.loads((host / f"{name}.json").read_text())


def _documents(host: Path) -> dict[str, Any]:
    addr, route, route6 = (_load(host, name) for name in ("ip-addr", "ip-route", "ip-route6"))
    return {"alone": addr, "with routes": {"addr": addr, "route": route, "route6": route6}}


QUESTIONS = [(host, question) for host in HOSTS for question in _load(host, "expected")["questions"]]


def _id(value: object) -> str:
    return value.name if isinstance(value, Path) else str(untyped(value)["addresses"])


def _is_open_vswitch(host: Path) -> bool:
    return "openvswitch" in (host / "ip-addr.json").read_text()


@pytest.mark.parametrize(("host", "question"), QUESTIONS, ids=_id)
def test_the_expected_decision(host: Path, question: dict[str, Any]) -> None:
    wanted = {**question, **question.get("by_format", {}).get("iproute2", {})}
    right = [(wanted["status"], wanted["hostActiveNic"])]
    if _is_open_vswitch(host):
        right += [(other["status"], other["hostActiveNic"]) for other in question.get(SEVERAL_RIGHT, ())]
    for document in _documents(host).values():
        decision = POLICY.decide(evaluator.read_report(document), HostAddresses.of(*question["addresses"]))
        assert list(decision.owners) == question["owners_in"]["iproute2"] == question["owners"]
        assert (decision.status, decision.host_active_nic) in right
        assert violations(decision.to_dict(), "decision") == ()


@pytest.mark.parametrize(("host", "question"), QUESTIONS, ids=_id)
def test_without_kinds_the_owners_are_the_same_and_the_doubt_is_told(host: Path, question: dict[str, Any]) -> None:
    report = evaluator.read_report(_load(host, "ip-addr-nodetail"))
    decision = POLICY.decide(report, HostAddresses.of(*question["addresses"]))
    assert list(decision.owners) == question["owners"]
    assert "KIND_UNKNOWN" in {finding.code for finding in decision.findings}
    assert {link.kind for link in report.facts.links} == {"loopback", "other"}


def test_how_many_questions_there_are() -> None:
    assert (len(HOSTS), len(QUESTIONS)) == (26, 67)


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_every_pointer_leads_to_what_it_names(host: Path) -> None:
    for document in _documents(host).values():
        for link in evaluator.read_report(document).facts.links:
            for pointer in link.pointers.values():
                follow(document, pointer)
            for owned in link.addresses:
                assert follow(document, owned.pointer) == owned.raw


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
@given(random=st.randoms())
def test_order_changes_nothing(host: Path, random: Any) -> None:
    document = _documents(host)["with routes"]
    other = deepcopy(document)
    for entries in other.values():
        random.shuffle(entries)
    for entry in other["addr"]:
        random.shuffle(entry["addr_info"])
    question = HostAddresses.of(*_load(host, "expected")["questions"][0]["addresses"])
    decisions = [POLICY.decide(evaluator.read_report(one), question).to_json() for one in (document, other)]
    assert decisions[0] == decisions[1]


def _entry(
    name: str, *addresses: str, kind: str = "", data: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    info: dict[str, Any] = {"linkinfo": {"info_kind": kind, "info_data": data or {}}} if kind else {}
    listed = [
        {
            "family": "inet6" if ":" in text else "inet",
            "local": text.partition("/")[0],
            "prefixlen": int(text.partition("/")[2]),
        }
        for text in addresses
    ]
    return {"ifname": name, "link_type": "ether", "promiscuity": 0, **info, "addr_info": listed, **more}


def _facts(*entries: dict[str, Any], **tables: Any) -> Any:
    return evaluator.read_report({"addr": list(entries), **tables}).facts


def _codes(*entries: dict[str, Any]) -> set[str]:
    return {finding.code for finding in evaluator.read_report(list(entries)).findings}


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        *[(kind, kind) for kind in ("bond", "bridge", "vlan", "team", "veth", "dummy", "macvlan", "vrf", "tun")],
        *[("macvtap", "macvlan"), ("openvswitch", "ovs"), ("vxlan", "other"), ("brand-new", "other"), ("", "physical")],
    ],
)
def test_kinds(kind: str, wanted: str) -> None:
    (link,) = _facts(_entry("x", "192.0.2.10/24", kind=kind)).links
    assert link.kind == wanted
    host = HostAddresses.of("192.0.2.10")
    assert POLICY.decide(evaluator.read_report([_entry("x", "192.0.2.10/24", kind=kind)]), host).host_active_nic == "x"


def test_masters_are_told_apart_by_their_kind() -> None:
    for kind, role in (
        ("bond", "slaves"),
        ("team", "slaves"),
        ("bridge", "ports"),
        ("openvswitch", "ports"),
        ("hsr", "others"),
    ):
        facts = _facts(_entry("up", kind=kind), _entry("low", master="up"))
        assert getattr(facts.by_name["up"].lowers, role) == ("low",)
        assert set(facts.topology.above("low")) == {"up"}
    facts = _facts(_entry("red", "203.0.113.1/32", kind="vrf"), _entry("low", "192.0.2.10/24", master="red"))
    assert set(facts.topology.above("low")) == set()


def test_lower_devices_and_peers() -> None:
    facts = _facts(
        _entry("eth0"),
        _entry("eth0.5", kind="vlan", data={"id": 5}, link="eth0"),
        _entry("qinq", kind="vlan", data={"id": 7, "protocol": "802.1Q"}, link="eth0.5"),
        _entry("mv", kind="macvlan", data={"mode": "bridge"}, link="qinq"),
        _entry("vx", kind="vxlan", data={"id": 9, "link": "eth0", "local": "192.0.2.10"}),
        _entry("tunnel", kind="ipip", link="eth0", link_type="ipip", address="192.0.2.10"),
        _entry("v0", kind="veth", link="v1"),
        _entry("v1", kind="veth", link="v0"),
        _entry("n0", kind="netkit2", link="n1"),
        _entry("n1", kind="netkit2", link="n0"),
    )
    assert set(facts.topology.above("eth0")) == {"eth0.5", "qinq", "mv", "vx", "tunnel"}
    assert not facts.topology.cycles
    assert [facts.by_name[name].vlan_id for name in ("eth0", "eth0.5", "qinq", "v0")] == [0, 5, 7, 0]
    assert facts.by_name["tunnel"].mac is None
    assert facts.by_name["tunnel"].addresses == facts.by_name["vx"].addresses == ()


def test_a_lower_device_in_another_namespace_is_never_one_of_this() -> None:
    entries = [_entry("eth0", ifindex=2), _entry("c@if2", kind="macvlan", link_index=2, link_netnsid=0)]
    facts = _facts(*entries)
    assert set(facts.topology.above("eth0")) == set()
    assert "LOWER_DEVICE_ELSEWHERE" in _codes(*entries)
    assert "BASE_NOT_REPORTED" not in _codes(_entry("v5", kind="vlan", link_index=2, link_netnsid=0))
    assert _codes(_entry("v", kind="veth", link_index=2, link_netnsid=0)) == set()
    assert "BASE_NOT_REPORTED" in _codes(_entry("v5", kind="vlan", link="if7"))
    assert "MASTER_NOT_REPORTED" in _codes(_entry("eth0", master="bond0", linkinfo={"info_slave_kind": "bond"}))


def test_what_is_owned() -> None:
    address = {"family": "inet", "local": "192.0.2.10", "prefixlen": 24}
    entry = _entry("eth0")
    entry["addr_info"] = [
        {},
        {**address, "secondary": True},
        {**address, "local": "192.0.2.11", "label": "eth0:mgmt"},
        {**address, "local": "192.0.2.12", "address": "192.0.2.13", "prefixlen": 32},
        {"family": "inet6", "local": "2001:db8::1", "prefixlen": 64, "deprecated": True},
        {"family": "inet6", "local": "2001:db8::2", "prefixlen": 64, "tentative": True},
        {"family": "inet6", "local": "2001:db8::3", "prefixlen": 64, "tentative": True, "dadfailed": True},
        {"family": "inet6", "local": "::ffff:192.0.2.14", "prefixlen": 120},
        {"family": "inet", "local": "nonsense", "prefixlen": 24},
        {"family": "inet", "local": "192.0.2.15", "prefixlen": 99},
    ]
    (link,) = _facts(entry).links
    owned = {str(one): (one.prefix, one.primary) for one in link.addresses}
    assert owned == {
        "192.0.2.10": (24, False),
        "192.0.2.11": (24, True),
        "192.0.2.12": (None, False),
        "192.0.2.14": (24, False),
        "2001:db8::1": (64, True),
        "2001:db8::2": (64, False),
    }
    assert _codes(entry) == {"DUPLICATE_ADDRESS", "MALFORMED_ADDRESS", "REPORT_INCOMPLETE"}


def test_loopback_links_own_nothing() -> None:
    lo = _entry("lo", "127.0.0.1/8", "10.0.0.1/32", link_type="loopback", flags=["LOOPBACK", "UP"])
    assert _facts(lo).links[0].addresses == ()
    assert _codes(lo) == {"ADDRESS_NOT_COUNTED"}
    assert POLICY.decide(evaluator.read_report([lo]), HostAddresses.of("10.0.0.1")).status == "no_match"


@pytest.mark.parametrize(
    ("more", "up"),
    [
        ({"operstate": "UP"}, True),
        ({"operstate": "DOWN", "flags": ["NO-CARRIER", "UP"]}, False),
        ({"operstate": "LOWERLAYERDOWN", "flags": ["UP"]}, False),
        ({"operstate": "UNKNOWN", "flags": ["UP"]}, True),
        ({"operstate": "UNKNOWN", "flags": []}, False),
        ({}, None),
    ],
)
def test_whether_a_link_is_up(more: dict[str, Any], up: bool | None) -> None:
    entry = _entry("eth0", "192.0.2.10/24", **more)
    assert _facts(entry).links[0].up is up
    assert ("LINK_DOWN" in _codes(entry)) == (up is False)


def test_routes() -> None:
    facts = _facts(
        _entry("a", "192.0.2.10/24"),
        _entry("b", "198.51.100.20/24"),
        route=[
            {"dst": "default", "gateway": "192.0.2.1", "dev": "a", "metric": 200},
            {"dst": "default", "gateway": "198.51.100.1", "dev": "b", "metric": 100},
            {
                "dst": "203.0.113.0/24",
                "nexthops": [{"dev": "a", "gateway": "192.0.2.2"}, {"dev": "b", "flags": ["dead"]}],
            },
            {"dst": "203.0.113.9", "dev": "b"},
            {"type": "blackhole", "dst": "10.0.0.0/8"},
            {"type": "local", "dst": "192.0.2.10", "dev": "a", "table": "local"},
            {"dst": "10.1.0.0/16", "dev": "b", "table": "100"},
            {"dst": "nonsense", "dev": "a"},
        ],
        route6=[{"dst": "default", "dev": "b", "metric": 1024, "pref": "medium"}],
    )

    def route_to(text: str) -> list[str]:
        return [link.name for link in facts.route_to(parse_address(text))]

    assert route_to("8.8.8.8") == ["b"]
    assert route_to("203.0.113.1") == ["a"]
    assert route_to("203.0.113.9") == ["b"]
    assert route_to("10.1.2.3") == []
    assert route_to("2001:db8::1") == ["b"]
    assert [str(a) for a in facts.by_name["a"].gateways] == ["192.0.2.1"]
    assert [str(way) for way in facts.by_name["b"].routes] == ["0.0.0.0/0", "203.0.113.9/32", "::/0"]
    assert [str(way) for way in _facts(_entry("a", "192.0.2.10/24")).links[0].routes] == ["192.0.2.0/24"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"eth0", "eth0"),
        (b"a.b-c@d:e", "a.b-c@d:e"),
        ("b\u00fccher".encode(), "b\u00fccher"),
        (b"x\xffy", "x\\xffy"),
        (b"x\\\\xffy", "x\\\\xffy"),  # ip writes a backslash of the name as two
        (b"x\x01y", "x\x01y"),
        (b"\xc3(", "\\xc3("),
    ],
)
def test_names_of_any_octets(name: bytes, shown: str) -> None:
    text = b'[{"ifname":"lower","promiscuity":0,"link_type":"ether","addr_info":[]},{"ifname":"' + name
    text += (
        b'","link":"lower","promiscuity":0,"link_type":"ether","linkinfo":{"info_kind":"vlan","info_data":{"id":5}},'
    )
    text += b'"addr_info":[{"family":"inet","local":"192.0.2.10","prefixlen":24}]}]'
    for read in (evaluator.read_report, read_report_text):
        decision = POLICY.decide(read(text), HostAddresses.of("192.0.2.10"))
        assert decision.host_active_nic == shown
        assert decision.to_json().isascii()
        json.dumps(decision.explain().to_dict())


@pytest.mark.parametrize(
    "text",
    [
        b'[{"ifname":"x\xff","addr_info":[],"addr_info":[]}]',
        b'[{"ifname":"x\xff","mtu":NaN,"addr_info":[]}]',
        b'[{"ifname":"x\xff\\udcfe","addr_info":[]}]',
        b'{"nics": {"x\xff": {}}}',
        b'[{"ifname":"x\xff",' + b"[" * 5000,
    ],
)
def test_what_is_no_json_of_the_kernels_tools_either(text: bytes) -> None:
    for read in (evaluator.read_report, read_report_text):
        with pytest.raises(ReportError) as error:
            read(text)
        assert [diagnostic.code for diagnostic in error.value.diagnostics] == ["REPORT_NOT_JSON"]


def test_every_mistake_is_shown_with_its_place() -> None:
    with pytest.raises(ReportError) as error:
        evaluator.read_report([{"ifname": "a", "addr_info": {}}, {"ifname": "b"}, {"mtu": 1, "addr_info": []}, 5])
    assert [d.place for d in error.value.diagnostics] == ["/0/addr_info", "/2", "/3"]
    with pytest.raises(ReportError) as error:
        evaluator.read_report({"addr": [_entry("a"), {}, _entry("a")], "route": []})
    assert [(d.code, d.place) for d in error.value.diagnostics] == [("REPORT_NAME_TWICE", "/addr/2")]
    with pytest.raises(ReportError) as error:
        evaluator.read_report({"addr": [], "route": [{"metric": -1}], "route6": {}})
    assert [d.place for d in error.value.diagnostics] == ["/route/0/metric", "/route6"]


def test_what_the_report_cannot_tell_is_said_of_the_policy() -> None:
    def lacking(policy: str, document: Any, **parameters: str) -> set[str]:
        decision = evaluator.load_policy(policy).decide(
            evaluator.read_report(document), HostAddresses.of("192.0.2.10"), **parameters
        )
        said = [f.message for f in decision.findings if f.code == "REPORT_LACKS_FACT"]
        return {word for message in said for word in message.split("`")[1::2]} - {"iproute2"}

    addr = [_entry("a", "192.0.2.10/24")]
    both: dict[str, Any] = {"addr": addr, "route": [], "route6": []}
    assert lacking("strict", addr) == {"nic.networks", "report.networks"}
    assert lacking("route-to-engine", both, engine_address="192.0.2.1") == {"nic.networks"}
    assert lacking("route-to-engine", addr, engine_address="192.0.2.1") == {"nic.networks", "nic.routes", "route_to"}
    assert "nic is bridge" in lacking("strict", [{"ifname": "a", "addr_info": []}])


def test_filtered_interfaces_are_passed_over() -> None:
    assert [link.name for link in _facts({}, _entry("a"), {}).links] == ["a"]


_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 2**40), st.sampled_from(["", "eth0", "vlan", "inet", "1.2.3.4"])
)
_KEYS = [
    *("ifname", "addr_info", "link", "master", "flags", "linkinfo", "info_kind", "info_data", "id", "mode", "local"),
    *("prefixlen", "address", "mtu", "dst", "dev", "nexthops", "via", "gateway", "metric", "type", "link_type"),
]
_TREES = st.recursive(
    _VALUES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4)),
)


@given(addr=st.lists(_TREES, max_size=3), route=_TREES)
def test_whatever_is_valid_is_read_and_decided(addr: list[Any], route: Any) -> None:
    document = {"addr": addr, "route": route}
    assert is_valid(document, "iproute2-report") == (violations(document, "iproute2-report") == ())
    try:
        report = evaluator.read_report(document)
    except ReportError:
        return
    POLICY.decide(report, HostAddresses.of("1.2.3.4")).explain()


def _decide(
    document: Any, *addresses: str, policy: str = "route-to-engine", **parameters: str
) -> tuple[str, str | None]:
    decision = evaluator.load_policy(policy).decide(
        evaluator.read_report(document), HostAddresses.of(*addresses), **parameters
    )
    return str(decision.status), decision.host_active_nic


def test_a_vxlan_out_of_another_namespace_stands_on_nothing_here() -> None:
    away = {"link_index": 2, "link_netnsid": 0}
    entries = [
        _entry("eth0", "192.0.2.10/24", ifindex=2),
        _entry("vx", "192.0.2.10/24", kind="vxlan", data={"id": 9, "link": "eth0"}, **away),
    ]
    assert _decide(entries, "192.0.2.10", policy="strict") == ("ambiguous", None)
    assert "LOWER_DEVICE_ELSEWHERE" in _codes(*entries)


def test_a_better_route_by_an_unknown_device_leads_nowhere() -> None:
    routes: list[dict[str, Any]] = [{"dst": "default", "dev": "eth0"}, {"dst": "10.9.0.0/16", "dev": "wg0"}]
    document = {"addr": [_entry("eth0", "192.0.2.10/24")], "route": [*routes, {"dst": "10.8.0.0/16", "nhid": 5}]}
    for engine in ("10.9.1.1", "10.8.1.1"):
        assert _decide(document, "192.0.2.10", engine_address=engine) == ("no_match", None)
    assert _decide(document, "192.0.2.10", engine_address="10.7.1.1") == ("resolved", "eth0")
    messages = [f.message for f in evaluator.read_report(document).findings if f.code == "ROUTE_DEVICE_NOT_REPORTED"]
    assert len(messages) == 2


def test_the_subnet_of_a_peer_is_the_peers() -> None:
    entry = _entry("ppp0")
    entry["addr_info"] = [{"family": "inet", "local": "203.0.113.30", "address": "10.1.1.1", "prefixlen": 24}]
    assert _decide([entry], "203.0.113.30", engine_address="10.1.1.5") == ("resolved", "ppp0")
    assert _decide([entry], "203.0.113.30", engine_address="203.0.113.99") == ("no_match", None)


def test_a_family_without_a_table_goes_by_its_subnets() -> None:
    addr = [_entry("eth0", "192.0.2.10/24", "2001:db8::10/64")]
    table = [{"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"}]
    assert _decide({"addr": addr, "route": table}, "2001:db8::10", engine_address="2001:db8::99")[0] == "resolved"
    assert _decide({"addr": addr, "route6": []}, "2001:db8::10", engine_address="2001:db8::99")[0] == "no_match"
    text = json.dumps(addr).encode()
    six = b'[{"dst": "default", "dev": "eth0", "pref": "medium"}]'
    for tables in ((json.dumps(table).encode(), six), (six, json.dumps(table).encode()), (b" ", six), (six, b"")):
        assert read_report_text(text, routes=tables).facts.route_to(parse_address("2001:db8:5::1"))
    with pytest.raises(ReportError):
        read_report_text(text, routes=(six, six))


def test_subnets_that_the_kernel_makes_no_route_for() -> None:
    down = _entry("eth0", "192.0.2.10/24", operstate="DOWN", flags=[])
    bare = _entry("eth1", "198.51.100.20/24", flags=["UP"])
    bare["addr_info"][0]["noprefixroute"] = True
    facts = _facts(down, bare)
    assert all(not facts.route_to(parse_address(text)) for text in ("192.0.2.1", "198.51.100.1"))


def test_the_slaves_of_a_ring_and_masters_that_do_not_say_what_they_are() -> None:
    facts = _facts(_entry("a"), _entry("b"), _entry("hsr0", kind="hsr", data={"slave1": "a", "slave2": "b"}))
    assert facts.by_name["hsr0"].lowers.names == ("a", "b")
    member = {"master": "red", "linkinfo": {"info_slave_kind": "vrf"}}
    facts = _facts(_entry("red"), _entry("low", **member))
    assert set(facts.topology.above("low")) == set()
    circle = [_entry("a", kind="vlan", data={"id": 1}, link="b"), _entry("b", kind="vlan", data={"id": 2}, link="a")]
    assert "LINK_CYCLE" in _codes(*circle)


def test_whole_numbers_written_as_fractions_change_nothing() -> None:
    entry = _entry("v", "192.0.2.10/24", kind="vlan", data={"id": 5}, mtu=1500)
    other = deepcopy(entry)
    other["mtu"], other["linkinfo"]["info_data"]["id"], other["addr_info"][0]["prefixlen"] = 1500.0, 5.0, 24.0
    assert _facts(entry) == _facts(other)
    host = HostAddresses.of("192.0.2.10")
    assert len({POLICY.decide(evaluator.read_report([one]), host).to_json() for one in (entry, other)}) == 1


def test_empty_outputs() -> None:
    assert evaluator.read_report([{}, {}]).facts.links == ()
    assert read_report_text(b'[{"ifname": "a", "addr_info": []}]', routes=(b"",)).format == "iproute2"
    assert evaluator.read_report('[{"ifname":"a\udcff","addr_info":[]}]').facts.links[0].name == "a\\xff"


def test_only_a_brief_listing_lacks_what_belongs_to_an_address() -> None:
    lo = {"ifname": "lo", "flags": ["LOOPBACK"], "link_type": "loopback", "promiscuity": 0, "addr_info": []}
    full = {"ifname": "e", "flags": ["UP"], "link_type": "ether", "promiscuity": 0}
    address = {"local": "192.0.2.10", "prefixlen": 24}
    usual = evaluator.read_report([lo, {**full, "addr_info": [{"family": "inet", **address}]}]).facts.unsupported_words
    brief = evaluator.read_report([lo, {**full, "addr_info": [address]}]).facts.unsupported_words
    assert usual < brief
