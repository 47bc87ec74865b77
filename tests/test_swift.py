"""The front path against the ordinary reader: what it takes the other takes, and both find the same facts."""

from __future__ import annotations

import copy
import dataclasses
import ipaddress
import json
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator import HostAddresses, ReportError
from evaluator.facts.address import parse_address, read_entry
from evaluator.facts.spelt import Spelt
from evaluator.policy.find import shipped_names
from evaluator.report.owned import read_owned
from evaluator.report.vdsm import read
from evaluator.report.vdsm_swift import SwiftReport, read_swiftly
from evaluator.schema import is_valid
from evaluator.schema_types import LONGEST_LIST, Types
from tests.random_policies import OWNERS, program_of
from tests.strategies import ADDRESSES, host_addresses, json_trees, reports, spoilt

CAPTURES = sorted((Path(__file__).parent / "captures" / "vdsm").glob("*/*.json"))
NIC = {"addr": "192.0.2.1", "ipv4addrs": ["192.0.2.1/24"]}
PLAIN: dict[str, Any] = {"nics": {"a": NIC}, "vlans": {}, "bondings": {}, "bridges": {}, "networks": {}}


def _swift(document: object) -> SwiftReport:
    report = evaluator.read_report(json.dumps(document))
    assert isinstance(report, SwiftReport)
    return report


@given(report=reports(), addresses=host_addresses)
def test_the_table_tells_what_the_facts_tell(report: dict[str, Any], addresses: list[str]) -> None:
    text = json.dumps(report, ensure_ascii=True)
    if "\\" in text:
        return
    swift, facts, host = _swift(report), read(report).facts, HostAddresses.of(*addresses)
    table = swift.table
    assert table.owned(host) == facts.owned(host)
    assert (table.size, table.networks, table.last_client_iface) == (facts.size, facts.networks, None)
    assert facts.longest_list <= table.close_list_bound() <= table.list_bound
    assert facts.topology.largest_stack <= table.stack_bound()
    for link in facts.links:
        for fact in ("kind", "networks", "vlan_id", "lowers", "addresses", "address_set", "position", "missing", "up"):
            assert getattr(table.link(link.name), fact) == getattr(link, fact)
        assert table.named(link.name)[0].name == link.name
        assert all(table.is_above(link.name, low.name) is facts.is_above(link.name, low.name) for low in facts.links)
    for address in ADDRESSES:
        assert _names(table.owning(parse_address(address))) == _names(facts.owning(parse_address(address)))
    assert (table.named("gone"), table.owning(None), facts.owning(None), facts.named(None)) == ((), (), (), ())
    assert (swift.facts, swift.findings, swift.document) == (facts, read(report).findings, report)


@given(report=reports(), more=st.sampled_from([0, 20]), data=st.data())
def test_networks_are_on_whom_they_are_on_however_many(report: dict[str, Any], more: int, data: st.DataObject) -> None:
    names = [name for kind in ("nics", "vlans", "bondings", "bridges") for name in report[kind]]
    for number in range(more):
        report["networks"][f"n{number}"] = {"iface": data.draw(st.sampled_from([*names, "gone"])), "ports": names[:1]}
    if not json.dumps(report).count("\\"):
        table = _swift(report).table
        for link in read(report).facts.links:
            assert table.link(link.name).networks == link.networks


def _names(links: Any) -> list[str]:
    return [link.name for link in links]


_KEYS = ["nics", "a", "addr", "ipv4addrs", "speed", "mtu", "vlanid", "slaves", "networks", "ports", "stp", "cfg", "x"]
_VALUES = json_trees(
    st.sampled_from(["", "a", "on", "192.0.2.1", None, True, 0, 5, -1, 4095, 4096, 1.0, 0.5, 2**64, 1e300]), _KEYS
)


@given(st.data())
def test_what_is_taken_is_valid_and_found_alike(data: st.DataObject) -> None:
    document = spoilt(data.draw, reports(), _KEYS, _VALUES)
    text = json.dumps(document).encode()
    swift = read_swiftly(text)
    if swift is not None:
        assert is_valid(orjson.loads(text), "capability-report")
        assert swift == read(orjson.loads(text))


@given(st.data())
def test_what_is_taken_is_json_to_orjson(data: st.DataObject) -> None:
    text = bytearray(json.dumps(data.draw(reports())).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        sign = data.draw(st.sampled_from(list(b'{}[]",:01.eE+-ntf \n\x00')))
        text[at : at + data.draw(st.integers(0, 1))] = bytes([sign])
    if read_swiftly(bytes(text)) is not None:
        orjson.loads(bytes(text))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("a key that stands twice hides a number that is none", '{"nics": 1e999, "nics": {}, "bridges": {}}'),
        ("the same in an envelope", '{"result": {"nics": 1e400, "nics": {}, "bridges": {}}}'),
        ("the same by the shortest key", '{"nics":{},"bridges":{},"":1e309,"":1}'),
        ("a key that stands twice", '{"nics": {}, "bridges": {}, "x y": 1, "x y": 1}'),
        (
            "a number beside an envelope that has such a key, too",
            '{"result": {"nics": {}, "bridges": {}, "x": 1}, "x": 1e999}',
        ),
        ("the same of a map", '{"result": {"nics": {}, "bridges": {}, "networks": {}}, "networks": 1e999}'),
        (
            "an envelope of another kind than it says",
            '{"jsonrpc": 5, "info": {"nics": {}, "bridges": {}, "jsonrpc": ""}}',
        ),
        (
            "Ansible's facts beside a key of that name",
            '{"info": {"nics": {}, "bridges": {}, "ansible_facts": 1}, "ansible_facts": {}}',
        ),
        ("nesting that no reader follows", '{"nics": {}, "bridges": {}, "x": %s}' % ("[" * 10**5 + "]" * 10**5)),
        ("a number in what nobody reads", '{"nics": {}, "bridges": {}, "x": 1e999}'),
        ("an integer that no double holds", '{"nics": {"a": {"speed": 1%s}}, "bridges": {}}' % ("0" * 400)),
        ("nesting in what nobody reads", '{"nics": {}, "bridges": {}, "x": %s}' % ("[" * 70 + "]" * 70)),
        ("an interface in two maps", '{"nics": {"a": {}}, "bridges": {"a": {}}}'),
        ("no bridges, as VDSM 4.9", '{"nics": {}}'),
        ("a key that no interface has", '{"nics": {"a": {"x": 1}}, "bridges": {}}'),
        ("an escape", '{"nics": {"a\\\\": {}}, "bridges": {}}'),
        ("not ASCII", '{"nics": {"é": {}}, "bridges": {}}'),
        ("the facts of Ansible", '{"nics": {}, "bridges": {}, "ansible_facts": {}}'),
        ("an envelope of another kind", '{"jsonrpc": 2, "result": {"nics": {}, "bridges": {}}}'),
        ("the same", '{"status": 0, "info": {"nics": {}, "bridges": {}}}'),
        ("a list that is long", json.dumps({**PLAIN, "nics": {"a": {"ipv4addrs": ["x"] * (LONGEST_LIST + 1)}}})),
        ("a reply without a body", '{"result": null, "error": {"code": 1}}'),
    ],
)
def test_what_is_left_to_the_ordinary_reader(change: str, text: str) -> None:
    assert read_swiftly(text.encode()) is None, change


@pytest.mark.parametrize(
    "document",
    [
        PLAIN,
        {"jsonrpc": "2.0", "id": 1, "result": PLAIN},
        {"status": {"code": 0}, "info": PLAIN},
        {**PLAIN, "cpuModel": "x", "hooks": {"a": [1, 2]}},
        {**PLAIN, "a key": " a  b ", "": {"x y": [[], {}]}},
        {"result": {**PLAIN, "x": 1}, "x": 2, "networks": 3},
        {**PLAIN, "nics": {"a": {**NIC, "addr": "nowhere"}}},
    ],
)
def test_what_is_taken(document: dict[str, Any]) -> None:
    for text in (json.dumps(document), json.dumps(document, indent=4), json.dumps(document, separators=(",", ":"))):
        report = evaluator.read_report(text)
        assert isinstance(report, SwiftReport)
        assert report == evaluator.read_report(document)
        assert report.text == text.encode()
    assert not isinstance(
        evaluator.read_report(json.dumps(document), format="auto").with_facts(report.facts), SwiftReport
    )


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.parent.name)
def test_captured_replies_are_taken(path: Path) -> None:
    if path.name != "vdsm.json":
        return
    assert isinstance(evaluator.read_report(path.read_bytes()), SwiftReport)


@pytest.mark.parametrize(
    "copied",
    [
        copy.copy,
        copy.deepcopy,
        dataclasses.replace,
        lambda value: pickle.loads(pickle.dumps(value)),
    ],
)
def test_copies_decide_alike(copied: Callable[[Any], Any]) -> None:
    policy, report, host = evaluator.load_policy("ovirt-engine"), _swift(PLAIN), HostAddresses.of("192.0.2.1")
    expected = policy.decide(_swift(PLAIN), host)
    for asked in (report, copied(report), copied(copied(report))):
        assert asked == _swift(PLAIN)
        assert (asked.text, asked.document) == (report.text, report.document)
        assert policy.decide(asked, copied(host)).to_json() == expected.to_json()
        assert policy.decide(asked, copied(copied(host))).status == expected.status


def test_what_is_half_built_lacks_what_it_has_not() -> None:
    expected = evaluator.load_policy("strict").decide(_swift(PLAIN), HostAddresses.of("192.0.2.1"))
    made = (expected, expected._details(), _swift(PLAIN), _swift(PLAIN).table, _swift(PLAIN).table.link("a"))
    for kind in {*map(type, made), HostAddresses}:
        half: Any = kind.__new__(kind)
        for field in (
            *(field.name for field in dataclasses.fields(kind)),
            "_made",
            "_parts",
            "_table",
            "__deepcopy__",
            "gone",
        ):
            assert not hasattr(half, field)
    assert not hasattr(expected._details(), "gone")


def test_many_threads_ask_one_report_at_once() -> None:
    vlans = {f"v{i}": {"iface": f"v{i - 1}", "ipv4addrs": ["192.0.2.1/24"]} for i in range(50)}
    document = {**PLAIN, "vlans": vlans}
    host, policy = HostAddresses.of("192.0.2.1"), evaluator.load_policy("ovirt-engine")
    expected = policy.decide(evaluator.read_report(document), host).to_json()
    for _ in range(10):
        report, policy = _swift(document), evaluator.Policy(policy.program)
        decision = policy.decide(report, host)
        with ThreadPoolExecutor(8) as pool:
            said = [
                *pool.map(lambda _: decision.to_json(), range(8)),  # noqa: B023 -- called at once
                *pool.map(lambda _: policy.decide(report, host).to_json(), range(8)),  # noqa: B023 -- called at once
            ]
        assert set(said) == {expected}


def test_a_decision_alone_never_reads_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(text: bytes) -> None:
        raise AssertionError("the whole reply was read")

    monkeypatch.setattr("evaluator.report.vdsm_table.parse_json", never)
    bond = {"bond0": {"ipv4addrs": ["192.0.2.1/24"], "slaves": ["a"]}}
    networks = {"ovirtmgmt": {"iface": "bond0"}}
    report = _swift({**PLAIN, "bondings": bond, "networks": networks})
    expected = {
        "strict": ("resolved", ()),
        "keep-management": ("resolved", ()),
        "last-client-iface": ("no_match", ()),
        "ovirt-engine": ("rejected", ("NETWORKS_ALREADY_ATTACHED_TO_IFACES",)),
    }
    for name, outcome in expected.items():
        decision = evaluator.load_policy(name).decide(report, HostAddresses.of("192.0.2.1"))
        assert (decision.status, decision.refusals) == outcome
        assert len(decision.trace) == len(evaluator.load_policy(name).program.rules)
    with pytest.raises(AssertionError, match="the whole reply"):
        _ = decision.findings


def test_who_stands_above_whom_in_a_long_stack() -> None:
    """A chain that ends in a cycle, asked of each pair: walked down for each it would take minutes."""
    base = {i: i - 1 if i else 3 for i in range(120)}
    vlans = {f"v{i}": {"iface": f"v{below}"} for i, below in base.items()}
    table, facts = _swift({**PLAIN, "vlans": vlans}).table, read({**PLAIN, "vlans": vlans}).facts
    pairs = [(upper, lower) for upper in vlans for lower in vlans]
    assert [table.is_above(*pair) for pair in pairs] == [facts.is_above(*pair) for pair in pairs]


def test_what_stands_in_many_stacks_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The candidates share their stacks; each interface's addresses are read for the first that asks."""
    read_of: list[str] = []

    def counted(name: str, entries: Any) -> Any:
        read_of.append(name)
        return read_owned(name, entries)

    monkeypatch.setattr("evaluator.report.vdsm_table.read_owned", counted)
    vlans = {f"v{i}": {"iface": f"v{i - 1}", "ipv4addrs": [f"10.0.0.{i}/24"]} for i in range(40)}
    condition = 'some x in nic.stack satisfies some a in x.addresses satisfies a = address("10.0.1.1")'
    policy = evaluator.Policy(program_of([OWNERS, ("discard nic", condition)]))
    decision = policy.decide(_swift({**PLAIN, "vlans": vlans}), HostAddresses.of(*(f"10.0.0.{i}" for i in range(40))))
    assert len(decision.candidates) == 40
    assert len(read_of) <= len(vlans)


@pytest.mark.parametrize("interfaces", [300, 4096])
def test_nor_does_one_on_a_large_host(monkeypatch: pytest.MonkeyPatch, interfaces: int) -> None:
    """What may be spent is counted by bounds that need no subnets and no closure."""
    document: dict[str, Any] = {**PLAIN, "nics": {}, "bondings": {}, "vlans": {}}
    for i in range(0, interfaces, 4):
        document["nics"] |= {f"n{i}": {}, f"m{i}": {}}
        document["bondings"][f"b{i}"] = {"slaves": [f"n{i}", f"m{i}"]}
        address = f"10.{i >> 8}.{i & 255}.1"
        document["vlans"][f"b{i}.7"] = {
            "addr": address,
            "ipv4addrs": [f"{address}/24"],
            "ipv6addrs": ["2001:db8::1/64"],
        }
    report = _swift(document)
    assert {"strict", "keep-management", "last-client-iface", "ovirt-engine"} < set(shipped_names())
    for name in shipped_names():
        if name != "route-to-engine":
            with monkeypatch.context() as patch:
                patch.setattr("evaluator.report.vdsm_table.parse_json", lambda text: pytest.fail("read in full"))
                decision = evaluator.load_policy(name).decide(report, HostAddresses.of("10.0.4.1"))
                assert decision.host_active_nic == (None if name == "last-client-iface" else "b4.7")
                assert decision.trace


_PARTS = st.sampled_from(
    [
        *"0123456789abcfAF",
        ":",
        "::",
        ".",
        "ffff",
        "FFFF:",
        "fe80",
        "2001:db8",
        "1.2.3.4",
        "0",
        "00",
        "%x",
        "/",
        "/64",
        "/24",
    ]
)
_TEXTS = st.one_of(
    st.lists(_PARTS, max_size=12).map("".join),
    st.ip_addresses().map(str),
    st.ip_addresses(v=6).map(lambda address: address.exploded.upper()),
    st.ip_addresses(v=4).map(lambda address: f"::ffff:{address}/120"),
    st.sampled_from(["10.0.0.1/024", "010.0.0.1", "10.0.0.1%a/24", "::ffff:a00:1", "::10.0.0.1", "10.0.0.1/255.0.0.0"]),
)


@given(text=_TEXTS, others=st.lists(st.sampled_from(["10.0.0.1", "::1:2", "2001:db8::1", "1.2.3.4"]), unique=True))
def test_a_text_means_what_it_means_as_a_number(text: str, others: list[str]) -> None:
    try:
        meant = read_entry(text)[0]
    except ValueError:
        meant = None
    wanted = [*map(parse_address, others), *([] if meant is None else [meant])]
    spelt = Spelt(wanted)
    assert spelt.meant_by(text) == (None if meant is None else {meant})
    assert meant is None or text.startswith(spelt.begins) or ":" in text
    may_hold = "." in text or text.startswith(spelt.begins) or any(tail in text.lower() for tail in spelt.tails)
    assert meant is None or ":" not in text or may_hold
    assert Spelt(address for address in wanted if address != meant).meant_by(text) is None


@pytest.mark.parametrize("asked", [1, 8, 9, 500])
def test_each_text_is_looked_at_a_few_times_however_many_addresses_are_asked_for(asked: int) -> None:
    host = HostAddresses.of(*[f"2001:db8::{number:x}" for number in range(1, asked + 1)])
    assert len(host.spelt.tails) <= 8
    nics = {f"e{number}": {"addr": "", "ipv6addrs": [f"2001:DB8:0::{number:04X}/64"]} for number in (1, asked, 501)}
    report = {**PLAIN, "nics": nics}
    found = _swift(report).table.owned(host)
    assert found == read(report).facts.owned(host)
    assert set(found) == {"e1", f"e{asked}"}


def test_odd_and_long_texts_mean_nothing_else() -> None:
    spelt = Spelt([parse_address("2001:db8::1"), parse_address("10.0.0.1")])
    for text in ("2001:db8::1" + "0" * 1000, "2001:db8::1%" + "x" * 1000, ":" * 1000):
        spelt.meant_by(text)
    assert spelt.meant_by("2001:db8::1%" + "x" * 1000 + "/64") == {parse_address("2001:db8::1")}
    assert spelt.meant_by("0000:0000:0000:0000:0000:ffff:010.000.000.001") is None
    assert spelt.meant_by("0000:0000:0000:0000:0000:FFFF:0a00:0001") == {parse_address("10.0.0.1")}


@given(_TEXTS)
def test_the_c_library_reads_no_more_than_the_standard_library(text: str) -> None:
    try:
        library: Any = ipaddress.ip_address(text)
    except ValueError:
        with pytest.raises(ValueError, match=r".*"):
            parse_address(text)
        return
    if "%" not in text:
        mapped = getattr(library, "ipv4_mapped", None) or library
        assert str(parse_address(text)) == str(mapped)


def test_an_unknown_keyword_of_a_schema_is_no_type_that_takes_everything() -> None:
    for schema in ({"type": "string", "pattern": "x"}, {"type": "object"}, {"const": 1}, {}):
        with pytest.raises(ValueError, match="no type for the schema"):
            Types({}).of(schema)


def test_reports_are_values_all_the_same() -> None:
    report = evaluator.read_report(json.dumps(PLAIN))
    for made in (
        copy.copy(report),
        copy.deepcopy(report),
        pickle.loads(pickle.dumps(report)),
        replace(report, text=b""),
    ):
        assert made == report
        assert hash(made) == hash(report)
        assert made.table == report.facts
    assert report == evaluator.read_report(PLAIN)
    assert report != evaluator.read_report({"nics": {}})
    assert not hasattr(report, "nothing")


def test_malformed_replies_are_refused_when_they_are_read() -> None:
    for text in ("{", '{"nics": {"a": {"speed": "x"}}, "bridges": {}}', '{"nics": {}, "bridges": {}, "x": 1e999}'):
        with pytest.raises(ReportError):
            evaluator.read_report(text)
