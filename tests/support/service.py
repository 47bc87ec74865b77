"""Services for tests: in this process without a server, or as a real `activenic serve` in a process of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx2 as httpx
from starlette.testclient import TestClient

from evaluator.service.application import Service
from evaluator.service.settings import Settings
from evaluator.testing.terse_topology import read_topology

WAIT = 30.0  # only ends a test that hangs
REPORT = read_topology("bond0 over ens1, ens2 has 192.0.2.10/24; br0 over ens3 has 192.0.2.11/24")
QUESTION: dict[str, Any] = {"report": REPORT, "addresses": ["192.0.2.10"]}
PROFILE = "urn:activenic:schema:answer:1"


@contextmanager
def client_of(settings: Settings) -> Iterator[TestClient]:
    """Return a client of an application in this process."""
    with TestClient(Service(settings).application(), raise_server_exceptions=False) as client:
        yield client


class Running:
    """A running `activenic serve`: on the Unix socket `path`, with a client of it, or on a port of 127.0.0.1."""

    def __init__(self, process: subprocess.Popen[bytes], errors: Path, path: Path, port: int | None) -> None:
        self.process = process
        self.path = path
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._errors = errors
        self.client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(path)), base_url="http://localhost", timeout=WAIT
        )

    @property
    def errors(self) -> str:
        """What the service has written to standard error."""
        return self._errors.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(WAIT)

    def connect(self) -> socket.socket:
        """Return a new connection."""
        family, address = (socket.AF_UNIX, str(self.path)) if self.port is None else (socket.AF_INET, self._address)
        connection = socket.socket(family)
        connection.settimeout(WAIT)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            raise
        return connection

    @property
    def _address(self) -> tuple[str, int | None]:
        return "127.0.0.1", self.port


@contextmanager
def serving(folder: Path, *options: str, **process: Any) -> Iterator[Running]:
    """Run `activenic serve` on a Unix socket and wait until it accepts connections."""
    path = folder / "socket"
    with _running(folder, ("--unix", str(path), *options), path, None, process) as service:
        yield service


@contextmanager
def serving_on_port(folder: Path, *options: str, **process: Any) -> Iterator[Running]:
    """Run `activenic serve` on a free port of 127.0.0.1 and wait until it accepts connections."""
    port = free_port()
    with _running(folder, ("--port", str(port), *options), folder / "none", port, process) as service:
        yield service


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nothing listens now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for_port(port: int) -> None:
    """Wait until a server accepts connections on a port of 127.0.0.1."""
    until = time.monotonic() + WAIT
    while True:
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < until, f"nothing listens on port {port}"
        time.sleep(0.02)


def decide_on_port(port: int, token: str) -> Any:
    """Ask a service on a port of 127.0.0.1, as soon as it accepts connections; return the decision document."""
    wait_for_port(port)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", port)
    with socket.socket() as connection.sock:  # tests/conftest.py refuses connections that libraries open
        connection.sock.settimeout(WAIT)
        connection.sock.connect(("127.0.0.1", port))
        connection.request("POST", "/v1/decisions", json.dumps(QUESTION), headers)
        response = connection.getresponse()
        document = json.loads(response.read())
    assert response.status == 200, document
    return document


@contextmanager
def _running(
    folder: Path, options: Sequence[str], path: Path, port: int | None, process: dict[str, Any]
) -> Iterator[Running]:
    errors = folder / "service.err"
    command = [sys.executable, "-m", "evaluator", "serve", "--drain", "0", *options]
    with errors.open("w") as stream:
        service = Running(subprocess.Popen(command, stderr=stream, cwd=folder, **process), errors, path, port)
    try:
        _wait_for(service)
        yield service
    finally:
        service.client.close()
        if service.process.poll() is None:
            service.process.kill()
        service.process.wait(WAIT)


def _wait_for(service: Running) -> None:
    until = time.monotonic() + WAIT
    while True:
        assert service.process.poll() is None, service.errors
        try:
            service.connect().close()
        except OSError:
            assert time.monotonic() < until, service.errors
            time.sleep(0.02)
        else:
            return


def lines_of(text: str | bytes) -> list[Any]:
    """Return the documents of JSON lines."""
    return [json.loads(line) for line in text.splitlines()]
