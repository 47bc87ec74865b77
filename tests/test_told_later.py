"""What a reader puts off, or does not look at twice, is what it would have found at once."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator.facts.address import Address, OwnedAddress
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind, Link
from evaluator.facts.netmask import NETMASKS, parse_netmask
from evaluator.report import vdsm_addresses
from evaluator.report.owned import Entry, _read_entry, read_owned
from evaluator.report.reading import Report
from evaluator.report.vdsm import read
from tests.strategies import reports

CAPTURES = sorted(path for path in (Path(__file__).parent / "captures").glob("*/*/*.json") if "route" not in path.name)
COPIES: list[Callable[[Any], Any]] = [copy.copy, copy.deepcopy, replace, lambda it: pickle.loads(pickle.dumps(it))]
LINK_FACTS = [field.name for field in fields(Link)]
HOST_FACTS = [field.name for field in fields(HostFacts) if field.name != "topology"]  # which compares by identity
TEXTS = ["", "10.0.0.1", "10.0.0.2", "127.0.0.1", "10.0.0.1%a", "::ffff:10.0.0.1", "2001:db8::1", "10.0.0.1/24", "x"]
TAILS = ["", "/24", "/25", "/255.255.255.0", "/64", "/120", "/x", "/24/24", "/None"]
MASKS = ["", "255.255.255.0", "255.255.255.128", "255.0.255.0", "0.0.0.0", "x"]
listed = st.builds(str.__add__, st.sampled_from(TEXTS), st.sampled_from(TAILS))


def told_at_once(link: Link) -> Link:
    """Return a link of the same facts that is told nothing later."""
    given = {name: getattr(link, name) for name in LINK_FACTS if name != "address_set"}
    return Link(**given)


def alike(found: Report, expected: Report) -> None:
    assert found == expected
    assert repr(found.facts.links) == repr(expected.facts.links)  # of sets it is not the same for copies
    assert hash(found) == hash(expected)
    for name in HOST_FACTS:
        assert getattr(found.facts, name) == getattr(expected.facts, name), name
    for one, other in zip(found.facts.links, expected.facts.links, strict=True):
        assert [getattr(one, name) for name in LINK_FACTS] == [getattr(other, name) for name in LINK_FACTS]
        assert hash(one) == hash(other)
        assert [owned.pointer for owned in one.addresses] == [owned.pointer for owned in other.addresses]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: "-".join(path.parts[-3:]))
def test_copies_of_captured_reports_are_alike(path: Path) -> None:
    try:
        report = evaluator.read_report(path)
    except evaluator.ReportError:
        return
    for copied in COPIES:
        alike(copied(evaluator.read_report(path)), report)
        links = tuple(copied(link) for link in evaluator.read_report(path).facts.links)
        alike(report.with_facts(replace(report.facts, links=links)), report)


@given(reports(), st.permutations(LINK_FACTS), st.permutations(HOST_FACTS))
def test_the_order_of_asking_tells_nothing(report: dict[str, Any], order: list[str], of_host: list[str]) -> None:
    asked, expected = read(report), read(report)
    for name in of_host:
        assert getattr(asked.facts, name) == getattr(expected.facts, name)
    for link, other in zip(read(report).facts.links, expected.facts.links, strict=True):
        made = told_at_once(other)
        assert {name: getattr(link, name) for name in order} == {name: getattr(made, name) for name in order}
        assert (link, repr(link), hash(link)) == (made, repr(made), hash(made))
    alike(asked, expected)


def test_a_fact_that_no_interface_has_is_none() -> None:
    [link] = read({"nics": {"a": {}}, "bridges": {}}).facts.links
    for asked in (link, told_at_once(link), Link.__new__(Link), HostFacts.__new__(HostFacts)):
        assert not hasattr(asked, "gone")
    assert not hasattr(Link.__new__(Link), "mtu")
    assert not hasattr(HostFacts.__new__(HostFacts), "slaves")


@pytest.mark.parametrize("kind", ["vlans", "bridges", "networks"])
def test_a_link_layer_address_that_is_no_text_is_none(kind: str) -> None:
    report = {"nics": {}, kind: {"a": {"hwaddr": 5, "bridged": True}}}
    assert [link.mac for link in evaluator.read_report(report).facts.links] == [None]


@given(st.sampled_from(TEXTS), st.sampled_from(MASKS), st.lists(listed, max_size=3), st.sets(st.integers(0, 2)))
def test_addresses_that_agree_are_in_no_conflict(addr: str, mask: str, texts: list[str], left_out: set[int]) -> None:
    given = {"addr": addr, "netmask": mask, "ipv4addrs": texts}
    data = {key: value for at, (key, value) in enumerate(given.items()) if at not in left_out}
    if vdsm_addresses._agrees(data) and {"addr", "ipv4addrs"} <= data.keys():
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(vdsm_addresses, "_agrees", lambda _: False)
            assert vdsm_addresses.addr_conflict("a", data) == ()


def merged_plainly(entries: list[Entry]) -> list[tuple[OwnedAddress, str, str]]:
    """Merge as DESIGN says, one step after the other."""
    good: list[OwnedAddress] = []
    for entry in entries:
        try:
            address, prefix = _read_entry(entry)
        except ValueError:
            continue
        if not address.unusable:
            good.append(OwnedAddress(address, prefix, entry.primary, entry.text, entry.pointer))
    with_length = {o.address for o in good if "/" in o.raw and o.prefix is not None}
    primary = {o.address for o in good if o.primary}
    merged: dict[tuple[Address, int | None], OwnedAddress] = {}
    for one in sorted(good, key=lambda o: (o.pointer, o.raw)):
        if "/" in one.raw or one.address not in with_length:
            merged.setdefault((one.address, one.prefix), replace(one, primary=one.address in primary))
    ordered = sorted(merged.values(), key=lambda o: (o.address, -1 if o.prefix is None else o.prefix))
    return [(owned, owned.raw, owned.pointer) for owned in ordered]


@given(st.data())
def test_addresses_are_merged_as_one_by_one(data: st.DataObject) -> None:
    lengths = st.one_of(st.none(), st.sampled_from([0, 24, 25, 64, 120]))
    entry = st.builds(Entry, listed, st.sampled_from("abc"), st.sampled_from(MASKS), st.booleans(), lengths)
    entries = data.draw(st.lists(entry, max_size=5))
    found = [(owned, owned.raw, owned.pointer) for owned in read_owned("a", entries).addresses]
    assert found == merged_plainly(entries)


def test_netmasks() -> None:
    assert sorted(NETMASKS.values()) == list(range(33))
    assert NETMASKS["255.255.254.0"] == parse_netmask("255.255.254.0") == 23
    for text in ("255.0.255.0", "0.0.0.1", "255.255.255.00", "x", ""):
        with pytest.raises(ValueError, match=r"netmask|octets|Leading|empty"):
            parse_netmask(text)


@given(st.sampled_from([(4, 32), (6, 128)]), st.data())
def test_what_is_link_local_is_what_the_library_says(family: tuple[int, int], data: st.DataObject) -> None:
    version, bits = family
    begin = data.draw(st.sampled_from([0xA9FE << 16, 0] if version == 4 else [0xFE80 << 112, 0xFEBF << 112, 0]))
    address = Address(
        version, begin | data.draw(st.integers(0, (1 << bits) - 1)) >> data.draw(st.sampled_from([0, 16]))
    )
    assert address.is_link_local is address.as_library().is_link_local
    assert address == Address(version, address.number) != Address(10 - version, address.number)
    assert hash(address) == hash(Address(version, address.number))
    assert (address == "x", address == Kind.BOND) == (False, False)
