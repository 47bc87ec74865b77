"""Which interface of this host does the host's address live on, and why that one?

    policy = evaluator.load_policy("strict")
    report = evaluator.read_report(reply_of_get_capabilities)
    decision = policy.decide(report, evaluator.HostAddresses.of("192.0.2.10"))
    decision.status, decision.host_active_nic, decision.findings

What stands in `__all__` is promised; everything else may change.
"""

from evaluator.decision import Decision, Status
from evaluator.diagnostic import Diagnostic, HostNameError, PolicyError, ReportError, Severity
from evaluator.engine import Policy, load_policy
from evaluator.facts.host import HostAddresses
from evaluator.finding import Finding, FindingCode
from evaluator.names.resolve import resolve_host, resolve_host_async
from evaluator.report.read import read_report
from evaluator.report.reading import Report

__version__ = "0.1.0"
__all__ = [
    "Decision",
    "Diagnostic",
    "Finding",
    "FindingCode",
    "HostAddresses",
    "HostNameError",
    "Policy",
    "PolicyError",
    "Report",
    "ReportError",
    "Severity",
    "Status",
    "load_policy",
    "read_report",
    "resolve_host",
    "resolve_host_async",
]
