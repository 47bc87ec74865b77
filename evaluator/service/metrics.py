"""The metrics of the service for Prometheus; docs/service.md lists them. Each application has a registry of its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from evaluator.base.version import __version__
from evaluator.policy_store.events import PolicyEvent
from evaluator.policy_store.store import PolicyStore

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_RECORDS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The counters, gauges and histograms. They can be changed in every thread."""

    def __init__(self, store: PolicyStore) -> None:
        self.registry = registry = CollectorRegistry()
        self._count_requests(registry)
        self._count_background_work(registry)
        Gauge("activenic_info", "the version of activenic", ("version",), registry=registry).labels(__version__).set(1)
        registry.register(_Policies(store))

    def _count_requests(self, registry: CollectorRegistry) -> None:
        """Create the metrics of requests, decisions and lookups."""
        self.decisions = Counter(
            "activenic_decisions", "number of decisions, by policy and status", ("policy", "status"), registry=registry
        )
        self.decision_seconds = Histogram(
            "activenic_decision_seconds",
            "time in seconds to read a question, decide it and write the answer, without the lookup and the log",
            registry=registry,
            buckets=_SECONDS,
        )
        self.lookup_seconds = Histogram(
            "activenic_lookup_seconds", "time in seconds to resolve a host name", registry=registry, buckets=_SECONDS
        )
        self.request_seconds = Histogram(
            "activenic_request_seconds",
            "time in seconds of a request, by URL path and HTTP status",
            ("route", "status"),
            registry=registry,
            buckets=_SECONDS,
        )
        self.problems = Counter(
            "activenic_problems", "number of error responses, by type", ("type",), registry=registry
        )
        self.in_flight = Gauge(
            "activenic_requests_in_flight", "number of requests that are handled now", registry=registry
        )

    def _count_background_work(self, registry: CollectorRegistry) -> None:
        """Create the metrics of policy changes and of the log."""
        self.reloads = Counter(
            "activenic_policy_changes",
            "number of changes of policy files, by kind of change and policy",
            ("change", "policy"),
            registry=registry,
        )
        self.commits = Histogram(
            "activenic_log_commit_records",
            "number of records in one commit of the log",
            registry=registry,
            buckets=_RECORDS,
        )
        self.commit_seconds = Histogram(
            "activenic_log_commit_seconds",
            "time in seconds of one commit of the log",
            registry=registry,
            buckets=_SECONDS,
        )

    def count_event(self, event: PolicyEvent) -> None:
        """Count a change of a policy file."""
        self.reloads.labels(event.change, event.name).inc()

    def observe_commit(self, records: int, seconds: float) -> None:
        """Count a commit of the log."""
        self.commits.observe(records)
        self.commit_seconds.observe(seconds)

    def text(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        return generate_latest(self.registry)


class _Policies(Collector):
    """Reports which policies are in use at the time when Prometheus reads the metrics."""

    def __init__(self, store: PolicyStore) -> None:
        self._store = store

    def collect(self) -> list[Metric]:
        """Return two gauges: one has a sample for each policy, the other is the number of problems."""
        policies = GaugeMetricFamily(
            "activenic_policy", "the policies in use that are read from files", labels=("policy", "sha256")
        )
        for name, policy in self._store.policies.items():
            policies.add_metric((name, policy.digest), 1)
        problems = GaugeMetricFamily(
            "activenic_policy_problems",
            "number of problems of policy files; the last valid policies of these files are in use",
            value=len(self._store.problems),
        )
        return [policies, problems]
