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
from evaluator.base.version import __version__ as __version__
from evaluator.decision.decision import Decision, Explanation, Interface
from evaluator.engine import Policy, load_policy
from evaluator.facts.host_addresses import HostAddresses
from evaluator.report.read import read_report
from evaluator.report.reading import Report

if TYPE_CHECKING:
    from evaluator.audit.log.items import LogFilter
    from evaluator.audit.log.store import DecisionLog
    from evaluator.audit.record import Record
    from evaluator.decision.trace import Change, InterfaceReasons, Step
    from evaluator.names.resolve import resolve_host, resolve_host_async
    from evaluator.policy.outline import PolicyParameter, PolicyRule
    from evaluator.policy_store.events import PolicyChange, PolicyEvent
    from evaluator.policy_store.store import PolicyStore
    from evaluator.render.html.page import to_html
    from evaluator.render.reasons import to_text

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
    "PolicyChange",
    "PolicyError",
    "PolicyEvent",
    "PolicyParameter",
    "PolicyRule",
    "PolicyStore",
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
    "to_html",
    "to_text",
]


_LAZY = {
    "Change": "evaluator.decision.trace",
    "DecisionLog": "evaluator.audit.log.store",
    "InterfaceReasons": "evaluator.decision.trace",
    "LogFilter": "evaluator.audit.log.items",
    "PolicyChange": "evaluator.policy_store.events",
    "PolicyEvent": "evaluator.policy_store.events",
    "PolicyParameter": "evaluator.policy.outline",
    "PolicyRule": "evaluator.policy.outline",
    "PolicyStore": "evaluator.policy_store.store",
    "Record": "evaluator.audit.record",
    "Step": "evaluator.decision.trace",
    "resolve_host": "evaluator.names.resolve",
    "resolve_host_async": "evaluator.names.resolve",
    "to_html": "evaluator.render.html.page",
    "to_text": "evaluator.render.reasons",
}


def __getattr__(name: str) -> object:
    """Return a public name. To start faster, activenic imports the module of this name only on first use."""
    if name in _LAZY:
        return entry(f"{_LAZY[name]}:{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return all public names, even if their modules are not imported yet."""
    return [*__all__, "__version__"]
