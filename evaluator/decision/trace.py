"""The trace of a decision and its explanation, as data.

The trace (`Step`) is part of the decision document: the candidates before and after each rule. The explanation
(`schemas/explanation.schema.json`) also contains the clause that decided each rule for each interface. For each
interface it contains the smallest change of the inputs that would make this interface the answer.

These types are here and not in the package `explain`, because `Decision` returns an `Explanation`, and an `Explanation`
contains the other types.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from evaluator.policy.run.clause_value import ClauseValue


class Step(Struct, frozen=True, gc=False):
    """One rule in the trace, with the candidates before and after the rule.

    `hits` are the names of the interfaces for which the rule was true; a rule without the subject `nic` has no
    `hits`. `fired` is whether the rule was true. A rule with the subject `nic` fired if it was true for at least one
    interface. `place` is `policy:line:column`.
    """

    rule: str
    verb: str
    place: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    hits: tuple[str, ...]
    fired: bool


class Reason(Struct, frozen=True):
    """Why one rule was true or false. A rule with the subject `nic` has one reason for each interface.

    `held` is whether the rule was true. It is None if the rule was not evaluated, because the interface was not a
    candidate. `effect` is the effect on the interface in a few words. `clause` is the text of the clause that decided,
    `seen` are the values that the clause read.
    """

    rule: str
    verb: str
    place: str
    held: bool | None
    effect: str
    clause: str = ""
    seen: tuple[ClauseValue, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the reason as JSON-ready data."""
        return {
            "rule": self.rule,
            "verb": self.verb,
            "place": self.place,
            "held": self.held,
            "effect": self.effect,
            "clause": self.clause,
            "seen": [value.to_dict() for value in self.seen],
        }


class EditKind(StrEnum):
    """The kind of value that an edit changes; edits are sorted in the order of these kinds."""

    ANSWERS = "answers"
    PARAMETER = "parameter"
    UP = "up"
    ADDRESSES = "addresses"
    PRIMARY_ADDRESSES = "primary_addresses"
    KIND = "kind"
    SLAVES = "slaves"
    PORTS = "ports"
    NETWORKS = "networks"
    VLAN_ID = "vlan_id"
    ROUTES = "routes"
    LAST_CLIENT_IFACE = "last_client_iface"

    @property
    def rank(self) -> int:
        """The index of this kind in the sort order."""
        return _RANKS[self]


_RANKS = {kind: rank for rank, kind in enumerate(EditKind)}


class Search(StrEnum):
    """How the search for a change ended: with a change, without a change after all attempts, or at its limit."""

    FOUND = "found"
    NONE = "none"
    GAVE_UP = "gave_up"


class Edit(Struct, frozen=True):
    """One edit of the inputs of a decision. It changes a fact in the report, the host's addresses or a parameter.

    `interface` is None if the edit is not about a single interface. `before` and `after` are JSON-ready values.
    `sentence` is written after the word "if". An example is "the host had only the address 192.0.2.10".
    """

    what: EditKind
    interface: str | None
    before: object
    after: object
    sentence: str

    def to_dict(self) -> dict[str, object]:
        """Return the edit as JSON-ready data."""
        return {
            "what": str(self.what),
            "interface": self.interface,
            "from": self.before,
            "to": self.after,
            "sentence": self.sentence,
        }


class Change(Struct, frozen=True):
    """The smallest change of the inputs that the search found and that makes an interface the answer.

    The search verified the change: the policy decided the changed inputs, and the answer was this interface.
    """

    edits: tuple[Edit, ...]

    @property
    def steps(self) -> tuple[str, ...]:
        """The sentences of the edits."""
        return tuple(edit.sentence for edit in self.edits)

    @property
    def sentence(self) -> str:
        """The sentences of all edits as one text, to be written after the word "if"."""
        return ", and if ".join(self.steps)

    def to_dict(self) -> dict[str, object]:
        """Return the change as JSON-ready data."""
        return {"sentence": self.sentence, "edits": [edit.to_dict() for edit in self.edits]}


class InterfaceReasons(Struct, frozen=True):
    """Why one interface is or is not the answer; `outcome` is a summary of `reasons` in one sentence.

    `pointer` is the JSON Pointer to the interface in the report. `lowers` are the names of its direct lower devices,
    whether or not the report describes them. `near_misses` are sentences about host addresses that the interface almost
    owns. `change` is None if this interface is the answer, or if no change was found. `search` is how the search for a
    change ended. It is None if this interface is the answer, or if no search was requested.
    """

    name: str
    kind: str
    pointer: str
    addresses: tuple[str, ...]
    outcome: str
    reasons: tuple[Reason, ...]
    lowers: tuple[str, ...] = ()
    near_misses: tuple[str, ...] = ()
    change: Change | None = None
    search: Search | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the explanation of the interface as JSON-ready data."""
        return {
            "name": self.name,
            "kind": self.kind,
            "pointer": self.pointer,
            "addresses": list(self.addresses),
            "outcome": self.outcome,
            "lowers": list(self.lowers),
            "near_misses": list(self.near_misses),
            "change": None if self.change is None else self.change.to_dict(),
            "search": None if self.search is None else str(self.search),
            "reasons": [reason.to_dict() for reason in self.reasons],
        }


class AnswerOutcome(Struct, frozen=True):
    """The decision if `address` were the only address of the host. Some engines use only one address of a name."""

    address: str
    status: str
    host_active_nic: str | None

    def to_dict(self) -> dict[str, object]:
        """Return the outcome as JSON-ready data."""
        return {"address": self.address, "status": self.status, "hostActiveNic": self.host_active_nic}
