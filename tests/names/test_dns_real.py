"""Host names against bind9 and dnsmasq: rotation must change nothing, and their failures are told apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import evaluator
from evaluator import HostAddresses
from evaluator.base.schema import violations
from evaluator.cli.main import main
from evaluator.testing.terse_topology import read_topology
from tests.names.test_dns_faults import assert_rebuilds
from tests.support.real_dns import bind9, dnsmasq

pytestmark = pytest.mark.system

TOPOLOGY = read_topology("ens1 has 192.0.2.10/24; ens2 has 198.51.100.20/24; ens3 has 2001:db8::20/64")
REPORT = evaluator.read_report(TOPOLOGY)
POLICY = evaluator.load_policy("strict")


@pytest.fixture(scope="module", params=["random", "cyclic", "none"])
def ordered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with bind9(tmp_path_factory.mktemp("bind9"), request.param) as server:
        yield request.param, server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with bind9(tmp_path_factory.mktemp("bind9"), "cyclic") as found:
        yield found


def _ask(name: str, server: str) -> HostAddresses:
    host = evaluator.resolve_host(name, servers=[server], timeout=60.0)
    assert_rebuilds(host)
    return host


def _without_resolution(host: HostAddresses) -> str:
    document = POLICY.decide(REPORT, host).to_dict()
    assert document.pop("resolution") is not None
    return json.dumps(document)


def test_two_hundred_decisions_are_identical_whatever_the_rotation(ordered: tuple[str, str]) -> None:
    order, server = ordered
    hosts = [evaluator.resolve_host("four.lab.test", servers=[server], timeout=60.0) for _ in range(200)]
    assert {_without_resolution(host) for host in hosts} == {_without_resolution(hosts[0])}
    assert POLICY.decide(REPORT, hosts[0]).status == "ambiguous"
    first_answers = {str(host.first) for host in hosts}
    assert len(first_answers) == (1 if order == "none" else 4)


def test_a_rotating_server_would_have_led_a_first_answer_engine_astray(server: str) -> None:
    firsts = {str(evaluator.resolve_host("two.lab.test", servers=[server], timeout=60.0).first) for _ in range(8)}
    assert firsts == {"192.0.2.10", "198.51.100.20"}
    explanation = POLICY.decide(REPORT, _ask("two.lab.test", server)).explain()
    assert explanation.stability == "depends"
    assert [answer.host_active_nic for answer in explanation.answers] == ["ens1", "ens2"]


@pytest.mark.parametrize(
    ("name", "addresses", "codes"),
    [
        ("one.lab.test", ["192.0.2.10"], set()),
        ("ONE.Lab.Test.", ["192.0.2.10"], set()),
        ("dual.lab.test", ["192.0.2.10", "2001:db8::20"], set()),
        ("alias.lab.test", ["192.0.2.10", "198.51.100.20"], set()),
        ("under_score.lab.test", ["192.0.2.10"], {"NAME_HAS_UNDERSCORE"}),
        ("gone.lab.test", [], {"NAME_NOT_FOUND"}),
        ("text.lab.test", [], {"NAME_HAS_NO_ADDRESSES"}),
        ("dangling.lab.test", [], {"CNAME_DANGLING"}),
        ("broken.test", [], {"DNS_SERVER_FAILED", "ANSWERS_INCOMPLETE"}),
        ("elsewhere.example", [], {"DNS_REFUSED", "ANSWERS_INCOMPLETE"}),
    ],
)
def test_what_bind9_says(server: str, name: str, addresses: list[str], codes: set[str]) -> None:
    host = _ask(name, server)
    assert [str(address) for address in host.answers] == addresses
    assert {finding.code for finding in host.findings()} == codes


def test_a_loop_of_aliases_ends(server: str) -> None:
    host = _ask("loop.lab.test", server)
    assert host.answers == ()
    assert {f.code for f in host.findings()} == {"DNS_SERVER_FAILED", "ANSWERS_INCOMPLETE"}  # bind9 says SERVFAIL


def test_sixty_addresses_arrive_whole(server: str) -> None:
    host = _ask("many.lab.test", server)
    assert len(host.answers) == 60


def test_dnsmasq_is_rotation_proof_too(tmp_path: Path) -> None:
    with dnsmasq(tmp_path) as found:
        hosts = [evaluator.resolve_host("alias.lab.test", servers=[found], timeout=60.0) for _ in range(20)]
        assert {_without_resolution(host) for host in hosts} == {_without_resolution(hosts[0])}
        assert len(hosts[0].answers) == 2
        gone = _ask("gone.lab.test", found)
    assert "NAME_NOT_FOUND" in {f.code for f in gone.findings()}


def test_the_command_asks_and_records(server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps(TOPOLOGY))
    options = ["--dns-server", server, "--dns-timeout", "60"]
    assert main(["decide", str(report), "--host", "dual.lab.test", *options, "--output", "json"]) == 4
    document = json.loads(capsys.readouterr().out)
    assert document["host"]["name"] == "dual.lab.test"
    assert {query["type"] for query in document["resolution"]["queries"]} == {"A", "AAAA"}
    assert document["resolution"]["valid_until"]
    assert violations(document, "decision") == ()
    assert main(["decide", str(report), "--host", "one.lab.test", *options, "--output", "name"]) == 0
    assert capsys.readouterr().out == "ens1\n"
    assert main(["decide", str(report), "--host", "gone.lab.test", *options]) == 6
    assert "NAME_NOT_FOUND" in capsys.readouterr().out
    hosts = tmp_path / "hosts"
    hosts.write_text("198.51.100.20 one.lab.test\n")
    assert main(["decide", str(report), "--host", "one.lab.test", "--hosts", str(hosts), *options]) == 0
    assert "HOSTS_AND_DNS_DISAGREE" in capsys.readouterr().out
    assert main(["decide", str(report), "--host", "broken.test", "--require-complete", *options]) == 6
