"""The properties of policies, and the possible results of a verification, as data.

A property is about every decision of a policy. Most properties are claims: conditions of the rule language that are
true after every decision. In a claim, `status` (text) and `answer` (nic?) are the status and the interface of the
decision, and `candidates` are the remaining candidates. The proof and the search use the same claim: `prove.py`
translates the claim for the solver, and the exhaustive search evaluates it for concrete hosts with the reference
interpreter. The other properties compare two decisions, or state that parts of the policy have an effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.witness import Witness


class Claim(Struct, frozen=True, tag=True):
    """A condition that must be true after every decision.

    `defaults` has a value for a name in the condition. It is used if the policy declares no parameter of that name.
    """

    condition: str
    defaults: Mapping[str, str] = {}


class Change(StrEnum):
    """A change of the question. A property can state that the status and the interface stay the same."""

    UNOWNED_ANSWER = "a host that has host addresses gets one more host address, which no interface owns"
    SEPARATE_INTERFACE = (
        "an interface that has no host address, no network, no upper device and no lower device is added to the report"
    )


class Unchanged(Struct, frozen=True, tag=True):
    """A change of the question never changes the status or the interface of the decision."""

    change: Change


class OrderIndependent(Struct, frozen=True, tag=True):
    """The policy has no word that depends on the order of the report or of the answers. The solver is not needed."""


class EveryRuleMatters(Struct, frozen=True, tag=True):
    """Each rule matters: if it is removed, some decision has another status, another interface or other findings."""


class EveryClauseMatters(Struct, frozen=True, tag=True):
    """Each clause matters: if it is replaced by true or by false, some decision is different.

    A different decision has another status, another interface or other findings. The guards `is known`, `is unknown`
    and `is given` are not replaced.
    """


Statement = Claim | Unchanged | OrderIndependent | EveryRuleMatters | EveryClauseMatters


class Property(Struct, frozen=True):
    """A property: its name in commands, a sentence for operators, and the statement that is verified."""

    name: str
    sentence: str
    statement: Statement


_MANAGEMENT = {"management_network": "ovirtmgmt"}
BUILT_IN: tuple[Property, ...] = (
    Property(
        "owns-host-address",
        "the interface of the decision owns a host address",
        Claim("answer is unknown or answer in owners"),
    ),
    Property(
        "top-of-stack",
        "the interface of the decision shares no host address with an interface above it",
        Claim(
            "answer is unknown or no upper in owners satisfies upper above answer and upper.matched overlaps "
            "answer.matched"
        ),
    ),
    Property(
        "not-over-a-bridge",
        "if the decision is resolved and its interface is a bridge, this bridge carries the management network",
        Claim(
            'answer is unknown or status != "resolved" or answer is not bridge or '
            "management_network in answer.networks",
            _MANAGEMENT,
        ),
    ),
    Property(
        "one-candidate",
        "the decision is resolved only if exactly one candidate remains",
        Claim('status != "resolved" or count(candidates) = 1'),
    ),
    Property(
        "owner-is-found",
        "if an interface owns a host address, the status is not no_match",
        Claim('count(owners) = 0 or status != "no_match"'),
    ),
    Property(
        "topmost-owner-wins",
        "if one interface is above every other owner and owns all host addresses of the other owners, the "
        "decision is about this interface",
        Claim(
            "no top in owners satisfies (every owner in owners satisfies owner = top or (top above owner and "
            "owner.matched within top.matched)) and (answer is unknown or answer != top)"
        ),
    ),
    Property(
        "order-independent",
        "the decision does not depend on the order of the report or of the answers",
        OrderIndependent(),
    ),
    Property(
        "unowned-answer-changes-nothing",
        "an additional host address that no interface owns changes neither the status nor the interface",
        Unchanged(Change.UNOWNED_ANSWER),
    ),
    Property(
        "separate-interface-changes-nothing",
        "an additional interface that has no host address, no network, no upper device and no lower device changes "
        "neither the status nor the interface",
        Unchanged(Change.SEPARATE_INTERFACE),
    ),
    Property("every-rule-matters", "every rule changes some decision", EveryRuleMatters()),
    Property("every-clause-matters", "every clause of every rule changes some decision", EveryClauseMatters()),
)


class Counterexample(Struct, frozen=True):
    """A host whose decision breaks the property; the library has decided it.

    `report` and `addresses` state the host. For a property about two decisions, `changed_host`, `changed_report` and
    `changed_addresses` state the second host. For other properties, they are None.
    """

    host: AbstractHost
    report: Mapping[str, object]
    addresses: tuple[str, ...]
    status: str
    host_active_nic: str | None
    changed_host: AbstractHost | None = None
    changed_report: Mapping[str, object] | None = None
    changed_addresses: tuple[str, ...] | None = None
    changed_status: str | None = None
    changed_nic: str | None = None


class Proved(Struct, frozen=True, tag="proved"):
    """The property holds for every host."""


class Refuted(Struct, frozen=True, tag="false"):
    """The property is false: the smallest host that breaks it, or the parts of the policy that make it false.

    If `size` is not None, the parts have no effect on hosts of at most `size` interfaces.
    """

    counterexample: Counterexample | None = None
    parts: tuple[str, ...] = ()
    size: int | None = None


class ProvedUpTo(Struct, frozen=True, tag="bounded"):
    """The property holds for every host of at most `size` interfaces.

    `clauses` are the clauses that have no exact translation; because of them, the solver cannot prove the property.
    """

    size: int
    clauses: tuple[str, ...]


class Undecided(Struct, frozen=True, tag="undecided"):
    """Neither a proof nor a counterexample was found.

    `words` are the words of the policy whose values the search does not enumerate. If `words` is empty, the proof
    reached its time limit. `clauses` are the clauses without an exact translation. For a property about the parts of a
    policy, `parts` are those for which no effect was found.
    """

    seconds: float
    clauses: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


class NotAsked(Struct, frozen=True, tag="not_asked"):
    """The property has no meaning for the policy, for example if a parameter has another type."""

    reason: str


Verdict = Proved | Refuted | ProvedUpTo | Undecided | NotAsked


class PropertyResult(Struct, frozen=True):
    """The verdict on one property; `seconds` is the time that this run needed for the property.

    `expected` is False if the test file of the policy states that the property is meant to be false. `because` is the
    reason in the test file. `assumed` are the laws about every report that the proof used. `abstracted` are sentences
    about the words that the proof does not model exactly (`abstractions.py`). `is_remembered` is true if an earlier run
    found the verdict. For a property about the parts of a policy, `witnesses` are decisions that the parts change.
    """

    of: Property
    verdict: Verdict
    seconds: float
    expected: bool = True
    because: str = ""
    assumed: tuple[str, ...] = ()
    abstracted: tuple[str, ...] = ()
    is_remembered: bool = False
    witnesses: tuple[Witness, ...] = ()

    @property
    def is_as_expected(self) -> bool:
        """Whether the verdict agrees with the expectation in the test file of the policy."""
        if self.expected:
            return isinstance(self.verdict, Proved | ProvedUpTo | NotAsked)
        return isinstance(self.verdict, Refuted)
