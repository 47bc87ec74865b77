"""Spans of OpenTelemetry: what they contain, and that nothing happens without a tracer provider."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from evaluator.service.settings import Lookup, Settings
from evaluator.service.tracing import tracing_or_none
from tests.support.service import QUESTION, REPORT, client_of


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    return exporter


def test_tracing_is_off_without_a_provider() -> None:
    assert tracing_or_none() is None


def test_a_span_for_the_decision_and_one_for_the_lookup(spans: InMemorySpanExporter, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.11 node7.example.org\n")
    question = {"report": REPORT, "host": "localhost"}
    with client_of(Settings(lookup=Lookup(hosts_file=hosts))) as client:
        trace_id = "0af7651916cd43dd8448eb211c80319c"
        headers = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
        decision_id = client.post("/v1/decisions", json=question, headers=headers).headers["decision-id"]
        client.post("/v1/decisions", json={**QUESTION, "addresses": ["192.0.2.11"]})
    lookup, decision, other = spans.get_finished_spans()
    assert lookup.name == "activenic.resolve"
    assert dict(lookup.attributes or {}) == {
        "activenic.host.name": "localhost",
        "activenic.host.answers": 2,
        "activenic.host.complete": True,
    }
    assert decision.name == "activenic.decide"
    assert (decision.attributes or {})["activenic.decision.id"] == decision_id
    assert {format(span.context.trace_id, "032x") for span in (lookup, decision)} == {trace_id}
    assert other.parent is None
    attributes = dict(other.attributes or {})
    assert attributes["activenic.status"] == "rejected"
    assert attributes["activenic.interface"] == "br0"
    assert attributes["activenic.refusals"] == ("MANAGEMENT_NETWORK_OVER_BRIDGE",)
    assert attributes["activenic.policy.name"] == "strict"
    assert attributes["activenic.report.format"] == "vdsm"
    assert other.start_time < other.end_time
