"""PIP: a host name becomes addresses, by asking name servers now and once.

A and AAAA are asked separately and at the same time, as absolute names, without search list or
cache, with EDNS 1232 and TCP after truncation. Servers are tried in turn within one deadline. A
family that failed is recorded, never hidden, and never takes the other one with it. Every exchange
is kept with its raw response, so that the answers can be rebuilt without a network.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import orjson

from evaluator.names.lookup import Family, Outcome
from evaluator.names.wire import LONGEST_CHAIN, extended_errors, read_responses

TYPES = ("A", "AAAA")
EDNS_PAYLOAD = 1232
_SHORTEST_TRY = 0.1
_LONGEST_TRY = 2.0
_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Server:
    """A name server."""

    address: str
    port: int = 53

    def __str__(self) -> str:
        return f"{self.address}#{self.port}"


@dataclass(frozen=True, slots=True)
class ResolverConfig:
    """Whom to ask and for how long, in seconds for both families together."""

    servers: tuple[Server, ...]
    timeout: float
    source: str

    def to_dict(self) -> dict[str, object]:
        """Return the configuration as JSON-ready data, with its digest."""
        said: dict[str, object] = {
            "servers": [str(server) for server in self.servers],
            "timeout": str(self.timeout),
            "source": self.source,
            "search": False,
            "cache": False,
            "edns_payload": EDNS_PAYLOAD,
        }
        digest = hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
        return {**said, "sha256": digest}


@dataclass(slots=True)
class Exchange:
    """One question to one server and what came of it; `response` is the wire form, None where none came."""

    server: Server
    name: str
    rdtype: str
    id: int
    started: datetime
    transport: str = "udp"
    seconds: float = 0.0
    error: str = ""
    response: bytes | None = None
    flags: str = ""
    rcode: str = ""
    ede: tuple[tuple[int, str], ...] = ()
    is_empty: bool = False  # neither an answer nor the SOA record that proves there is none: a referral, perhaps
    is_used: bool = False  # whether the outcome was read from this response

    def to_dict(self) -> dict[str, object]:
        """Return the exchange as JSON-ready data."""
        return {
            "server": str(self.server),
            "transport": self.transport,
            "name": self.name,
            "type": self.rdtype,
            "id": self.id,
            "started": self.started.isoformat(timespec="milliseconds"),
            "milliseconds": round(self.seconds * 1000),
            "rcode": self.rcode or None,
            "flags": self.flags,
            "ede": [{"code": code, "text": text} for code, text in self.ede],
            "error": self.error or None,
            "used": self.is_used,
            "response": None if self.response is None else base64.b64encode(self.response).decode("ascii"),
        }


@dataclass(slots=True)
class Lookup:
    """What both families gave, and every exchange that led there."""

    families: tuple[Family, ...]
    exchanges: list[Exchange] = field(default_factory=list)


def system_config(timeout: float) -> ResolverConfig:
    """Return the servers of the system's resolver configuration; none where there is no configuration."""
    try:
        resolver = dns.resolver.Resolver(configure=True)
    except (dns.exception.DNSException, ValueError, OSError):  # none, or one that cannot be read
        return ResolverConfig((), timeout, "system")
    servers = tuple(Server(str(server), resolver.port) for server in resolver.nameservers)
    return ResolverConfig(servers, timeout, "system")


async def look_up(name: str, config: ResolverConfig, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Lookup:
    """Ask for both families at once, and return within the configured time whatever came."""
    deadline = time.monotonic() + config.timeout
    asking = [_Asking(name, rdtype, config, deadline, now) for rdtype in TYPES]
    families = await asyncio.gather(*(one.run() for one in asking))
    return Lookup(tuple(families), [exchange for one in asking for exchange in one.exchanges])


class _Asking:
    """The questions for one record type, until its chain of aliases has ended."""

    def __init__(
        self, name: str, rdtype: str, config: ResolverConfig, deadline: float, now: Callable[[], datetime]
    ) -> None:
        self._name = name
        self._rdtype = rdtype
        self._config = config
        self._deadline = deadline
        self._now = now
        self.exchanges: list[Exchange] = []

    async def run(self) -> Family:
        if not self._config.servers:
            return Family(self._rdtype, Outcome.NO_SERVER)
        name, wires = self._name, []
        for _ in range(LONGEST_CHAIN + 1):
            wire = await self._ask(name)
            if wire is None:
                return Family(self._rdtype, self._failure())
            wires.append(wire)
            reading = read_responses(self._name, self._rdtype, wires)
            if reading.family is not None:
                return reading.family
            name = reading.ask_next or name
        return Family(self._rdtype, Outcome.CNAME_CHAIN_TOO_LONG)

    def _failure(self) -> Outcome:
        """Return the most telling failure of the last question: a server that says no tells more than silence."""
        last = self.exchanges[-1].name if self.exchanges else self._name
        rcodes = {exchange.rcode for exchange in self.exchanges if exchange.name == last and exchange.rcode}
        if rcodes - {"REFUSED"}:
            return Outcome.SERVER_FAILED
        return Outcome.REFUSED if rcodes else Outcome.TIMED_OUT

    async def _ask(self, name: str) -> bytes | None:
        """Ask one server after the other, twice round, and return the first response that is an answer."""
        tries = len(self._config.servers) * _ROUNDS
        for at in range(tries):
            remaining = self._deadline - time.monotonic()
            if remaining <= 0:
                return None
            share = min(_LONGEST_TRY, max(_SHORTEST_TRY, remaining / (tries - at)))
            server = self._config.servers[at % len(self._config.servers)]
            exchange = await self._exchange(name, server, min(share, remaining))
            self.exchanges.append(exchange)
            is_last = at + 1 >= len(self._config.servers)
            if exchange.rcode in ("NOERROR", "NXDOMAIN") and (is_last or not exchange.is_empty):
                exchange.is_used = True
                return exchange.response
        return None

    async def _exchange(self, name: str, server: Server, seconds: float) -> Exchange:
        query = dns.message.make_query(f"{name}.", self._rdtype, use_edns=0, payload=EDNS_PAYLOAD)
        exchange = Exchange(server, name, self._rdtype, query.id, self._now())
        began = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                response = await dns.asyncquery.udp(
                    query, server.address, port=server.port, ignore_unexpected=True, ignore_errors=True
                )
                if response.flags & dns.flags.TC:
                    exchange.transport = "tcp"
                    response = await dns.asyncquery.tcp(query, server.address, port=server.port)
        except TimeoutError:
            exchange.error = "timeout"
        except (OSError, EOFError, dns.exception.DNSException) as error:
            exchange.error = type(error).__name__
        else:
            if response.flags & dns.flags.TC:
                exchange.error = "truncated"
                return exchange
            exchange.response = response.wire
            exchange.rcode = dns.rcode.to_text(response.rcode())
            exchange.is_empty = not response.answer and not any(
                record.rdtype == dns.rdatatype.SOA for record in response.authority
            )
            exchange.flags = dns.flags.to_text(response.flags)
            exchange.ede = tuple((int(option.code), option.text or "") for option in extended_errors(response))
        exchange.seconds = time.monotonic() - began
        return exchange


def rebuild(name: str, responses: Sequence[tuple[str, bytes]], outcomes: Mapping[str, Outcome]) -> tuple[Family, ...]:
    """Return what the responses that were used (record type and wire form, in their order) say; no network.

    `outcomes` are the recorded ones; they stand for a family whose responses lead to no end.
    """
    found = []
    for rdtype in TYPES:
        reading = read_responses(name, rdtype, [wire for kept_type, wire in responses if kept_type == rdtype])
        found.append(reading.family or Family(rdtype, outcomes[rdtype]))
    return tuple(found)
