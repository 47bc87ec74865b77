"""The answer as data: status, interface, findings, trace.

What the engine needs at once is computed at once; findings and trace on first access, from the
input that the decision keeps. A decision is a value: equal inputs give equal documents, byte for
byte, whatever the order of interfaces or answers, under every policy that uses no ORDER word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from evaluator.facts.host import HostAddresses
from evaluator.finding import Finding
from evaluator.frozen import dataclass, field

if TYPE_CHECKING:
    from evaluator.trace import Explanation, Step

SCHEMA_VERSION = 2


class Status(StrEnum):
    """The five outcomes; none of them is an error."""

    RESOLVED = "resolved"
    REJECTED = "rejected"
    AMBIGUOUS = "ambiguous"
    NO_MATCH = "no_match"
    UNKNOWN_HOST = "unknown_host"


NAMING = (Status.RESOLVED, Status.REJECTED)


@dataclass(frozen=True, slots=True)
class Interface:
    """What a consumer needs next of the interface that was found.

    `base_interface` is what an attachment names: a vlan's base, else the interface itself. `vlan_id`
    is 0 for no vlan, None where the report does not say. `members` are slaves or ports, as reported.
    """

    name: str
    kind: str
    matched_addresses: tuple[str, ...]
    base_interface: str
    vlan_id: int | None
    members: tuple[str, ...]
    networks: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the interface as JSON-ready data."""
        return {
            "name": self.name,
            "kind": self.kind,
            "matched_addresses": list(self.matched_addresses),
            "base_interface": self.base_interface,
            "vlan_id": self.vlan_id,
            "members": list(self.members),
            "networks": list(self.networks),
        }


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A text that a policy was read from: the name that it gives itself, and the SHA-256 of its bytes."""

    name: str
    sha256: str

    def to_dict(self) -> dict[str, str]:
        """Return the text's name and digest as JSON-ready data."""
        return {"name": self.name, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Details:
    """What is computed on first access."""

    findings: tuple[Finding, ...]
    trace: tuple[Step, ...]


class Explainer(Protocol):
    """Makes explanations of a decision."""

    def reasons(self, decision: Decision, most: int | None) -> Explanation:
        """Return why, for every interface and rule."""

    def explain(self, decision: Decision, most: int | None) -> Explanation:
        """Return that, and what would decide otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """Which interface the host's address lives on, by one policy.

    `candidates` are the names left at the end, `owners` those of all interfaces that own a usable
    host address, both sorted. `policy_texts` are the texts of the policy, base first, and `policy_sha256` is the
    digest of all of them. `parameters` are JSON-ready, defaults filled in. `refusals` are the codes of
    the reject and ambiguous rules that held, in the order of the policy, for an engine that has no use for
    whole findings. `case` is the question in full (a `decide.Case`), which a record keeps.
    """

    status: Status
    interface: Interface | None
    candidates: tuple[str, ...]
    owners: tuple[str, ...]
    policy: str
    policy_sha256: str
    policy_texts: tuple[PolicyText, ...]
    parameters: Mapping[str, object]
    refusals: tuple[str, ...]
    host: HostAddresses
    case: object = field(repr=False, compare=False)
    _details: Callable[[], Details] = field(repr=False, compare=False)
    _explainer: Explainer = field(repr=False, compare=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.status, self.candidates, self.owners, self.policy))

    @property
    def host_active_nic(self) -> str | None:
        """The interface's name where exactly one is left, rejected or not; else None."""
        return self.candidates[0] if self.status in NAMING else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, sorted by severity, code, interfaces, addresses, rule."""
        return self._details().findings

    @property
    def trace(self) -> tuple[Step, ...]:
        """What each rule did, in the order of the policy."""
        return self._details().trace

    def explain(self, most: int | None = None) -> Explanation:
        """Return why, for every interface and rule; computed anew at each call.

        Of a host with more than `most` interfaces only the candidates and owners are explained, the
        first `most` of them.
        """
        return self._explainer.explain(self, most)

    def reasons(self, most: int | None = None) -> Explanation:
        """Return what `explain` does without the changes that would decide otherwise, which take the longest."""
        return self._explainer.reasons(self, most)

    def to_dict(self) -> dict[str, object]:
        """Return the decision document (`schemas/decision.schema.json`)."""
        import copy  # noqa: PLC0415 -- a decision is often read without its document

        return {
            "schema_version": SCHEMA_VERSION,
            "status": str(self.status),
            "hostActiveNic": self.host_active_nic,
            "interface": None if self.interface is None else self.interface.to_dict(),
            "candidates": list(self.candidates),
            "owners": list(self.owners),
            "findings": [finding.to_dict() for finding in self.findings],
            "trace": [step.to_dict() for step in self.trace],
            "policy": {
                "name": self.policy,
                "sha256": self.policy_sha256,
                "texts": [text.to_dict() for text in self.policy_texts],
                "parameters": dict(self.parameters),
            },
            "host": self.host.to_dict(),
            "resolution": copy.deepcopy(self.host.resolution),
        }

    def to_json(self) -> bytes:
        """Return the decision document as compact JSON, ASCII only: what is logged and sent."""
        import json  # noqa: PLC0415 -- as above

        return json.dumps(self.to_dict(), separators=(",", ":")).encode("ascii")
