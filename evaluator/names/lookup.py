"""Describes the result of a lookup as data: one outcome for each record type, and the findings on the lookup.

This module does not import a DNS library. The module `dns` creates these values from responses. The findings, the
addresses of the host and the `resolution` document are then created from these values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote
from evaluator.facts.address import Address


class Outcome(StrEnum):
    """The outcome of the queries for one DNS record type."""

    ANSWERED = "answered"
    NO_ADDRESSES = "no_addresses"
    NAME_NOT_FOUND = "name_not_found"
    CNAME_DANGLING = "cname_dangling"
    CNAME_LOOP = "cname_loop"
    CNAME_CHAIN_TOO_LONG = "cname_chain_too_long"
    SERVER_FAILED = "server_failed"
    REFUSED = "refused"
    MALFORMED = "malformed"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    NO_SERVER = "no_server"

    @property
    def proves_absence(self) -> bool:
        """Return whether this outcome proves that the result contains all addresses of this type."""
        return self in (Outcome.ANSWERED, Outcome.NO_ADDRESSES, Outcome.NAME_NOT_FOUND, Outcome.CNAME_DANGLING)


class Family(Struct, frozen=True):
    """The result for one DNS record type, `A` or `AAAA`.

    `addresses` are in the order of the response. `links` is the CNAME chain: name, target and TTL. `least_ttl` is in
    seconds; without records, it is None. `is_stale` is true if the server marked an answer as stale (EDE 3 or 19, RFC
    8914).
    """

    rdtype: str
    outcome: Outcome
    addresses: tuple[Address, ...] = ()
    links: tuple[tuple[str, str, int], ...] = ()
    least_ttl: int | None = None
    is_stale: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return the result as JSON-ready data."""
        return {
            "type": self.rdtype,
            "outcome": str(self.outcome),
            "addresses": [str(address) for address in self.addresses],
            "cnames": [{"name": name, "target": target, "ttl": ttl} for name, target, ttl in self.links],
            "least_ttl": self.least_ttl,
            "stale": self.is_stale,
        }


_FIX_ALIAS = "correct the CNAME record"
_MESSAGES = {
    Outcome.NAME_NOT_FOUND: (FindingCode.NAME_NOT_FOUND, "does not exist", "check its spelling"),
    Outcome.NO_ADDRESSES: (
        FindingCode.NAME_HAS_NO_ADDRESSES,
        "exists, but has no addresses",
        "a filter against DNS rebinding may have removed private addresses from the answer",
    ),
    Outcome.CNAME_DANGLING: (FindingCode.CNAME_DANGLING, "is an alias of a name that does not exist", _FIX_ALIAS),
    Outcome.CNAME_LOOP: (FindingCode.CNAME_LOOP, "is an alias that leads back to itself", _FIX_ALIAS),
    Outcome.CNAME_CHAIN_TOO_LONG: (
        FindingCode.CNAME_CHAIN_TOO_LONG,
        "has a chain of more than sixteen aliases",
        "point the CNAME record to the last name of the chain",
    ),
    Outcome.SERVER_FAILED: (
        FindingCode.DNS_SERVER_FAILED,
        "could not be looked up: the name servers failed",
        "the zone may be broken, or its DNSSEC signatures may be invalid",
    ),
    Outcome.REFUSED: (
        FindingCode.DNS_REFUSED,
        "could not be looked up: the name servers refused the query",
        "perhaps the name servers do not answer this client; choose another name server with `--dns-server`",
    ),
    Outcome.MALFORMED: (
        FindingCode.DNS_MALFORMED,
        "could not be looked up: the response of the name servers is invalid",
        "a device between this host and the name server may alter responses",
    ),
    Outcome.UNREACHABLE: (
        FindingCode.DNS_UNREACHABLE,
        "could not be looked up: no name server can be reached",
        "check the addresses and ports of the name servers",
    ),
    Outcome.TIMED_OUT: (
        FindingCode.DNS_TIMED_OUT,
        "could not be looked up: no name server answered in time",
        "check whether a firewall drops the queries, or allow more time with `--dns-timeout`",
    ),
    Outcome.NO_SERVER: (
        FindingCode.DNS_NO_SERVER,
        "could not be looked up: no name server is configured",
        "give a name server with `--dns-server`",
    ),
}
_SERVER_OUTCOMES = frozenset(
    {Outcome.SERVER_FAILED, Outcome.REFUSED, Outcome.MALFORMED, Outcome.UNREACHABLE, Outcome.TIMED_OUT}
)


def lookup_findings(
    name: str, families: tuple[Family, ...], servers: Sequence[str] = (), elsewhere: str = ""
) -> Iterator[Finding]:
    """Yield the findings on a lookup, without TTL and time, so that equal answers give equal findings.

    If the servers failed, the messages contain `servers`. `elsewhere` is a hint for a name without addresses in DNS.
    """
    quoted = quote(name)
    has_addresses = any(family.addresses for family in families)
    for outcome, types in _by_outcome(families).items():
        if outcome not in _MESSAGES or (outcome.proves_absence and has_addresses):
            continue
        code, problem, hint = _MESSAGES[outcome]
        affected = "" if len(types) == len(families) else f" ({' and '.join(types)} records)"
        severity = Severity.ERROR if not has_addresses else Severity.WARNING
        queried = f"; queried: {', '.join(servers)}" if servers and outcome in _SERVER_OUTCOMES else ""
        hints = (hint, elsewhere) if elsewhere and not has_addresses else (hint,)
        yield Finding(code, severity, f"{quoted} {problem}{affected}{queried}", hint="; ".join(hints))
    absent = [f.rdtype for f in families if f.outcome in (Outcome.NAME_NOT_FOUND, Outcome.CNAME_DANGLING)]
    if has_addresses and absent:
        present = " and ".join(family.rdtype for family in families if family.addresses)
        message = (
            f"the answers of the name server contradict each other: {quoted} exists in the answer for {present} "
            f"records, but does not exist in the answer for {' and '.join(absent)} records"
        )
        yield Finding(FindingCode.DNS_INCONSISTENT, Severity.WARNING, message, hint="the name server violates RFC 8020")
    if any(family.least_ttl == 0 for family in families):
        message = f"an answer for {quoted} must not be cached (TTL 0)"
        yield Finding(
            FindingCode.ANSWER_TTL_ZERO, Severity.INFO, message, hint="the next lookup may give another result"
        )
    if any(family.is_stale for family in families):
        message = f"the name server gave an outdated answer for {quoted} because it could not get a new one"
        yield Finding(FindingCode.ANSWER_STALE, Severity.WARNING, message)


def _by_outcome(families: tuple[Family, ...]) -> Mapping[Outcome, list[str]]:
    types: dict[Outcome, list[str]] = {}
    for family in families:
        types.setdefault(family.outcome, []).append(family.rdtype)
    return types
