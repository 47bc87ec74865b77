"""This evaluator as a contender: the one place to change when its calls do."""

from __future__ import annotations

import evaluator
from benchmarks.peers.contest import EXPLANATION, FINDINGS, NAME, TRACE, Answer, Contender, Question
from evaluator import Decision, HostAddresses
from evaluator.report import reading

PACKAGES = ("jsonschema-rs", "orjson")
UNVALIDATED = "activenic, unvalidated"


def contenders() -> tuple[Contender, ...]:
    """Return us, once a row: each gives all that the rows before it give."""
    policy = evaluator.load_policy("strict")

    def decided(question: Question) -> Decision:
        return policy.decide(evaluator.read_report(question.data), HostAddresses.of(*question.host))

    def name(question: Question) -> Answer:
        decision = decided(question)
        return str(decision.status), decision.host_active_nic

    def trace(question: Question) -> Answer:
        decision = decided(question)
        _ = decision.trace
        return str(decision.status), decision.host_active_nic

    def findings(question: Question) -> Answer:
        decision = decided(question)
        _ = decision.trace, decision.findings
        return str(decision.status), decision.host_active_nic

    def explanation(question: Question) -> Answer:
        decision = decided(question)
        decision.explain().to_dict()
        return str(decision.status), decision.host_active_nic

    rows = {NAME: name, TRACE: trace, FINDINGS: findings, EXPLANATION: explanation}
    return tuple(Contender("activenic", PACKAGES, decide, row) for row, decide in rows.items())


def unvalidated() -> Contender:
    """Return us with trace and with validation switched off, which no user can do: the engines do none."""
    trace = next(contender for contender in contenders() if contender.row == TRACE)
    names = vars(reading)
    accepts = names["is_valid"]

    def decide(question: Question) -> Answer:
        names["is_valid"] = accept
        try:
            return trace.decide(question)
        finally:
            names["is_valid"] = accepts

    return Contender(UNVALIDATED, PACKAGES, decide, TRACE, ("validation",))


def accept(document: object, schema_name: str) -> bool:
    """Accept anything."""
    return True
