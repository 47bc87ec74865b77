"""Findings: errors, warnings and information that belong to a decision but do not change it.

Findings have four sources. `report/` finds problems of the report, which do not depend on the policy. `names/` finds
problems of the DNS answers. `decision/` finds why no candidate remains, and which facts the report cannot contain. The
fourth source is the rules of a policy. The codes of activenic and its shipped policies are a contract. This module
lists these codes with their meanings. A policy may define other codes.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, StrEnum
from typing import Self

from msgspec import Struct, json
from msgspec.structs import replace

from evaluator.base.diagnostic import Severity


class FindingSource(StrEnum):
    """The source of a finding."""

    REPORT = "the report"
    NAMES = "the answers"
    EVALUATOR = "the evaluator"
    POLICY = "a shipped policy"


class Trait(Enum):
    """A property that all findings with the same code have."""

    HIDES_ADDRESSES = "the report may be incomplete, so the host can have addresses that are not in the report"
    ORDINARY_ELSEWHERE = "normal for an interface that is irrelevant to the decision, such as a bridge without carrier"
    ORDINARY_UNASKED = "normal for an address that is not a host address, such as an address on many unnumbered links"


_REPORT, _NAMES, _EVALUATOR, _POLICY = FindingSource


class FindingCode(StrEnum):
    """The finding codes of activenic and its shipped policies, each with its source, meaning and traits."""

    source: FindingSource
    meaning: str
    traits: frozenset[Trait]

    def __new__(cls, code: str, source: FindingSource, meaning: str, *traits: Trait) -> Self:
        """Create a member of the enumeration. In a JSON document, a member is written as its `code`."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.source, member.meaning, member.traits = source, meaning, frozenset(traits)
        return member

    ADDR_CONFLICT = (
        "ADDR_CONFLICT",
        _REPORT,
        "in a VDSM report, `addr` and `ipv4addrs` of an interface contradict each other",
    )
    ADDRESS_NOT_COUNTED = (
        "ADDRESS_NOT_COUNTED",
        _REPORT,
        "activenic ignores an address, because it is on a loopback link or cannot identify a host",
    )
    ADDRESS_ON_SEVERAL_INTERFACES = (
        "ADDRESS_ON_SEVERAL_INTERFACES",
        _REPORT,
        "several interfaces have the same address, which is not link-local",
        Trait.ORDINARY_UNASKED,
    )
    ADDRESS_ON_SLAVE = "ADDRESS_ON_SLAVE", _REPORT, "a slave has an address, but only its bond should have addresses"
    ADDRESS_WITHOUT_INTERFACE = (
        "ADDRESS_WITHOUT_INTERFACE",
        _REPORT,
        "the report lists an address of the host, but does not name the interface that has this address",
        Trait.HIDES_ADDRESSES,
        Trait.ORDINARY_UNASKED,
    )
    ADDRESSES_NOT_TOLD = (
        "ADDRESSES_NOT_TOLD",
        _REPORT,
        "the report leaves out addresses that an interface may have",
        Trait.HIDES_ADDRESSES,
    )
    BASE_NOT_REPORTED = (
        "BASE_NOT_REPORTED",
        _REPORT,
        "the report does not describe or does not name the base (lower device) of a VLAN",
        Trait.HIDES_ADDRESSES,
    )
    DUPLICATE_ADDRESS = (
        "DUPLICATE_ADDRESS",
        _REPORT,
        "another host has the same address (duplicate address detection failed)",
    )
    FACT_CONFLICT = "FACT_CONFLICT", _REPORT, "two places of the report state different values for one fact"
    INTERFACE_ABSENT = (
        "INTERFACE_ABSENT",
        _REPORT,
        "an interface has the state `absent`, so the document may be a desired state",
    )
    INTERFACE_NOT_DESCRIBED = (
        "INTERFACE_NOT_DESCRIBED",
        _REPORT,
        "the report lists an interface that it does not describe",
        Trait.HIDES_ADDRESSES,
    )
    KIND_UNKNOWN = (
        "KIND_UNKNOWN",
        _REPORT,
        "the report does not contain the kind of an interface, so the interface may be a bridge",
        Trait.ORDINARY_ELSEWHERE,
    )
    LINK_CYCLE = (
        "LINK_CYCLE",
        _REPORT,
        "interfaces are on top of each other in a cycle, so activenic ignores the order of these interfaces",
    )
    LINK_DOWN = (
        "LINK_DOWN",
        _REPORT,
        "an interface with an address is down or has no carrier; the interface still owns the address",
        Trait.ORDINARY_ELSEWHERE,
    )
    LOWER_DEVICE_ELSEWHERE = (
        "LOWER_DEVICE_ELSEWHERE",
        _REPORT,
        "the lower device of an interface is in another network namespace",
    )
    MALFORMED_ADDRESS = (
        "MALFORMED_ADDRESS",
        _REPORT,
        "activenic ignores an invalid address, netmask or gateway, but uses the valid values of the same interface",
    )
    MASTER_NOT_REPORTED = (
        "MASTER_NOT_REPORTED",
        _REPORT,
        "an interface names a master that the report does not describe",
        Trait.HIDES_ADDRESSES,
    )
    NETWORK_CONFLICT = (
        "NETWORK_CONFLICT",
        _REPORT,
        "the report states different facts for a logical network and its device; the facts of the device are used",
    )
    PORT_NOT_REPORTED = (
        "PORT_NOT_REPORTED",
        _REPORT,
        "a bridge names a port that the report does not describe (except vnet*)",
        Trait.HIDES_ADDRESSES,
        Trait.ORDINARY_ELSEWHERE,
    )
    REPORT_INCOMPLETE = (
        "REPORT_INCOMPLETE",
        _REPORT,
        "the report leaves out interfaces or an address family, so the host may have "
        "an address that the report does not show",
        Trait.HIDES_ADDRESSES,
    )
    REPORT_LACKS_MAP = (
        "REPORT_LACKS_MAP",
        _REPORT,
        "a map that every version of VDSM sends is missing in the report, so interfaces may be missing",
        Trait.HIDES_ADDRESSES,
    )
    SLAVE_IN_TWO_BONDS = "SLAVE_IN_TWO_BONDS", _REPORT, "one interface is a slave of several bonds"
    SLAVE_NOT_REPORTED = (
        "SLAVE_NOT_REPORTED",
        _REPORT,
        "a bond names a slave that the report does not describe",
        Trait.HIDES_ADDRESSES,
    )
    ANSWER_STALE = "ANSWER_STALE", _NAMES, "a name server gave an outdated answer because it could not get a new answer"
    ANSWER_TTL_ZERO = "ANSWER_TTL_ZERO", _NAMES, "an answer must not be cached, so the next lookup may differ"
    ANSWER_UNUSABLE = (
        "ANSWER_UNUSABLE",
        _NAMES,
        "a host address is unspecified, loopback, multicast or broadcast, so no interface can own it",
    )
    ANSWERS_INCOMPLETE = (
        "ANSWERS_INCOMPLETE",
        _NAMES,
        "an address family could not be resolved, so answers may be missing",
    )
    CNAME_CHAIN_TOO_LONG = "CNAME_CHAIN_TOO_LONG", _NAMES, "the name has a chain of more than sixteen aliases"
    CNAME_DANGLING = "CNAME_DANGLING", _NAMES, "the name is an alias of a name that does not exist"
    CNAME_LOOP = "CNAME_LOOP", _NAMES, "the chain of aliases of the name is a loop, so it never leads to an address"
    DNS_INCONSISTENT = (
        "DNS_INCONSISTENT",
        _NAMES,
        "a name server gives contradictory answers: that the name exists, and that the name does not exist",
    )
    DNS_MALFORMED = (
        "DNS_MALFORMED",
        _NAMES,
        "the responses of the name servers are malformed, or are truncated even over TCP",
    )
    DNS_NO_SERVER = "DNS_NO_SERVER", _NAMES, "no name server is configured"
    DNS_REFUSED = "DNS_REFUSED", _NAMES, "the name servers refuse the query"
    DNS_SERVER_FAILED = "DNS_SERVER_FAILED", _NAMES, "the name servers fail (SERVFAIL)"
    DNS_TIMED_OUT = "DNS_TIMED_OUT", _NAMES, "no name server answered in time"
    DNS_UNREACHABLE = (
        "DNS_UNREACHABLE",
        _NAMES,
        "no name server can be reached, or all name servers close the connection",
    )
    HOSTS_AND_DNS_DISAGREE = (
        "HOSTS_AND_DNS_DISAGREE",
        _NAMES,
        "the hosts file and DNS have different addresses for the name; activenic uses the hosts file",
    )
    HOSTS_ENTRY_MALFORMED = (
        "HOSTS_ENTRY_MALFORMED",
        _NAMES,
        "the hosts file has an invalid address for the name",
    )
    NAME_HAS_MIXED_SCRIPTS = (
        "NAME_HAS_MIXED_SCRIPTS",
        _NAMES,
        "a label of the name has letters of several writing systems, and some of these letters look alike",
    )
    NAME_HAS_NO_ADDRESSES = "NAME_HAS_NO_ADDRESSES", _NAMES, "the name exists, but has no addresses"
    NAME_HAS_ONE_LABEL = (
        "NAME_HAS_ONE_LABEL",
        _NAMES,
        "the name has no domain; it is resolved without a search list",
    )
    NAME_HAS_UNDERSCORE = "NAME_HAS_UNDERSCORE", _NAMES, "the name has an underscore, which host names should not have"
    NAME_NOT_FOUND = "NAME_NOT_FOUND", _NAMES, "the name does not exist (NXDOMAIN)"
    ALL_CANDIDATES_DISCARDED = (
        "ALL_CANDIDATES_DISCARDED",
        _EVALUATOR,
        "interfaces matched, but the policy discarded all of them",
    )
    ALL_ANSWERS_UNUSABLE = "ALL_ANSWERS_UNUSABLE", _EVALUATOR, "no interface can own any of the host's addresses"
    NO_ADDRESS_GIVEN = "NO_ADDRESS_GIVEN", _EVALUATOR, "no host address was given"
    NO_ANSWER = "NO_ANSWER", _EVALUATOR, "the host name resolved to no address"
    NO_INTERFACE_MATCHED = "NO_INTERFACE_MATCHED", _EVALUATOR, "no `match` rule of the policy is true for any interface"
    NO_INTERFACE_OWNS_ADDRESS = (
        "NO_INTERFACE_OWNS_ADDRESS",
        _EVALUATOR,
        "no interface owns a usable host address; the message names places in the report that have such an address",
    )
    REPORT_LACKS_FACT = (
        "REPORT_LACKS_FACT",
        _EVALUATOR,
        "the policy uses facts that the report lacks; "
        "the finding is a warning if a missing fact may be the only reason for a refusal",
    )
    ANSWER_NOT_OWNED = (
        "ANSWER_NOT_OWNED",
        _POLICY,
        "interfaces own some of the host addresses, but no interface owns the remaining host addresses",
    )
    BOND_HAS_FEW_SLAVES = (
        "BOND_HAS_FEW_SLAVES",
        _POLICY,
        "a bond has fewer than two reported slaves, so oVirt does not deploy on the bond",
    )
    HOST_PREFIX_ADDRESS = (
        "HOST_PREFIX_ADDRESS",
        _POLICY,
        "a host address has the prefix length /32 or /128; the finding is a warning if the address may be virtual",
    )
    LAST_CLIENT_IFACE_NOT_REPORTED = (
        "LAST_CLIENT_IFACE_NOT_REPORTED",
        _POLICY,
        "the report does not name the interface through which the last client connected",
    )
    MANAGEMENT_NETWORK_ALREADY_CONFIGURED = (
        "MANAGEMENT_NETWORK_ALREADY_CONFIGURED",
        _POLICY,
        "the interface already carries the management network",
    )
    MANAGEMENT_NETWORK_OVER_BRIDGE = (
        "MANAGEMENT_NETWORK_OVER_BRIDGE",
        _POLICY,
        "the interface is a bridge, and oVirt cannot deploy a network over a bridge",
    )
    NEAR_MISS = (
        "NEAR_MISS",
        _POLICY,
        "no interface owns a host address, but a subnet of an interface contains the address",
    )
    NETWORKS_ALREADY_ATTACHED_TO_IFACES = (
        "NETWORKS_ALREADY_ATTACHED_TO_IFACES",
        _POLICY,
        "the management network is already on the host, but not on this interface",
    )
    OPEN_VSWITCH_INTERFACE = (
        "OPEN_VSWITCH_INTERFACE",
        _POLICY,
        "the interface belongs to Open vSwitch, and VDSM does not report the ports of the interface",
    )
    ROUTE_DEVICE_NOT_REPORTED = (
        "ROUTE_DEVICE_NOT_REPORTED",
        _POLICY,
        "a route goes through an interface that the report does not describe",
        Trait.HIDES_ADDRESSES,
    )
    SEVERAL_INTERFACES = "SEVERAL_INTERFACES", _POLICY, "more than one interface matches"
    VLAN_ID_MISMATCH = "VLAN_ID_MISMATCH", _POLICY, "the interface and the management network have different VLAN IDs"


def codes_with(trait: Trait) -> frozenset[FindingCode]:
    """Return the codes that have a trait."""
    return frozenset(code for code in FindingCode if trait in code.traits)


ABSENCE_NOT_PROVEN = codes_with(Trait.HIDES_ADDRESSES)
ORDINARY_ELSEWHERE = codes_with(Trait.ORDINARY_ELSEWHERE)
ORDINARY_UNASKED = codes_with(Trait.ORDINARY_UNASKED)
ORDINARY = ORDINARY_ELSEWHERE | ORDINARY_UNASKED


class FindingDocument(Struct, frozen=True, gc=False):
    """The members of a finding in a document."""

    code: str
    severity: Severity
    message: str
    interfaces: tuple[str, ...]
    addresses: tuple[str, ...]
    rule: str | None
    hint: str


class Finding(Struct, frozen=True, gc=False):
    """An error, a warning or an information that belongs to a decision.

    `interfaces` are names and `addresses` are canonical texts, both sorted. `rule` is the place `policy:line:column` of
    the rule that fired; it is empty if the finding does not come from a rule.
    """

    code: str
    severity: Severity
    message: str
    interfaces: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    rule: str = ""
    hint: str = ""

    def for_information(self) -> Finding:
        """Return the finding with the severity `info`."""
        return replace(self, severity=Severity.INFO)

    def document(self) -> FindingDocument:
        """Return the finding in the form that a decision document contains."""
        rule = self.rule or None
        return FindingDocument(self.code, self.severity, self.message, self.interfaces, self.addresses, rule, self.hint)

    def to_dict(self) -> dict[str, object]:
        """Return the finding as JSON values."""
        document: dict[str, object] = json.decode(json.encode(self.document()))
        return document


def conflict(ifname: str, message: str, severity: Severity = Severity.WARNING) -> Finding:
    """Return the finding FACT_CONFLICT: the report states different values for one fact of an interface."""
    return Finding(
        FindingCode.FACT_CONFLICT, severity, message, (ifname,), hint="compare with the output of `ip -j -d addr show`"
    )


def incomplete(message: str, *interfaces: str, hint: str = "") -> Finding:
    """Return the warning REPORT_INCOMPLETE: the report leaves out data. The hint names a command with all data."""
    names = tuple(sorted(interfaces))
    return Finding(FindingCode.REPORT_INCOMPLETE, Severity.WARNING, message, names, hint=hint)


def merge(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the distinct findings sorted by severity, code, interfaces, addresses, rule."""
    distinct = set(findings)
    return tuple(sorted(distinct, key=_place) if len(distinct) > 1 else distinct)


def _place(finding: Finding) -> tuple[int | str | tuple[str, ...], ...]:
    f = finding
    return f.severity.rank, f.code, f.interfaces, f.addresses, f.rule, f.message, f.hint
