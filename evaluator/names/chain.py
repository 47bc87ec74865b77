"""The way from the name that was asked, over its aliases, to addresses or to an end without any.

CNAME chains are followed to sixteen links, within one response and across several: some servers
return the first link only, and the rest is asked for.
"""

from __future__ import annotations

import dns.name

from evaluator.base.checked_cast import proven
from evaluator.facts.address import Address
from evaluator.names.exchange import ANSWERS, rcode_failure
from evaluator.names.lookup import Family, Outcome
from evaluator.names.wire import Record, Response

LONGEST_CHAIN = 16
_STALE = (3, 19)  # stale answer, stale NXDOMAIN answer (RFC 8914)
_NO_NAME = "NXDOMAIN"


class Chain:
    """Responses are fed to it in their order, each once, until one ends it."""

    def __init__(self, name: str, rdtype: str) -> None:
        self._at = dns.name.from_text(name)
        self._rdtype = rdtype
        self._links: list[tuple[str, str, int]] = []
        self._seen = {self._at}
        self._ttls: list[int] = []
        self._is_stale = False

    @property
    def ask_next(self) -> str:
        """The name that the next response must be for."""
        return self._at.to_text(omit_final_dot=True)

    def follow(self, response: Response) -> Family | None:
        """Return what the family came to; None where the chain goes on at another name."""
        self._is_stale = self._is_stale or any(code in _STALE for code, _ in response.ede)
        if response.rcode not in ANSWERS:
            return self.end(rcode_failure(response.rcode))
        began_at = self._at
        while True:
            found = [r for r in response.answers if r.owner == self._at and r.rdtype == self._rdtype]
            if found:
                self._ttls.extend(record.ttl for record in found)
                addresses = (record.value for record in found if isinstance(record.value, Address))
                return self.end(Outcome.ANSWERED, tuple(dict.fromkeys(addresses)))
            aliases = {r.value: r for r in response.answers if r.owner == self._at and r.rdtype == "CNAME"}
            if not aliases:
                return self._absence(response, has_moved=self._at != began_at)
            if len(aliases) > 1:  # RFC 2181, 10.1: a name has one; which of several comes first must not decide
                return self.end(Outcome.MALFORMED)
            outcome = self._step(*aliases.values())
            if outcome is not None:
                return self.end(outcome)

    def end(self, outcome: Outcome, addresses: tuple[Address, ...] = ()) -> Family:
        """Return the family with the given outcome and the way that led there."""
        least = min(self._ttls, default=None)
        return Family(self._rdtype, outcome, addresses, tuple(self._links), least, self._is_stale)

    def _step(self, alias: Record) -> Outcome | None:
        target = proven(alias.value, dns.name.Name)
        self._links.append((self.ask_next, target.to_text(omit_final_dot=True), alias.ttl))
        self._ttls.append(alias.ttl)
        if target in self._seen:
            return Outcome.CNAME_LOOP
        if target == dns.name.root:
            return Outcome.CNAME_DANGLING
        if len(self._links) > LONGEST_CHAIN:
            return Outcome.CNAME_CHAIN_TOO_LONG
        self._seen.add(target)
        self._at = target
        return None

    def _absence(self, response: Response, *, has_moved: bool) -> Family | None:
        """Judge that the last name has no records here; where nothing proves it for an alias, it is asked itself."""
        if has_moved and not any(self._is_proven_by(zone) for zone in response.zones):
            return None
        if response.rcode == _NO_NAME:
            return self.end(Outcome.CNAME_DANGLING if self._links else Outcome.NAME_NOT_FOUND)
        return self.end(Outcome.NO_ADDRESSES)

    def _is_proven_by(self, zone: dns.name.Name) -> bool:
        """Tell whether a zone's SOA speaks for the name; that of the root only for names of one label."""
        return self._at.is_subdomain(zone) and (zone != dns.name.root or len(self._at.labels) <= 2)
