"""Spans of OpenTelemetry: one for each decision and each lookup, with attributes `activenic.…`.

Only the API of OpenTelemetry is used. The operator chooses the SDK and the exporter, for example with
`opentelemetry-instrument`, which sets the tracer provider before the service starts. Without a provider, tracing is
off: `tracing_or_none` returns None, and a request only compares this value with None.

A span is written after the work that it describes, with the measured times. So a decision in another thread needs no
OpenTelemetry context in that thread. The parent of a span is in the header `traceparent` of the request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from starlette.requests import Request

from evaluator.base.lazy_import import lazy_module
from evaluator.base.version import __version__
from evaluator.decision.decide import case_of
from evaluator.decision.decision import Decision
from evaluator.facts.host_addresses import HostAddresses

if TYPE_CHECKING:
    from opentelemetry import context, propagate, trace
else:
    context = lazy_module("opentelemetry.context")
    propagate = lazy_module("opentelemetry.propagate")
    trace = lazy_module("opentelemetry.trace")

_NAME = "activenic"


def tracing_or_none() -> Tracing | None:
    """Return the tracing of this process; None if OpenTelemetry is not installed or has no tracer provider."""
    if find_spec("opentelemetry") is None:
        return None
    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
        return None
    return Tracing(provider.get_tracer(_NAME, __version__))


class Tracing:
    """Writes spans to a tracer."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    @contextmanager
    def parent_of(self, request: Request) -> Iterator[None]:
        """Make the caller's span the parent of the spans in the block."""
        token = context.attach(propagate.extract(dict(request.headers)))
        try:
            yield
        finally:
            context.detach(token)

    def decided(self, decision: Decision, decision_id: str, started: int, ended: int) -> None:
        """Write the span of a decision. The times are nanoseconds since the epoch."""
        attributes: dict[str, str | int | tuple[str, ...]] = {
            "activenic.decision.id": decision_id,
            "activenic.status": str(decision.status),
            "activenic.interface": decision.host_active_nic or "",
            "activenic.candidates": decision.candidates,
            "activenic.refusals": decision.refusals,
            "activenic.policy.name": decision.policy,
            "activenic.policy.sha256": decision.policy_sha256,
            "activenic.report.format": case_of(decision).report.format,
        }
        self._tracer.start_span("activenic.decide", attributes=attributes, start_time=started).end(ended)

    def resolved(self, host: HostAddresses, started: int, ended: int) -> None:
        """Write the span of a lookup."""
        attributes: dict[str, str | int | tuple[str, ...]] = {
            "activenic.host.name": host.name,
            "activenic.host.answers": len(host.answers),
            "activenic.host.complete": host.complete,
        }
        self._tracer.start_span("activenic.resolve", attributes=attributes, start_time=started).end(ended)
