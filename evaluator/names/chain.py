"""Follow the CNAME chain from a name to its addresses, or to the reason why the name has no addresses.

A chain has at most sixteen links. A response can end with an alias, and have no addresses for the target of the alias.
There are two cases:

- The response has the SOA record of a zone that contains the target. This record proves that the target has no
  addresses.
- The response has no such record. Some servers return only the first link of a chain. So the caller must query the
  target.
"""

from __future__ import annotations

import dns.name

from evaluator.base.checked_cast import checked_cast
from evaluator.facts.address import Address
from evaluator.names.exchange import ANSWERS, rcode_failure
from evaluator.names.lookup import Family, Outcome
from evaluator.names.wire import DnsRecord, Response

LONGEST_CHAIN = 16
_STALE = (3, 19)  # stale answer, stale NXDOMAIN answer (RFC 8914)
_NO_NAME = "NXDOMAIN"


class CnameChain:
    """The chain of one name and DNS record type. The caller passes the responses in order, until one ends the chain."""

    def __init__(self, name: str, rdtype: str) -> None:
        self._current = dns.name.from_text(name)
        self._rdtype = rdtype
        self._links: list[tuple[str, str, int]] = []
        self._visited = {self._current}
        self._ttls: list[int] = []
        self._is_stale = False

    @property
    def next_name(self) -> str:
        """Return the name that the next response must answer."""
        return self._current.to_text(omit_final_dot=True)

    def follow(self, response: Response) -> Family | None:
        """Return the result for the address family; None if the next name must be queried."""
        self._is_stale = self._is_stale or any(code in _STALE for code, _ in response.ede)
        if response.rcode not in ANSWERS:
            return self.end(rcode_failure(response.rcode))
        start = self._current
        while True:
            records = [r for r in response.answers if r.owner == self._current and r.rdtype == self._rdtype]
            if records:
                self._ttls.extend(record.ttl for record in records)
                addresses = (record.value for record in records if isinstance(record.value, Address))
                return self.end(Outcome.ANSWERED, tuple(dict.fromkeys(addresses)))
            aliases = {r.value: r for r in response.answers if r.owner == self._current and r.rdtype == "CNAME"}
            if not aliases:
                return self._absence(response, has_moved=self._current != start)
            if len(aliases) > 1:  # RFC 2181, 10.1 allows only one; the order of several must not decide
                return self.end(Outcome.MALFORMED)
            outcome = self._step(*aliases.values())
            if outcome is not None:
                return self.end(outcome)

    def end(self, outcome: Outcome, addresses: tuple[Address, ...] = ()) -> Family:
        """Return the result for this address family, with all CNAME records that the chain has followed."""
        least = min(self._ttls, default=None)
        return Family(self._rdtype, outcome, addresses, tuple(self._links), least, self._is_stale)

    def _step(self, alias: DnsRecord) -> Outcome | None:
        target = checked_cast(alias.value, dns.name.Name)
        self._links.append((self.next_name, target.to_text(omit_final_dot=True), alias.ttl))
        self._ttls.append(alias.ttl)
        if target in self._visited:
            return Outcome.CNAME_LOOP
        if target == dns.name.root:
            return Outcome.CNAME_DANGLING
        if len(self._links) > LONGEST_CHAIN:
            return Outcome.CNAME_CHAIN_TOO_LONG
        self._visited.add(target)
        self._current = target
        return None

    def _absence(self, response: Response, *, has_moved: bool) -> Family | None:
        """Return the result if the response proves that the last name of the alias chain has no addresses.

        Otherwise return None: the caller must then query the last name, which is an alias target.
        """
        if has_moved and not any(self._is_proven_by(zone) for zone in response.zones):
            return None
        if response.rcode == _NO_NAME:
            return self.end(Outcome.CNAME_DANGLING if self._links else Outcome.NAME_NOT_FOUND)
        return self.end(Outcome.NO_ADDRESSES)

    def _is_proven_by(self, zone: dns.name.Name) -> bool:
        """Return whether the SOA record of a zone proves that the name does not exist.

        The SOA record of the root zone proves this only for a name with one label.
        """
        return self._current.is_subdomain(zone) and (zone != dns.name.root or len(self._current.labels) <= 2)
