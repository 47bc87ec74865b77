"""Name servers that send what is no good answer, or more than one can read: nothing hangs, nothing is hidden."""

from __future__ import annotations

import base64
import json
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

import evaluator
from evaluator import HostAddresses, HostNameError, Status
from evaluator.names.resolution import from_resolution
from evaluator.names.wire import MalformedResponseError, read_response
from tests.names.test_dns_faults import A_ONLY, NAME, PATIENT, POLICY, REPORT, Script, ask, codes, type_of
from tests.support.scripted_dns import SOA, answer, scripted_server
from tests.support.untyped import untyped
from tests.support.virtual_dns import resolve


def _truncated(query: dns.message.Message) -> bytes:
    response = answer(query)
    response.flags |= dns.flags.TC
    return response.to_wire()


def _over_tcp(make: Callable[[dns.message.Message], bytes]) -> Script:
    return lambda query, transport: _truncated(query) if transport == "udp" else make(query)


def _flood(query: dns.message.Message, records: int) -> bytes:
    """Return as many MX records as said, each with a name of 110 labels that is not compressed once."""
    bare = answer(query, authority=SOA)
    bare.authority.clear()
    bare.use_edns(False)
    wire = bytearray(bare.to_wire())
    name_at = len(wire) + 12
    long_name = b"\x01a" * 110 + b"\x00"
    head = b"\xc0\x0c" + struct.pack("!HHIH", 15, 1, 60, 2 + len(long_name)) + b"\x00\x01" + long_name
    name_at = len(wire) + 2 + 10 + 2
    wire += head
    pointer = struct.pack("!H", 0xC000 | name_at)
    for _ in range(records - 1):
        wire += pointer + struct.pack("!HHIH", 15, 1, 60, 4) + b"\x00\x01" + pointer
    wire[6:8] = struct.pack("!H", records)
    return bytes(wire[:65535])


@pytest.mark.parametrize(
    ("records", "found"),
    [(4000, {"DNS_MALFORMED", "ANSWERS_INCOMPLETE"}), (499, {"NAME_HAS_NO_ADDRESSES"})],
)
def test_a_flood_of_records_is_refused_or_read(records: int, found: set[str]) -> None:
    host = ask(_over_tcp(lambda query: _flood(query, records)))
    assert not host.answers
    assert codes(host) == found


def _calls(wire: bytes) -> int:
    """Return how many functions are called to read a response."""
    count = 0

    def called(frame: object, event: str, _: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(called)
    try:
        with suppress(MalformedResponseError):
            read_response(wire)
    finally:
        sys.setprofile(None)
    return count


def test_a_flood_of_records_costs_what_its_octets_cost() -> None:
    query = dns.message.make_query(f"{NAME}.", "A")
    _calls(_flood(query, 10))  # what is imported and cached at first does not count
    some, twice, refused = (_calls(_flood(query, records)) for records in (100, 200, 4000))
    assert twice < 2.5 * some  # linear
    assert refused < some


def _with_option(option: bytes, trailing: bytes = b"") -> Script:
    """Return the right answer with an OPT record (RFC 6891) whose options are the given octets."""

    def script(query: dns.message.Message, _: str) -> bytes:
        text = f"{NAME}. 60 IN A 192.0.2.10"
        response = answer(query, text) if type_of(query) == "A" else answer(query, authority=SOA)
        response.use_edns(False)
        wire = bytearray(response.to_wire())
        wire[10:12] = b"\x00\x01"
        return bytes(wire) + b"\x00" + struct.pack("!HHIH", 41, 1232, 0, len(option)) + option + trailing

    return script


@pytest.mark.parametrize(
    "script",
    [
        _with_option(struct.pack("!HHH", 15, 1, 0)[:5]),
        _with_option(struct.pack("!HHH", 15, 60000, 3)),
        _with_option(struct.pack("!HHH", 15, 4, 3) + b"\xff\xfe"),
        _with_option(struct.pack("!HH", 8, 3) + b"\x00\x09\xff"),
        _with_option(b"\x00"),
        _with_option(b"", trailing=b"and more"),
    ],
)
def test_a_badly_made_option_does_not_take_the_answer_with_it(script: Script) -> None:
    host = ask(script)
    assert [str(a) for a in host.answers] == ["192.0.2.10"]
    assert host.complete


def _cut(query: dns.message.Message) -> bytes:
    right = A_ONLY(query, "tcp")
    assert isinstance(right, bytes)
    return right[:-20]


def test_what_cannot_be_read_is_told_from_silence() -> None:
    host = ask(lambda query, _: _cut(query))
    assert codes(host) == {"DNS_MALFORMED", "ANSWERS_INCOMPLETE"}
    assert host.resolution is not None
    for query in untyped(host.resolution["queries"]):
        assert query["error"].startswith("malformed: ")
        assert query["response"]


def test_an_unreadable_answer_leads_to_the_next_server() -> None:
    with scripted_server(lambda query, _: _cut(query)) as bad, scripted_server(A_ONLY) as good:
        host = evaluator.resolve_host(NAME, servers=[bad, good], timeout=PATIENT)
    assert [str(a) for a in host.answers] == ["192.0.2.10"]
    assert host.complete


def test_tcp_that_closes_or_answers_something_else() -> None:
    closing = ask(lambda query, transport: _truncated(query) if transport == "udp" else None)
    assert codes(closing) == {"DNS_UNREACHABLE", "ANSWERS_INCOMPLETE"}
    other = ask(_over_tcp(lambda query: answer(dns.message.make_query("evil.test.", "A")).to_wire()))
    assert codes(other) == {"DNS_MALFORMED", "ANSWERS_INCOMPLETE"}


def test_strays_are_counted() -> None:
    def script(query: dns.message.Message, _: str) -> list[bytes]:
        right = A_ONLY(query, "udp")
        assert isinstance(right, bytes)
        return [b"garbage", bytes([right[0] ^ 1]) + right[1:], right]

    host = ask(script)
    assert host.resolution is not None
    assert [query["strays"] for query in untyped(host.resolution["queries"])] == [2, 2]


def test_a_refusal_without_question_and_an_extended_rcode() -> None:
    def bare(query: dns.message.Message, _: str) -> bytes:
        return struct.pack("!HHHHHH", query.id, 0x8185, 0, 0, 0, 0)

    assert codes(ask(bare)) == {"DNS_REFUSED", "ANSWERS_INCOMPLETE"}

    def bad_version(query: dns.message.Message, _: str) -> bytes:
        response = answer(query)
        response.use_edns(0)
        response.set_rcode(dns.rcode.BADVERS)
        return response.to_wire()

    host = ask(bad_version)
    assert codes(host) == {"DNS_SERVER_FAILED", "ANSWERS_INCOMPLETE"}
    assert host.resolution is not None
    assert untyped(host.resolution["queries"])[0]["rcode"] == "BADVERS"


@pytest.mark.parametrize("rcode", ["NXDOMAIN", "NOERROR"])
@pytest.mark.parametrize("authority", ["", ". 60 IN SOA a.root. b.root. 1 60 60 60 60"])
def test_an_alias_out_of_the_zone_is_asked_itself(rcode: str, authority: str) -> None:
    def script(query: dns.message.Message, _: str) -> bytes:
        if query.question[0].name.to_text() == f"{NAME}.":
            return answer(query, f"{NAME}. 60 IN CNAME a.other.", rcode=rcode, authority=authority).to_wire()
        found = type_of(query) == "A"
        soa = "other. 60 IN SOA ns.other. root.other. 1 60 60 60 60"
        return (answer(query, "a.other. 60 IN A 192.0.2.10") if found else answer(query, authority=soa)).to_wire()

    assert [str(a) for a in ask(script).answers] == ["192.0.2.10"]


def test_the_last_of_eight_servers_is_reached() -> None:
    silent = [lambda *_: None] * 7
    host, seconds = resolve(NAME, *silent, A_ONLY, timeout=2.0)
    assert seconds < 2.0
    assert [str(a) for a in host.answers] == ["192.0.2.10"]


def test_hosts_files_know_names_in_unicode_and_only_ascii_case(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.10 straße.test\n192.0.2.11 xn--strae-oqa.test\n192.0.2.12 \u212aelvin.test\n")
    with scripted_server(lambda query, _: answer(query, rcode="NXDOMAIN").to_wire()) as server:
        found = evaluator.resolve_host("straße.test", servers=[server], hosts_file=hosts)
        other = evaluator.resolve_host("kelvin.test", servers=[server], hosts_file=hosts)
    assert [str(a) for a in found.answers] == ["192.0.2.10", "192.0.2.11"]
    assert other.answers == ()
    hosts.write_text(f"010.0.0.5 {NAME}\n")
    told = ask(A_ONLY, hosts_file=hosts)
    assert [str(a) for a in told.answers] == ["192.0.2.10"]
    assert codes(told) == {"HOSTS_ENTRY_MALFORMED"}


def _kept(host: HostAddresses) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(json.dumps(host.resolution))
    return kept


def _damages() -> dict[str, Callable[[dict[str, Any]], object]]:
    def swap_types(kept: dict[str, Any]) -> None:
        for query in kept["queries"]:
            query["type"] = {"A": "AAAA", "AAAA": "A"}[query["type"]]

    other = base64.b64encode(answer(dns.message.make_query("evil.test.", "A")).to_wire()).decode()
    return {
        "a key is missing": lambda kept: kept.pop("queries"),
        "an unknown key": lambda kept: kept.update(more=1),
        "another name": lambda kept: kept.update(asked="evil.test"),
        "a literal": lambda kept: kept.update(asked="192.0.2.1"),
        "localhost": lambda kept: kept.update(asked="localhost"),
        "no name": lambda kept: kept.update(asked="a b"),
        "no base64": lambda kept: kept["queries"][0].update(response="!"),
        "no packet": lambda kept: kept["queries"][0].update(response="AAAA"),
        "no response": lambda kept: kept["queries"][0].update(response=None),
        "another response": lambda kept: kept["queries"][0].update(response=other),
        "another id": lambda kept: kept["queries"][0].update(id=(kept["queries"][0]["id"] + 1) % 65536),
        "a wild id": lambda kept: kept["queries"][0].update(id=2**70),
        "not used": lambda kept: kept["queries"][0].update(used=False),
        "another rcode": lambda kept: kept["queries"][0].update(rcode="NXDOMAIN"),
        "another address": lambda kept: kept["families"][0].update(addresses=["10.6.6.6"]),
        "another outcome": lambda kept: kept["families"][0].update(outcome="no_addresses"),
        "swapped types": swap_types,
        "no families": lambda kept: kept.update(families=[]),
        "no queries": lambda kept: kept.update(queries=[]),
        "a later end": lambda kept: kept.update(valid_until="2999-01-01T00:00:00.000+00:00"),
        "a time that is none": lambda kept: kept["queries"][0].update(started="yesterday"),
        "a mixed time": lambda kept: kept["queries"][0].update(started="2026-01-01T00:00:00"),
        "another server": lambda kept: kept["config"].update(servers=["10.6.6.6#53"]),
        "no config": lambda kept: kept.update(config=None),
        "hosts from nowhere": lambda kept: kept.update(
            hosts={"addresses": ["10.6.6.6"], "lines": [1], "malformed": [], "sha256": ""}
        ),
        "hosts that are none": lambda kept: kept.update(
            hosts={"addresses": ["x"], "lines": [1], "malformed": [], "sha256": ""}
        ),
    }


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    return _kept(ask(A_ONLY))


@pytest.mark.parametrize("damage", sorted(_damages()))
def test_a_damaged_resolution_is_refused(kept: dict[str, Any], damage: str) -> None:
    assert from_resolution(kept).answers
    spoiled = deepcopy(kept)
    _damages()[damage](spoiled)
    with pytest.raises(HostNameError):
        from_resolution(spoiled)


def test_two_aliases_of_one_name_decide_nothing() -> None:
    def script(query: dns.message.Message, _: str) -> bytes:
        links = [f"{NAME}. 60 IN CNAME {target}.lab.test." for target in ("a", "b")]
        response = answer(query, links[0], "a.lab.test. 60 IN A 192.0.2.10", "b.lab.test. 60 IN A 198.51.100.20")
        response.answer.append(dns.rrset.from_text(f"{NAME}.", 60, "IN", "CNAME", "b.lab.test."))
        return response.to_wire()

    assert codes(ask(script)) == {"DNS_MALFORMED", "ANSWERS_INCOMPLETE"}


def test_a_referral_proves_no_absence() -> None:
    def script(query: dns.message.Message, _: str) -> bytes:
        if type_of(query) == "A":
            return answer(query, f"{NAME}. 60 IN A 203.0.113.1").to_wire()
        return answer(query, authority="lab.test. 60 IN NS ns.lab.test.").to_wire()

    host = ask(script)
    assert not host.complete
    assert "DNS_REFUSED" in codes(host)
    assert POLICY.decide(REPORT, host).status is Status.UNKNOWN_HOST
