"""PIP: a host name becomes addresses, by asking name servers now and once.

A and AAAA are asked separately and at the same time, as absolute names, without search list or
cache, with EDNS 1232 and TCP after truncation. Servers are tried in turn within one deadline. A
family that failed is recorded, never hidden, and never takes the other one with it. Every exchange
is kept with its raw response, so that the answers can be rebuilt without a network.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache

import dns.message
from msgspec import Struct
from msgspec.structs import replace

from evaluator.names.chain import Chain
from evaluator.names.config import EDNS_PAYLOAD, ResolverConfig, Server
from evaluator.names.exchange import ANSWERS, Exchange, failure_of
from evaluator.names.lookup import Family, Outcome
from evaluator.names.transport import answers, ask_by_tcp, ask_by_udp, is_truncated
from evaluator.names.wire import MalformedResponseError, Response, read_response

TYPES = ("A", "AAAA")
_LONGEST_TRY = 2.0
_ROUNDS = 2


class Lookup(Struct, frozen=True):
    """What both families gave, and every exchange that led there."""

    families: tuple[Family, ...]
    exchanges: tuple[Exchange, ...]


class _Arrival(Struct):
    """What has come of a question so far, so that a time-out does not lose it."""

    transport: str = "udp"
    wire: bytes | None = None
    response: Response | None = None
    strays: int = 0
    error: str = ""

    def count_stray(self) -> None:
        self.strays += 1


async def look_up(name: str, config: ResolverConfig, deadline: float, now: Callable[[], datetime]) -> Lookup:
    """Ask for both families at once, and return by the deadline (`time.monotonic()`) whatever came."""
    asking = [_Asking(name, rdtype, config, deadline, now) for rdtype in TYPES]
    families = await asyncio.gather(*(one.run() for one in asking))
    return Lookup(tuple(families), tuple(exchange for one in asking for exchange in one.exchanges))


class _Asking:
    """The questions for one record type, until its chain of aliases has ended."""

    def __init__(
        self, name: str, rdtype: str, config: ResolverConfig, deadline: float, now: Callable[[], datetime]
    ) -> None:
        self._chain = Chain(name, rdtype)
        self._rdtype = rdtype
        self._config = config
        self._deadline = deadline
        self._now = now
        self.exchanges: list[Exchange] = []

    async def run(self) -> Family:
        if not self._config.servers:
            return self._chain.end(Outcome.NO_SERVER)
        while True:  # each response that does not end the chain makes it longer, and its length is limited
            response = await self._ask(self._chain.ask_next)
            if response is None:
                return self._chain.end(failure_of(self.exchanges, self._chain.ask_next))
            family = self._chain.follow(response)
            if family is not None:
                return family

    async def _ask(self, name: str) -> Response | None:
        """Ask one server after the other, twice round, and return the first response that is an answer."""
        servers = self._config.servers
        tries = len(servers) * _ROUNDS
        for at in range(tries):
            remaining = self._deadline - time.monotonic()
            if remaining <= 0:
                return None
            share = min(_LONGEST_TRY, remaining / (tries - at))
            exchange, response = await self._exchange(name, servers[at % len(servers)], share)
            may_be_empty = at + 1 >= len(servers)
            is_answer = response is not None and response.rcode in ANSWERS and not response.is_referral
            if response is not None and is_answer and (may_be_empty or not response.is_empty):
                self.exchanges.append(replace(exchange, is_used=True))
                return response
            self.exchanges.append(exchange)
        return None

    async def _exchange(self, name: str, server: Server, seconds: float) -> tuple[Exchange, Response | None]:
        query = dns.message.make_query(f"{name}.", self._rdtype, use_edns=0, payload=EDNS_PAYLOAD)
        started, began = self._now(), time.monotonic()
        arrival = _Arrival()
        try:
            async with asyncio.timeout(seconds):
                await _receive(server, query.to_wire(), arrival)
        except TimeoutError:
            arrival.error = "timeout"
        except (OSError, EOFError) as error:
            arrival.error = str(error) if isinstance(error, EOFError) else type(error).__name__
        response = arrival.response
        exchange = Exchange(
            server=str(server),
            name=name,
            rdtype=self._rdtype,
            id=query.id,
            started=started.isoformat(timespec="milliseconds"),
            transport=arrival.transport,
            milliseconds=round((time.monotonic() - began) * 1000),
            error=arrival.error,
            response=arrival.wire,
            flags=response.flags if response else "",
            rcode=response.rcode if response else "",
            ede=response.ede if response else (),
            strays=arrival.strays,
        )
        return exchange, response


async def _receive(server: Server, query: bytes, arrival: _Arrival) -> None:
    """Fill in what comes, over TCP where UDP was too small; OSError, EOFError, TimeoutError from the sockets."""
    wire = await ask_by_udp(server, query, arrival.count_stray)
    if is_truncated(wire):
        arrival.transport = "tcp"
        wire = await ask_by_tcp(server, query)
    arrival.wire = wire
    if not answers(query, wire):
        arrival.error = "malformed: it does not answer the question"
    elif is_truncated(wire):
        arrival.error = "truncated"
    else:
        try:
            arrival.response = read_response(wire)
        except MalformedResponseError as error:
            arrival.error = f"malformed: {error}"
        else:
            arrival.error = "referral" if arrival.response.is_referral else ""


def rebuild(name: str, exchanges: Sequence[Exchange], *, had_servers: bool) -> tuple[Family, ...]:
    """Return what the kept exchanges say, from their raw responses alone; no network.

    MalformedResponseError where a response that was used cannot be read, or does not answer its question.
    """
    return tuple(_again(name, rdtype, [e for e in exchanges if e.rdtype == rdtype], had_servers) for rdtype in TYPES)


def _again(name: str, rdtype: str, exchanges: Sequence[Exchange], had_servers: bool) -> Family:
    chain = Chain(name, rdtype)
    if not had_servers:
        return chain.end(Outcome.NO_SERVER)
    for exchange in (one for one in exchanges if one.is_used):
        family = chain.follow(_reread(exchange, chain.ask_next))
        if family is not None:
            return family
    return chain.end(failure_of(exchanges, chain.ask_next))


def _reread(exchange: Exchange, name: str) -> Response:
    wire = exchange.response or b""
    query = dns.message.make_query(f"{name}.", exchange.rdtype, id=exchange.id)
    if not answers(query.to_wire(), wire) or is_truncated(wire):
        raise MalformedResponseError("a response does not answer its question")
    response = read_response(wire)
    if (response.rcode, response.flags, response.ede) != (exchange.rcode, exchange.flags, exchange.ede):
        raise MalformedResponseError("a response is not what was recorded of it")
    return response


@cache
def library_versions(packages: tuple[str, ...] = ("dnspython", "idna")) -> dict[str, str]:
    """Return the versions of the libraries that had a part in it; `unknown` where a package does not say."""
    found = {}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except (importlib.metadata.PackageNotFoundError, OSError):
            found[package] = "unknown"
    return found


def utc_now() -> datetime:
    """Return the time as exchanges record it."""
    return datetime.now(UTC)
