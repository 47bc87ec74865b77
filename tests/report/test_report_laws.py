"""What holds for reports of every tool: text and value agree, null is left out, order does not count."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator import HostAddresses, ReportError
from evaluator.base.schema import is_valid, violations
from evaluator.report.json_text import is_within_limits
from evaluator.report.read import read_report_text
from tests.report.test_ansible import as_ansible
from tests.support.captured import CAPTURES, questions
from tests.support.strategies import host_addresses, reports, shuffled

pytestmark = pytest.mark.volume

TOOLS = {"vdsm": "capability-report", "nmstate": "nmstate-report", "ansible": "ansible-facts"}
UNORDERED = ("strict", "keep-management", "last-client-iface", "route-to-engine")
ENGINE = {"route-to-engine": {"engine_address": "198.51.100.1"}}
NUMBERS = (2**63, 2**64, 2**70, -(2**63) - 1, 10**300, 10**400, 1.5, 1e300, -0.0, 2**53 + 1)
Outcome = tuple[str, ...] | bytes


@cache
def captured(tool: str) -> tuple[Path, ...]:
    return tuple(sorted((CAPTURES / tool).glob(f"*/{tool}.json")))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of everything inside a JSON value."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def outcome(document: Any, addresses: list[str], policy: str = "strict", **how: Any) -> Outcome:
    """Return the decision document, or the places and messages of what is wrong with the report."""
    try:
        report = evaluator.read_report(document, **how)
    except ReportError as error:
        codes = {d.code for d in error.diagnostics}
        if codes == {"REPORT_NOT_JSON"}:
            return ("REPORT_NOT_JSON",)
        return tuple(f"{d.place} {d.code} {d.message}" for d in error.diagnostics)
    host = HostAddresses.of(*addresses)
    return orjson.dumps(evaluator.load_policy(policy).decide(report, host, **ENGINE.get(policy, {})).to_dict())


def mutated(data: st.DataObject, document: Any, values: st.SearchStrategy[Any]) -> Any:
    """Return a copy with up to three values at random places replaced, or added beside them."""
    document = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(document))))
        parent, key = at(document, path[:-1]), path[-1]
        if isinstance(parent, dict) and data.draw(st.booleans()):
            key = "nobody reads this"
        parent[key] = data.draw(values)
    return document


@pytest.mark.parametrize("tool", TOOLS)
@given(data=st.data())
def test_a_text_and_its_value_get_one_verdict(tool: str, data: st.DataObject) -> None:
    host = json.loads(data.draw(st.sampled_from(captured(tool))).read_text())
    document = mutated(data, host, st.sampled_from([*NUMBERS, None, True, "True", "x", [], {}]))
    text = json.dumps(document)
    asked = ["192.0.2.10", "2001:db8::10"]
    assert outcome(text, asked) == outcome(json.loads(text), asked)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_in_a_member_that_nobody_reads(tool: str, number: float) -> None:
    document = json.loads(captured(tool)[0].read_text())
    inside = document.get("ansible_facts", document)
    inside["nobody reads this"] = {"deep": [number]}
    as_text, as_value = (outcome(form, ["192.0.2.10"]) for form in (json.dumps(document), document))
    assert as_text == as_value
    assert isinstance(as_text, bytes) or number == 10**400


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"nics": {"a": {"mtu": 2**70}}}, "/nics/a/mtu"),
        ({"nics": {"a": {"speed": 2**70}}}, "/nics/a/speed"),
        ({"nics": {}, "vlans": {"a.5": {"vlanid": 2**70}}}, "/vlans/a.5/vlanid"),
        ({"interfaces": [{"name": "a", "mtu": 2**70}]}, "/interfaces/0/mtu"),
        ({"interfaces": [{"name": "a", "link-aggregation": {"mode": 2**70}}]}, "/interfaces/0/link-aggregation/mode"),
        ({"interfaces": [], "routes": {"running": [{"metric": -(2**70)}]}}, "/routes/running/0/metric"),
        (
            {"ansible_interfaces": ["a"], "ansible_a": {"device": "a", "ipv4": {"address": "x", "prefix": 2**70}}},
            "/ansible_a/ipv4/prefix",
        ),
    ],
)
def test_a_number_too_long_in_a_member_that_is_read(document: dict[str, Any], place: str) -> None:
    as_text, as_value = (outcome(form, []) for form in (json.dumps(document), document))
    assert as_text == as_value
    assert [str(problem).split()[:2] for problem in as_text] == [[place, "REPORT_INVALID"]]


@pytest.mark.parametrize("number", ["NaN", "-Infinity", '"\\ud800"'])
def test_json_that_is_refused_is_not_read_as_yaml_instead(number: str) -> None:
    with pytest.raises(ReportError) as error:
        evaluator.read_report(f'{{"interfaces": [], "x": {number}}}')
    assert [d.code for d in error.value.diagnostics] == ["REPORT_NOT_JSON"]


@pytest.mark.parametrize("number", ["1e400", "-1e400"])
@pytest.mark.parametrize("tool", TOOLS)
def test_a_number_that_no_double_can_hold_counts_as_the_greatest(tool: str, number: str) -> None:
    document = json.loads(captured(tool)[0].read_text())
    inside = document.get("ansible_facts", document) if isinstance(document, dict) else document[0]
    inside["nobody reads this"] = 12345
    text = json.dumps(document).replace("12345", number)
    assert isinstance(outcome(text, ["192.0.2.10"]), bytes)
    assert outcome(text, ["192.0.2.10"]) == outcome(json.loads(text), ["192.0.2.10"])
    for form in (text, json.loads(text)):
        read = evaluator.read_report(form).document
        assert json.loads(json.dumps(read, allow_nan=False)) == read


@pytest.mark.parametrize("number", ["1e400", "-1e400"])
def test_such_a_number_is_refused_where_it_is_read(number: str) -> None:
    text = f'{{"nics": {{"a": {{"mtu": {number}}}}}}}'
    as_text, as_value = (outcome(form, []) for form in (text, json.loads(text)))
    assert as_text == as_value
    assert [str(problem).split()[:2] for problem in as_text] == [["/nics/a/mtu", "REPORT_INVALID"]] * len(as_text)


LEVEL = '["]", {"a": '  # a bracket in a text for each that opens a level
DEEP = '{"nics": {"a": {}}, "x": ' + LEVEL * 40 + "0" + ', "b": "["}, "["]' * 40 + "}"
SHALLOW = '{"nics": {"a": {}}, "x": [' + ", ".join(['"]}[{]}"', "{}", "[]", '"\\"["'] * 99) + "]}"


@pytest.mark.parametrize(("text", "is_taken"), [(DEEP, False), (SHALLOW, True)])
def test_brackets_in_a_text_are_no_levels(text: str, is_taken: bool) -> None:
    as_text, as_value = (outcome(form, ["192.0.2.10"]) for form in (text, json.loads(text)))
    assert isinstance(as_text, bytes) is is_taken
    assert is_within_limits(text.encode()) is is_taken
    assert as_text == as_value
    assert is_taken or "REPORT_TOO_DEEP" in str(as_text[0])


# null


def optional_members(document: Any, tool: str) -> list[tuple[Any, ...]]:
    """Return the members whose absence leaves the document valid, entries of maps of names apart."""
    found = []
    for path in places(document):
        parent = at(document, path[:-1])
        is_entry = tool == "vdsm" and len(path) == 2 and path[0] in ("nics", "vlans", "bondings", "bridges", "networks")
        if isinstance(parent, dict) and not is_entry:
            without = copy.deepcopy(document)
            del at(without, path[:-1])[path[-1]]
            if is_valid(without, TOOLS[tool]):
                found.append(path)
    return found


@pytest.mark.parametrize("tool", TOOLS)
@given(data=st.data())
def test_null_is_as_good_as_left_out(tool: str, data: st.DataObject) -> None:
    document = json.loads(data.draw(st.sampled_from(captured(tool)[:6])).read_text())
    path = data.draw(st.sampled_from(optional_members_of(tool, json.dumps(document))))
    null, without = copy.deepcopy(document), copy.deepcopy(document)
    at(null, path[:-1])[path[-1]] = None
    del at(without, path[:-1])[path[-1]]
    asked = ["192.0.2.10", "2001:db8::10"]
    assert is_valid(null, TOOLS[tool])
    assert violations(null, TOOLS[tool]) == ()
    assert outcome(null, asked) == outcome(json.dumps(null), asked) == outcome(without, asked)


@cache
def optional_members_of(tool: str, text: str) -> list[tuple[Any, ...]]:
    return optional_members(json.loads(text), tool)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"nics": None}, "/nics"),
        ({"nics": {"a": None}}, "/nics/a"),
        ({"interfaces": None}, "/interfaces"),
        ({"interfaces": [None]}, "/interfaces/0"),
        ({"interfaces": [{"name": None}]}, "/interfaces/0/name"),
        ({"ansible_facts": {"ansible_interfaces": None}}, "/ansible_facts"),
        ({"nics": {"a": {"ipv4addrs": [None]}}}, "/nics/a/ipv4addrs/0"),
    ],
)
def test_what_is_required_may_not_be_null(document: dict[str, Any], place: str) -> None:
    name = next(tool for tool in TOOLS if tool[0] == {"n": "v", "i": "n", "a": "a"}[next(iter(document))[0]])
    with pytest.raises(ReportError) as error:
        evaluator.read_report(document, format=name)
    assert [d.place for d in error.value.diagnostics] == [place]


@pytest.mark.parametrize("key", ["result", "info", "error", "jsonrpc", "status", "id"])
def test_null_beside_a_reply_says_nothing(key: str) -> None:
    body = {"nics": {"a": {"addr": "192.0.2.1"}}, "vlans": {}, "bondings": {}, "bridges": {}, "networks": {}}
    for reply in ({**body, key: None}, {key: None, "result": body}, {key: None, "info": body}):
        other = {name: value for name, value in reply.items() if value is not None}
        assert evaluator.read_report(reply) == evaluator.read_report(other)


# texts for truth values


@pytest.mark.parametrize("text", ["True", "true", "TRUE", "tRuE", "False", "false", "FALSE", "fAlSe"])
@pytest.mark.parametrize("has_bridges", [True, False])
def test_a_text_for_a_truth_value_is_that_value(text: str, has_bridges: bool) -> None:
    def reply(value: Any) -> dict[str, Any]:
        nic = {"addr": "192.0.2.10", "gateway": "192.0.2.1", "dhcpv4": value, "ipv4defaultroute": value}
        network = {"iface": "eth0" if has_bridges else "net", "bridged": value, "ports": ["eth0"]}
        bridges = {"bridges": {}} if has_bridges else {}
        return {"nics": {"eth0": nic}, "vlans": {}, "bondings": {}, "networks": {"net": network}, **bridges}

    wanted = evaluator.read_report(reply(text.lower() == "true"))
    for document in (reply(text), json.dumps(reply(text))):
        report = evaluator.read_report(document)
        assert report == wanted
        assert [link.dhcp for link in report.facts.links] == [link.dhcp for link in wanted.facts.links]


@pytest.mark.parametrize("text", ["yes", "no", "1", "0", "", " True", "Truе", "None"])
def test_other_texts_are_not_truth_values(text: str) -> None:
    document = {"nics": {}, "networks": {"net": {"bridged": text}}}
    for form in (document, json.dumps(document), json.dumps({**document, "bridges": {}})):
        with pytest.raises(ReportError) as error:
            evaluator.read_report(form)
        assert [(d.place, d.message.partition(", ")[2]) for d in error.value.diagnostics] == [
            ("/networks/net/bridged", "expected one of true, false")
        ]


# order


@pytest.mark.parametrize("policy", UNORDERED)
@pytest.mark.parametrize("tool", TOOLS)
def test_the_order_of_captured_reports_does_not_count(tool: str, policy: str) -> None:
    for question in questions(tool):
        document = json.loads((question.host / f"{tool}.json").read_text())
        asked = question.asked["addresses"]
        assert outcome(shuffled(document, random.Random(1)), asked, policy) == outcome(document, asked, policy)


def as_nmstate(report: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return a random host as nmstate of some version would show it, with contradictions."""
    types = {"nics": "ethernet", "vlans": "vlan", "bondings": "bond", "bridges": "linux-bridge"}
    interfaces = []
    for kind, type_name in types.items():
        for name, data in report[kind].items():
            entry: dict[str, Any] = {"name": name, "type": rng.choice([type_name, type_name, "unknown"]), "state": "up"}
            for family, key in (("ipv4", "ipv4addrs"), ("ipv6", "ipv6addrs")):
                addresses = [{"ip": text.partition("/")[0]} for text in data[key]]
                entry[family] = {"enabled": rng.random() < 0.9, "address": addresses}
            member_key = rng.choice(["slaves", "port", "ports"])
            if kind == "bondings":
                entry["link-aggregation"] = {member_key: data["slaves"]}
            elif kind == "bridges":
                entry["bridge"] = {member_key: [{"name": port} for port in data["ports"]]}
            elif kind == "vlans":
                entry["vlan"] = {"base-iface": data["iface"], "id": data.get("vlanid", 1)}
            if rng.random() < 0.2:
                entry[rng.choice(["controller", "master"])] = rng.choice(["a", "b", "bond0", "br0", "gone"])
            interfaces.append(entry)
    return {"interfaces": interfaces}


def _as_vdsm(report: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    spoiled = copy.deepcopy(report)
    for network in spoiled["networks"].values():
        network.update(rng.choice([{}, {"interface": "a"}, {"vlanid": 3}, {"ports": ["a", "b"]}, {"addr": "10.0.0.1"}]))
    if rng.random() < 0.3:
        del spoiled["bridges"]
    return spoiled


SHAPES: dict[str, Callable[[dict[str, Any], random.Random], dict[str, Any]]] = {
    "vdsm": _as_vdsm,
    "nmstate": as_nmstate,
    "ansible": lambda report, _: as_ansible(report),
}


@pytest.mark.parametrize("tool", TOOLS)
@given(report=reports(), addresses=host_addresses, seed=st.integers(0, 2**32), policy=st.sampled_from(UNORDERED))
def test_the_order_of_any_report_does_not_count(
    tool: str, report: dict[str, Any], addresses: list[str], seed: int, policy: str
) -> None:
    document = SHAPES[tool](report, random.Random(seed))
    other = shuffled(document, random.Random(seed + 1))
    assert outcome(document, addresses, policy) == outcome(other, addresses, policy)


@given(report=reports(), seed=st.integers(0, 2**32))
def test_every_explanation_of_a_contradicting_report_can_be_made(report: dict[str, Any], seed: int) -> None:
    read = evaluator.read_report(as_nmstate(report, random.Random(seed)), "nmstate")
    evaluator.load_policy("strict").decide(read, HostAddresses.of("10.0.0.1")).explain()


@pytest.mark.parametrize("tool", TOOLS)
def test_captured_reports_contradict_themselves_nowhere(tool: str) -> None:
    for path in captured(tool):
        codes = {finding.code for finding in read_report_text(path.read_bytes()).findings}
        assert not codes & {"FACT_CONFLICT", "NETWORK_CONFLICT"}, path
