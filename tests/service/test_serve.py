"""`activenic serve` as a process: where it listens, what it needs there, and how it stops."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from evaluator.base import diagnostic
from evaluator.cli.main import main
from tests.support.service import QUESTION, serving


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--bind", "0.0.0.0"), "opens the service to a network"),
        (("--bind", "::"), "opens the service to a network"),
        (("--bind", "192.0.2.1", "--tls-cert", "c", "--tls-key", "k"), "opens the service to a network"),
        (("--bind", "localhost"), "must be an IP address"),
        (("--tls-cert", "c"), "can only be used together"),
        (("--tls-client-ca", "c"), "needs `--tls-cert`"),
        (("--sign-key", "k"), "needs `--log`"),
        (("--log", "x", "--log-to", "-"), "not allowed with"),
        (("--port", "0"), "invalid port"),
        (("--most-requests", "0"), "greater than 0"),
    ],
)
def test_options_that_are_refused(options: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", *options])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        (("--policies", "none.yaml"), 8, "POLICY_UNREADABLE"),
        (("--policy", "none"), 8, "POLICY_NOT_FOUND"),
        (("--token-file", "none"), 1, "TOKENS_UNREADABLE"),
        (("--dns-server", "x"), 2, "DNS_SERVER_INVALID"),
        (("--log", "."), 8, "LOG_NOT_A_LOG"),
    ],
)
def test_files_that_are_invalid_at_the_start(
    options: tuple[str, ...], status: int, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *options]) == status
    assert f"[{code}]" in capsys.readouterr().err


@pytest.mark.parametrize("package", ["granian", "starlette", "prometheus_client", "watchfiles"])
def test_a_missing_package_names_the_extra(
    package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = diagnostic.find_spec
    monkeypatch.setattr(diagnostic, "find_spec", lambda name: None if name == package else find(name))
    assert main(["serve"]) == 2
    assert "hint: install `activenic[service]`" in capsys.readouterr().err


def test_a_service_from_its_start_to_its_end(tmp_path: Path) -> None:
    with serving(tmp_path, "--log", "d.log") as service:
        response = service.client.post("/v1/decisions", json=QUESTION)
        assert response.json()["status"] == "resolved"
        record = service.client.get(response.headers["location"])
        assert record.json()["record"]["result"]["hostActiveNic"] == "bond0"
        page = service.client.get(response.headers["location"], headers={"accept": "text/html,*/*"})
        assert page.text.startswith("<!DOCTYPE html>")
        assert service.path.stat().st_mode & 0o777 == 0o660
        assert service.stop(signal.SIGTERM) == 0
        assert f"activenic serves on unix:{service.path}" in service.errors
    assert not service.path.exists()
