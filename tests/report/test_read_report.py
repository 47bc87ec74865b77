"""Reports as text: what is no JSON, what is no report, and what is never refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import evaluator
from evaluator import HostAddresses, ReportError
from evaluator.report.json_text import is_json
from evaluator.report.read import read_report_text
from tests.support.untyped import untyped

MINIMAL = {"nics": {"ens1": {"addr": "192.0.2.10"}}, "bondings": {}, "vlans": {}, "bridges": {}, "networks": {}}


def _codes(error: pytest.ExceptionInfo[ReportError]) -> list[str]:
    return [diagnostic.code for diagnostic in error.value.diagnostics]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"", "REPORT_EMPTY"),
        (b" \n", "REPORT_EMPTY"),
        (b"not json", "REPORT_NOT_JSON"),
        (b"{" * 60 + b"}" * 3, "REPORT_NOT_JSON"),
        (b'{"nics": NaN}', "REPORT_NOT_JSON"),
        (b'{"nics": Infinity}', "REPORT_NOT_JSON"),
        (b'{"nics": 1e999}', "REPORT_INVALID"),
        (b'\xef\xbb\xbf{"nics": {}}', "REPORT_NOT_JSON"),
        (b'{"nics": {"\xff": {}}}', "REPORT_NOT_JSON"),
        (rb'{"nics": {"\ud800": {}}}', "REPORT_NOT_JSON"),
        (b'{"nics": {}} trailing', "REPORT_NOT_JSON"),
        (b"[" * 65 + b"]" * 65, "REPORT_TOO_DEEP"),
        (b"[" * 100_000, "REPORT_TOO_DEEP"),
        (b"x" * 50_000_000, "REPORT_TOO_LARGE"),
        (b"x" * 30_000_000, "REPORT_NOT_JSON"),
        (b" " * (32 * 1024 * 1024 + 1), "REPORT_TOO_LARGE"),
        (b"[5]", "REPORT_NOT_RECOGNISED"),
        (b"{}", "REPORT_NOT_RECOGNISED"),
        (b"null", "REPORT_NOT_RECOGNISED"),
        (b'"nics"', "REPORT_NOT_RECOGNISED"),
        (b'{"interfaces": {}}', "REPORT_NOT_RECOGNISED"),
        (b'{"nics": []}', "REPORT_INVALID"),
        (b'{"nics": {"": {}}}', "REPORT_INVALID"),
        (b'{"result": {"vlans": {}}}', "REPORT_INVALID"),
        (b'{"jsonrpc": "2.0", "error": {"code": 1, "message": "no"}}', "REPORT_IS_ERROR_REPLY"),
        ({"nics": {1: {}}}, "REPORT_NOT_JSON"),
        ({"nics": {"a": {"speed": float("nan")}}}, "REPORT_NOT_JSON"),
        ({"nics": {"a": {"speed": object()}}}, "REPORT_NOT_JSON"),
        ({"nics": {"a": {"speed": 2**70}}}, "REPORT_INVALID"),
        (b'{"nics": {"a": {"speed": 1180591620717411303424}}}', "REPORT_INVALID"),
        ({"nics": {"a": {"speed": 10**400}}}, "REPORT_INVALID"),
        ({"nics": {"\ud800": {}}}, "REPORT_NOT_JSON"),
        (Path("no such file"), "REPORT_UNREADABLE"),
        (Path("/"), "REPORT_UNREADABLE"),
        (Path("nul\0"), "REPORT_UNREADABLE"),
    ],
    ids=lambda v: repr(v)[:30],
)
def test_what_is_no_report(document: Any, code: str) -> None:
    with pytest.raises(ReportError) as error:
        evaluator.read_report(document)
    assert _codes(error) == [code]
    assert all(diagnostic.message for diagnostic in error.value.diagnostics)


def test_a_document_that_contains_itself_is_refused() -> None:
    document: dict[str, Any] = {"nics": {}}
    document["nics"]["self"] = document
    with pytest.raises(ReportError):
        evaluator.read_report(document)


def test_a_mistake_in_json_is_shown_where_it_is() -> None:
    with pytest.raises(ReportError) as error:
        evaluator.read_report('{"nics":\n  {"ens1": }}')
    diagnostic = error.value.diagnostics[0]
    assert diagnostic.place == "report:2:12"
    assert diagnostic.excerpt.splitlines()[1].index("^") == 11


def test_duplicate_keys_are_refused_at_the_door_and_the_last_wins_in_process() -> None:
    text = b'{"nics": {"ens1": {"addr": "192.0.2.1", "addr": "192.0.2.10"}, "ens1": {"addr": "192.0.2.10"}}}'
    with pytest.raises(ReportError) as error:
        read_report_text(text)
    places = [(d.code, d.place) for d in error.value.diagnostics]
    assert places == [("REPORT_DUPLICATE_KEY", "/nics/ens1"), ("REPORT_DUPLICATE_KEY", "/nics/ens1/addr")]
    facts = evaluator.read_report(text).facts
    assert [str(a) for a in facts.links[0].addresses] == ["192.0.2.10"]


def test_the_report_keeps_nothing_of_the_callers_document() -> None:
    document = json.loads(json.dumps(MINIMAL))
    report = evaluator.read_report(document)
    before = evaluator.load_policy("strict").decide(report, HostAddresses.of("192.0.2.10")).to_json()
    document["nics"].clear()
    assert evaluator.load_policy("strict").decide(report, HostAddresses.of("192.0.2.10")).to_json() == before


def test_bytes_text_dict_and_file_give_the_same_facts(tmp_path: Path) -> None:
    text = json.dumps(MINIMAL)
    path = tmp_path / "report.json"
    path.write_text(text)
    readings = [evaluator.read_report(v).facts for v in (text, text.encode(), MINIMAL, path)]
    assert all(facts == readings[0] for facts in readings)


def test_the_format_can_be_named() -> None:
    assert evaluator.read_report(MINIMAL, format="vdsm").format == "vdsm"
    with pytest.raises(ReportError) as error:
        evaluator.read_report(MINIMAL, format="vsdm")
    assert error.value.diagnostics[0].hint == "did you mean `vdsm`?"


def test_every_problem_of_a_report_at_once() -> None:
    with pytest.raises(ReportError) as error:
        evaluator.read_report(
            {"result": {"nics": {"a": {"addr": 1, "mtu": True}}, "networks": {"n": {"bridged": "no"}}}}
        )
    assert [d.place for d in error.value.diagnostics] == [
        "/result/networks/n/bridged",
        "/result/nics/a/addr",
        "/result/nics/a/mtu",
    ]
    assert error.value.diagnostics[1].message == "found the number 1, expected string"


def test_junk_addresses_are_text_and_reach_no_resolver() -> None:
    junk = [
        "localhost",
        "example.org",
        "1.2.3.04",
        "127.1",
        "0x7f000001",
        "16909060",
        "::/",
        ":/:/123",
        "1::2::3",
        "١.٢.٣.٤",
    ]
    report = {**MINIMAL, "nics": {"ens1": {"addr": "localhost", "ipv4addrs": junk, "ipv6addrs": junk, "gateway": "gw"}}}
    read = evaluator.read_report(report)
    assert read.facts.links[0].addresses == ()
    malformed = "\n".join(f.message for f in read.findings if f.code == "MALFORMED_ADDRESS")
    for text in junk:
        assert f"`{text}`" in malformed
    assert "`gw`" in malformed


def test_a_vdsm_report_that_owns_no_address_says_what_it_leaves_out() -> None:
    decision = evaluator.load_policy("strict").decide(evaluator.read_report(MINIMAL), HostAddresses.of("203.0.113.9"))
    (finding,) = [one for one in decision.findings if one.code == "NO_INTERFACE_OWNS_ADDRESS"]
    assert "leaves out: team, veth, dummy, macvlan, vrf, tun, loopback, ovs, other" in finding.hint


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"nics": {1: {}}}, "the document is not valid JSON: a key is not a string"),
        ({"nics": {"a": {"speed": float("nan")}}}, "the document is not valid JSON: NaN is not a JSON number"),
        ({"nics": {"a": {"speed": {5}}}}, "the document is not valid JSON: unsupported type `set`"),
        (
            {"nics": {"a": float("nan")}, "x": [float("inf")]},
            "the document is not valid JSON: NaN is not a JSON number",
        ),
        ((1, 2), "unknown report format: the document is an array"),
        (7, "unknown report format: the document is the number 7"),
        (Path("no such file"), "the report `no such file` cannot be read: no such file or directory"),
    ],
    ids=str,
)
def test_a_value_that_is_not_json(document: Any, message: str) -> None:
    with pytest.raises(ReportError) as error:
        evaluator.read_report(document)
    assert [problem.message for problem in error.value.diagnostics] == [message]


def test_the_text_and_the_item_of_a_report_are_kept() -> None:
    slow = json.dumps({**MINIMAL, "nics": {"ens1": {"mtu": 1500.0}}}).encode()
    assert evaluator.read_report(slow).text == slow
    assert evaluator.read_report(MINIMAL).text is None
    states = [{"kind": "NodeNetworkState", "metadata": {"name": n}, "status": STATE} for n in ("a", "b")]
    for document in (states, json.dumps(states), tuple(states)):
        report = evaluator.read_report(untyped(document), item="b")
        assert report.item == "b"
        assert report.facts.links[0].name == "eth0"


STATE = {"currentState": {"interfaces": [{"name": "eth0", "type": "ethernet", "state": "up"}]}}
LONG_NUMBER = "1" * 5000  # Python's `json` refuses so long an integer


def test_a_long_number_is_json() -> None:
    assert is_json(LONG_NUMBER)
    assert not is_json("1" + "x")
