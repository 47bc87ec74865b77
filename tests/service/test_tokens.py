"""Tokens: which requests need one, how they are replaced, and that they never appear anywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from evaluator.base.diagnostic import QuestionError
from evaluator.service.application import Service
from evaluator.service.settings import Settings
from evaluator.service.tokens import Tokens
from tests.support.service import QUESTION

FIRST, SECOND = "first-token-0123456789", "second-token-0123456789"


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tokens"
    path.write_text(f"# two clients\n{FIRST}\n\n  {SECOND}  \n")
    path.chmod(0o600)
    return path


def test_what_needs_a_token(file: Path) -> None:
    with TestClient(Service(Settings(tokens=file)).application()) as client:
        for headers in (
            {},
            _bearer(""),
            _bearer("x"),
            _bearer(FIRST[:-1]),
            _bearer(FIRST + "x"),
            _bearer(FIRST.upper()),
            _bearer("# two clients"),
            {"authorization": f"Basic {FIRST}"},
            {"authorization": FIRST},
        ):
            for method, path in (("POST", "/v1/decisions"), ("GET", "/metrics"), ("GET", "/v1/policies")):
                response = client.request(method, path, headers=headers)
                assert response.status_code == 401, (headers, path)
                assert response.headers["www-authenticate"] == 'Bearer realm="activenic"'
                assert FIRST not in response.text
        for token in (FIRST, SECOND):
            assert client.post("/v1/decisions", json=QUESTION, headers=_bearer(token)).status_code == 200
        assert client.get("/metrics", headers={"authorization": f"bearer {FIRST}"}).status_code == 200
        for path in ("/healthz", "/readyz", "/health"):
            assert client.get(path).status_code == 200


def test_tokens_are_replaced_without_a_restart(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    service = Service(Settings(tokens=file))
    with TestClient(service.application()) as client:
        file.write_text(f"{SECOND}\nthird-token-0123456789\n")
        os.utime(file, ns=(1, 1))
        service.reload()
        assert client.get("/metrics", headers=_bearer(FIRST)).status_code == 401
        assert client.get("/metrics", headers=_bearer("third-token-0123456789")).status_code == 200
        for broken in ("", "short\n", None):
            file.unlink() if broken is None else file.write_text(broken)
            service.reload()
            service.reload()
            assert client.get("/metrics", headers=_bearer(SECOND)).status_code == 200
        errors = [record for record in caplog.records if "the tokens did not change" in record.getMessage()]
        assert len(errors) == 3
        assert "short" not in caplog.text.replace("shorter", "")


@pytest.mark.parametrize("token", ["shört", "x" * 15, "a token with blanks", "tökén-with-16-letters", "a\x00" * 16])
def test_invalid_tokens_are_refused_without_showing_them(tmp_path: Path, token: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"{FIRST}\n{token}\n")
    with pytest.raises(QuestionError) as error:
        Tokens(path)
    (problem,) = error.value.diagnostics
    assert (problem.code, problem.place) == ("TOKENS_INVALID", f"{path}:2")
    assert token not in str(error.value)


@pytest.mark.parametrize("text", ["", "# nothing\n\n"])
def test_a_file_without_a_token(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(text)
    with pytest.raises(QuestionError, match="has no token"):
        Tokens(path)


def test_a_file_that_others_can_read(file: Path) -> None:
    assert Tokens(file).warnings == ()
    file.chmod(0o604)
    assert [warning.code for warning in Tokens(file).warnings] == ["TOKENS_OPEN_TO_OTHERS"]


def test_no_token_in_the_object(file: Path) -> None:
    tokens = Tokens(file)
    assert FIRST not in repr(vars(tokens))
    assert tokens.accept(f"Bearer {FIRST}")
