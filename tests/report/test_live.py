"""The running kernel by netlink: what it says is what `ip -j` says, and what was built."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import evaluator
from evaluator import HostAddresses, ReportError
from evaluator.base.diagnostic import ExtraMissingError
from evaluator.base.schema import violations
from evaluator.cli.main import main
from evaluator.report.live import _enter, collect

POLICY = evaluator.load_policy("strict")
BUILD = """
link add br0 type bridge
link add v0 type veth peer name v1
link add v2 type veth peer name v3
link set v0 master br0
link add mv0 link v2 type macvlan mode bridge
link add vx0 type vxlan id 42 dev v2 dstport 4789
link set lo up
link set br0 up
link set v0 up
link set v1 up
link set v2 up
link set v3 up
link set mv0 up
addr add 192.0.2.10/24 dev br0
addr add 192.0.2.11/24 dev br0
addr add 2001:db8::10/64 dev br0 nodad
addr add 198.51.100.20/24 dev mv0
addr add 203.0.113.30 peer 203.0.113.31 dev v3
addr add 10.0.0.1/32 dev lo
route add default via 192.0.2.1
route add 10.9.0.0/16 via 198.51.100.1 metric 50
route add unreachable 10.66.0.0/16
-6 route add default via 2001:db8::1
"""


def _need(why: bool, reason: str) -> None:
    if not why:
        pytest.fail(reason)


def _ip(*arguments: str, netns: str = "") -> bytes:
    where = ["-n", netns] if netns else []
    return subprocess.run(["ip", *where, *arguments], check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def netns() -> Iterator[str]:
    _need(shutil.which("ip") is not None, "`ip` is missing: install the package `iproute2`")
    _need(os.geteuid() == 0, "network namespaces need root")
    name = f"activenic-{os.getpid()}"
    _ip("netns", "add", name)
    try:
        for line in BUILD.strip().splitlines():
            _ip(*line.split(), netns=name)
        _ip("link", "add", os.fsdecode(b"odd\xff\\x"), "type", "bridge", netns=name)
        yield name
    finally:
        _ip("netns", "del", name)


def _as_ip_prints(netns: str) -> bytes:
    parts = (("addr", ["-j", "-d", "addr"]), ("route", ["-j", "route"]), ("route6", ["-j", "-6", "route"]))
    texts = [b'"%s": %s' % (key.encode(), _ip(*words, netns=netns).strip() or b"[]") for key, words in parts]
    return b"{" + b", ".join(texts) + b"}"


@pytest.mark.system
def test_netlink_says_what_ip_says(netns: str) -> None:
    live = evaluator.read_report(collect(netns))
    printed = evaluator.read_report(_as_ip_prints(netns))
    assert live.facts == printed.facts
    assert live.findings == printed.findings
    assert "odd\\xff\\\\x" in live.facts.by_name


@pytest.mark.system
@pytest.mark.parametrize(
    ("address", "status", "name"),
    [
        ("192.0.2.10", "rejected", "br0"),
        ("192.0.2.11", "rejected", "br0"),
        ("2001:db8::10", "rejected", "br0"),
        ("198.51.100.20", "resolved", "mv0"),
        ("203.0.113.30", "resolved", "v3"),
        ("203.0.113.31", "no_match", None),
        ("10.0.0.1", "no_match", None),
        ("127.0.0.1", "no_match", None),
    ],
)
def test_the_expected_decision(netns: str, address: str, status: str, name: str | None) -> None:
    decision = POLICY.decide(evaluator.read_report(collect(netns)), HostAddresses.of(address))
    assert (decision.status, decision.host_active_nic) == (status, name)


@pytest.mark.system
def test_routes_of_the_kernel(netns: str) -> None:
    report = evaluator.read_report(collect(netns))
    policy = evaluator.load_policy("route-to-engine")

    def decide(engine: str) -> tuple[str, str | None]:
        decision = policy.decide(report, HostAddresses.of(), engine_address=engine)
        return str(decision.status), decision.host_active_nic

    assert decide("8.8.8.8") == ("rejected", "br0")
    assert decide("10.9.1.1") == ("resolved", "mv0")
    assert decide("10.66.0.1") == ("no_match", None)
    assert decide("2001:db8:5::1") == ("rejected", "br0")


@pytest.mark.system
def test_collect_decides_as_live_does(netns: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["collect", "--netns", netns]) == 0
    collected = capsys.readouterr().out
    assert collected.isascii()
    assert violations(json.loads(collected), "iproute2-report") == ()
    file = tmp_path / "host.json"
    file.write_text(collected)
    for address in ("192.0.2.10", "198.51.100.20"):
        for output in ("json", "text"):
            ask = ["--address", address, "--output", output]
            statuses = [main(["decide", str(file), *ask]), main(["decide", "--live", "--netns", netns, *ask])]
            first, second = _halves(capsys.readouterr().out)
            assert statuses[0] == statuses[1]
            assert first == second


def _halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


@pytest.mark.system
def test_the_outputs_of_ip_as_files(netns: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = os.fsdecode(b"odd\xff\\x")
    _ip("link", "set", odd, "up", netns=netns)
    _ip("route", "add", "10.77.0.0/16", "dev", odd, netns=netns)
    for name, words in {"addr": ["-d", "addr"], "v4": ["route"], "v6": ["-6", "route"]}.items():
        (tmp_path / name).write_bytes(_ip("-j", *words, netns=netns))
    addr, v4, v6 = (str(tmp_path / name) for name in ("addr", "v4", "v6"))
    address = ["--address", "198.51.100.20"]  # the policy makes no choice if no interface owns the address
    for engine, nic in (("10.9.1.1", "mv0"), ("10.77.1.1", "odd\\xff\\\\x"), ("2001:db8:5::1", "br0")):
        ask = [*address, "--policy", "route-to-engine", "--param", f"engine_address={engine}", "--output", "json"]
        for first, second in ((v4, v6), (v6, v4)):
            main(["decide", addr, "--route", first, "--route", second, *ask])
            assert json.loads(capsys.readouterr().out)["hostActiveNic"] == nic
    with pytest.raises(SystemExit):
        main(["decide", addr, *address, "--route", v4, "--route", v6, "--route", v4])


@pytest.mark.system
def test_no_process_is_started_and_the_own_namespace_is_kept(netns: str) -> None:
    code = (
        "import os, subprocess, sys\n"
        "def refuse(*_, **__): raise AssertionError('a process was started')\n"
        "os.fork = os.posix_spawn = subprocess.Popen.__init__ = refuse\n"
        "from evaluator.report.live import collect\n"
        "before = os.readlink('/proc/self/ns/net')\n"
        f"names = [one['ifname'] for one in collect({netns!r})['addr']]\n"
        "assert 'mv0' in names and os.readlink('/proc/self/ns/net') == before\n"
        "assert 'mv0' not in [one['ifname'] for one in collect()['addr']]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["nowhere", "", "../../proc/1/ns/net", ".", "a\0b"])
def test_a_namespace_that_is_not_there(name: str) -> None:
    with pytest.raises(ReportError) as error:
        collect(name)
    assert error.value.diagnostics[0].code == "REPORT_UNREADABLE"


def test_without_the_extra_it_is_said_which(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyroute2", None)
    with pytest.raises(ExtraMissingError):
        collect()
    assert main(["decide", "--live", "--address", "192.0.2.10"]) == 2
    assert "activenic[live]" in capsys.readouterr().err
    assert main(["collect"]) == 2


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b"])
def test_what_is_no_name_of_a_namespace_is_not_opened(name: str) -> None:
    with pytest.raises(FileNotFoundError, match="ip netns"):
        _enter(name)
