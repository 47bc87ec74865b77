"""What happened, step by step, and why: the trace of a decision and its full explanation, as data."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from evaluator.policy.run.seen_value import SeenValue

EXPLANATION_VERSION = 2


class Step(Struct, frozen=True):
    """What one rule did: the names of the candidates before and after it, and for whom it held.

    `place` is `policy:line:column`. Of a rule without subject `hits` is empty and `fired` tells all.
    """

    rule: str
    verb: str
    place: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    hits: tuple[str, ...]
    fired: bool


class Reason(Struct, frozen=True):
    """Why one rule did or did not hold for one interface (or at all, for a rule without subject).

    `held` is None where the rule did not judge the interface, which was no candidate then; `effect`
    says in a word or two what followed; `clause` is the part of the condition that decided.
    """

    rule: str
    verb: str
    place: str
    held: bool | None
    effect: str
    clause: str = ""
    seen: tuple[SeenValue, ...] = ()

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
    """What an edit changes; in the order in which edits are said."""

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
        """Its place in that order."""
        return _RANKS[self]


_RANKS = {kind: rank for rank, kind in enumerate(EditKind)}


class Search(StrEnum):
    """How the search for a change ended: it found one, it tried all, or it stopped at its limit."""

    FOUND = "found"
    NONE = "none"
    GAVE_UP = "gave_up"


class Edit(Struct, frozen=True):
    """One edit of a question: a fact of an interface, of the host or of the question, before and after.

    `interface` is None if it is about no single interface. `before` and `after` are JSON-ready. `sentence` goes
    on after "if", such as "the host's only address were 192.0.2.10".
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
    """The smallest change that was found to make an interface the answer, and was tried: what would have to be so."""

    edits: tuple[Edit, ...]

    @property
    def steps(self) -> tuple[str, ...]:
        """The sentences of its edits."""
        return tuple(edit.sentence for edit in self.edits)

    @property
    def sentence(self) -> str:
        """All of it, to go on after "if"."""
        return ", and if ".join(self.steps)

    def to_dict(self) -> dict[str, object]:
        """Return the change as JSON-ready data."""
        return {"sentence": self.sentence, "edits": [edit.to_dict() for edit in self.edits]}


class InterfaceReasons(Struct, frozen=True):
    """Why one interface is or is not the answer; `outcome` sums its `reasons` up in one sentence.

    `lowers` are the names it stands directly on, described in the report or not. `near_misses` say in
    sentences what it nearly owns. `change` is None for the answer itself, and if none was found; `search` says
    how the search for it ended, and is None for the answer itself and if changes were not asked for.
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
        """Return the reasons as JSON-ready data."""
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
    """What the decision would have been on one host address alone, as a first-answer engine might have taken it."""

    address: str
    status: str
    host_active_nic: str | None

    def to_dict(self) -> dict[str, object]:
        """Return the outcome as JSON-ready data."""
        return {"address": self.address, "status": self.status, "hostActiveNic": self.host_active_nic}


class Explanation(Struct, frozen=True):
    """The full explanation of one decision: for every interface and rule the clause that decided.

    `summary` answers what and why in two sentences. `report_format` is how the report was read.
    `rules` holds the reasons of rules that have no subject. `answers` holds the outcome under each
    host address alone; `stability` sums them up: `stable` (all give the set's own answer), `never`
    (none names an interface), else `depends`. `others` counts the interfaces that were left out.
    Unlike the decision document an explanation names places in the report.
    """

    summary: tuple[str, ...]
    report_format: str
    interfaces: tuple[InterfaceReasons, ...]
    rules: tuple[Reason, ...]
    answers: tuple[AnswerOutcome, ...]
    stability: str
    others: int = 0

    def to_dict(self) -> dict[str, object]:
        """Return the explanation as JSON-ready data."""
        return {
            "schema_version": EXPLANATION_VERSION,
            "summary": list(self.summary),
            "report_format": self.report_format,
            "interfaces": [interface.to_dict() for interface in self.interfaces],
            "others": self.others,
            "rules": [reason.to_dict() for reason in self.rules],
            "answers": [answer.to_dict() for answer in self.answers],
            "stability": self.stability,
        }
