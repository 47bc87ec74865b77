"""Describes one query to one name server and the result of this query, as data for a decision record.

A lookup is a list of exchanges. `dns` creates the list by the rules below. A replay reads the recorded list:

- Order: the queries for A and the queries for AAAA run in parallel. If the queries for one record type fail, the other
  record type is not affected. The queries for one record type are sequential.
- Retries: the servers are queried in the configured order, in two rounds. The first answer is used.
- Deadlines: the whole lookup has one deadline. The time for a query is the remaining time of the lookup, divided by the
  number of remaining tries, but at most two seconds. So a server that does not answer cannot use up the time of the
  servers after it.
- Transport: a query is sent by UDP with EDNS 1232. If the response is truncated, the query is repeated over TCP, within
  the time of the same query.
- Source checks: the UDP socket is connected, so the kernel drops datagrams from other addresses and ports. A datagram
  with another query id or question is ignored and counted as a stray; activenic continues to wait.

This module does not import a DNS library. `failure_of` returns why a query failed, and reads only the exchange. So a
replay gives the same outcome as the lookup.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from evaluator.names.lookup import Outcome

_FAILURES = {
    "timeout": Outcome.TIMED_OUT,
    "malformed": Outcome.MALFORMED,
    "truncated": Outcome.MALFORMED,
    "referral": Outcome.REFUSED,
}
ANSWERS = frozenset({"NOERROR", "NXDOMAIN"})


class Exchange(Struct, frozen=True):
    """One query to one server, and the response if one arrived.

    `server` is `IP#PORT`. `started` is UTC in RFC 3339. `response` is in wire format; it is None if no response
    arrived. `error` is empty if the response is valid. `ede` has the extended errors as code and text. `strays` is the
    number of ignored datagrams. `is_used` is true if the outcome of the lookup was read from this response.
    """

    server: str
    name: str
    rdtype: str
    id: int
    started: str
    transport: str = "udp"
    milliseconds: int = 0
    error: str = ""
    response: bytes | None = None
    flags: str = ""
    rcode: str = ""
    ede: tuple[tuple[int, str], ...] = ()
    strays: int = 0
    is_used: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return the exchange as JSON-ready data."""
        return {
            "server": self.server,
            "transport": self.transport,
            "name": self.name,
            "type": self.rdtype,
            "id": self.id,
            "started": self.started,
            "milliseconds": self.milliseconds,
            "rcode": self.rcode or None,
            "flags": self.flags,
            "ede": [{"code": code, "text": text} for code, text in self.ede],
            "error": self.error or None,
            "strays": self.strays,
            "used": self.is_used,
            "response": None if self.response is None else base64.b64encode(self.response).decode("ascii"),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Exchange:
        """Return the exchange of a valid document. Raises ValueError if the response is not base64."""
        response = document["response"]
        return cls(
            server=document["server"],
            name=document["name"],
            rdtype=document["type"],
            id=document["id"],
            started=document["started"],
            transport=document["transport"],
            milliseconds=document["milliseconds"],
            error=document["error"] or "",
            response=None if response is None else base64.b64decode(response, validate=True),
            flags=document["flags"],
            rcode=document["rcode"] or "",
            ede=tuple((entry["code"], entry["text"]) for entry in document["ede"]),
            strays=document["strays"],
            is_used=document["used"],
        )


def failure_of(exchanges: Iterable[Exchange], name: str) -> Outcome:
    """Return the outcome if all queries for a name failed. A server's error has priority over a missing response."""
    failures = {_failure(exchange) for exchange in exchanges if exchange.name == name}
    return next((outcome for outcome in _MOST_SPECIFIC_FIRST if outcome in failures), Outcome.TIMED_OUT)


_MOST_SPECIFIC_FIRST = (
    Outcome.SERVER_FAILED,
    Outcome.REFUSED,
    Outcome.MALFORMED,
    Outcome.TIMED_OUT,
    Outcome.UNREACHABLE,
)


def _failure(exchange: Exchange) -> Outcome:
    if exchange.error:
        return _FAILURES.get(exchange.error.partition(":")[0], Outcome.UNREACHABLE)
    return rcode_failure(exchange.rcode)


def rcode_failure(rcode: str) -> Outcome:
    """Return the outcome for a response code other than NOERROR and NXDOMAIN."""
    return Outcome.REFUSED if rcode == "REFUSED" else Outcome.SERVER_FAILED
