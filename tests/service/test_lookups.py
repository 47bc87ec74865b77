"""Names in questions: resolved only without answers, asynchronously, and within the time of the request."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import dns.message
import pytest

from evaluator.service.settings import Limits, Lookup, Settings
from tests.support.scripted_dns import answer, scripted_server
from tests.support.service import REPORT, WAIT, client_of

NAMED = {"report": REPORT, "host": "node7.lab.test"}
ANSWERED = {**NAMED, "answers": {"addresses": ["192.0.2.11"]}}
LINES = {"content-type": "application/x-ndjson"}


def _settings(server: str, timeout: float = 5.0, seconds: float = WAIT) -> Settings:
    return Settings(lookup=Lookup((server,), timeout), limits=Limits(seconds=seconds))


def _counted(queries: list[str]) -> Callable[[dns.message.Message, str], bytes | None]:
    def script(query: dns.message.Message, _: str) -> bytes:
        queries.append(query.question[0].rdtype.name)
        records = ["node7.lab.test. 60 IN A 192.0.2.10"] if queries[-1] == "A" else []
        return answer(query, *records).to_wire()

    return script


def test_a_name_is_resolved_only_if_it_has_no_answers() -> None:
    queries: list[str] = []
    with scripted_server(_counted(queries)) as server, client_of(_settings(server)) as client:
        assert client.post("/v1/decisions", json=ANSWERED).json()["hostActiveNic"] == "br0"
        assert queries == []
        document = client.post("/v1/decisions", json=NAMED).json()
        assert document["hostActiveNic"] == "bond0"
        assert document["resolution"] is not None
        assert sorted(queries) == ["A", "AAAA"]
        assert "activenic_lookup_seconds_count 1.0" in client.get("/metrics").text
        opa = client.post("/v1/data/activenic/resolved", json={"input": NAMED})
        assert opa.json()["result"] is True


def test_a_silent_server_gives_an_answer_and_blocks_nobody() -> None:
    with scripted_server(lambda *_: None) as server, client_of(_settings(server, timeout=1.0)) as client:
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(client.post, "/v1/decisions?fields=status", json=NAMED)
            time.sleep(0.2)
            assert client.post("/v1/decisions?fields=status", json=ANSWERED).json()["status"] == "rejected"
            assert not slow.done()
            assert slow.result(WAIT).json()["status"] == "unknown_host"
        lines = client.post("/v1/decisions:batch?fields=status", content=_lines(20), headers=LINES)
        assert lines.text.count('"unknown_host"') == 20
        assert lines.elapsed.total_seconds() < 10  # the lookups of a group overlap


def _lines(count: int) -> bytes:
    return b'{"report": {"nics": {}}, "host": "node7.lab.test"}\n' * count


def test_the_time_of_the_request_ends_the_lookup() -> None:
    with scripted_server(lambda *_: None) as server, client_of(_settings(server, 20.0, 0.5)) as client:
        response = client.post("/v1/decisions", json=NAMED)
        assert (response.status_code, response.json()["type"]) == (503, "urn:activenic:problem:overdue")


@pytest.mark.parametrize(("name", "code"), [("a b", "HOST_NAME_BLANK"), ("http://a", "HOST_NAME_URL")])
def test_an_invalid_name(name: str, code: str) -> None:
    with client_of(Settings()) as client:
        response = client.post("/v1/decisions", json={**NAMED, "host": name})
        assert response.status_code == 422
        assert [problem["code"] for problem in response.json()["diagnostics"]] == [code]
