"""Which interface of this host does the host's address live on, and why that one?

    policy = evaluator.load_policy("strict")
    report = evaluator.read_report(reply_of_get_capabilities)
    decision = policy.decide(report, evaluator.HostAddresses.of("192.0.2.10"))
    decision.status, decision.host_active_nic, decision.findings

The names in `__all__` are the public API, which docs/api.md describes. Everything else may change in every version.
"""

from typing import TYPE_CHECKING

from evaluator.base.diagnostic import (
    Diagnostic,
    HostNameError,
    PolicyError,
    QuestionError,
    RecordError,
    ReportError,
    Severity,
)
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.lazy_import import entry
from evaluator.base.status import Status
from evaluator.decision.decision import Decision, Interface
from evaluator.engine import Policy, load_policy
from evaluator.facts.host_addresses import HostAddresses
from evaluator.report.read import read_report
from evaluator.report.reading import Report

if TYPE_CHECKING:
    from evaluator.audit.log.items import LogFilter
    from evaluator.audit.log.store import DecisionLog
    from evaluator.audit.record import Record
    from evaluator.decision.trace import Change, Explanation, InterfaceReasons, Step
    from evaluator.names.resolve import resolve_host, resolve_host_async

__version__ = "0.2.0.dev0"
__all__ = [
    "Change",
    "Decision",
    "DecisionLog",
    "Diagnostic",
    "Explanation",
    "Finding",
    "FindingCode",
    "HostAddresses",
    "HostNameError",
    "Interface",
    "InterfaceReasons",
    "LogFilter",
    "Policy",
    "PolicyError",
    "QuestionError",
    "Record",
    "RecordError",
    "Report",
    "ReportError",
    "Severity",
    "Status",
    "Step",
    "load_policy",
    "read_report",
    "resolve_host",
    "resolve_host_async",
]


_LAZY = {
    "Change": "evaluator.decision.trace",
    "DecisionLog": "evaluator.audit.log.store",
    "Explanation": "evaluator.decision.trace",
    "InterfaceReasons": "evaluator.decision.trace",
    "LogFilter": "evaluator.audit.log.items",
    "Record": "evaluator.audit.record",
    "Step": "evaluator.decision.trace",
    "resolve_host": "evaluator.names.resolve",
    "resolve_host_async": "evaluator.names.resolve",
}


def __getattr__(name: str) -> object:
    """Return a public name that not every decision needs; its module is imported on first use, to start faster."""
    if name in _LAZY:
        return entry(f"{_LAZY[name]}:{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
