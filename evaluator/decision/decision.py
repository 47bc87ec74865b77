"""The answer as data: status, interface, findings, trace.

What the engine needs at once is computed at once; findings and trace on first access, from the
input that the decision keeps. A decision is a value: equal inputs give equal documents, byte for
byte, whatever the order of interfaces or answers, under every policy that uses no ORDER word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, json

from evaluator.base.finding import Finding, FindingDocument
from evaluator.base.status import NAMING, Status
from evaluator.facts.host_addresses import HostAddresses, HostDocument
from evaluator.policy.language.program import PolicyText

if TYPE_CHECKING:
    from evaluator.decision.trace import Explanation, Step

SCHEMA_VERSION = 2
_DELETE = b"\x7f"
_NOT_ASCII = re.compile(r"[^\x00-\x7e]")


class Interface(Struct, frozen=True):
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


class PolicyDocument(Struct, frozen=True):
    """The policy of a decision document."""

    name: str
    sha256: str
    texts: tuple[PolicyText, ...]
    parameters: Mapping[str, object]


class Document(Struct, frozen=True):
    """The decision document (`schemas/decision.schema.json`), member by member."""

    schema_version: int
    status: Status
    hostActiveNic: str | None
    interface: Interface | None
    candidates: tuple[str, ...]
    owners: tuple[str, ...]
    findings: tuple[FindingDocument, ...]
    trace: tuple[Step, ...]
    policy: PolicyDocument
    host: HostDocument
    resolution: Mapping[str, object] | None


class Making(Protocol):
    """What a decision was made from, and what makes the rest of it."""

    @property
    def case(self) -> object:
        """The question in full (a `decide.Case`)."""

    @property
    def host(self) -> HostAddresses:
        """What the host is addressed by."""

    @property
    def policy(self) -> PolicyText:
        """The policy's name and digest."""

    @property
    def policy_texts(self) -> tuple[PolicyText, ...]:
        """The texts of the policy, base first."""

    def parameters(self) -> Mapping[str, object]:
        """Return the parameters, JSON-ready, defaults filled in."""

    def interface(self) -> Interface | None:
        """Return what a consumer needs of the interface that was found."""

    def trace(self) -> tuple[Step, ...]:
        """Return what each rule did."""

    def findings(self) -> tuple[Finding, ...]:
        """Return what there is to say."""

    def explainer(self) -> Explainer:
        """Return what makes explanations of the decision."""


class Explainer(Protocol):
    """Makes explanations of a decision."""

    def reasons(self, decision: Decision, most: int | None) -> Explanation:
        """Return why, for every interface and rule."""

    def explain(self, decision: Decision, most: int | None) -> Explanation:
        """Return that, and what would decide otherwise."""


class Decision(Struct, frozen=True, dict=True, eq=False):
    """Which interface the host's address lives on, by one policy.

    `candidates` are the names left at the end, `owners` those of all interfaces that own a usable
    host address, both sorted. `refusals` are the codes of the reject and ambiguous rules that held, in the order of
    the policy, for an engine that has no use for whole findings.
    """

    status: Status
    candidates: tuple[str, ...]
    owners: tuple[str, ...]
    refusals: tuple[str, ...]
    _making: Making

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and self.to_dict() == other.to_dict()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.status, self.candidates, self.owners, self.policy))

    def __repr__(self) -> str:
        return f"Decision(status={self.status!r}, candidates={self.candidates!r}, policy={self.policy!r})"

    @property
    def host_active_nic(self) -> str | None:
        """The interface's name where exactly one is left, rejected or not; else None."""
        return self.candidates[0] if self.status in NAMING else None

    @property
    def case(self) -> object:
        """The question in full (a `decide.Case`), which a record keeps."""
        return self._making.case

    @property
    def host(self) -> HostAddresses:
        """What the host is addressed by."""
        return self._making.host

    @property
    def policy(self) -> str:
        """The name of the policy."""
        return self._making.policy.name

    @property
    def policy_sha256(self) -> str:
        """The digest of all texts of the policy."""
        return self._making.policy.sha256

    @property
    def policy_texts(self) -> tuple[PolicyText, ...]:
        """The texts of the policy, base first."""
        return self._making.policy_texts

    @property
    def parameters(self) -> Mapping[str, object]:
        """The parameters, JSON-ready, defaults filled in."""
        return self._making.parameters()

    @cached_property
    def interface(self) -> Interface | None:
        """What a consumer needs next of the interface that was found."""
        return self._making.interface()

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, sorted by severity, code, interfaces, addresses, rule."""
        return self._making.findings()

    @cached_property
    def trace(self) -> tuple[Step, ...]:
        """What each rule did, in the order of the policy."""
        return self._making.trace()

    def explain(self, most: int | None = None) -> Explanation:
        """Return why, for every interface and rule; computed anew at each call.

        Of a host with more than `most` interfaces only the candidates and owners are explained, the
        first `most` of them.
        """
        return self._making.explainer().explain(self, most)

    def reasons(self, most: int | None = None) -> Explanation:
        """Return what `explain` does without the changes that would decide otherwise, which take the longest."""
        return self._making.explainer().reasons(self, most)

    def to_dict(self) -> dict[str, object]:
        """Return the decision document (`schemas/decision.schema.json`)."""
        document: dict[str, object] = json.decode(json.encode(self._document()))
        return document

    def to_json(self) -> bytes:
        """Return the decision document as compact JSON, ASCII only: what is logged and sent."""
        text = json.encode(self._document())
        is_plain = text.isascii() and _DELETE not in text
        return text if is_plain else _NOT_ASCII.sub(_escaped, text.decode()).encode("ascii")

    def _document(self) -> Document:
        making, policy = self._making, self._making.policy
        return Document(
            SCHEMA_VERSION,
            self.status,
            self.host_active_nic,
            self.interface,
            self.candidates,
            self.owners,
            tuple([finding.document() for finding in self.findings]),
            self.trace,
            PolicyDocument(policy.name, policy.sha256, making.policy_texts, making.parameters()),
            making.host.document(),
            making.host.resolution,
        )


def _escaped(match: re.Match[str]) -> str:
    """Return a character as JSON writes it in ASCII, in two halves if it takes more than sixteen bits."""
    octets = match.group().encode("utf-16-be")
    return "".join(f"\\u{octets[at : at + 2].hex()}" for at in range(0, len(octets), 2))
