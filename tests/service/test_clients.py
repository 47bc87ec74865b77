"""Clients that misbehave, a real server under load, and its end: what must hold then."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from evaluator import DecisionLog
from tests.support.service import QUESTION, WAIT, Running, lines_of, serving, serving_on_port

pytestmark = pytest.mark.system
BODY = json.dumps(QUESTION).encode()
HEADERS = "content-type: application/json\r\nhost: localhost\r\n"


def _head(length: int | str, path: str = "/v1/decisions?fields=status,decision_id", more: str = "") -> bytes:
    size = f"content-length: {length}" if isinstance(length, int) else f"transfer-encoding: {length}"
    return f"POST {path} HTTP/1.1\r\n{HEADERS}{more}{size}\r\n\r\n".encode()


def _status(connection: socket.socket) -> int:
    """Return the status of the next response; 0 if the connection is closed."""
    line = connection.makefile("rb").readline()
    return int(line.split()[1]) if line else 0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving_on_port(tmp_path_factory.mktemp("clients"), "--request-timeout", "1") as service:
        yield service


def _works(service: Running) -> bool:
    with service.connect() as connection:
        connection.sendall(_head(len(BODY)) + BODY)
        return _status(connection) == 200


def test_a_body_that_arrives_too_slowly(service: Running) -> None:
    with service.connect() as connection:
        connection.sendall(_head(len(BODY)) + BODY[:10])
        assert _status(connection) == 408
    assert _works(service)


def test_a_body_that_never_ends(service: Running) -> None:
    with service.connect() as connection:
        connection.sendall(_head("chunked"))
        sent = 0
        try:
            while sent < 40 << 20:
                connection.sendall(b"100000\r\n" + b" " * 0x100000 + b"\r\n")
                sent += 0x100000
        except OSError:
            pass
        assert _status(connection) in (413, 408, 0)
    assert _works(service)


def test_an_announced_body_that_is_too_large_is_refused_at_once(service: Running) -> None:
    with service.connect() as connection:
        started = time.monotonic()
        connection.sendall(_head(1 << 40) + b" " * 1000)
        assert _status(connection) == 413
        assert time.monotonic() - started < 1
    assert _works(service)


def test_headers_that_never_end(service: Running) -> None:
    with service.connect() as connection:
        connection.sendall(b"POST /v1/decisions HTTP/1.1\r\nhost: localhost\r\nx: ")
        try:
            for _ in range(64):
                connection.sendall(b"y" * 65536)
        except OSError:
            pass
        assert _status(connection) in (0, 400, 431)
    assert _works(service)


def test_connections_that_are_half_open_or_end_within_a_request(service: Running) -> None:
    with ExitStack() as stack:
        for text in (b"", b"POST", _head(len(BODY)), _head(len(BODY)) + BODY[:-1]):
            connection = stack.enter_context(service.connect())
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            service.connect().close()
        assert _works(service)
    assert "Traceback" not in service.errors


def test_what_is_not_http(service: Running) -> None:
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    for text in (b"\x16\x03\x01\x00\xa5" * 20, b"GET / HTTP/9.9\r\n\r\n", b"\0" * 4096, preface, preface + b"x" * 99):
        with service.connect() as connection, suppress(OSError):
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(4096)
    assert _works(service)


def test_a_thousand_connections_at_one_time(tmp_path: Path) -> None:
    with serving_on_port(tmp_path, "--most-requests", "2000") as service, ExitStack() as stack:
        connections = [stack.enter_context(service.connect()) for _ in range(1000)]
        for connection in connections:
            connection.sendall(_head(len(BODY)) + BODY)
        assert {_status(connection) for connection in connections} == {200}
        assert _works(service)


def test_more_requests_than_allowed_get_429(tmp_path: Path) -> None:
    with serving_on_port(tmp_path, "--most-requests", "4") as service, ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(service.connect()).sendall(_head(len(BODY)) + BODY[:-1])
        time.sleep(0.5)
        with service.connect() as connection:
            connection.sendall(_head(len(BODY)) + BODY)
            assert _status(connection) == 429
        with service.connect() as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert _status(connection) == 200


class Load:
    """Threads that ask until they are stopped. `answers` are the ids of answered decisions by their status."""

    def __init__(self, service: Running, threads: int = 8) -> None:
        self.ids: list[str] = []
        self.statuses: set[int] = set()
        self._service = service
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(threads)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(WAIT)

    def wait_for(self, count: int) -> None:
        """Wait until so many decisions were answered."""
        until = time.monotonic() + WAIT
        while len(self.ids) < count:
            assert time.monotonic() < until
            time.sleep(0.01)

    def _ask(self) -> None:
        try:
            with self._service.connect() as connection, connection.makefile("rb") as stream:
                while not self._stop.is_set():
                    connection.sendall(_head(len(BODY)) + BODY)
                    status = int(stream.readline().split()[1])
                    headers = dict(line.split(b": ", 1) for line in iter(stream.readline, b"\r\n"))
                    content = stream.read(int(headers[b"content-length"]))
                    self.statuses.add(status)
                    if status == 200:
                        self.ids.append(json.loads(content)["decision_id"])
        except (OSError, IndexError, KeyError, ValueError):
            return  # the service has ended


def test_a_broken_policy_under_load(tmp_path: Path) -> None:
    policies = tmp_path / "policies"
    policies.mkdir()
    mine = policies / "mine.yaml"
    mine.write_text("policy: mine\nextends: strict\n")
    with serving(tmp_path, "--policies", str(policies), "--policy", "mine") as service, Load(service) as load:
        for text in ("policy: mine\nrules: [", "policy: mine\nextends: strict\ndescription: again\n", "x", ""):
            load.wait_for(len(load.ids) + 20)
            mine.write_text(text)
            time.sleep(0.6)
        load.wait_for(len(load.ids) + 20)
    assert load.statuses == {200}
    assert service.errors.count("refused") >= 2
    assert "replaced" in service.errors


def test_every_answered_decision_is_in_the_log_after_kill_9(tmp_path: Path) -> None:
    log = tmp_path / "d.log"
    with serving(tmp_path, "--log", str(log)) as service, Load(service) as load:
        load.wait_for(100)
        service.stop(signal.SIGKILL)
    with DecisionLog.open(log, read_only=True) as opened:
        stored = {entry.decision_id for entry in opened.entries()}
        assert opened.verify().problems == ()
    assert len(load.ids) >= 100
    assert set(load.ids) <= stored


def test_a_graceful_stop_loses_readiness_first_and_no_request(tmp_path: Path) -> None:
    with serving(tmp_path, "--drain", "1.5", "--log", "d.log") as service:
        with Load(service) as load:
            load.wait_for(20)
            service.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            ready = service.client.get("/readyz")
            assert (ready.status_code, ready.json()["reason"]) == (503, "the service is stopping")
            assert service.client.get("/healthz").status_code == 200
            before = len(load.ids)
            load.wait_for(before + 20)
            assert service.process.wait(WAIT) == 0
        with DecisionLog.open(tmp_path / "d.log", read_only=True) as log:
            assert set(load.ids) <= {entry.decision_id for entry in log.entries()}
        assert load.statuses == {200}


def test_a_request_that_has_begun_is_finished_after_the_signal(tmp_path: Path) -> None:
    with serving(tmp_path, "--drain", "0.2") as service, service.connect() as connection:
        connection.sendall(_head(len(BODY)) + BODY[:-1])
        time.sleep(0.3)
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.8)
        with pytest.raises(OSError, match=r".*"):
            service.connect()
        connection.sendall(BODY[-1:])
        assert _status(connection) == 200
        assert service.process.wait(WAIT) == 0


def test_a_request_that_never_ends_does_not_prevent_the_stop(tmp_path: Path) -> None:
    with serving(tmp_path, "--request-timeout", "1") as service, service.connect() as connection:
        connection.sendall(_head(len(BODY)) + BODY[:-1])
        assert service.stop() == 0


def test_a_second_signal_ends_the_wait(tmp_path: Path) -> None:
    with serving(tmp_path, "--drain", "60") as service:
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert service.stop() == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_answers_nothing_that_is_not_in_the_log(small_disk: Path, tmp_path: Path) -> None:
    log, filler = small_disk / "d.log", small_disk / "filler"
    with serving(tmp_path, "--log", str(log)) as service:
        ids = [service.client.post("/v1/decisions", json=QUESTION).headers["decision-id"]]
        try:
            with filler.open("wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)
        except OSError:
            pass
        for _ in range(200):
            response = service.client.post("/v1/decisions", json=QUESTION)
            if response.status_code != 200:
                break
            ids.append(response.headers["decision-id"])
        problem = response.json()
        assert (response.status_code, problem["type"]) == (503, "urn:activenic:problem:not-stored")
        assert [diagnostic["code"] for diagnostic in problem["diagnostics"]] == ["LOG_UNWRITABLE"]
        assert "decision-id" not in response.headers
        assert response.headers["retry-after"] == "1"
        assert service.client.get("/readyz").status_code == 503
        assert service.client.get("/healthz").status_code == 200
        batch = service.client.post(
            "/v1/decisions:batch", content=BODY + b"\n", headers={"content-type": "application/jsonl"}
        )
        assert [line["problem"]["status"] for line in lines_of(batch.content)] == [503]
        filler.unlink()
        response = service.client.post("/v1/decisions", json=QUESTION)
        ids.append(response.headers["decision-id"])
        assert service.stop() == 0
    with DecisionLog.open(log, read_only=True) as opened:
        assert [entry.decision_id for entry in opened.entries()] == ids
        assert opened.verify().problems == ()


def test_records_for_shippers(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out, serving(tmp_path, "--log-to", "-", stdout=out) as service:
        decision_id = service.client.post("/v1/decisions", json=QUESTION).headers["decision-id"]
        (record,) = lines_of((tmp_path / "out").read_bytes())
        assert record["record"]["decision_id"] == decision_id
        assert service.stop() == 0
    command = [sys.executable, "-m", "evaluator", "replay", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_shipper_that_has_ended(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with serving(tmp_path, "--log-to", "-", stdout=writing) as service:
        os.close(writing)
        os.close(reading)
        response = service.client.post("/v1/decisions", json=QUESTION)
        assert (response.status_code, response.json()["type"]) == (503, "urn:activenic:problem:not-stored")


def test_a_token_is_in_no_log_error_or_list_of_processes(tmp_path: Path) -> None:
    token = "secret-token-0123456789abcdef"
    tokens = tmp_path / "tokens"
    tokens.write_text(token + "\n")
    with serving(tmp_path, "--token-file", str(tokens), "--log-to", "-", stdout=subprocess.DEVNULL) as service:
        headers = {"authorization": f"Bearer {token}"}
        texts = [
            service.client.post("/v1/decisions", json=QUESTION, headers=headers).text,
            service.client.post("/v1/decisions", json={}, headers=headers).text,
            service.client.get("/v1/policies", headers={"authorization": f"Bearer {token}x"}).text,
            service.client.get("/metrics", headers=headers).text,
        ]
        tokens.write_text("short\n")
        service.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        folder = Path(f"/proc/{service.process.pid}")
        texts += [(folder / name).read_text() for name in ("cmdline", "environ", "comm")]
        assert service.client.get("/metrics", headers=headers).status_code == 200
        assert service.stop() == 0
        texts.append(service.errors)
    assert "the tokens did not change" in service.errors
    assert all(token not in text for text in texts)
