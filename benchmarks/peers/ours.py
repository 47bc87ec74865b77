"""This evaluator as a contender: the one place to change when its calls do."""

from __future__ import annotations

import evaluator
from benchmarks.peers.contest import EXPLANATION, FINDINGS, NAME, TRACE, Answer, Contender, Question
from evaluator import Decision, HostAddresses

PACKAGES = ("jsonschema-rs", "orjson")


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
        decision.explain()
        return str(decision.status), decision.host_active_nic

    rows = {NAME: name, TRACE: trace, FINDINGS: findings, EXPLANATION: explanation}
    return tuple(Contender("activenic", PACKAGES, decide, row) for row, decide in rows.items())
