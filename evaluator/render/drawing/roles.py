"""Describes the role of each interface in a decision in a few words, for the drawing and the list of interfaces."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from evaluator.base.status import Status
from evaluator.decision.decision import Decision, Explanation
from evaluator.policy.language.verbs import VERBS, Effect
from evaluator.render.drawing.stacks import lowers_of, reachable, uppers_of


class RoleKind(StrEnum):
    """The kinds of roles, most important first. The values are classes in the style sheet."""

    ACTIVE = "active"
    REJECTED = "rejected"
    CANDIDATE = "candidate"
    REMOVED = "removed"
    OWNER = "owner"
    NEAR_MISS = "near"
    NONE = "none"


_RANK = {kind: rank for rank, kind in enumerate(RoleKind)}


class Role(Struct, frozen=True):
    """The role of one interface.

    `label` is the name of the role. `rule` is the name of the rule that gave the interface this role. Both texts can be
    empty.
    """

    kind: RoleKind
    label: str = ""
    rule: str = ""

    @property
    def rank(self) -> int:
        """Return the rank of the role by importance. The most important role has the rank 0."""
        return _RANK[self.kind]


def roles_of(decision: Decision, explanation: Explanation) -> Mapping[str, Role]:
    """Return a dict from the name of each explained interface to its role."""
    removed = _removed(decision)
    owners, candidates = frozenset(decision.owners), frozenset(decision.candidates)
    near_misses = _near_misses(decision, explanation)
    rejecting = _rejecting_rules(decision)

    def role_of(name: str) -> Role:
        if name == decision.host_active_nic:
            return (
                Role(RoleKind.REJECTED, "rejected", rejecting) if rejecting else Role(RoleKind.ACTIVE, "hostActiveNic")
            )
        if name in candidates:
            return Role(RoleKind.CANDIDATE, "one of several" if len(candidates) > 1 else "only candidate")
        if name in removed:
            return removed[name]
        if name in owners:
            return Role(RoleKind.OWNER, "never a candidate")
        return Role(RoleKind.NEAR_MISS, "near miss") if name in near_misses else Role(RoleKind.NONE)

    return {interface.name: role_of(interface.name) for interface in explanation.interfaces}


def _removed(decision: Decision) -> dict[str, Role]:
    removed: dict[str, Role] = {}
    for step in decision.trace:
        label = VERBS[step.verb].removed
        removed.update((name, Role(RoleKind.REMOVED, label, step.rule)) for name in {*step.before} - {*step.after})
    return removed


def _near_misses(decision: Decision, explanation: Explanation) -> set[str]:
    """Return the interfaces that have a near miss and are neither above nor below an owner.

    If an interface with a near miss is above or below an owner, the drawing already shows the near miss.
    """
    lowers = lowers_of(explanation.interfaces)
    in_stacks = reachable(decision.owners, lowers) | reachable(decision.owners, uppers_of(lowers))
    return {interface.name for interface in explanation.interfaces if interface.near_misses} - in_stacks


def _rejecting_rules(decision: Decision) -> str:
    """Return the names of the rules that reject the hostActiveNic, separated by commas; empty if no rule rejects it."""
    if decision.status is not Status.REJECTED:
        return ""
    name = decision.host_active_nic
    return ", ".join(
        step.rule for step in decision.trace if VERBS[step.verb].effect is Effect.REJECT and name in step.hits
    )
