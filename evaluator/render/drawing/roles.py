"""The part that each interface played in a decision, in two or three words: what a drawing and a list show of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from evaluator.base.status import Status
from evaluator.decision.decision import Decision
from evaluator.decision.trace import Explanation
from evaluator.policy.language.verbs import VERBS, Effect
from evaluator.render.drawing.stacks import lowers_of, reached, uppers_of


class Part(StrEnum):
    """What became of an interface, the most telling first."""

    ACTIVE = "active"
    REJECTED = "rejected"
    LEFT = "left"
    DISCARDED = "discarded"
    OWNER = "owner"
    NEAR = "near"
    NONE = "none"


_RANK = {part: rank for rank, part in enumerate(Part)}


class Role(Struct, frozen=True):
    """`label` says what became of the interface, `rule` which rule did it; both empty where it played no part."""

    part: Part
    label: str = ""
    rule: str = ""

    @property
    def rank(self) -> int:
        """Its place among the parts, 0 for the most telling."""
        return _RANK[self.part]


def roles_of(decision: Decision, explanation: Explanation) -> Mapping[str, Role]:
    """Return the role of every explained interface by its name."""
    removed = _removed(decision)
    owners, candidates = frozenset(decision.owners), frozenset(decision.candidates)
    near = _near(decision, explanation)
    rejecting = _rejecting(decision)

    def role_of(name: str) -> Role:
        if name == decision.host_active_nic:
            return Role(Part.REJECTED, "rejected", rejecting) if rejecting else Role(Part.ACTIVE, "hostActiveNic")
        if name in candidates:
            return Role(Part.LEFT, "one of several" if len(candidates) > 1 else "only candidate")
        if name in removed:
            return removed[name]
        if name in owners:
            return Role(Part.OWNER, "never a candidate")
        return Role(Part.NEAR, "near miss") if name in near else Role(Part.NONE)

    return {interface.name: role_of(interface.name) for interface in explanation.interfaces}


def _removed(decision: Decision) -> dict[str, Role]:
    removed: dict[str, Role] = {}
    for step in decision.trace:
        label = VERBS[step.verb].removed
        removed.update((name, Role(Part.DISCARDED, label, step.rule)) for name in {*step.before} - {*step.after})
    return removed


def _near(decision: Decision, explanation: Explanation) -> set[str]:
    """Return who has near misses and is in no owner's stack: within it the drawing shows how near."""
    lowers = lowers_of(explanation.interfaces)
    in_stacks = reached(decision.owners, lowers) | reached(decision.owners, uppers_of(lowers))
    return {interface.name for interface in explanation.interfaces if interface.near_misses} - in_stacks


def _rejecting(decision: Decision) -> str:
    """Return the rules that reject the interface that was found."""
    if decision.status is not Status.REJECTED:
        return ""
    name = decision.host_active_nic
    return ", ".join(
        step.rule for step in decision.trace if VERBS[step.verb].effect is Effect.REJECT and name in step.hits
    )
