"""Host names before any network use: what is a literal, a name, or neither; hosts files; localhost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import evaluator
from evaluator import HostNameError
from evaluator.facts.address import Address
from evaluator.names.config import read_config, system_config
from evaluator.names.host_name import HostName, read_host_name
from evaluator.names.hosts_file import LARGEST_HOSTS_FILE
from evaluator.names.resolution import from_resolution
from tests.support.untyped import untyped


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "EMPTY"),
        (".", "EMPTY"),
        (" node7", "BLANK"),
        ("node7\n", "BLANK"),
        ("node\u200b7", "BLANK"),
        ("a\x00b", "BLANK"),
        ("node7:54321", "PORT"),
        ("[::1]:80", "PORT"),
        ("https://node7", "URL"),
        ("root@node7", "USER"),
        ("192.0.2.1/24", "PREFIX"),
        ("2001:db8::1/64", "PREFIX"),
        ("1.2.3", "AMBIGUOUS"),
        ("10.5", "AMBIGUOUS"),
        ("010.0.0.5", "AMBIGUOUS"),
        ("0x0a.0.0.5", "AMBIGUOUS"),
        ("167772165", "AMBIGUOUS"),
        ("10.0.0.256", "AMBIGUOUS"),
        ("1.2.3.4.", "AMBIGUOUS"),
        ("2001:db8::1%eth0", "ZONE"),
        ("[192.0.2.1]", "NO_ADDRESS"),
        ("1::2::3", "NO_ADDRESS"),
        ("１0.0.0.1", "WIDE_DIGITS"),
        ("1。2。3。4", "WIDE_DIGITS"),
        ("१०.०.०.५", "WIDE_DIGITS"),
        ("node①.test", "WIDE_DIGITS"),
        ("node7:ssh", "PORT"),
        ("mailto:x", "PORT"),
        ("a" * 64 + ".test", "TOO_LONG"),
        (".".join(["a" * 60] * 5), "TOO_LONG"),
        ("*.lab.test", "WILDCARD"),
        ("a..b", "EMPTY_LABEL"),
        (".a", "EMPTY_LABEL"),
        ("a\\046b", "CHARACTER"),
        ("-a.test", "CHARACTER"),
        ("a,b", "CHARACTER"),
        ("☃.test", "IDNA"),
        ("9" * 5000, "AMBIGUOUS"),
        ("1.2." + "9" * 5000, "AMBIGUOUS"),
        ("192.0.2.10\ufe0f", "AMBIGUOUS"),
        ("010.0.0.5\u034f", "AMBIGUOUS"),
        ("xn--zzzzzz--.test", "IDNA"),
        ("ü" * 60 + ".test", "IDNA"),
    ],
)
def test_what_is_no_host_name(text: str, code: str) -> None:
    with pytest.raises(HostNameError) as error:
        read_host_name(text)
    assert [d.code for d in error.value.diagnostics] == [f"HOST_NAME_{code}"]


@pytest.mark.parametrize(
    ("text", "java", "glibc"),
    [
        ("1.2.3", "1.2.0.3", "1.2.0.3"),
        ("10.5", "10.0.0.5", "10.0.0.5"),
        ("010.0.0.1", "10.0.0.1", "8.0.0.1"),
        ("0x7f.1", "no host", "127.0.0.1"),
        ("16909060", "1.2.3.4", "1.2.3.4"),
        ("4294967296", "a name", "a name"),
        ("1.2.3.256", "a name", "a name"),
    ],
)
def test_what_others_read(text: str, java: str, glibc: str) -> None:
    with pytest.raises(HostNameError) as error:
        read_host_name(text)
    assert f"Java reads {java}, glibc {glibc}" in error.value.diagnostics[0].message


@pytest.mark.parametrize(
    ("text", "ascii_name"),
    [
        ("node7.lab.test", "node7.lab.test"),
        ("NODE7.Lab.Test.", "node7.lab.test"),
        ("node_7.lab.test", "node_7.lab.test"),
        ("deadbeef", "deadbeef"),
        ("cafe.babe", "cafe.babe"),
        ("straße.test", "xn--strae-oqa.test"),
        ("xn--strae-oqa.test", "xn--strae-oqa.test"),
        ("日本語.test", "xn--wgv71a119e.test"),
        ("a" * 63 + ".test", "a" * 63 + ".test"),
        ("node_7.straße.test", "node_7.xn--strae-oqa.test"),
        ("ab--cd.straße.test", "ab--cd.xn--strae-oqa.test"),
        ("straße.test。", "xn--strae-oqa.test"),
        ("نامه\u200cای.com", "xn--mgba3gch31f060k.com"),
        ("کتاب۱.ir", "xn--mgbce12cll.ir"),
    ],
)
def test_what_is_a_host_name(text: str, ascii_name: str) -> None:
    found = read_host_name(text)
    assert isinstance(found, HostName)
    assert found.ascii == ascii_name


@pytest.mark.parametrize("text", ["192.0.2.1", "::1", "[2001:db8::1]", "fe80::1%eth0", "::ffff:192.0.2.1"])
def test_literals_never_reach_a_resolver(text: str) -> None:
    assert isinstance(read_host_name(text), Address)
    host = evaluator.resolve_host(text, servers=["127.0.0.1#1"])
    assert host.resolution is None
    assert host.is_literal


def test_remarks_on_names() -> None:
    codes = {
        text: [f.code for f in untyped(read_host_name(text)).findings()] for text in ("node_7.test", "node7", "a.b")
    }
    assert codes == {"node_7.test": ["NAME_HAS_UNDERSCORE"], "node7": ["NAME_HAS_ONE_LABEL"], "a.b": []}


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST.", "db.localhost"])
def test_localhost_is_never_asked_of_dns(name: str) -> None:
    host = evaluator.resolve_host(name, servers=["127.0.0.1#1"])
    assert [str(a) for a in host.unusable] == ["127.0.0.1", "::1"]
    assert host.resolution is not None
    assert host.resolution["source"] == "localhost"
    assert from_resolution(host.resolution) == host
    report = evaluator.read_report({"nics": {"lo": {"addr": "127.0.0.1"}}})
    assert evaluator.load_policy("strict").decide(report, host).status == "no_match"


def test_importing_the_face_imports_no_dns_library() -> None:
    code = (
        "import sys, evaluator; evaluator.resolve_host('192.0.2.1'); evaluator.resolve_host('localhost'); "
        "print('dns' in sys.modules, 'dns.resolver' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def test_a_hosts_file_that_cannot_be_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(LARGEST_HOSTS_FILE + 1)
    for path in (tmp_path, tmp_path / "missing", pipe, large, Path("/dev/zero"), Path("a\0b")):
        with pytest.raises(HostNameError) as error:
            evaluator.resolve_host("node7", hosts_file=path, servers=["127.0.0.1#1"])
        assert error.value.diagnostics[0].code == "HOSTS_FILE_UNREADABLE"


def test_without_the_idna_package_such_names_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "idna", None)
    with pytest.raises(HostNameError) as error:
        read_host_name("straße.test")
    assert error.value.diagnostics[0].code == "HOST_NAME_IDNA_MISSING"
    assert isinstance(read_host_name("strasse.test"), HostName)


def test_the_systems_resolver_configuration_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("# ours\nnameserver 192.0.2.53\nnameserver junk\nnameserver\nnameserver fe80::53%eth0\n")
    assert [str(server) for server in system_config(1.0, file).servers] == ["192.0.2.53#53", "fe80::53%eth0#53"]
    file.write_text("".join(f"nameserver 192.0.2.{i}\n" for i in range(1, 9)))
    assert len(system_config(1.0, file).servers) == 3

    monkeypatch.setattr("evaluator.names.config.system_config", lambda timeout: system_config(timeout, tmp_path / "no"))
    host = evaluator.resolve_host("node7.lab.test")
    assert {finding.code for finding in host.findings()} == {"DNS_NO_SERVER", "ANSWERS_INCOMPLETE"}


@pytest.mark.parametrize("text", ["192.0.2.53", "192.0.2.53#5353", "[::1]#53", "::1", "fe80::1%eth0#53"])
def test_what_is_a_name_server(text: str) -> None:
    (server,) = read_config([text], 1.0).servers
    assert str(server).startswith(text.strip("[").replace("]", ""))


@pytest.mark.parametrize("host", ["192.0.2.1", "localhost", "node7.lab.test"])
def test_wrong_options_are_all_told_whatever_the_host_is(host: str) -> None:
    with pytest.raises(HostNameError) as error:
        evaluator.resolve_host(host, servers=["junk", "1.2.3.4#0", "1.2.3.4#x", "2001:db8::1%eth0"], timeout=-1)
    assert sorted(d.code for d in error.value.diagnostics) == ["DNS_SERVER_INVALID"] * 4 + ["DNS_TIMEOUT_INVALID"]
    for timeout in (True, "5", float("nan"), 301, None):
        with pytest.raises(HostNameError):
            evaluator.resolve_host(host, timeout=untyped(timeout))
    with pytest.raises(HostNameError):
        evaluator.resolve_host(host, servers=["192.0.2.1"] * 9)
    with pytest.raises(HostNameError) as both:
        evaluator.resolve_host("a b", servers=["junk"])
    for wrong in ({"servers": 5}, {"servers": None}, {"hosts_file": 5}, {"require_complete": 1}):
        with pytest.raises(HostNameError):
            evaluator.resolve_host(host, **untyped(wrong))
    assert [d.code for d in both.value.diagnostics] == ["DNS_SERVER_INVALID", "HOST_NAME_BLANK"]


@pytest.mark.parametrize(
    ("name", "scripts"),
    [
        ("ex\u0430mple.org", "Cyrillic, Latin"),
        ("node\u03b1.example", "Greek, Latin"),
        ("a.\u0440\u0444p.example", "Cyrillic, Latin"),
        ("\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444", ""),  # one script
        ("m\u00fcnchen.example", ""),
        ("b\u00fccher.\u0440\u0444", ""),  # each label has one script
        ("\u4f8b\u3048\u30c6\u30b9\u30c8abc.jp", ""),  # Japanese writes with three scripts and Latin
        ("\ud55c\u6f22a.example", ""),
        ("node-7.example", ""),
    ],
)
def test_a_label_that_mixes_scripts_is_remarked(name: str, scripts: str) -> None:
    host = read_host_name(name)
    assert isinstance(host, HostName)
    found = [f.message for f in host.findings() if f.code == "NAME_HAS_MIXED_SCRIPTS"]
    assert found == ([f"`{name}` mixes letters of several scripts: {scripts}"] if scripts else [])
