"""What became of the look-up of one name: one outcome for each address family, as data.

Knows no DNS library: `dns.py` makes these from the wire, the findings and the frozen answer set are
made from these, and a record keeps them.
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
    """How the question for one record type ended."""

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
        """Whether addresses that are not in this answer do not exist."""
        return self in (Outcome.ANSWERED, Outcome.NO_ADDRESSES, Outcome.NAME_NOT_FOUND, Outcome.CNAME_DANGLING)


class Family(Struct, frozen=True):
    """What one record type gave: `addresses` in wire order, `links` of the CNAME chain with their TTLs.

    `least_ttl` is in seconds, None without records; `is_stale` tells that the server said so (EDE 3, 19).
    """

    rdtype: str
    outcome: Outcome
    addresses: tuple[Address, ...] = ()
    links: tuple[tuple[str, str, int], ...] = ()
    least_ttl: int | None = None
    is_stale: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return the family as JSON-ready data."""
        return {
            "type": self.rdtype,
            "outcome": str(self.outcome),
            "addresses": [str(address) for address in self.addresses],
            "cnames": [{"name": name, "target": target, "ttl": ttl} for name, target, ttl in self.links],
            "least_ttl": self.least_ttl,
            "stale": self.is_stale,
        }


_FIX_ALIAS = "correct the CNAME record"
_SAID = {
    Outcome.NAME_NOT_FOUND: (FindingCode.NAME_NOT_FOUND, "does not exist", "check its spelling"),
    Outcome.NO_ADDRESSES: (
        FindingCode.NAME_HAS_NO_ADDRESSES,
        "exists and has no addresses",
        "a filter against DNS rebinding may have removed private addresses from the answer",
    ),
    Outcome.CNAME_DANGLING: (FindingCode.CNAME_DANGLING, "is an alias of a name that does not exist", _FIX_ALIAS),
    Outcome.CNAME_LOOP: (FindingCode.CNAME_LOOP, "is an alias that leads back to itself", _FIX_ALIAS),
    Outcome.CNAME_CHAIN_TOO_LONG: (
        FindingCode.CNAME_CHAIN_TOO_LONG,
        "is an alias with more than sixteen steps",
        "let the CNAME record point to the last name",
    ),
    Outcome.SERVER_FAILED: (
        FindingCode.DNS_SERVER_FAILED,
        "could not be looked up: the name servers fail",
        "the zone may be broken, or its DNSSEC signatures invalid",
    ),
    Outcome.REFUSED: (
        FindingCode.DNS_REFUSED,
        "could not be looked up: the name servers refuse",
        "they may answer other clients only; choose another with `--dns-server`",
    ),
    Outcome.MALFORMED: (
        FindingCode.DNS_MALFORMED,
        "could not be looked up: the answer of the name servers cannot be read",
        "something between here and the name server may change its answers",
    ),
    Outcome.UNREACHABLE: (
        FindingCode.DNS_UNREACHABLE,
        "could not be looked up: no name server can be reached",
        "check their addresses and ports",
    ),
    Outcome.TIMED_OUT: (
        FindingCode.DNS_TIMED_OUT,
        "could not be looked up: no name server answered in time",
        "a firewall may drop the queries; `--dns-timeout` gives more time",
    ),
    Outcome.NO_SERVER: (
        FindingCode.DNS_NO_SERVER,
        "could not be looked up: no name server is configured",
        "name one with `--dns-server`",
    ),
}
_OF_SERVERS = frozenset(
    {Outcome.SERVER_FAILED, Outcome.REFUSED, Outcome.MALFORMED, Outcome.UNREACHABLE, Outcome.TIMED_OUT}
)


def lookup_findings(
    name: str, families: tuple[Family, ...], servers: Sequence[str] = (), elsewhere: str = ""
) -> Iterator[Finding]:
    """Yield what is remarkable; never a TTL or a time, so that equal answers give equal findings.

    `servers` are named as they were configured, if they are what failed. `elsewhere` is the hint where a name may be
    known that DNS gave no address for.
    """
    shown = quote(name)
    has_addresses = any(family.addresses for family in families)
    for outcome, types in _by_outcome(families).items():
        if outcome not in _SAID or (outcome.proves_absence and has_addresses):
            continue
        code, said, hint = _SAID[outcome]
        which = "" if len(types) == len(families) else f" ({' and '.join(types)} records)"
        severity = Severity.ERROR if not has_addresses else Severity.WARNING
        asked = f"; asked: {', '.join(servers)}" if servers and outcome in _OF_SERVERS else ""
        hints = (hint, elsewhere) if elsewhere and not has_addresses else (hint,)
        yield Finding(code, severity, f"{shown} {said}{which}{asked}", hint="; ".join(hints))
    if has_addresses and any(f.outcome in (Outcome.NAME_NOT_FOUND, Outcome.CNAME_DANGLING) for f in families):
        message = f"the name server answers for one record type that {shown} exists, and for the other that it does not"
        yield Finding(FindingCode.DNS_INCONSISTENT, Severity.WARNING, message, hint="the server breaks RFC 8020")
    if any(family.least_ttl == 0 for family in families):
        message = f"an answer for {shown} must not be cached (TTL 0)"
        yield Finding(FindingCode.ANSWER_TTL_ZERO, Severity.INFO, message, hint="the next look-up may differ")
    if any(family.is_stale for family in families):
        message = f"the name server gave an outdated answer for {shown} because it could not get a new one"
        yield Finding(FindingCode.ANSWER_STALE, Severity.WARNING, message)


def _by_outcome(families: tuple[Family, ...]) -> Mapping[Outcome, list[str]]:
    found: dict[Outcome, list[str]] = {}
    for family in families:
        found.setdefault(family.outcome, []).append(family.rdtype)
    return found
