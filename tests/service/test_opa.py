"""OPA's data API, request by request; `test_opa_clients.py` runs real clients of OPA."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from evaluator.service.settings import Settings
from tests.support.service import QUESTION, client_of

REJECTED = {**QUESTION, "addresses": ["192.0.2.11"]}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with client_of(Settings()) as client:
        yield client


def test_the_rules(client: TestClient) -> None:
    document = client.post("/v1/decisions", json=QUESTION).json()
    for path, result in (
        ("activenic/decision", document),
        ("activenic/resolved", True),
        ("activenic", {"decision": document, "resolved": True}),
        ("activenic%2Fresolved", True),
    ):
        response = client.post(f"/v1/data/{path}?pretty=true", json={"input": QUESTION, "ignored": 1})
        body = response.json()
        assert len(body.pop("decision_id")) == 36
        assert (response.status_code, body) == (200, {"result": result})
    assert client.post("/v1/data/activenic/resolved", json={"input": REJECTED}).json()["result"] is False


def test_an_undefined_path_has_no_result(client: TestClient) -> None:
    for path in ("activenic/allow", "system", ""):
        response = client.post(f"/v1/data/{path}", json={"input": QUESTION})
        assert (response.status_code, response.json()) == (200, {})


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        (b"{", "malformed"),
        (b'{"input": 1, "input": 2}', "malformed"),
        (b'{"input": {"report": {"nics": {}, "nics": {}}, "addresses": []}}', "malformed"),
        (b"{}", "invalid-request"),
        (b"[]", "invalid-request"),
        (b'{"input": 1}', "invalid-question"),
        (b'{"input": {"report": {"nics": 1}, "addresses": []}}', "invalid-question"),
    ],
)
def test_errors_are_those_of_opa_and_problem_details(client: TestClient, body: bytes, type_: str) -> None:
    response = client.post("/v1/data/activenic/decision", content=body, headers={"content-type": "application/json"})
    error = response.json()
    assert (response.status_code, response.headers["content-type"]) == (400, "application/json")
    assert (error["code"], error["type"]) == ("invalid_parameter", f"urn:activenic:problem:{type_}")
    assert error["message"]
    assert [problem["code"] for problem in error["errors"]] == [problem["code"] for problem in error["diagnostics"]]


def test_batches(client: TestClient) -> None:
    inputs = {"a": QUESTION, "b": REJECTED}
    response = client.post("/v1/batch/data/activenic/resolved", json={"inputs": inputs})
    responses = response.json()["responses"]
    assert response.status_code == 200
    assert {key: item["result"] for key, item in responses.items()} == {"a": True, "b": False}
    mixed = client.post("/v1/batch/data/activenic/decision", json={"inputs": {**inputs, "c": 5}})
    responses = mixed.json()["responses"]
    assert mixed.status_code == 207
    assert {key: item["http_status_code"] for key, item in responses.items()} == {"a": "200", "b": "200", "c": "500"}
    assert responses["c"]["code"] == "invalid_parameter"
    assert responses["b"]["result"]["status"] == "rejected"
    failed = client.post("/v1/batch/data/activenic/decision", json={"inputs": {"c": 5}})
    assert (failed.status_code, failed.json()["responses"]["c"]["code"]) == (207, "invalid_parameter")
    assert client.post("/v1/batch/data/none", json={"inputs": inputs}).json()["responses"] == {}
    assert client.post("/v1/batch/data/activenic", json={}).status_code == 400


def test_health(client: TestClient) -> None:
    assert client.get("/health?bundles=true").json() == {}
    assert client.get("/v1/policies/").status_code == 200  # how opa-python-client checks the connection
