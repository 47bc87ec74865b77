"""What name servers do wrong, one by one, against a scripted server on loopback."""

from __future__ import annotations

import asyncio
import itertools
import json
from functools import partial
from pathlib import Path
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.rdata
import dns.rrset
import pytest

import evaluator
from evaluator import HostAddresses, Status
from evaluator.names.config import Server
from evaluator.names.resolution import from_resolution
from evaluator.testing.terse_topology import read_topology
from tests.support.scripted_dns import SOA, Script, answer, scripted_server
from tests.support.untyped import untyped
from tests.support.virtual_dns import resolve

NAME = "node7.lab.test"
PATIENT = 60.0  # seconds that no test waits for: each server here answers, refuses, or is asked in virtual time
REPORT = evaluator.read_report(read_topology("ens1 has 192.0.2.10/24; ens2 has 198.51.100.20/24, 2001:db8::20/64"))
POLICY = evaluator.load_policy("strict")


def type_of(query: dns.message.Message) -> str:
    return query.question[0].rdtype.name


def _both(**records: str) -> Script:
    def script(query: dns.message.Message, _: str) -> bytes:
        text = records.get(type_of(query))
        return (answer(query, text) if text else answer(query, authority=SOA)).to_wire()

    return script


A_ONLY = _both(A=f"{NAME}. 60 IN A 192.0.2.10")


def ask(script: Script, **options: Any) -> HostAddresses:
    with scripted_server(script) as server:
        host = evaluator.resolve_host(NAME, servers=[server], **{"timeout": PATIENT, **options})
    assert_rebuilds(host)
    return host


def assert_rebuilds(host: HostAddresses) -> None:
    """The kept resolution alone gives the same addresses, findings and decision, after a trip through JSON."""
    kept = json.loads(json.dumps(host.resolution))
    again = from_resolution(kept)
    assert again == host
    assert POLICY.decide(REPORT, again).to_json() == POLICY.decide(REPORT, host).to_json()


def codes(host: HostAddresses) -> set[str]:
    return {finding.code for finding in host.findings()}


def test_one_family_with_addresses_the_other_without() -> None:
    host = ask(A_ONLY)
    assert [str(a) for a in host.answers] == ["192.0.2.10"]
    assert host.complete
    assert codes(host) == set()
    assert POLICY.decide(REPORT, host).host_active_nic == "ens1"


def test_first_address_is_the_first_a_in_wire_order() -> None:
    records = {"A": f"{NAME}. 60 IN A 198.51.100.20", "AAAA": f"{NAME}. 60 IN AAAA 2001:db8::20"}
    host = ask(_both(**records))
    assert str(host.first) == "198.51.100.20"
    assert [str(a) for a in host.answers] == ["198.51.100.20", "2001:db8::20"]


@pytest.mark.parametrize(
    ("rcode", "code", "complete"),
    [("NXDOMAIN", "NAME_NOT_FOUND", True), ("SERVFAIL", "DNS_SERVER_FAILED", False), ("REFUSED", "DNS_REFUSED", False)],
)
def test_failures_of_both_families(rcode: str, code: str, complete: bool) -> None:
    host = ask(lambda query, _: answer(query, rcode=rcode).to_wire())
    assert host.answers == ()
    assert host.complete is complete
    assert code in codes(host)
    decision = POLICY.decide(REPORT, host)
    assert decision.status is Status.UNKNOWN_HOST


def test_no_addresses_is_told_apart_with_its_hint() -> None:
    host = ask(_both())
    (finding,) = [f for f in host.findings() if f.code == "NAME_HAS_NO_ADDRESSES"]
    assert "rebinding" in finding.hint
    assert POLICY.decide(REPORT, host).status is Status.UNKNOWN_HOST


@pytest.mark.parametrize("failing", ["A", "AAAA"])
@pytest.mark.parametrize("how", ["silence", "SERVFAIL"])
def test_one_family_failing_is_recorded_whichever_it_is(failing: str, how: str) -> None:
    def script(query: dns.message.Message, _: str) -> bytes | None:
        if type_of(query) != failing:
            value = "192.0.2.10" if failing == "AAAA" else "2001:db8::20"
            return answer(query, f"{NAME}. 60 IN {type_of(query)} {value}").to_wire()
        return None if how == "silence" else answer(query, rcode=how).to_wire()

    host, _ = resolve(NAME, script, timeout=1.0)
    assert_rebuilds(host)
    assert not host.complete
    assert {"ANSWERS_INCOMPLETE", "DNS_TIMED_OUT" if how == "silence" else "DNS_SERVER_FAILED"} <= codes(host)
    decision = POLICY.decide(REPORT, host)
    assert (decision.status, decision.host_active_nic) == (Status.RESOLVED, "ens1" if failing == "AAAA" else "ens2")
    strict, _ = resolve(NAME, script, timeout=1.0, require_complete=True)
    assert POLICY.decide(REPORT, strict).status is Status.UNKNOWN_HOST
    assert len(strict.withheld) == 1


def test_incomplete_without_an_owner_proves_no_absence() -> None:
    def script(query: dns.message.Message, _: str) -> bytes:
        found = answer(query, f"{NAME}. 60 IN A 203.0.113.1")
        return (found if type_of(query) == "A" else answer(query, rcode="SERVFAIL")).to_wire()

    assert POLICY.decide(REPORT, ask(script)).status is Status.UNKNOWN_HOST


def test_nxdomain_for_one_type_only_is_inconsistent() -> None:
    def script(query: dns.message.Message, _: str) -> bytes:
        found = answer(query, f"{NAME}. 60 IN A 192.0.2.10")
        return (found if type_of(query) == "A" else answer(query, rcode="NXDOMAIN")).to_wire()

    host = ask(script)
    assert host.complete
    assert codes(host) == {"DNS_INCONSISTENT"}


def test_wrong_ids_and_questions_and_garbage_are_ignored() -> None:
    def script(query: dns.message.Message, _: str) -> list[bytes]:
        right = A_ONLY(query, "udp")
        assert isinstance(right, bytes)
        wrong_id = bytes([right[0] ^ 0xFF]) + right[1:]
        value = "10.6.6.6" if type_of(query) == "A" else "::6"
        other = dns.message.make_query("evil.test.", type_of(query), id=query.id)
        evil = answer(other, f"evil.test. 60 IN {type_of(query)} {value}")
        return [b"garbage", wrong_id, evil.to_wire(), right]

    assert [str(a) for a in ask(script).answers] == ["192.0.2.10"]


def test_truncation_is_asked_again_over_tcp() -> None:
    def script(query: dns.message.Message, transport: str) -> bytes:
        response = dns.message.from_wire(untyped(A_ONLY(query, transport)))
        if transport == "udp":
            response.answer.clear()
            response.flags |= dns.flags.TC
        return response.to_wire()

    host = ask(script)
    assert [str(a) for a in host.answers] == ["192.0.2.10"]
    assert host.resolution is not None
    assert {query["transport"] for query in untyped(host.resolution["queries"])} == {"tcp"}


def test_truncation_without_tcp_times_out() -> None:
    def script(query: dns.message.Message, transport: str) -> bytes | None:
        response = answer(query)
        response.flags |= dns.flags.TC
        return response.to_wire() if transport == "udp" else None

    host = ask(script)
    assert not host.complete
    assert host.answers == ()


def _chain(length: int) -> Script:
    def script(query: dns.message.Message, _: str) -> bytes:
        names = [f"{NAME}."] + [f"c{i}.lab.test." for i in range(1, length + 1)]
        links = [f"{a} 60 IN CNAME {b}" for a, b in itertools.pairwise(names)]
        last = [f"{names[-1]} 60 IN A 192.0.2.10"] if type_of(query) == "A" else []
        return answer(query, *links, *last, authority=SOA).to_wire()

    return script


def test_alias_chains() -> None:
    host = ask(_chain(16))
    assert [str(a) for a in host.answers] == ["192.0.2.10"]
    assert host.resolution is not None
    assert len(untyped(host.resolution["families"])[0]["cnames"]) == 16
    assert "CNAME_CHAIN_TOO_LONG" in codes(ask(_chain(17)))


def test_a_server_that_gives_the_first_link_only() -> None:
    def script(query: dns.message.Message, _: str) -> bytes:
        if query.question[0].name.to_text() == f"{NAME}.":
            return answer(query, f"{NAME}. 60 IN CNAME real.lab.test.").to_wire()
        found = type_of(query) == "A"
        return (answer(query, "real.lab.test. 60 IN A 192.0.2.10") if found else answer(query, authority=SOA)).to_wire()

    assert [str(a) for a in ask(script).answers] == ["192.0.2.10"]


def test_loops_and_dangling_aliases() -> None:
    links = (f"{NAME}. 60 IN CNAME b.lab.test.", f"b.lab.test. 60 IN CNAME {NAME}.")
    loop = ask(lambda query, _: answer(query, *links).to_wire())
    assert "CNAME_LOOP" in codes(loop)
    assert not loop.complete
    dangling = ask(lambda query, _: answer(query, links[0], rcode="NXDOMAIN").to_wire())
    assert "CNAME_DANGLING" in codes(dangling)


def test_ttl_zero_and_stale_answers_are_flagged() -> None:
    def script(query: dns.message.Message, _: str) -> bytes:
        text = f"{NAME}. 0 IN A 192.0.2.10"
        response = answer(query, text) if type_of(query) == "A" else answer(query, authority=SOA)
        stale = dns.edns.EDEOption(dns.edns.EDECode.STALE_ANSWER, "old")
        response.use_edns(0, options=[stale])
        return response.to_wire()

    host = ask(script)
    assert {"ANSWER_TTL_ZERO", "ANSWER_STALE"} <= codes(host)


def test_unusable_and_mapped_answers() -> None:
    def script(query: dns.message.Message, _: str) -> bytes:
        values = ("192.0.2.10", "127.0.0.1") if type_of(query) == "A" else ("::ffff:192.0.2.10", "::")
        response = dns.message.make_response(query)
        response.answer.append(dns.rrset.from_text(f"{NAME}.", 60, "IN", type_of(query), *values))
        return response.to_wire()

    host = ask(script)
    assert [str(a) for a in host.usable] == ["192.0.2.10"]
    assert [a["reason"] for a in untyped(host.to_dict()["unusable"])] == ["loopback", "unspecified"]


def _silent(*_: object) -> None:
    return None


def test_a_dead_first_server_and_a_live_second_one() -> None:
    host, seconds = resolve(NAME, _silent, A_ONLY, timeout=2.0)
    assert seconds == 0.5  # a fourth of the time: two servers, twice round
    assert [str(a) for a in host.answers] == ["192.0.2.10"]
    assert host.complete
    assert host.resolution is not None
    errors = [query["error"] for query in untyped(host.resolution["queries"])]
    assert errors.count("timeout") == 2


def test_a_closed_port_before_a_live_server() -> None:
    with scripted_server(A_ONLY) as gone:
        pass
    with scripted_server(A_ONLY) as live:
        host = evaluator.resolve_host(NAME, servers=[gone, live], timeout=PATIENT)
    assert [str(a) for a in host.answers] == ["192.0.2.10"]
    alone = evaluator.resolve_host(NAME, servers=[gone], timeout=PATIENT)
    assert codes(alone) == {"DNS_UNREACHABLE", "ANSWERS_INCOMPLETE"}  # not timed out: nothing was waited for


@pytest.mark.parametrize("servers", [1, 2, 3, 8])
@pytest.mark.parametrize("timeout", [0.5, 1.0, 7.0, 60.0])
def test_all_servers_dead_keeps_the_deadline(servers: int, timeout: float) -> None:
    host, seconds = resolve(NAME, *[_silent] * servers, timeout=timeout)
    assert 0 < seconds <= timeout + 1e-9
    assert codes(host) == {"DNS_TIMED_OUT", "ANSWERS_INCOMPLETE"}
    assert POLICY.decide(REPORT, host).status is Status.UNKNOWN_HOST


def test_an_endless_row_of_wrong_answers_keeps_the_deadline() -> None:
    def script(query: dns.message.Message, _: str) -> list[bytes]:
        return [dns.message.make_response(dns.message.make_query("evil.test.", "A")).to_wire()] * 100

    host, seconds = resolve(NAME, script, timeout=3.0)
    assert 0 < seconds <= 3.0
    assert codes(host) == {"DNS_TIMED_OUT", "ANSWERS_INCOMPLETE"}


def test_silence_on_a_real_socket_ends() -> None:
    with scripted_server(lambda *_: None) as one, scripted_server(lambda *_: None) as two:
        host = evaluator.resolve_host(NAME, servers=[one, two], timeout=0.5)
    assert codes(host) == {"DNS_TIMED_OUT", "ANSWERS_INCOMPLETE"}


def test_async_gives_the_same_and_can_be_cancelled() -> None:
    async def both() -> tuple[HostAddresses, HostAddresses]:
        with scripted_server(A_ONLY) as server:
            awaited = await evaluator.resolve_host_async(NAME, servers=[server], timeout=PATIENT)
            inside = evaluator.resolve_host(NAME, servers=[server], timeout=PATIENT)  # blocks, in a thread of its own
        return awaited, inside

    awaited, inside = asyncio.run(both())
    assert awaited == inside == ask(A_ONLY)

    async def cancelled() -> None:
        with scripted_server(lambda *_: None) as server:
            task = asyncio.create_task(evaluator.resolve_host_async(NAME, servers=[server], timeout=30.0))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert len(asyncio.all_tasks()) == 1

    asyncio.run(cancelled())


def test_a_hosts_file_answers_alone_and_disagreement_is_told(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text(f"# ours\n198.51.100.20 other {NAME.upper()} # two\nnonsense {NAME}\n2001:db8::20 {NAME}.\n")
    host = ask(A_ONLY, hosts_file=hosts)
    assert [str(a) for a in host.answers] == ["198.51.100.20", "2001:db8::20"]
    assert codes(host) == {"HOSTS_AND_DNS_DISAGREE", "HOSTS_ENTRY_MALFORMED"}
    assert host.resolution is not None
    assert host.resolution["source"] == "hosts"
    assert untyped(host.resolution["hosts"])["lines"] == [2, 4]
    hosts.write_text("198.51.100.20 somebody.else\n")
    assert codes(ask(A_ONLY, hosts_file=hosts)) == set()


def test_no_name_out_of_a_report_is_looked_up() -> None:
    asked: list[str] = []

    def script(query: dns.message.Message, transport: str) -> Any:
        asked.append(query.question[0].name.to_text())
        return A_ONLY(query, transport)

    host = ask(script)
    report = evaluator.read_report({"nics": {"ens1": {"addr": "evil.lab.test", "ipv4addrs": ["evil.lab.test/24"]}}})
    POLICY.decide(report, host).explain()
    assert set(asked) == {f"{NAME}."}


def test_what_each_answer_alone_would_give() -> None:
    def outcome(*addresses: str) -> tuple[str, list[str | None]]:
        explanation = POLICY.decide(REPORT, HostAddresses.of(*addresses)).explain()
        return explanation.stability, [answer.host_active_nic for answer in explanation.answers]

    assert outcome("198.51.100.20", "2001:db8::20") == ("stable", ["ens2", "ens2"])
    assert outcome("192.0.2.10", "2001:db8::20") == ("depends", ["ens1", "ens2"])
    assert outcome("192.0.2.10", "203.0.113.1") == ("depends", ["ens1", None])
    assert outcome("203.0.113.1", "203.0.113.2") == ("never", [None, None])
    assert outcome("192.0.2.10", "127.0.0.1") == ("depends", [None, "ens1"])


def test_records_of_another_class_are_none() -> None:
    def script(query: dns.message.Message, _: str) -> bytes:
        response = answer(query, authority=SOA)
        response.answer.append(dns.rrset.from_text(f"{NAME}.", 60, "CH", "TXT", "x"))
        response.answer.append(
            dns.rrset.from_rdata(f"{NAME}.", 60, dns.rdata.from_text("HS", "TYPE1", r"\# 4 0a000001"))
        )
        return response.to_wire()

    assert "NAME_HAS_NO_ADDRESSES" in codes(ask(script))


def test_an_alias_of_the_root_is_dangling() -> None:
    host = ask(lambda query, _: answer(query, f"{NAME}. 60 IN CNAME .").to_wire())
    assert "CNAME_DANGLING" in codes(host)


def test_silence_behind_an_alias_is_a_time_out() -> None:
    def script(query: dns.message.Message, _: str) -> bytes | None:
        is_first = query.question[0].name.to_text() == f"{NAME}."
        return answer(query, f"{NAME}. 60 IN CNAME b.lab.test.").to_wire() if is_first else None

    host, _ = resolve(NAME, script, timeout=1.0)
    assert_rebuilds(host)
    assert codes(host) == {"DNS_TIMED_OUT", "ANSWERS_INCOMPLETE"}


def test_truncation_over_tcp_is_no_whole_answer() -> None:
    def script(query: dns.message.Message, _: str) -> bytes:
        response = dns.message.from_wire(untyped(A_ONLY(query, "tcp")))
        response.flags |= dns.flags.TC
        return response.to_wire()

    host = ask(script)
    assert host.answers == ()
    assert not host.complete


def test_what_is_withheld_is_said() -> None:
    def script(query: dns.message.Message, transport: str) -> Any:
        return A_ONLY(query, transport) if type_of(query) == "A" else answer(query, rcode="SERVFAIL").to_wire()

    decision = POLICY.decide(REPORT, ask(script, require_complete=True))
    (finding,) = [f for f in decision.findings if f.code == "NO_ANSWER"]
    assert "ignored: 192.0.2.10" in finding.message


def test_disagreement_is_judged_by_what_was_answered(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text(f"192.0.2.10 {NAME}\n2001:db8::20 {NAME}\n# was:\x0c10.6.6.6 {NAME}\n")

    def script(query: dns.message.Message, transport: str) -> Any:
        return A_ONLY(query, transport) if type_of(query) == "A" else answer(query, rcode="SERVFAIL").to_wire()

    host = ask(script, hosts_file=hosts)
    assert len(host.answers) == 2
    assert codes(host) == set()


def test_an_empty_answer_that_proves_nothing_leads_to_the_next_server() -> None:
    with scripted_server(lambda query, _: answer(query).to_wire()) as lame, scripted_server(A_ONLY) as live:
        host = evaluator.resolve_host(NAME, servers=[lame, live], timeout=PATIENT)
    assert_rebuilds(host)
    assert [str(a) for a in host.answers] == ["192.0.2.10"]


def test_how_it_is_asked() -> None:
    """One question each, absolute, with EDNS 1232."""
    seen: list[tuple[str, str, int, int]] = []

    def script(query: dns.message.Message, transport: str) -> Any:
        seen.append((type_of(query), query.question[0].name.to_text(), query.edns, query.payload))
        return A_ONLY(query, transport)

    ask(script)
    assert sorted(seen) == [("A", f"{NAME}.", 0, 1232), ("AAAA", f"{NAME}.", 0, 1232)]


def test_both_families_are_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither gets its answer before both have asked, and still there is time to spare."""

    async def lagging(server: Server, query: bytes, on_stray: object) -> bytes:
        await both.wait()
        wire = A_ONLY(dns.message.from_wire(query), "udp")
        assert isinstance(wire, bytes)
        return wire

    async def resolved() -> HostAddresses:
        return await evaluator.resolve_host_async(NAME, servers=["127.0.0.1#5301"], timeout=PATIENT)

    both = asyncio.Barrier(2)
    monkeypatch.setattr("evaluator.names.dns.ask_by_udp", lagging)
    assert asyncio.run(resolved()).complete


def said(host: HostAddresses) -> dict[str, tuple[str, str]]:
    return {finding.code: (finding.message, finding.hint) for finding in host.findings()}


def nxdomain(query: dns.message.Message, _: str) -> bytes:
    return answer(query, rcode="NXDOMAIN", authority=SOA).to_wire()


def _refuse(rcode: str, query: dns.message.Message, _: str) -> bytes:
    return answer(query, rcode=rcode).to_wire()


def ask_for(name: str, script: Script, **options: Any) -> HostAddresses:
    with scripted_server(script) as server:
        return evaluator.resolve_host(name, servers=[server], timeout=PATIENT, **options)


def test_a_name_that_dns_does_not_know_may_be_in_a_hosts_file(tmp_path: Path) -> None:
    _, hint = said(ask_for(NAME, nxdomain))["NAME_NOT_FOUND"]
    assert hint == "check its spelling; only DNS was queried: if the name is in a hosts file, use `--hosts FILE`"
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.10 another.lab.test\n")
    assert said(ask_for(NAME, nxdomain, hosts_file=hosts))["NAME_NOT_FOUND"][1] == "check its spelling"


def test_a_name_below_local_is_for_mdns() -> None:
    for script in (nxdomain, _both(), partial(_refuse, "SERVFAIL")):
        (hint,) = [
            hint for code, (_, hint) in said(ask_for("node1.local", script)).items() if code.startswith(("NAME", "DNS"))
        ]
        assert "mDNS, which is not queried" in hint
    answers = _both(A="node1.local. 60 IN A 192.0.2.10")
    assert said(ask_for("node1.local", answers)) == {}


def test_name_servers_that_fail_are_named() -> None:
    for error, code in (("SERVFAIL", "DNS_SERVER_FAILED"), ("REFUSED", "DNS_REFUSED")):
        with scripted_server(partial(_refuse, error)) as server:
            host = evaluator.resolve_host(NAME, servers=[server], timeout=PATIENT)
            assert said(host)[code][0].endswith(f"; queried: {server}")
    alone = evaluator.resolve_host(NAME, servers=["127.0.0.1#1"], timeout=PATIENT)
    assert said(alone)["DNS_UNREACHABLE"][0].endswith("no name server can be reached; queried: 127.0.0.1#1")


def test_a_hosts_file_that_differs_from_dns_is_shown_beside_it(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text(f"192.0.2.99 {NAME}\n192.0.2.98 {NAME}\n")
    message, _ = said(ask(A_ONLY, hosts_file=hosts))["HOSTS_AND_DNS_DISAGREE"]
    assert message == (
        f"the hosts file gives `{NAME}` 192.0.2.98, 192.0.2.99, but DNS gives 192.0.2.10; the hosts file is used"
    )


def test_a_name_that_resolves_to_the_host_itself() -> None:
    hint = said(ask(_both(A=f"{NAME}. 60 IN A 127.0.1.1")))["ANSWER_UNUSABLE"][1]
    assert hint.startswith("Debian's installer writes 127.0.1.1")
    hint = said(ask(_both(A=f"{NAME}. 60 IN A 127.0.0.1")))["ANSWER_UNUSABLE"][1]
    assert hint.startswith("a loopback address means the machine that resolved the name")
