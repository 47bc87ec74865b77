"""What writers put into the documents of each format: the members that state a change, and nothing beside them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

import evaluator
from evaluator.explain.restate.restate import _writer_of
from evaluator.facts.address import OwnedAddress, parse_address

ANSIBLE = {
    "ansible_interfaces": ["e0"],
    "ansible_e0": {
        "device": "e0",
        "type": "ether",
        "pciid": "p",
        "active": True,
        "ipv4": {"address": "192.0.2.1", "netmask": "255.255.255.0", "prefix": "24"},
        "ipv4_secondaries": [
            {"address": "192.0.2.2", "netmask": "255.255.255.0", "prefix": "24"},
            {"address": "192.0.2.3", "netmask": "255.255.255.0", "prefix": "24"},
        ],
        "ipv6": [
            {"address": "2001:db8::1", "prefix": "64", "scope": "global"},
            {"address": "2001:db8::2", "prefix": "64", "scope": "global"},
        ],
    },
}
NMSTATE = {
    "interfaces": [
        {"name": "br0", "type": "linux-bridge", "state": "up", "bridge": {"port": [{"name": "e0"}, {"name": "e1"}]}},
        {"name": "e0", "type": "ethernet", "state": "up", "controller": "br0"},
        {"name": "e1", "type": "ethernet", "state": "up", "controller": "br0"},
        {"name": "e2", "type": "ethernet", "state": "up", "controller": "other"},
    ]
}


def _writer(document: dict[str, Any], name: str) -> tuple[Any, Any]:
    report = evaluator.read_report(deepcopy(document))
    return _writer_of(report)(deepcopy(document), report.facts), report.facts.by_name[name]


def _owned(address: str, prefix: int) -> OwnedAddress:
    report = evaluator.read_report({"nics": {"x": {"ipv4addrs": [], "ipv6addrs": []}}})
    document = {"nics": {"x": {"ipv4addrs": [f"{address}/{prefix}"]}}}
    if ":" in address:
        document = {"nics": {"x": {"ipv6addrs": [f"{address}/{prefix}"]}}}
    assert report.facts.by_name["x"].addresses == ()
    (owned,) = evaluator.read_report(document).facts.by_name["x"].addresses
    return owned


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"addr": "192.0.2.1", "netmask": "255.255.255.0"}, ["192.0.2.1/24", "192.0.2.7/25"]),
        ({"addr": "192.0.2.1", "ipv4addrs": ["192.0.2.1/24"]}, ["192.0.2.1/24", "192.0.2.7/25"]),
    ],
)
def test_vdsm_an_address_beside_another(before: dict[str, Any], after: list[str]) -> None:
    writer, link = _writer({"nics": {"e0": before}}, "e0")
    writer.add_address(link, _owned("192.0.2.7", 25))
    entry = writer.document["nics"]["e0"]
    assert (entry["addr"], entry["ipv4addrs"]) == ("192.0.2.1", after)


@pytest.mark.parametrize("before", [{"addr": ""}, {"addr": "", "ipv4addrs": []}, {}])
def test_vdsm_a_first_address_is_the_primary_one(before: dict[str, Any]) -> None:
    writer, link = _writer({"nics": {"e0": before}}, "e0")
    writer.add_address(link, _owned("192.0.2.7", 25))
    assert writer.document["nics"]["e0"]["addr"] == "192.0.2.7"
    changed = evaluator.read_report(writer.document).facts.by_name["e0"]
    assert [str(one) for one in changed.addresses] == ["192.0.2.7"]
    assert [one.primary for one in changed.addresses] == [True]


def test_vdsm_an_ipv6_address() -> None:
    for before, after in (({}, ["2001:db8::7/64"]), ({"ipv6addrs": ["fe80::1/64"]}, ["fe80::1/64", "2001:db8::7/64"])):
        writer, link = _writer({"nics": {"e0": before}}, "e0")
        writer.add_address(link, _owned("2001:db8::7", 64))
        assert writer.document["nics"]["e0"]["ipv6addrs"] == after


@pytest.mark.parametrize(
    ("address", "first", "others"),
    [("192.0.2.3", "192.0.2.3", ["192.0.2.1", "192.0.2.2"]), ("192.0.2.2", "192.0.2.2", ["192.0.2.1", "192.0.2.3"])],
)
def test_ansible_another_ipv4_address_comes_first(address: str, first: str, others: list[str]) -> None:
    writer, link = _writer(ANSIBLE, "e0")
    writer.list_first(link, parse_address(address))
    entry = writer.document["ansible_e0"]
    assert entry["ipv4"]["address"] == first
    assert [one["address"] for one in entry["ipv4_secondaries"]] == others


def test_ansible_another_ipv6_address_comes_first() -> None:
    writer, link = _writer(ANSIBLE, "e0")
    writer.list_first(link, parse_address("2001:db8::2"))
    assert [one["address"] for one in writer.document["ansible_e0"]["ipv6"]] == ["2001:db8::2", "2001:db8::1"]


@pytest.mark.parametrize(("address", "scope"), [("fe80::7", "link"), ("2001:db8::7", "global")])
def test_ansible_an_ipv6_address_has_its_scope(address: str, scope: str) -> None:
    writer, link = _writer(ANSIBLE, "e0")
    writer.add_address(link, _owned(address, 64))
    assert writer.document["ansible_e0"]["ipv6"][-1]["scope"] == scope


def test_nmstate_what_is_a_port_no_more_has_no_controller() -> None:
    writer, link = _writer(NMSTATE, "br0")
    writer.set_members(link, ("e1",))
    bridge, *cards = writer.document["interfaces"]
    assert [port["name"] for port in bridge["bridge"]["port"]] == ["e1"]
    assert [card.get("controller") for card in cards] == [None, "br0", "other"]
