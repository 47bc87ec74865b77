"""Compares two decisions about one question, to show that a changed policy decides it differently."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from evaluator.decision.decision import Decision
from evaluator.verify.abstract_host import AbstractHost


class Witness(Struct, frozen=True):
    """A decision that shows the effect of a part of a policy.

    `old` describes the decision of the policy. `new` describes the decision of the policy without this part. Both
    decisions are about the question of the policy test `test`. If `test` is None, both are about the small host `host`.
    """

    part: str
    old: str
    new: str
    test: str | None = None
    host: AbstractHost | None = None


def compare_decisions(old: Decision, new: Decision) -> tuple[str, str] | None:
    """Return descriptions of two decisions about one question; None if their answers and findings are the same."""
    answers = _answer(old), _answer(new)
    if answers[0] != answers[1]:
        return answers
    findings = ", ".join(_other_findings(old, new))
    return (answers[0], f"{answers[1]} {findings}") if findings else None


def _answer(decision: Decision) -> str:
    return " ".join(part for part in (str(decision.status), decision.host_active_nic) if part is not None)


def _other_findings(old: Decision, new: Decision) -> Iterator[str]:
    """Yield in words how the findings of two decisions differ."""
    before, after = _findings(old), _findings(new)
    lost, gained = {code for code, _ in before - after}, {code for code, _ in after - before}
    yield from (f"without {code}" for code in sorted(lost - gained))
    yield from (f"with {code}" for code in sorted(gained - lost))
    yield from (f"with another {code}" for code in sorted(lost & gained))


def _findings(decision: Decision) -> set[tuple[str, tuple[object, ...]]]:
    return {(str(finding.code), (finding.message, tuple(finding.interfaces))) for finding in decision.findings}
