"""The example clients in Java and Go (`examples/java`, `examples/go`), compiled, against a service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from evaluator.testing.terse_topology import read_topology
from tests.support.service import WAIT, Running, serving, serving_on_port

pytestmark = pytest.mark.system
EXAMPLES = Path(__file__).parents[2] / "examples"
COMPILE = 300.0  # only ends a compiler that hangs
TOKEN = "a-token-of-an-engine-0123456789"
REPORT = read_topology(
    "bond0 over ens1, ens2 has 192.0.2.10/24; br0 over ens3 has 192.0.2.11/24; ens4 has 192.0.2.12/24"
)
MANAGED = "the management network will be deployed on bond0\n"
ASKED = [  # the arguments after the report, the exit status, and the lines that an administrator sees
    (["192.0.2.10"], 0, [MANAGED.strip()]),
    (
        ["192.0.2.11"],
        3,
        [
            "cannot add the host: the management network cannot be deployed on br0",
            "  the interface is a bridge (MANAGEMENT_NETWORK_OVER_BRIDGE)",
        ],
    ),
    (
        ["192.0.2.10", "192.0.2.12"],
        4,
        [
            "cannot add the host: several interfaces are possible: bond0, ens4",
            "  several interfaces own addresses of the host (SEVERAL_INTERFACES)",
        ],
    ),
    (
        ["198.51.100.1"],
        5,
        [
            "cannot add the host: no interface of the host owns its address; it may be behind NAT, "
            "or its DNS record is wrong"
        ],
    ),
    (
        ["--host", "node7.example.org"],
        6,
        ["cannot add the host: the name of the host has no address, or a DNS query failed"],
    ),
]


class Client(NamedTuple):
    """A compiled client: the first words of its command line."""

    command: tuple[str, ...]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it and return its output."""
        command = [*self.command, *arguments]
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=WAIT, env=environment
        )


def _java(folder: Path) -> tuple[str, ...]:
    source = str(EXAMPLES / "java" / "AddHost.java")
    command = ["javac", "-Xlint:all", "-Werror", "--release", "17", "-d", str(folder), source]
    subprocess.run(command, check=True, timeout=COMPILE)
    return ("java", "-cp", str(folder), "AddHost")


def _go(folder: Path) -> tuple[str, ...]:
    """Compile with go, or else with gccgo, which is installed in CI because its packages have half the size."""
    program = str(folder / "addhost")
    command = ["go", "build", "-o", program] if shutil.which("go") else ["gccgo", "-Wall", "-Werror", "-o", program]
    subprocess.run([*command, str(EXAMPLES / "go" / "addhost.go")], check=True, timeout=COMPILE)
    return (program,)


@pytest.fixture(scope="module", params=[_java, _go], ids=["java", "go"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(request.param(tmp_path_factory.mktemp("client")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("service")
    (folder / "report.json").write_text(json.dumps(REPORT))
    (folder / "tokens").write_text(f"{TOKEN}\n")
    return folder


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Running]:
    """A service with a token, and without a name server that answers."""
    options = ("--token-file", str(folder / "tokens"), "--dns-server", "127.0.0.1#1", "--dns-timeout", "0.1")
    with serving_on_port(folder, *options) as running:
        yield running


@pytest.mark.parametrize(("arguments", "status", "lines"), ASKED, ids=[str(row[1]) for row in ASKED])
def test_the_statuses(
    client: Client, service: Running, folder: Path, arguments: list[str], status: int, lines: list[str]
) -> None:
    report = str(folder / "report.json")
    done = client.run("--token-file", str(folder / "tokens"), service.url, report, *arguments)
    assert done.stderr == ""
    assert done.returncode == status
    printed = done.stdout.splitlines()
    assert [line for line in printed if not line.startswith("  decision ")] == lines
    assert len(printed) == len(lines) + (status != 0)


def test_problems(client: Client, service: Running, folder: Path) -> None:
    """An unknown token, an invalid question, and no service; the token never shows."""
    report = folder / "report.json"
    wrong = folder / "wrong"
    wrong.write_text("another-token-0123456789\n")
    token = ("--token-file", str(folder / "tokens"))
    unauthorized = client.run("--token-file", str(wrong), service.url, str(report), "192.0.2.10")
    assert unauthorized.stderr.startswith("no decision (HTTP 401): a token is missing or unknown\n  ")
    invalid = client.run(*token, service.url, str(report), "192.0.2.300")
    assert invalid.stderr.startswith("no decision (HTTP 422): the question is invalid\n  ")
    assert "`192.0.2.300`" in invalid.stderr
    elsewhere = client.run(*token, "http://127.0.0.1:1", str(report), "192.0.2.10")
    assert elsewhere.stderr.startswith("no decision: ")
    missing = client.run(*token, service.url, str(folder / "missing"), "192.0.2.10")
    assert missing.stderr.startswith("no decision: ")
    for done in (unauthorized, invalid, elsewhere, missing):
        assert (done.returncode, done.stdout) == (1, "")
        assert "token-0123" not in done.stderr
        assert TOKEN not in done.stderr
    assert client.run(service.url, str(report)).returncode == 2


def test_names_with_any_characters(client: Client, service: Running, folder: Path) -> None:
    """The service escapes what is not ASCII; a client without a JSON library must read it."""
    report = read_topology("ens1 has 192.0.2.10/24")
    name = 'nü"\U0001f4bb\\/'
    report["nics"] = {name: report["nics"]["ens1"]}
    (folder / "odd.json").write_text(json.dumps(report))
    done = client.run("--token-file", str(folder / "tokens"), service.url, str(folder / "odd.json"), "192.0.2.10")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"the management network will be deployed on {name}\n"


def test_the_unix_socket_from_go(tmp_path: Path, folder: Path) -> None:
    client = Client(_go(tmp_path))
    with serving(tmp_path) as running:
        done = client.run(f"unix:{running.path}", str(folder / "report.json"), "192.0.2.10")
    assert (done.returncode, done.stdout) == (0, MANAGED)
