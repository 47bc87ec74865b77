"""The ways in which the decisions of two policies can differ, and the possible results of a comparison, as data.

A change of the answer is a transition: from one status to another, or from one interface to another with the same
status. The findings are compared separately, and only for decisions with the same status and interface. Two findings
are the same if they come from rules with the same code and severity, and are about the same interface. Messages and
hints are not compared: they explain a finding, and a policy may word them in another way. A finding of a rule without
`nic` has no interface.

Only rules are compared. Findings about the report and about the name resolution do not depend on the policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from msgspec import Struct

from evaluator.base.diagnostic import Severity
from evaluator.base.status import NAMING, Status
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program, Rule
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.policy_pair import PolicyPair

FindingKey = tuple[str, Severity]


class Transition(Struct, frozen=True):
    """A change of the answer: the status of the decision with the old policy, and with the new policy.

    If the two statuses are the same, the interfaces are different.
    """

    old: Status
    new: Status


class FindingChange(Struct, frozen=True):
    """A finding that one of two policies gives for a host, and the other policy does not. Their answers are equal.

    If only the new policy gives the finding, it appears.
    """

    code: str
    severity: Severity
    appears: bool

    @property
    def key(self) -> FindingKey:
        """The code and the severity of the finding."""
        return self.code, self.severity


Change = Transition | FindingChange
TRANSITIONS = tuple(Transition(old, new) for old, new in product(Status, Status) if old is not new or old in NAMING)


def changes_of(pair: PolicyPair) -> tuple[Change, ...]:
    """Return all possible changes for two policies: all transitions, and the changes of each rule's finding."""
    return *TRANSITIONS, *_finding_changes(pair.old, pair.new)


def _finding_changes(old: Program, new: Program) -> Iterator[FindingChange]:
    before, after = (dict.fromkeys(_key(rule) for rule in program.rules if rule.code) for program in (old, new))
    for code, severity in {**before, **after}:
        if (code, severity) in after:
            yield FindingChange(code, severity, appears=True)
        if (code, severity) in before:
            yield FindingChange(code, severity, appears=False)


def rules_of_finding(program: Program, key: FindingKey) -> list[tuple[int, Rule]]:
    """Return the rules that make a finding, with their numbers in the program."""
    return [(number, rule) for number, rule in enumerate(program.rules) if rule.code and _key(rule) == key]


def _key(rule: Rule) -> FindingKey:
    return rule.code, rule.severity


class PolicyAnswer(Struct, frozen=True):
    """The answer of one policy about a host, and the values of its parameters."""

    status: str
    host_active_nic: str | None
    parameters: Mapping[str, Value]


class ChangedHost(Struct, frozen=True):
    """A host that two policies decide differently, with both answers. The library has confirmed both answers.

    The parameters of `host` are those of the new policy. If only one policy makes a finding, `subjects` are the
    interfaces of this finding; `subjects` is empty if the finding is about no interface. If the status or the interface
    changes, `subjects` is empty too.
    """

    host: AbstractHost
    old: PolicyAnswer
    new: PolicyAnswer
    subjects: tuple[str, ...] = ()


class Happens(Struct, frozen=True, tag="found"):
    """The change happens: the smallest host that shows it."""

    example: ChangedHost


class Never(Struct, frozen=True, tag="never"):
    """It is proved that the change never happens, for hosts of every size."""


class NeverUpTo(Struct, frozen=True, tag="bounded"):
    """The change happens for no host of at most `size` interfaces.

    The solver has no proof for larger hosts, because a clause has no exact translation (`clauses`), or because the
    solver knows too few laws about reports.
    """

    size: int
    clauses: tuple[str, ...]


class Undecided(Struct, frozen=True, tag="undecided"):
    """There is neither a proof nor an example.

    The solver reached its time limit, or the search does not enumerate the values of `words`. All hosts of at most
    `size` interfaces were decided.
    """

    size: int
    clauses: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


ChangeVerdict = Happens | Never | NeverUpTo | Undecided


class ChangeResult(Struct, frozen=True):
    """The verdict on one change.

    `assumed` are the laws that a proof used. A law is a sentence that is true for every report. `is_remembered` is true
    if an earlier run found the verdict.
    """

    change: Change
    verdict: ChangeVerdict
    assumed: tuple[str, ...] = ()
    is_remembered: bool = False
