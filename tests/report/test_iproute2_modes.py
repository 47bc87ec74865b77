"""What `ip -j` prints in its modes: texts that are refused, what the hints say, and laws over made-up outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator import HostAddresses, ReportError
from evaluator.base.schema import is_valid
from evaluator.cli.main import main
from evaluator.report.read import read_report_text
from tests.audit.test_mask import assert_masked
from tests.audit.test_record import record_of
from tests.support.strategies import json_trees, spoilt
from tests.support.untyped import untyped

MODES = Path(__file__).parents[1] / "cases" / "reports" / "iproute2"
STRICT = evaluator.load_policy("strict")
ROUTE = evaluator.load_policy("route-to-engine")
HOST = HostAddresses.of("192.0.2.10", "2001:db8::10")


def _addr(*local: str) -> list[dict[str, Any]]:
    return [{"local": text, "prefixlen": 64 if ":" in text else 24} for text in local]


ADDR = [{"ifname": "e0", "link_type": "ether", "promiscuity": 0, "addr_info": _addr("192.0.2.10", "2001:db8::10")}]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (b"", "the report is empty", "`ip -j -d addr show`"),
        (b" \n", "the report is empty", "`ip -j -d addr show`"),
        (b'[{"ifname": "eth0", "mtu": 1500}]', "no addresses", "`ip link` prints no addresses"),
        (b'{"addr": [{"ifname": "eth0"}], "route": []}', "no addresses", "`ip link` prints no addresses"),
        (b'[{"addr_info": [{"local": "192.0.2.1"}]}]', "missing name", "with `label`, `ip` prints no names"),
        (b'[{"dst": "default", "dev": "eth0"}]', "lists routes", "with `--route FILE`"),
        (b'[{"ifname":"a","addr_info":[]}]\n[]', "not JSON", "give one document"),
        (b"1: lo: <LOOPBACK,UP> mtu 65536 qdisc noqueue", "not JSON", "use `ip -j -d addr show`"),
        (b"2: eth0    inet 192.0.2.1/24 brd 192.0.2.255 scope global eth0", "not JSON", "use `ip -j -d addr show`"),
        (b"lo               UNKNOWN        127.0.0.1/8 ::1/128", "not JSON", "use `ip -j -d addr show`"),
        (b"eth0: flags=4163<UP,BROADCAST,RUNNING>  mtu 1500", "not JSON", "use `ip -j -d addr show`"),
    ],
)
def test_a_refusal_names_the_command_to_use(text: bytes, message: str, hint: str) -> None:
    for read in (evaluator.read_report, read_report_text):
        with pytest.raises(ReportError) as error:
            read(text)
        (diagnostic,) = error.value.diagnostics
        assert message in diagnostic.message
        assert hint in diagnostic.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ((MODES / "route-4.20.json").read_bytes(), "this iproute2 prints the type of a route as invalid JSON"),
        (b"default via 192.168.2.1 dev enp0s25 proto dhcp metric 100 \n", "this iproute2 prints routes as text"),
        (b"192.168.2.0/24 dev enp0s25 proto kernel scope link\n", "this iproute2 prints routes as text"),
        (b"unreachable 203.0.113.0/24 \n", "this iproute2 prints routes as text"),
        (b"2001:db8::/64 dev e0 proto kernel metric 256 pref medium", "this iproute2 prints routes as text"),
        (json.dumps(ADDR).encode(), "found interfaces, expected routes"),
        (b'[{"dst": "default", "metric": -1}]', "/0/metric: error: found the number -1"),
        (b'[{"dst": "default", "dst": "default"}]', "/0/dst: error: the key `dst` occurs twice"),
        (b"{}", "found an object, expected array"),
        (b"[" * 65 + b"]" * 65, "the route file is nested deeper"),
    ],
)
def test_a_mistake_of_a_route_file_is_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes, said: str
) -> None:
    report, good, bad = (tmp_path / name for name in ("addr.json", "route.json", "bad.json"))
    report.write_text(json.dumps(ADDR))
    good.write_text('[{"dst": "default", "dev": "e0", "pref": "medium"}]')
    bad.write_bytes(text)
    arguments = ["decide", str(report), "--address", "192.0.2.10", "--route", str(good), "--route", str(bad)]
    assert main(arguments) == 7
    shown = capsys.readouterr().err
    assert shown.startswith(f"activenic: the route file `{bad}` is refused\n")
    assert said in shown
    assert "addr.json" not in shown


def test_which_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, route = tmp_path / "addr.json", tmp_path / "route.json"
    report.write_text('[{"ifname": 5, "addr_info": []}]')
    route.write_text('[{"dst": "192.0.2.0/24", "dev": "e0"}]')
    arguments = ["decide", str(report), "--address", "192.0.2.10", "--route"]
    assert main([*arguments, str(route)]) == 7
    shown = capsys.readouterr().err
    assert shown.startswith(f"activenic: the report `{report}` is refused\n/0/ifname: error")
    assert main([*arguments, str(route), "--route", str(route)]) == 7
    assert "activenic: the route files `" in capsys.readouterr().err
    assert main([*arguments, "no such file"]) == 7
    assert "the route file `no such file` cannot be read" in capsys.readouterr().err


def test_routes_of_table_all_as_a_file() -> None:
    text, mixed = json.dumps(ADDR).encode(), (MODES / "route-table-all.json").read_bytes()
    ipv4 = b'[{"dst": "198.51.100.0/24", "dev": "e0"}]'
    for routes in ((mixed,), (mixed, b"[]"), (b"", mixed), (mixed, ipv4), (ipv4, mixed)):
        report = read_report_text(text, routes=routes)
        for engine in ("8.8.8.8", "2001:db8:7::1"):
            assert ROUTE.decide(report, HOST, engine_address=engine).host_active_nic == "e0"
        assert not {"nic.routes", "nic.gateways", "route_to"} & report.facts.unsupported_words
        assert [str(gateway) for gateway in report.facts.by_name["e0"].gateways] == ["192.0.2.1", "fe80::1"]


def _hint(document: Any, *addresses: str) -> str:
    decision = STRICT.decide(evaluator.read_report(document), HostAddresses.of(*addresses))
    (finding,) = (one for one in decision.findings if one.code == "NO_INTERFACE_OWNS_ADDRESS")
    return finding.hint


def test_nat_is_suspected_only_if_the_report_seems_whole() -> None:
    lo = {"ifname": "lo", "link_type": "loopback", "flags": ["LOOPBACK"], "addr_info": _addr("127.0.0.1", "::1")}
    whole = [lo, *ADDR]
    assert "NAT" in _hint(whole, "198.51.100.1")
    assert "loopback" not in _hint(whole, "198.51.100.1")
    assert "it has no loopback link" in _hint(ADDR, "198.51.100.1")
    for partial in (
        [*whole, {}],
        [*whole, {"addr_info": []}],
        [*whole, {"ifname": "x", "link_type": "ether"}],
        [*whole, {"ifname": "x", "link_type": "ether", "master": "gone", "addr_info": []}],
        [*whole, {"ifname": "x", "linkinfo": {"info_kind": "vlan"}, "link": "gone", "addr_info": []}],
        [],
    ):
        assert "NAT" not in _hint(partial, "198.51.100.1")
        assert "the report is incomplete" in _hint(partial, "198.51.100.1")


def test_the_first_ipv6_address_is_primary_without_a_family_too() -> None:
    (link,) = evaluator.read_report(
        [{"ifname": "e0", "addr_info": _addr("192.0.2.10", "2001:db8::1", "2001:db8::2")}]
    ).facts.links
    assert [str(owned) for owned in link.addresses if owned.primary] == ["192.0.2.10", "2001:db8::1"]


def test_a_subnet_without_a_route_is_that_of_its_own_entry() -> None:
    entry = {**ADDR[0], "addr_info": [{"local": "192.0.2.10", "prefixlen": length} for length in (24, 25)]}
    entry["addr_info"][0]["noprefixroute"] = True
    (link,) = evaluator.read_report([entry]).facts.links
    assert [str(way.destination) for way in link.main_routes] == ["192.0.2.0/25"]


_NUMERIC = [
    {"ifname": "lo7", "link_type": "[772]", "addr_info": _addr("192.0.2.10")},
    {"ifname": "eth0", "link_type": "[1]", "promiscuity": 0, "addr_info": _addr("192.0.2.11")},
]
_ROUTED = {
    "addr": ADDR,
    "route": [
        {"type": "7", "dst": "203.0.113.0/24", "table": "254"},
        {"dst": "default", "via": {"family": "inet6", "host": "fe80::1"}, "dev": "e0"},
        *json.loads((MODES / "route-table-all.json").read_text()),
    ],
}


@pytest.mark.volume
@pytest.mark.parametrize("address", ["10.255.255.254", "192.0.2.10", "192.0.2.11", "10.5.0.1", "2001:db8::10"])
@pytest.mark.parametrize(
    "text",
    [
        *[(MODES / f"{name}.json").read_bytes() for name in ("brief", "oneline", "show-up-4.15", "show-up-7.1")],
        *[json.dumps(document).encode() for document in (_NUMERIC, _ROUTED, [])],
    ],
    ids=["brief", "oneline", "show-up-4.15", "show-up-7.1", "numeric", "routed", "empty"],
)
def test_a_masked_copy_of_each_mode_is_decided_alike(text: bytes, address: str) -> None:
    report = read_report_text(text)
    for policy, parameters in ((STRICT, {}), (ROUTE, {"engine_address": "8.8.8.8"})):
        decision = policy.decide(report, HostAddresses.of(address), **parameters)
        assert_masked(decision, record_of(decision), report)


_NAMES = ["a", "b", "lo", "up"]
_LOCALS = ["127.0.0.1", "::1", "192.0.2.10", "2001:db8::10", "127.0.0.2", "junk", "::ffff:192.0.2.10"]
_addresses = st.lists(
    st.fixed_dictionaries(
        {"local": st.sampled_from(_LOCALS)},
        optional={"prefixlen": st.sampled_from([24, 64]), "dadfailed": st.just(True), "noprefixroute": st.just(True)},
    )
    | st.just({}),
    max_size=3,
)
_kinds = st.sampled_from(["bond", "bridge", "team", "vrf", "vlan"])
_info = st.fixed_dictionaries({}, optional={"info_kind": _kinds, "info_slave_kind": _kinds})
_entries = st.fixed_dictionaries(
    {},
    optional={
        "addr_info": _addresses,
        "link_type": st.sampled_from(["ether", "loopback", "[1]", "[772]"]),
        "flags": st.sampled_from([[], ["UP"], ["LOOPBACK", "UP"]]),
        "promiscuity": st.just(0),
        "master": st.sampled_from(_NAMES),
        "link": st.sampled_from(_NAMES),
        "linkinfo": _info,
    },
)


@st.composite
def outputs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw an output of `ip -j addr` in any mode: named, named in the addresses, filtered; any may lack anything."""
    entries: list[dict[str, Any]] = draw(st.lists(st.sampled_from([{}, {"addr_info": []}]), max_size=2))
    for name in draw(st.lists(st.sampled_from(_NAMES), unique=True)):
        if draw(st.booleans()):
            entries.append({"ifname": name, **draw(_entries)})
        else:
            entries.append({"addr_info": [{**one, "dev": name} for one in draw(_addresses) if one]})
    return entries


_HOPS = st.fixed_dictionaries(
    {},
    optional={
        "dev": st.sampled_from(_NAMES),
        "gateway": st.sampled_from(["192.0.2.1", "fe80::1"]),
        "via": st.sampled_from([{"family": "inet6", "host": "fe80::1"}, {"host": "192.0.2.1"}]),
    },
)
_routes = st.lists(
    st.builds(
        lambda hop, rest: {**hop, **rest},
        _HOPS,
        st.fixed_dictionaries(
            {"dst": st.sampled_from(["default", "192.0.2.0/24", "2001:db8::/64", "junk"])},
            optional={
                "pref": st.just("medium"),
                "type": st.sampled_from(["unicast", "1", "7", "blackhole", "local"]),
                "table": st.sampled_from(["main", "254", "100", "local"]),
                "metric": st.integers(0, 2),
                "nexthops": st.lists(_HOPS, max_size=2),
            },
        ),
    ),
    max_size=5,
)


def _documents(policy: evaluator.Policy, report: evaluator.Report, **parameters: str) -> str:
    return policy.decide(report, HOST, **untyped(parameters)).to_json()


@given(entries=outputs(), routes=_routes, random=st.randoms())
def test_no_order_of_entries_addresses_or_routes_changes_a_decision(entries: Any, routes: Any, random: Any) -> None:
    try:
        report = evaluator.read_report({"addr": entries, "route": routes})
    except ReportError:
        return
    other = json.loads(json.dumps({"addr": entries, "route": routes}))
    for entry in other["addr"]:
        random.shuffle(entry.get("addr_info", []))
    for route in other["route"]:
        random.shuffle(route.get("nexthops", []))
    random.shuffle(other["addr"])
    random.shuffle(other["route"])
    again = evaluator.read_report(other)
    assert _documents(STRICT, report) == _documents(STRICT, again)
    for engine in ("8.8.8.8", "2001:db8:9::1"):
        assert _documents(ROUTE, report, engine_address=engine) == _documents(ROUTE, again, engine_address=engine)


@given(entries=outputs(), routes=_routes, extra=_routes)
def test_the_family_of_a_route_never_depends_on_its_neighbours(entries: Any, routes: Any, extra: Any) -> None:
    def ways(*shown: Any) -> set[str]:
        document = {"addr": [{"ifname": name, "addr_info": []} for name in _NAMES], "route": list(shown)}
        facts = evaluator.read_report(document).facts
        return {f"{link.name} {way}" for link in facts.links for way in link.main_routes}

    together = ways(*routes, *extra)
    assert together == set().union(*(ways(route) for route in [*routes, *extra]))


_KEYS = ["ifname", "addr_info", "dev", "local", "linkinfo", "master", "prefixlen", "link_type"]
_VALUES = json_trees(st.none() | st.booleans() | st.integers(-1, 200) | st.sampled_from(["", "a", "192.0.2.1"]), _KEYS)


@st.composite
def spoilt_outputs(draw: st.DrawFn) -> Any:
    """Draw an output with up to three places spoilt."""
    return spoilt(draw, outputs(), _KEYS, _VALUES)


@given(document=spoilt_outputs() | _VALUES)
def test_schema_and_reader_give_one_verdict(document: Any) -> None:
    codes: set[str] = set()
    try:
        evaluator.read_report(json.dumps(document) if isinstance(document, str) else document, "iproute2")
    except ReportError as error:
        codes = {str(diagnostic.code) for diagnostic in error.diagnostics}
    name = "iproute2-report#addresses" if isinstance(document, list) else "iproute2-report"
    assert ("REPORT_INVALID" in codes) == (not is_valid(document, name))
    assert codes <= {"REPORT_INVALID", "REPORT_NAME_TWICE"}
