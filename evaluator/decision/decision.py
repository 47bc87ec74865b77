"""A decision and its explanation as data: status, candidates, owners, interface, findings, trace, and the documents.

A decision has two parts. An engine always reads the status and the name of the interface, so the fields `status`,
`candidates`, `owners` and `refusals` are computed by `decide`. The findings, the trace and the document are read less
often and take much longer to compute. So they are computed on first access and then cached. For this, a decision holds
its inputs (`Basis`), which include the whole report. A caller that stores many decisions should store their documents
instead.

Invariant: a decision is a value. Equal inputs give equal documents, byte for byte. The documents do not depend on the
order of the interfaces in the report, or on the order of the DNS answers. The only exceptions are policies that use a
word that depends on order (`policy/run/required_facts.py`, `order_words`).

Three points of the design:

- `Decision` is one frozen struct, so a decision can be compared, copied and pickled. It delegates the late computations
  to the protocol `Basis`, and `cached_property` stores each result. Lazy subclasses were tried and rejected, because
  then each type existed twice.
- `refusals` exists in addition to the findings. An engine reads in `refusals` why it must not deploy. So no message has
  to be computed for this.
- The document is a typed struct (`Document`) that msgspec encodes directly, without a dictionary in between.

`Basis` and `Explainer` are protocols, because `decide` and the package `explain` import this module. So this module
cannot import `decide` or `explain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, json

from evaluator.base.cached_property import cached_property
from evaluator.base.finding import Finding, FindingDocument
from evaluator.base.json_values import to_ascii
from evaluator.base.status import NAMING, Status
from evaluator.facts.host_addresses import HostAddresses, HostDocument
from evaluator.policy.language.program import PolicyText, Program

if TYPE_CHECKING:
    from evaluator.decision.trace import AnswerOutcome, InterfaceReasons, Reason, Step

SCHEMA_VERSION = 2
EXPLANATION_VERSION = 2


class Interface(Struct, frozen=True, gc=False):
    """The details of the interface that a decision names. A deployment needs these details as its input.

    `matched_addresses` are the usable host addresses that the interface owns, sorted. `base_interface` is the interface
    to attach a network to: the base of a VLAN interface, otherwise the interface itself. `vlan_id` is 0 for an untagged
    interface and None if the report does not contain the ID. `members` are the names of the slaves of a bond or the
    ports of a bridge in the report.
    """

    name: str
    kind: str
    matched_addresses: tuple[str, ...]
    base_interface: str
    vlan_id: int | None
    members: tuple[str, ...]
    networks: tuple[str, ...]


class PolicyDocument(Struct, frozen=True):
    """The member `policy` of a decision document."""

    name: str
    sha256: str
    texts: tuple[PolicyText, ...]
    parameters: Mapping[str, object]


class Document(Struct, frozen=True):
    """The members of a decision document (`schemas/decision.schema.json`), in the order in which they are written."""

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


class Basis(Protocol):
    """The inputs of a decision, and functions that compute the other parts of the decision from the inputs."""

    @property
    def case(self) -> object:
        """All inputs of the decision (a `decide.Case`)."""

    @property
    def host(self) -> HostAddresses:
        """The host's addresses, and the name that was resolved to them."""

    @property
    def program(self) -> Program:
        """The checked policy."""

    def parameters(self) -> Mapping[str, object]:
        """Return the values of all parameters as JSON-ready data, defaults included, sorted by name."""

    def interface(self) -> Interface | None:
        """Return the details of the interface that the decision names; None if the decision names no interface."""

    def trace(self) -> tuple[Step, ...]:
        """Return one step for each rule, in the order of the policy."""

    def findings(self) -> tuple[Finding, ...]:
        """Return all findings, sorted."""

    def explainer(self) -> Explainer:
        """Return the explainer of the decision."""


class Selection(Struct, frozen=True):
    """The interfaces to explain: the interfaces in `names`, or at most `most` interfaces (None: all interfaces)."""

    most: int | None = None
    names: frozenset[str] | None = None


class Explainer(Protocol):
    """Computes explanations of a decision for selected interfaces.

    If the report does not describe a selected name, both methods raise KeyError with this name.
    """

    def reasons(self, decision: Decision, selection: Selection) -> Explanation:
        """Return the explanation. It does not contain the changes that would lead to another decision."""

    def explain(self, decision: Decision, selection: Selection) -> Explanation:
        """Return the full explanation."""


class Decision(Struct, frozen=True, dict=True, eq=False):
    """The decision about which interface has the host's address, according to one policy.

    `candidates` are the names of the candidates after the last rule. `owners` are the names of all interfaces that own
    a usable host address. Both tuples are sorted. `refusals` are the codes of the `reject` and `ambiguous` rules that
    were true, in the order of the policy. An engine that does not need whole findings reads `refusals`.
    """

    status: Status
    candidates: tuple[str, ...]
    owners: tuple[str, ...]
    refusals: tuple[str, ...]
    _basis: Basis

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and self.to_dict() == other.to_dict()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.status, self.candidates, self.owners, self.policy))

    def __repr__(self) -> str:
        name = f", host_active_nic={self.host_active_nic!r}" if self.status in NAMING else ""
        return f"Decision(status={str(self.status)!r}{name}, candidates={self.candidates!r}, policy={self.policy!r})"

    @property
    def host_active_nic(self) -> str | None:
        """The name of the remaining candidate if the status is `resolved` or `rejected`, otherwise None."""
        return self.candidates[0] if self.status in NAMING else None

    @property
    def case(self) -> object:
        """All inputs of the decision (a `decide.Case`). A log record is built from these inputs."""
        return self._basis.case

    @property
    def host(self) -> HostAddresses:
        """The host's addresses, and the name that was resolved to them."""
        return self._basis.host

    @property
    def policy(self) -> str:
        """The name of the policy."""
        return self._basis.program.name

    @property
    def policy_sha256(self) -> str:
        """The digest of all texts of the policy."""
        return self._basis.program.digest

    @property
    def policy_texts(self) -> tuple[PolicyText, ...]:
        """The texts of the policy. The text of a base comes before the text that extends it."""
        return self._basis.program.texts

    @property
    def parameters(self) -> Mapping[str, object]:
        """The values of all parameters as JSON-ready data, defaults included, sorted by name."""
        return self._basis.parameters()

    @cached_property
    def interface(self) -> Interface | None:
        """The details of the interface that the decision names; None if the decision names no interface."""
        return self._basis.interface()

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, sorted by severity, then by code, interfaces, addresses and rule."""
        return self._basis.findings()

    @cached_property
    def trace(self) -> tuple[Step, ...]:
        """One step for each rule, in the order of the policy: its result, and the candidates before and after it."""
        return self._basis.trace()

    def explain(self, most: int | None = None, *, interfaces: Iterable[str] | None = None) -> Explanation:
        """Return the reasons of the decision for every interface and rule. Each call computes the reasons again.

        If `interfaces` is given, only the interfaces with these names are explained. If the report does not describe
        one of the names, KeyError is raised.

        If `interfaces` is not given, all interfaces are explained, with one exception: if the host has more than `most`
        interfaces, only the first `most` candidates and owners are explained. If `most` is None, the number is not
        limited.
        """
        return self._basis.explainer().explain(self, _selection(most, interfaces))

    def reasons(self, most: int | None = None, *, interfaces: Iterable[str] | None = None) -> Explanation:
        """Return the explanation without the changes that would lead to another decision.

        The search for these changes takes most of the time of `explain`.
        """
        return self._basis.explainer().reasons(self, _selection(most, interfaces))

    def to_dict(self) -> dict[str, object]:
        """Return the decision document (`schemas/decision.schema.json`)."""
        document: dict[str, object] = json.decode(json.encode(self._document()))
        return document

    def to_json(self) -> bytes:
        """Return the decision document as compact JSON in ASCII. Logs and services use these bytes."""
        return to_ascii(json.encode(self._document()))

    def _document(self) -> Document:
        basis, program = self._basis, self._basis.program
        return Document(
            SCHEMA_VERSION,
            self.status,
            self.host_active_nic,
            self.interface,
            self.candidates,
            self.owners,
            tuple([finding.document() for finding in self.findings]),
            self.trace,
            PolicyDocument(program.name, program.digest, program.texts, basis.parameters()),
            basis.host.document(),
            basis.host.resolution,
        )


class Explanation(Struct, frozen=True):
    """The explanation of one decision. For every interface and rule, it contains the clause that determined the result.

    `summary` gives the decision and its reason in two sentences. `report_format` is the format of the report. `rules`
    are the reasons of rules without the subject `nic`. `answers` has one outcome for each address: the outcome if the
    host had only this address. `stability` compares these outcomes with the decision. It is `stable` if every outcome
    is the same as the decision, `never` if no outcome names an interface, and otherwise `depends`. `decision` is the
    explained decision. `others` is the number of interfaces that are not explained. Unlike the decision document, an
    explanation contains pointers into the report.
    """

    summary: tuple[str, ...]
    report_format: str
    interfaces: tuple[InterfaceReasons, ...]
    rules: tuple[Reason, ...]
    answers: tuple[AnswerOutcome, ...]
    stability: str
    decision: Decision
    others: int = 0

    def __repr__(self) -> str:
        return f"Explanation(summary={self.summary!r}, interfaces={len(self.interfaces)})"

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


def _selection(most: int | None, interfaces: Iterable[str] | None) -> Selection:
    return Selection(most, None if interfaces is None else frozenset(interfaces))
