"""Which interface of this host does the host's address live on, and why that one?

    policy = evaluator.load_policy("strict")
    report = evaluator.read_report(reply_of_get_capabilities)
    decision = policy.decide(report, evaluator.HostAddresses.of("192.0.2.10"))
    decision.status, decision.host_active_nic, decision.findings

What stands in `__all__` is promised; everything else may change.
"""

from typing import TYPE_CHECKING

from evaluator.base.diagnostic import Diagnostic, HostNameError, PolicyError, RecordError, ReportError, Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.lazy_import import entry
from evaluator.base.status import Status
from evaluator.decision.decision import Decision
from evaluator.engine import Policy, load_policy
from evaluator.facts.host_addresses import HostAddresses
from evaluator.report.read import read_report
from evaluator.report.reading import Report

if TYPE_CHECKING:
    from evaluator.audit.log.items import LogFilter
    from evaluator.audit.log.store import DecisionLog
    from evaluator.names.resolve import resolve_host, resolve_host_async

__version__ = "0.2.0.dev0"
__all__ = [
    "Decision",
    "DecisionLog",
    "Diagnostic",
    "Finding",
    "FindingCode",
    "HostAddresses",
    "HostNameError",
    "LogFilter",
    "Policy",
    "PolicyError",
    "RecordError",
    "Report",
    "ReportError",
    "Severity",
    "Status",
    "load_policy",
    "read_report",
    "resolve_host",
    "resolve_host_async",
]


_LATER = {
    "DecisionLog": "evaluator.audit.log.store",
    "LogFilter": "evaluator.audit.log.items",
    "resolve_host": "evaluator.names.resolve",
    "resolve_host_async": "evaluator.names.resolve",
}


def __getattr__(name: str) -> object:
    """Return what not every decision needs, so that those who do not ask for it need not wait for it."""
    if name in _LATER:
        return entry(f"{_LATER[name]}:{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
