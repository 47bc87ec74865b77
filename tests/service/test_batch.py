"""Batches: JSON lines in and out."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from evaluator.base.schema import violations
from evaluator.service.settings import Limits, Settings
from tests.support.service import QUESTION, client_of, lines_of

TYPE = {"content-type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with client_of(Settings()) as client:
        yield client


def _body(*items: object) -> bytes:
    return b"".join(item if isinstance(item, bytes) else json.dumps(item).encode() + b"\n" for item in items)


def test_answers_in_order_with_the_problems_between_them(client: TestClient) -> None:
    second = {**QUESTION, "id": "second", "addresses": ["192.0.2.11"]}
    body = _body(QUESTION, b"\n", second, b"{\n", {"report": 5}, QUESTION)
    response = client.post("/v1/decisions:batch", content=body, headers=TYPE)
    assert response.headers["content-type"] == "application/x-ndjson"
    lines = lines_of(response.content)
    assert [line["line"] for line in lines] == [1, 3, 4, 5, 6]
    assert [line["id"] for line in lines] == [None, "second", None, None, None]
    statuses = [line["document"]["status"] if "document" in line else line["problem"]["status"] for line in lines]
    assert statuses == ["resolved", "rejected", 400, 422, "resolved"]
    assert len({line.get("decision_id") for line in lines}) == 4
    assert not [problem for line in lines for problem in violations(line, "batch-line")]
    single = client.post("/v1/decisions", json=second).content
    assert b'"document":' + single + b"}\n" in response.content


def test_small_answers_and_a_last_line_without_its_end(client: TestClient) -> None:
    body = _body(QUESTION, json.dumps(QUESTION).encode())
    lines = lines_of(client.post("/v1/decisions:batch?fields=hostActiveNic", content=body, headers=TYPE).content)
    assert [line["answer"] for line in lines] == [{"schema_version": 1, "hostActiveNic": "bond0"}] * 2
    assert not violations(lines[0], "batch-line")


def test_a_line_is_cut_anywhere(client: TestClient) -> None:
    body = _body(*[QUESTION] * 3)
    for size in (1, 7, 1000, len(body)):
        chunks = (body[at : at + size] for at in range(0, len(body), size))
        response = client.post("/v1/decisions:batch?fields=status", content=chunks, headers=TYPE)
        assert [line["line"] for line in lines_of(response.content)] == [1, 2, 3]


@pytest.mark.parametrize(("body", "lines"), [(b"", 0), (b"\n\n", 0), (_body(*[QUESTION] * 300), 300)])
def test_the_number_of_lines(client: TestClient, body: bytes, lines: int) -> None:
    response = client.post("/v1/decisions:batch?fields=status", content=body, headers=TYPE)
    assert len(lines_of(response.content)) == lines


def test_what_is_refused_before_the_first_line(client: TestClient) -> None:
    assert client.post("/v1/decisions:batch", json=QUESTION).status_code == 415
    assert client.post("/v1/decisions:batch?fields=x", content=b"", headers=TYPE).status_code == 400


def test_a_line_that_is_too_large_ends_the_batch() -> None:
    with client_of(Settings(limits=Limits(body=100))) as client:
        response = client.post("/v1/decisions:batch?fields=status", content=_body(QUESTION, QUESTION), headers=TYPE)
        (line,) = lines_of(response.content)
        assert (line["line"], line["problem"]["type"]) == (1, "urn:activenic:problem:too-large")
