"""Real name servers on loopback: bind9 and dnsmasq, each a process of the test's own on a free port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest

ZONE = """$TTL 30
@ IN SOA ns root 1 60 60 60 60
@ IN NS ns
ns IN A 127.0.0.1
one IN A 192.0.2.10
two IN A 192.0.2.10
two IN A 198.51.100.20
four IN A 192.0.2.10
four IN A 198.51.100.20
four IN A 203.0.113.30
four IN A 203.0.113.31
dual IN A 192.0.2.10
dual IN AAAA 2001:db8::20
alias IN CNAME alias2
alias2 IN CNAME two
loop IN CNAME loop2
loop2 IN CNAME loop
dangling IN CNAME nowhere
text IN TXT "no address"
under_score IN A 192.0.2.10
"""
_CONFIG = """options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  pid-file none; recursion no; session-keyfile "{folder}/sk"; managed-keys-directory "{folder}";
  dnssec-validation no; notify no; check-names primary ignore; rrset-order {{ order {order}; }}; }};
controls {{ }};
zone "lab.test" {{ type primary; file "{folder}/lab"; }};
zone "broken.test" {{ type primary; file "{folder}/broken"; }};
"""
_PACKAGES = {"named": "bind9", "dnsmasq": "dnsmasq-base"}


def need(program: str) -> str:
    """Return the path of a server program; without it the test fails."""
    found = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")
    if found is None:
        pytest.fail(f"`{program}` is missing: install the package `{_PACKAGES[program]}`")
    return found


@contextmanager
def bind9(folder: Path, order: str) -> Iterator[str]:
    """Run bind9 with the given rrset-order (random, cyclic, none); yields `IP#PORT`."""
    program, port = need("named"), _free_port()
    many = "".join(f"many IN A 10.9.0.{i}\n" for i in range(1, 61))
    (folder / "lab").write_text(ZONE + many)
    (folder / "broken").write_text("this is no zone\n")
    config = folder / "named.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port, order=order))
    with _running([program, "-g", "-n", "1", "-c", str(config)], port, "one.lab.test"):
        yield f"127.0.0.1#{port}"


@contextmanager
def dnsmasq(folder: Path) -> Iterator[str]:
    """Run dnsmasq, which rotates by itself; yields `IP#PORT`."""
    program, port = need("dnsmasq"), _free_port()
    config = folder / "dnsmasq.conf"
    config.write_text(
        f"port={port}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nuser=root\npid-file=\n"
        "local=/lab.test/\nhost-record=two.lab.test,192.0.2.10,30\nhost-record=two.lab.test,198.51.100.20,30\n"
        "cname=alias.lab.test,two.lab.test,30\n"
    )
    with _running([program, "-k", "-C", str(config)], port, "two.lab.test"):
        yield f"127.0.0.1#{port}"


def _free_port() -> int:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        tcp.bind(("127.0.0.1", 0))
        port: int = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        return port


@contextmanager
def _running(command: list[str], port: int, known: str) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_until_ready(process, port, known)
            yield
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, known: str) -> None:
    while True:
        assert process.poll() is None, "the name server ended by itself"
        try:
            response = dns.query.udp(dns.message.make_query(known, "A"), "127.0.0.1", port=port, timeout=0.05)
        except (dns.exception.DNSException, OSError):
            time.sleep(0.02)
            continue
        if response.rcode() == dns.rcode.NOERROR and response.answer:
            return
        time.sleep(0.02)
