"""What a chain of DNS responses says, read from their wire form alone.

The same function reads a response when it arrives and when it is replayed from a record years
later. CNAME chains are followed to sixteen links, within one response and across several: some
servers return the first link only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from evaluator.facts.address import Address, parse_address
from evaluator.names.lookup import Family, Outcome

LONGEST_CHAIN = 16
_STALE = (dns.edns.EDECode.STALE_ANSWER, dns.edns.EDECode.STALE_NXDOMAIN_ANSWER)


@dataclass(slots=True)
class _Chain:
    """The way from the name that was asked to where it has led so far."""

    at: dns.name.Name
    links: list[tuple[str, str, int]] = field(default_factory=list)
    seen: set[dns.name.Name] = field(default_factory=set)
    ttls: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the responses say: the family's outcome, or the name to ask for next."""

    family: Family | None
    ask_next: str | None = None


def read_responses(name: str, rdtype: str, wires: Sequence[bytes]) -> Reading:
    """Return what responses to the questions for a name and then for its aliases say, in their order."""
    chain = _Chain(dns.name.from_text(name))
    chain.seen.add(chain.at)
    stale = False
    for wire in wires:
        response = dns.message.from_wire(wire, ignore_trailing=True)
        stale = stale or any(ede.code in _STALE for ede in extended_errors(response))
        began_at = chain.at
        outcome, addresses = _step(response, rdtype, chain)
        if outcome is None and chain.at == began_at:
            outcome = Outcome.NO_ADDRESSES
        if outcome is not None:
            least = min(chain.ttls, default=None)
            return Reading(Family(rdtype, outcome, addresses, tuple(chain.links), least, stale))
    return Reading(None, chain.at.to_text(omit_final_dot=True))


def extended_errors(response: dns.message.Message) -> tuple[dns.edns.EDEOption, ...]:
    """Return the extended errors of a response (RFC 8914)."""
    return tuple(option for option in response.options if isinstance(option, dns.edns.EDEOption))


def _step(response: dns.message.Message, rdtype: str, chain: _Chain) -> tuple[Outcome | None, tuple[Address, ...]]:
    """Follow one response; without an outcome the chain goes on at another name."""
    rcode = response.rcode()
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return (Outcome.REFUSED if rcode == dns.rcode.REFUSED else Outcome.SERVER_FAILED), ()
    wanted = dns.rdatatype.from_text(rdtype)
    answers = [record for record in response.answer if record.rdclass == dns.rdataclass.IN]
    while True:
        records = next((r for r in answers if r.name == chain.at and r.rdtype == wanted), None)
        if records is not None:
            chain.ttls.append(records.ttl)
            return Outcome.ANSWERED, tuple(dict.fromkeys(parse_address(record.address) for record in records))
        alias = next((r for r in answers if r.name == chain.at and r.rdtype == dns.rdatatype.CNAME), None)
        if alias is None:
            break
        target = alias[0].target
        chain.links.append((chain.at.to_text(omit_final_dot=True), target.to_text(omit_final_dot=True), alias.ttl))
        chain.ttls.append(alias.ttl)
        if target in chain.seen:
            return Outcome.CNAME_LOOP, ()
        if target == dns.name.root:
            return Outcome.CNAME_DANGLING, ()
        if len(chain.links) > LONGEST_CHAIN:
            return Outcome.CNAME_CHAIN_TOO_LONG, ()
        chain.seen.add(target)
        chain.at = target
    if rcode == dns.rcode.NXDOMAIN:
        return (Outcome.CNAME_DANGLING if chain.links else Outcome.NAME_NOT_FOUND), ()
    has_soa = any(r.rdtype == dns.rdatatype.SOA and chain.at.is_subdomain(r.name) for r in response.authority)
    return (Outcome.NO_ADDRESSES if has_soa else None), ()
