"""Which interface of this host has the host's address, and why?

    policy = evaluator.load_policy("strict")
    report = evaluator.read_report(reply_of_get_capabilities)
    decision = policy.decide(report, evaluator.HostAddresses.of("192.0.2.10"))
    decision.status, decision.host_active_nic, decision.findings

The names in `__all__` are the public API, which docs/api.md describes. Everything else may change in every version.
"""

from importlib import import_module

from evaluator.base.version import __version__ as __version__

TYPE_CHECKING = False  # importing `typing` takes as long as half of the start of the interpreter
if TYPE_CHECKING:
    from evaluator.audit.log.items import LogFilter
    from evaluator.audit.log.store import DecisionLog
    from evaluator.audit.record import Record
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
    from evaluator.base.status import Status
    from evaluator.decision.decision import Decision, Explanation, Interface
    from evaluator.decision.trace import Change, InterfaceReasons, Step
    from evaluator.engine import Policy, load_policy
    from evaluator.facts.host_addresses import HostAddresses
    from evaluator.names.resolve import resolve_host, resolve_host_async
    from evaluator.policy.outline import PolicyParameter, PolicyRule
    from evaluator.policy_store.events import PolicyChange, PolicyEvent
    from evaluator.policy_store.store import PolicyStore
    from evaluator.render.html.page import to_html
    from evaluator.render.reasons import to_text
    from evaluator.report.read import read_report
    from evaluator.report.reading import Report

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


_MODULES = {
    "Change": "evaluator.decision.trace",
    "Decision": "evaluator.decision.decision",
    "DecisionLog": "evaluator.audit.log.store",
    "Diagnostic": "evaluator.base.diagnostic",
    "Explanation": "evaluator.decision.decision",
    "Finding": "evaluator.base.finding",
    "FindingCode": "evaluator.base.finding",
    "HostAddresses": "evaluator.facts.host_addresses",
    "HostNameError": "evaluator.base.diagnostic",
    "Interface": "evaluator.decision.decision",
    "InterfaceReasons": "evaluator.decision.trace",
    "LogFilter": "evaluator.audit.log.items",
    "Policy": "evaluator.engine",
    "PolicyChange": "evaluator.policy_store.events",
    "PolicyError": "evaluator.base.diagnostic",
    "PolicyEvent": "evaluator.policy_store.events",
    "PolicyParameter": "evaluator.policy.outline",
    "PolicyRule": "evaluator.policy.outline",
    "PolicyStore": "evaluator.policy_store.store",
    "QuestionError": "evaluator.base.diagnostic",
    "Record": "evaluator.audit.record",
    "RecordError": "evaluator.base.diagnostic",
    "Report": "evaluator.report.reading",
    "ReportError": "evaluator.base.diagnostic",
    "Severity": "evaluator.base.diagnostic",
    "Status": "evaluator.base.status",
    "Step": "evaluator.decision.trace",
    "load_policy": "evaluator.engine",
    "read_report": "evaluator.report.read",
    "resolve_host": "evaluator.names.resolve",
    "resolve_host_async": "evaluator.names.resolve",
    "to_html": "evaluator.render.html.page",
    "to_text": "evaluator.render.reasons",
}


def __getattr__(name: str) -> object:
    """Import the module of a public name when the name is first used, and return the object with this name.

    The package itself imports little, because the command `activenic` imports it before it can handle an interrupt.
    """
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return all public names, even if their modules are not imported yet."""
    return [*__all__, "__version__"]
