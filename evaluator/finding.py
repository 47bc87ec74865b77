"""What a decision wants its reader to know besides the answer.

A finding comes from one of four sources only: `report/` (problems of the report, under every policy), `names/`
(problems of the answers), the evaluator (why no interface is left, and which facts the report cannot have), and the
rules of a policy. The shipped codes are part of the contract and listed here with their meanings; a policy may define
codes of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct, json
from msgspec.structs import replace

from evaluator.diagnostic import Severity


class FindingCode(StrEnum):
    """Every finding code that this project ships."""

    # report/: what is wrong with the report
    ADDR_CONFLICT = "ADDR_CONFLICT"
    ADDRESS_NOT_COUNTED = "ADDRESS_NOT_COUNTED"
    ADDRESS_ON_SEVERAL_INTERFACES = "ADDRESS_ON_SEVERAL_INTERFACES"
    ADDRESS_ON_SLAVE = "ADDRESS_ON_SLAVE"
    ADDRESS_WITHOUT_INTERFACE = "ADDRESS_WITHOUT_INTERFACE"
    ADDRESSES_NOT_TOLD = "ADDRESSES_NOT_TOLD"
    BASE_NOT_REPORTED = "BASE_NOT_REPORTED"
    DUPLICATE_ADDRESS = "DUPLICATE_ADDRESS"
    FACT_CONFLICT = "FACT_CONFLICT"
    INTERFACE_ABSENT = "INTERFACE_ABSENT"
    INTERFACE_NOT_DESCRIBED = "INTERFACE_NOT_DESCRIBED"
    KIND_UNKNOWN = "KIND_UNKNOWN"
    LINK_CYCLE = "LINK_CYCLE"
    LINK_DOWN = "LINK_DOWN"
    LOWER_DEVICE_ELSEWHERE = "LOWER_DEVICE_ELSEWHERE"
    MALFORMED_ADDRESS = "MALFORMED_ADDRESS"
    MASTER_NOT_REPORTED = "MASTER_NOT_REPORTED"
    NETWORK_CONFLICT = "NETWORK_CONFLICT"
    PORT_NOT_REPORTED = "PORT_NOT_REPORTED"
    REPORT_INCOMPLETE = "REPORT_INCOMPLETE"
    REPORT_LACKS_MAP = "REPORT_LACKS_MAP"
    SLAVE_IN_TWO_BONDS = "SLAVE_IN_TWO_BONDS"
    SLAVE_NOT_REPORTED = "SLAVE_NOT_REPORTED"
    # names/: what is wrong with the answers
    ANSWER_STALE = "ANSWER_STALE"
    ANSWER_TTL_ZERO = "ANSWER_TTL_ZERO"
    ANSWER_UNUSABLE = "ANSWER_UNUSABLE"
    ANSWERS_INCOMPLETE = "ANSWERS_INCOMPLETE"
    CNAME_CHAIN_TOO_LONG = "CNAME_CHAIN_TOO_LONG"
    CNAME_DANGLING = "CNAME_DANGLING"
    CNAME_LOOP = "CNAME_LOOP"
    DNS_INCONSISTENT = "DNS_INCONSISTENT"
    DNS_MALFORMED = "DNS_MALFORMED"
    DNS_NO_SERVER = "DNS_NO_SERVER"
    DNS_REFUSED = "DNS_REFUSED"
    DNS_SERVER_FAILED = "DNS_SERVER_FAILED"
    DNS_TIMED_OUT = "DNS_TIMED_OUT"
    DNS_UNREACHABLE = "DNS_UNREACHABLE"
    HOSTS_AND_DNS_DISAGREE = "HOSTS_AND_DNS_DISAGREE"
    HOSTS_ENTRY_MALFORMED = "HOSTS_ENTRY_MALFORMED"
    NAME_HAS_MIXED_SCRIPTS = "NAME_HAS_MIXED_SCRIPTS"
    NAME_HAS_NO_ADDRESSES = "NAME_HAS_NO_ADDRESSES"
    NAME_HAS_ONE_LABEL = "NAME_HAS_ONE_LABEL"
    NAME_HAS_UNDERSCORE = "NAME_HAS_UNDERSCORE"
    NAME_NOT_FOUND = "NAME_NOT_FOUND"
    # the evaluator: why no interface is left, and which words of the policy this report cannot supply
    ALL_CANDIDATES_DISCARDED = "ALL_CANDIDATES_DISCARDED"
    ALL_ANSWERS_UNUSABLE = "ALL_ANSWERS_UNUSABLE"
    NO_ADDRESS_GIVEN = "NO_ADDRESS_GIVEN"
    NO_ANSWER = "NO_ANSWER"
    NO_INTERFACE_MATCHED = "NO_INTERFACE_MATCHED"
    NO_INTERFACE_OWNS_ADDRESS = "NO_INTERFACE_OWNS_ADDRESS"
    REPORT_LACKS_FACT = "REPORT_LACKS_FACT"
    # the shipped policies
    ANSWER_NOT_OWNED = "ANSWER_NOT_OWNED"
    BOND_HAS_FEW_SLAVES = "BOND_HAS_FEW_SLAVES"
    HOST_PREFIX_ADDRESS = "HOST_PREFIX_ADDRESS"
    LAST_CLIENT_IFACE_NOT_REPORTED = "LAST_CLIENT_IFACE_NOT_REPORTED"
    MANAGEMENT_NETWORK_ALREADY_CONFIGURED = "MANAGEMENT_NETWORK_ALREADY_CONFIGURED"
    MANAGEMENT_NETWORK_OVER_BRIDGE = "MANAGEMENT_NETWORK_OVER_BRIDGE"
    NEAR_MISS = "NEAR_MISS"
    NETWORKS_ALREADY_ATTACHED_TO_IFACES = "NETWORKS_ALREADY_ATTACHED_TO_IFACES"
    OPEN_VSWITCH_INTERFACE = "OPEN_VSWITCH_INTERFACE"
    ROUTE_DEVICE_NOT_REPORTED = "ROUTE_DEVICE_NOT_REPORTED"
    SEVERAL_INTERFACES = "SEVERAL_INTERFACES"
    VLAN_ID_MISMATCH = "VLAN_ID_MISMATCH"


MEANINGS: dict[FindingCode, str] = {
    FindingCode.ADDR_CONFLICT: "the `addr` of an interface in a VDSM report is not in its `ipv4addrs`",
    FindingCode.ADDRESS_NOT_COUNTED: "an address on a loopback link, or one that does not identify a host",
    FindingCode.ADDRESS_ON_SEVERAL_INTERFACES: "one address, not link-local, is on several interfaces",
    FindingCode.ADDRESS_ON_SLAVE: "a slave has an address, which should be on its bond",
    FindingCode.ADDRESS_WITHOUT_INTERFACE: "the report lists an address of the host without its interface",
    FindingCode.ADDRESSES_NOT_TOLD: "the report leaves out addresses that an interface may have",
    FindingCode.BASE_NOT_REPORTED: "the report does not describe, or does not name, the base of a VLAN",
    FindingCode.DUPLICATE_ADDRESS: "another host has the same address (duplicate address detection failed)",
    FindingCode.FACT_CONFLICT: "the report states one fact in two places, which differ",
    FindingCode.INTERFACE_ABSENT: "an interface is marked absent, so the document may be a desired state",
    FindingCode.INTERFACE_NOT_DESCRIBED: "the report lists an interface that it does not describe",
    FindingCode.KIND_UNKNOWN: "the report does not have the kind of an interface, so a bridge may go unnoticed",
    FindingCode.LINK_CYCLE: "interfaces are on top of each other in a cycle; none counts as above another",
    FindingCode.LINK_DOWN: "an interface that is down, or without carrier, has an address, which counts",
    FindingCode.LOWER_DEVICE_ELSEWHERE: "the lower device of an interface is in another network namespace",
    FindingCode.MALFORMED_ADDRESS: "an address, netmask or gateway is invalid and ignored; valid ones beside it count",
    FindingCode.MASTER_NOT_REPORTED: "an interface is enslaved to one that the report does not describe",
    FindingCode.NETWORK_CONFLICT: "a logical network and its device disagree; the device counts",
    FindingCode.PORT_NOT_REPORTED: "a bridge names a port that the report does not describe (vnet* apart)",
    FindingCode.REPORT_INCOMPLETE: "the report leaves out interfaces or an address family; absence proves nothing",
    FindingCode.REPORT_LACKS_MAP: "the report lacks a map that every VDSM sends, so interfaces may be missing",
    FindingCode.SLAVE_IN_TWO_BONDS: "one interface is a slave of several bonds",
    FindingCode.SLAVE_NOT_REPORTED: "a bond names a slave that the report does not describe",
    FindingCode.ANSWER_UNUSABLE: "a host address is unspecified, loopback, multicast or broadcast",
    FindingCode.ANSWERS_INCOMPLETE: "an address family could not be resolved, so answers may be missing",
    FindingCode.ANSWER_STALE: "a name server gave an outdated answer because it could not get a new one",
    FindingCode.ANSWER_TTL_ZERO: "an answer must not be cached, so the next lookup may differ",
    FindingCode.CNAME_CHAIN_TOO_LONG: "the name is an alias with more than sixteen steps",
    FindingCode.CNAME_DANGLING: "the name is an alias of a name that does not exist",
    FindingCode.CNAME_LOOP: "the name is an alias that leads back to itself",
    FindingCode.DNS_INCONSISTENT: "a name server answers both that the name exists and that it does not",
    FindingCode.DNS_MALFORMED: "what the name servers send cannot be read, or is cut short even over TCP",
    FindingCode.DNS_NO_SERVER: "no name server is configured",
    FindingCode.DNS_REFUSED: "the name servers refuse to answer",
    FindingCode.DNS_SERVER_FAILED: "the name servers fail (SERVFAIL)",
    FindingCode.DNS_TIMED_OUT: "no name server answered in time",
    FindingCode.DNS_UNREACHABLE: "no name server can be reached, or each breaks the connection off",
    FindingCode.HOSTS_AND_DNS_DISAGREE: "the hosts file and DNS give different addresses; the hosts file counts",
    FindingCode.HOSTS_ENTRY_MALFORMED: "the hosts file has a line for the name whose address cannot be read",
    FindingCode.NAME_HAS_NO_ADDRESSES: "the name exists and has no addresses",
    FindingCode.NAME_HAS_MIXED_SCRIPTS: "a label of the name mixes letters of scripts that look alike",
    FindingCode.NAME_NOT_FOUND: "the name does not exist (NXDOMAIN)",
    FindingCode.NAME_HAS_ONE_LABEL: "the name has no domain and is looked up as it is, without a search list",
    FindingCode.NAME_HAS_UNDERSCORE: "the name has an underscore, which host names should not have",
    FindingCode.ALL_CANDIDATES_DISCARDED: "interfaces matched, and the policy discarded all of them",
    FindingCode.ALL_ANSWERS_UNUSABLE: "no interface can own any of the host's addresses",
    FindingCode.NO_ADDRESS_GIVEN: "no host address was given",
    FindingCode.NO_ANSWER: "the host's name gave no address",
    FindingCode.NO_INTERFACE_MATCHED: "no `match` rule of the policy held for any interface",
    FindingCode.NO_INTERFACE_OWNS_ADDRESS: "no interface owns a usable host address; the message names where one is",
    FindingCode.REPORT_LACKS_FACT: "the policy uses facts that the report cannot have; a warning if they refused",
    FindingCode.ANSWER_NOT_OWNED: "interfaces own some host addresses, and no interface owns the others",
    FindingCode.BOND_HAS_FEW_SLAVES: "a bond with fewer than two reported slaves, on which oVirt does not deploy",
    FindingCode.HOST_PREFIX_ADDRESS: "a host address has no subnet (/32, /128); a warning if it may be virtual",
    FindingCode.LAST_CLIENT_IFACE_NOT_REPORTED: "the report does not name the last client's interface",
    FindingCode.MANAGEMENT_NETWORK_ALREADY_CONFIGURED: "the interface already carries the management network",
    FindingCode.MANAGEMENT_NETWORK_OVER_BRIDGE: "the interface is a bridge, over which no network can be deployed",
    FindingCode.NEAR_MISS: "an interface is in the subnet of a host address that no interface owns",
    FindingCode.NETWORKS_ALREADY_ATTACHED_TO_IFACES: "the management network is on the host, but not on this interface",
    FindingCode.OPEN_VSWITCH_INTERFACE: "the interface belongs to Open vSwitch, whose ports VDSM does not report",
    FindingCode.ROUTE_DEVICE_NOT_REPORTED: "a route goes through an interface that the report does not describe",
    FindingCode.SEVERAL_INTERFACES: "more than one interface matches",
    FindingCode.VLAN_ID_MISMATCH: "the interface and the management network have different VLAN IDs",
}

# If a report gives one of these, an address that it does not show may still be on the host: absence is not proven.
ABSENCE_NOT_PROVEN = frozenset(
    {
        FindingCode.ADDRESS_WITHOUT_INTERFACE,
        FindingCode.ADDRESSES_NOT_TOLD,
        FindingCode.BASE_NOT_REPORTED,
        FindingCode.INTERFACE_NOT_DESCRIBED,
        FindingCode.MASTER_NOT_REPORTED,
        FindingCode.PORT_NOT_REPORTED,
        FindingCode.REPORT_INCOMPLETE,
        FindingCode.REPORT_LACKS_MAP,
        FindingCode.ROUTE_DEVICE_NOT_REPORTED,
        FindingCode.SLAVE_NOT_REPORTED,
    }
)


# Ordinary states of an interface that has no part in the decision, such as a bridge for containers without carrier.
ORDINARY_ELSEWHERE = frozenset({FindingCode.LINK_DOWN, FindingCode.KIND_UNKNOWN, FindingCode.PORT_NOT_REPORTED})
# Ordinary states of an address that is not a host address, such as one on many unnumbered links.
ORDINARY_UNASKED = frozenset({FindingCode.ADDRESS_ON_SEVERAL_INTERFACES, FindingCode.ADDRESS_WITHOUT_INTERFACE})
ORDINARY = ORDINARY_ELSEWHERE | ORDINARY_UNASKED


class FindingDocument(Struct, frozen=True):
    """A finding as it is in a document, member by member."""

    code: str
    severity: Severity
    message: str
    interfaces: tuple[str, ...]
    addresses: tuple[str, ...]
    rule: str | None
    hint: str


class Finding(Struct, frozen=True):
    """One remark on a decision.

    `interfaces` holds names, `addresses` canonical texts, both sorted; `rule` is the place
    `policy:line:column` of the rule that fired, empty for the other two sources.
    """

    code: str
    severity: Severity
    message: str
    interfaces: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    rule: str = ""
    hint: str = ""

    def for_information(self) -> Finding:
        """Return the finding with the least severity."""
        return replace(self, severity=Severity.INFO)

    def document(self) -> FindingDocument:
        """Return the finding as it is in a document."""
        rule = self.rule or None
        return FindingDocument(self.code, self.severity, self.message, self.interfaces, self.addresses, rule, self.hint)

    def to_dict(self) -> dict[str, object]:
        """Return the finding as JSON-ready data."""
        found: dict[str, object] = json.decode(json.encode(self.document()))
        return found


def conflict(ifname: str, message: str, severity: Severity = Severity.WARNING) -> Finding:
    """Return the finding that a report states a fact of an interface in two places that differ."""
    return Finding(
        FindingCode.FACT_CONFLICT, severity, message, (ifname,), hint="compare with the output of `ip -j -d addr show`"
    )


def incomplete(message: str, *interfaces: str, hint: str = "") -> Finding:
    """Return the warning that a report visibly leaves something out; the hint names the command that does not."""
    names = tuple(sorted(interfaces))
    return Finding(FindingCode.REPORT_INCOMPLETE, Severity.WARNING, message, names, hint=hint)


def merge(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the distinct findings sorted by severity, code, interfaces, addresses, rule."""
    found = set(findings)
    return tuple(sorted(found, key=_place) if len(found) > 1 else found)


def _place(finding: Finding) -> tuple[int | str | tuple[str, ...], ...]:
    f = finding
    return f.severity.rank, f.code, f.interfaces, f.addresses, f.rule, f.message, f.hint
