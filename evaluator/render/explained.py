"""Explains a decision. For a large host, only the candidates and owners get changes.

The explanation of an interface has reasons and a change. A reason states why a rule was true or false for the
interface. A change is a modification of the host that would make the interface the answer. The search for changes takes
much longer than the reasons. So if a host is large, most of its interfaces get only reasons.
"""

from __future__ import annotations

from msgspec.structs import replace

from evaluator.decision.decision import Decision, Explanation


def explained(decision: Decision, most_reasons: int | None, most_changes: int | None) -> Explanation:
    """Return the explanation with at most `most_reasons` interfaces. At most `most_changes` interfaces have a change.

    Both limits have the meaning of `most` in `Decision.explain`. None means no limit.
    """
    reasons = decision.reasons(most_reasons)
    if most_changes is None or len(reasons.interfaces) + reasons.others <= most_changes:
        return decision.explain(most_reasons)
    with_changes = {interface.name: interface for interface in decision.explain(most_changes).interfaces}
    interfaces = (with_changes.get(interface.name, interface) for interface in reasons.interfaces)
    return replace(reasons, interfaces=tuple(interfaces))
