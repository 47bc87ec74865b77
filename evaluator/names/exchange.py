"""One question to one name server and what came of it, as data that a record keeps.

Knows no DNS library. What a failed family is called is read from here alone, when it happens and when
it is read from a record years later.
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
    """`started` is UTC in RFC 3339, `response` the wire form (None where none came), `strays` counts what was ignored.

    `is_used` tells whether the outcome was read from this response; `error` is empty where it could be read.
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
    def from_dict(cls, kept: Mapping[str, Any]) -> Exchange:
        """Return the exchange that a valid document keeps; ValueError where the response is no base64."""
        response = kept["response"]
        return cls(
            server=kept["server"],
            name=kept["name"],
            rdtype=kept["type"],
            id=kept["id"],
            started=kept["started"],
            transport=kept["transport"],
            milliseconds=kept["milliseconds"],
            error=kept["error"] or "",
            response=None if response is None else base64.b64decode(response, validate=True),
            flags=kept["flags"],
            rcode=kept["rcode"] or "",
            ede=tuple((one["code"], one["text"]) for one in kept["ede"]),
            strays=kept["strays"],
            is_used=kept["used"],
        )


def failure_of(exchanges: Iterable[Exchange], name: str) -> Outcome:
    """Return what the questions for a name ended in: a server that says no tells more than one that is silent."""
    found = {_failure(exchange) for exchange in exchanges if exchange.name == name}
    return next((outcome for outcome in _TELLING if outcome in found), Outcome.TIMED_OUT)


_TELLING = (Outcome.SERVER_FAILED, Outcome.REFUSED, Outcome.MALFORMED, Outcome.TIMED_OUT, Outcome.UNREACHABLE)


def _failure(exchange: Exchange) -> Outcome:
    if exchange.error:
        return _FAILURES.get(exchange.error.partition(":")[0], Outcome.UNREACHABLE)
    return rcode_failure(exchange.rcode)


def rcode_failure(rcode: str) -> Outcome:
    """Return what a response code that is no answer means."""
    return Outcome.REFUSED if rcode == "REFUSED" else Outcome.SERVER_FAILED
