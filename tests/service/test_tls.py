"""TLS and mutual TLS with a real server: who can connect, and that a service on a network needs one of both."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.service import QUESTION, WAIT, Running, serving, serving_on_port

pytestmark = pytest.mark.system
BODY = json.dumps(QUESTION).encode()
REQUEST = (
    b"POST /v1/decisions?fields=status HTTP/1.1\r\nhost: node.example\r\ncontent-type: application/json\r\n"
    b"connection: close\r\n"
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make two authorities, with a certificate of the service from `ca` and of a client from each."""
    folder = tmp_path_factory.mktemp("keys")
    for name, issuer in (("ca", ""), ("other", ""), ("service", "ca"), ("client", "ca"), ("stranger", "other")):
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        command += ["-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2", "-subj", f"/CN={name}"]
        if issuer:
            command += ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-addext", "basicConstraints=CA:FALSE"]
            command += ["-addext", "subjectAltName=IP:127.0.0.1,IP:127.0.0.2"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=WAIT)
    return folder


def _ask(service: Running, keys: Path, client: str = "", token: str = "") -> bytes:
    """Return the first line of the response; raises OSError (of which SSLError is one) if the server refuses."""
    context = ssl.create_default_context(cafile=str(keys / "ca.pem"))
    if client:
        context.load_cert_chain(keys / f"{client}.pem", keys / f"{client}.key")
    authorization = f"authorization: Bearer {token}\r\n".encode() if token else b""
    with (
        service.connect() as connection,
        context.wrap_socket(connection, server_hostname="127.0.0.1") as stream,
    ):
        stream.sendall(REQUEST + authorization + f"content-length: {len(BODY)}\r\n\r\n".encode() + BODY)
        line = stream.makefile("rb").readline()
        if not line:
            raise OSError("closed")
        return line


def _is_refused(service: Running, keys: Path, client: str) -> bool:
    try:
        _ask(service, keys, client)
    except OSError:
        return True
    return False


@pytest.fixture(scope="module")
def options(keys: Path) -> tuple[str, ...]:
    return "--tls-cert", str(keys / "service.pem"), "--tls-key", str(keys / "service.key")


def test_mutual_tls_opens_any_address_to_clients_with_a_certificate(
    tmp_path: Path, keys: Path, options: tuple[str, ...]
) -> None:
    more = ("--bind", "0.0.0.0", "--tls-client-ca", str(keys / "ca.pem"))
    with serving_on_port(tmp_path, *options, *more) as service:
        assert _ask(service, keys, "client") == b"HTTP/1.1 200 OK\r\n"
        for stranger in ("", "stranger"):
            assert _is_refused(service, keys, stranger)
        assert service.stop() == 0
        assert (keys / "service.key").read_text().splitlines()[1] not in service.errors


def test_tls_with_tokens(tmp_path: Path, keys: Path, options: tuple[str, ...]) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("a-token-0123456789abcdef\n")
    more = ("--bind", "0.0.0.0", "--token-file", str(tokens))
    with serving_on_port(tmp_path, *options, *more) as service:
        assert _ask(service, keys, token="a-token-0123456789abcdef") == b"HTTP/1.1 200 OK\r\n"
        assert _ask(service, keys) == b"HTTP/1.1 401 Unauthorized\r\n"
        with service.connect() as connection:  # a client that never finishes the handshake
            connection.sendall(b"\x16\x03\x01")
            assert _ask(service, keys) == b"HTTP/1.1 401 Unauthorized\r\n"
        assert service.stop() == 0


@pytest.mark.parametrize("missing", ["--tls-cert", "--tls-key"])
def test_files_that_cannot_be_read(tmp_path: Path, keys: Path, options: tuple[str, ...], missing: str) -> None:
    changed = [str(tmp_path / "none") if before == missing else option for before, option in _pairs(options)]
    with pytest.raises(AssertionError), serving_on_port(tmp_path, *changed):
        pass
    errors = (tmp_path / "service.err").read_text()
    assert "Traceback" not in errors
    assert f"{tmp_path}/none" in errors
    assert "[TLS_UNREADABLE]" in errors


def test_tokens_without_tls_on_a_network_give_a_warning(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("a-token-0123456789abcdef\n")
    with serving_on_port(tmp_path, "--bind", "0.0.0.0", "--token-file", str(tokens)) as service:
        assert service.stop() == 0
        assert "[TOKENS_WITHOUT_TLS]" in service.errors


def _pairs(options: tuple[str, ...]) -> list[tuple[str, str]]:
    return list(zip(("", *options), options, strict=False))


def test_a_port_that_is_in_use(tmp_path: Path) -> None:
    with serving_on_port(tmp_path) as service:
        command = [sys.executable, "-m", "evaluator", "serve", "--port", str(service.port)]
        failed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT)
        assert failed.returncode == 1
        assert f"cannot listen on {service.url}: address already in use [ADDRESS_IN_USE]" in failed.stderr


def test_a_socket_that_is_in_use_and_one_that_was_left(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        command = [sys.executable, "-m", "evaluator", "serve", "--unix", str(service.path)]
        failed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT)
        assert failed.returncode == 1
        assert "[ADDRESS_IN_USE]" in failed.stderr
        service.stop(signal.SIGKILL)
    assert service.path.exists()
    with serving(tmp_path) as service:
        assert service.client.get("/readyz").status_code == 200
    service.path.unlink(missing_ok=True)
    service.path.write_text("a file that must stay")
    failed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT)
    assert failed.returncode == 1
    assert service.path.read_text() == "a file that must stay"
