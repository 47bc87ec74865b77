"""Decisions and policies over HTTP: the contract of DESIGN 7 and docs/service.md, in this process without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import evaluator
from evaluator.base.schema import violations
from evaluator.service.settings import Limits, Settings
from tests.support.service import PROFILE, QUESTION, REPORT, client_of

STRICT = evaluator.load_policy("strict")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("policies")
    (folder / "mine.yaml").write_text("policy: mine\nextends: strict\nrules:\n  - remove: not-over-a-bridge\n")
    with client_of(Settings(policies=(folder,))) as client:
        yield client


def test_the_document_is_that_of_the_library(client: TestClient) -> None:
    response = client.post("/v1/decisions", json=QUESTION)
    expected = STRICT.decide(evaluator.read_report(REPORT), evaluator.HostAddresses.of("192.0.2.10")).to_json()
    assert (response.status_code, response.content) == (200, expected)
    assert response.headers["content-type"] == "application/json"
    assert len(response.headers["decision-id"]) == 36
    assert "location" not in response.headers


def test_every_status_is_an_answer(client: TestClient) -> None:
    unknown = {"report": REPORT, "host": "h.example", "answers": {"addresses": [], "complete": False}}
    for question, status in (
        ({"report": REPORT, "addresses": ["192.0.2.11"]}, "rejected"),
        ({"report": REPORT, "addresses": ["192.0.2.10", "192.0.2.11"]}, "ambiguous"),
        ({"report": REPORT, "addresses": ["192.0.2.99"]}, "no_match"),
        (unknown, "unknown_host"),
    ):
        response = client.post("/v1/decisions", json=question)
        assert (response.status_code, response.json()["status"]) == (200, status)


def test_the_small_answer(client: TestClient) -> None:
    rejected = {"report": REPORT, "addresses": ["192.0.2.11"]}
    media_type = f'application/json; profile="{PROFILE}"'
    by_profile = client.post("/v1/decisions", json=rejected, headers={"accept": f"text/html, {media_type}"})
    assert by_profile.headers["content-type"] == media_type
    answer = by_profile.json()
    assert answer == {
        "schema_version": 1,
        "status": "rejected",
        "hostActiveNic": "br0",
        "refusals": ["MANAGEMENT_NETWORK_OVER_BRIDGE"],
        "decision_id": by_profile.headers["decision-id"],
    }
    by_fields = client.post("/v1/decisions?fields=owners,status", json=rejected)
    assert by_fields.json() == {"schema_version": 1, "status": "rejected", "owners": ["br0"]}
    assert not violations(answer, "answer") + violations(by_fields.json(), "answer")


@pytest.mark.parametrize("fields", ["", "stat", "status,status", "status,", "trace"])
def test_unknown_fields(client: TestClient, fields: str) -> None:
    response = client.post(f"/v1/decisions?fields={fields}", json=QUESTION)
    assert (response.status_code, response.json()["type"]) == (400, "urn:activenic:problem:invalid-request")


def test_the_policy_and_the_parameters_of_a_question(client: TestClient) -> None:
    question = {"report": REPORT, "addresses": ["192.0.2.11"], "policy": "mine"}
    assert client.post("/v1/decisions?fields=status", json=question).json()["status"] == "resolved"
    question |= {"policy": "strict", "parameters": {"management_network": "other"}}
    document = client.post("/v1/decisions", json=question).json()
    assert document["policy"]["parameters"]["management_network"] == "other"


def _problems() -> list[tuple[object, int, str, str]]:
    bad_host = {"report": REPORT, "host": "a b"}
    return [
        (b"{", 400, "malformed", "REPORT_NOT_JSON"),
        (b"", 400, "malformed", "REPORT_EMPTY"),
        (b"[" * 100 + b"]" * 100, 400, "malformed", "REPORT_TOO_DEEP"),
        (b'{"report": {"nics": {}, "nics": {}}, "addresses": []}', 400, "malformed", "REPORT_DUPLICATE_KEY"),
        (b'{"report": {"nics": {}}, "addresses": ["::1"], "addresses": []}', 400, "malformed", "REPORT_DUPLICATE_KEY"),
        (b'{"report": {"n\\u0069cs": {}, "nics": {}}, "addresses": []}', 400, "malformed", "REPORT_DUPLICATE_KEY"),
        ([], 422, "invalid-question", "REPORT_INVALID"),
        ({"report": {"nics": 5}, "addresses": []}, 422, "invalid-question", "REPORT_INVALID"),
        ({**QUESTION, "unknown": 1}, 422, "invalid-question", "REPORT_INVALID"),
        ({**QUESTION, "addresses": ["x"]}, 422, "invalid-question", "HOST_ADDRESS_INVALID"),
        ({**QUESTION, "policy": "../mine.yaml"}, 422, "invalid-question", "POLICY_NOT_FOUND"),
        ({**QUESTION, "parameters": {"management_vlan": "x"}}, 422, "invalid-question", "PARAMETER_INVALID"),
        (bad_host, 422, "invalid-question", "HOST_NAME_BLANK"),
    ]


@pytest.mark.parametrize(("body", "status", "type_", "code"), _problems())
def test_a_question_that_cannot_be_decided(
    client: TestClient, body: object, status: int, type_: str, code: str
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = client.post("/v1/decisions", content=content, headers={"content-type": "application/json"})
    problem = response.json()
    assert (response.status_code, problem["type"]) == (status, f"urn:activenic:problem:{type_}")
    assert response.headers["content-type"] == "application/problem+json"
    assert code in [diagnostic["code"] for diagnostic in problem["diagnostics"]]
    assert problem["status"] == status
    assert not violations(problem, "problem")


def test_all_problems_at_once(client: TestClient) -> None:
    question = {"report": {"nics": {"a": {"addr": 5}, "b": {"speed": "fast"}}}, "addresses": []}
    diagnostics = client.post("/v1/decisions", json=question).json()["diagnostics"]
    assert {diagnostic["place"] for diagnostic in diagnostics} == {"/nics/a/addr", "/nics/b/speed"}


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_form_of_a_web_page_cannot_ask(client: TestClient, media_type: str) -> None:
    response = client.post("/v1/decisions", content=json.dumps(QUESTION), headers={"content-type": media_type})
    assert response.status_code == 415
    preflight = client.options("/v1/decisions", headers={"access-control-request-method": "POST", "origin": "x"})
    assert preflight.status_code == 405
    assert not [name for name in preflight.headers if name.startswith("access-control")]


def test_routes_and_methods(client: TestClient) -> None:
    for method, path, status in (
        ("GET", "/", 404),
        ("GET", "/v1/decisions/", 404),
        ("GET", "/v1/policies/none", 404),
        ("GET", "/schemas/none.schema.json", 404),
        ("GET", "/schemas/..%2Fpolicies%2Fstrict.yaml", 404),
        ("GET", "/v1/decisions/00000000-0000-0000-0000-000000000000", 404),
        ("PUT", "/v1/policies", 405),
        ("POST", "/v1/policies/mine", 405),
        ("GET", "/v1/decisions", 405),
    ):
        response = client.request(method, path)
        assert (response.status_code, response.json()["status"]) == (status, status), path
        assert ("allow" in response.headers) == (status == 405)


def test_policies(client: TestClient) -> None:
    document = client.get("/v1/policies").json()
    assert not violations(document, "policies")
    by_name = {policy["name"]: policy for policy in document["policies"]}
    assert (by_name["mine"]["source"], by_name["strict"]["source"]) == ("file", "shipped")
    assert by_name["strict"]["sha256"] == STRICT.digest
    assert [text["name"] for text in by_name["mine"]["texts"]] == ["strict", "mine"]
    one = client.get("/v1/policies/mine").json()
    assert one == {"schema_version": 1, **by_name["mine"]}
    assert one["parameters"][0]["name"] == "management_network"


def test_health_and_metrics(client: TestClient) -> None:
    client.post("/v1/decisions", json=QUESTION)
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}
    text = client.get("/metrics").text
    assert 'activenic_decisions_total{policy="strict",status="resolved"}' in text
    assert 'activenic_policy{policy="mine",sha256=' in text
    assert 'activenic_request_seconds_count{route="/v1/decisions",status="200"}' in text


def test_the_description_has_every_route_and_refers_to_schemas(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    assert description["openapi"] == "3.1.0"
    references = {value for value in _references(description) if value.startswith("schemas/")}
    assert len(references) >= 5
    for reference in references:
        assert client.get(f"/{reference}").json()["$schema"]
    assert client.get("/schemas/question.schema.json").headers["content-type"] == "application/schema+json"
    for path, operations in description["paths"].items():
        for method in operations:
            response = client.request(method, path.replace("{id}", "x").replace("{name}", "strict"))
            assert response.status_code not in (405, 500), path


def _references(value: Any) -> Iterator[str]:
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if key == "$ref":
            yield item
        yield from _references(item)


def test_the_limits_of_bodies() -> None:
    with client_of(Settings(limits=Limits(body=5000, bodies=7000))) as client:
        assert client.post("/v1/decisions", json=QUESTION).status_code == 200
        large = {**QUESTION, "labels": {"a": "x" * 6000}}
        response = client.post("/v1/decisions", json=large)
        assert (response.status_code, response.json()["type"]) == (413, "urn:activenic:problem:too-large")
        chunks = (json.dumps(large)[at : at + 1000].encode() for at in range(0, 20_000, 1000))
        chunked = client.post("/v1/decisions", content=chunks, headers={"content-type": "application/json"})
        assert chunked.status_code == 413
        assert client.post("/v1/decisions", json=QUESTION).status_code == 200
    with client_of(Settings(limits=Limits(bodies=100))) as client:
        response = client.post("/v1/decisions", json=QUESTION)
        assert (response.status_code, response.headers["retry-after"]) == (429, "1")


def test_the_limit_of_requests() -> None:
    with client_of(Settings(limits=Limits(requests=0))) as client:
        response = client.post("/v1/decisions", json=QUESTION)
        assert (response.status_code, response.headers["retry-after"]) == (429, "1")
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200


def test_an_error_of_the_service_shows_nothing_of_the_request(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret")

    with client_of(Settings()) as client:
        monkeypatch.setattr("evaluator.service.decider.question_or_name", fail)
        response = client.post("/v1/decisions", json=QUESTION)
        assert response.status_code == 500
        assert "secret" not in response.text
    assert "a request to /v1/decisions failed" in caplog.text


def test_a_changed_policy_is_used_and_a_broken_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("policy: mine\nextends: strict\n")
    settings = Settings(policies=(tmp_path,), default_policy="mine")
    question = {"report": REPORT, "addresses": ["192.0.2.11"]}
    from evaluator.service.application import Service

    service = Service(settings)
    with TestClient(service.application()) as client:
        assert client.post("/v1/decisions?fields=status", json=question).json()["status"] == "rejected"
        path.write_text("policy: mine\nrules: [")
        service.reload()
        assert client.post("/v1/decisions?fields=status", json=question).json()["status"] == "rejected"
        path.write_text("policy: mine\nextends: strict\nrules:\n  - remove: not-over-a-bridge\n")
        service.reload()
        assert client.post("/v1/decisions?fields=status", json=question).json()["status"] == "resolved"
        metrics = client.get("/metrics").text
        assert 'activenic_policy_changes_total{change="refused",policy="mine"} 1.0' in metrics
        assert 'activenic_policy_changes_total{change="replaced",policy="mine"} 1.0' in metrics
