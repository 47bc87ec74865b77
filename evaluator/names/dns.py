"""Look up a host name in DNS: query the name servers, and follow aliases to addresses.

The A and the AAAA lookup run in parallel and are independent. Names are absolute: no search list is used. Answers are
not cached. Servers are tried in order within one deadline; see `exchange` for the rules of retries, deadlines and
source checks.

A response counts as an answer if its code is NOERROR or NXDOMAIN, and if it does not refer to other name servers. An
empty answer has no addresses, no aliases and no SOA record. It does not prove that the name has no addresses. So an
empty answer is used only after all other servers were queried once.

dnspython creates the queries and parses names and records. The resolver of dnspython is not used. Each exchange
contains the raw response, so that the result can be replayed from the exchanges without a network (`rebuild`).
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

from evaluator.names.chain import CnameChain
from evaluator.names.config import EDNS_PAYLOAD, ResolverConfig, Server
from evaluator.names.exchange import ANSWERS, Exchange, failure_of
from evaluator.names.lookup import Family, Outcome
from evaluator.names.transport import answers, ask_by_tcp, ask_by_udp, is_truncated
from evaluator.names.wire import MalformedResponseError, Response, read_response

TYPES = ("A", "AAAA")
_LONGEST_QUERY = 2.0
_ROUNDS = 2


class Lookup(Struct, frozen=True):
    """The results for both DNS record types, and all exchanges of the lookup."""

    families: tuple[Family, ...]
    exchanges: tuple[Exchange, ...]


class _Received(Struct):
    """The received data of one query. The data is still available after a timeout."""

    transport: str = "udp"
    wire: bytes | None = None
    response: Response | None = None
    strays: int = 0
    error: str = ""

    def count_stray(self) -> None:
        self.strays += 1


async def look_up(name: str, config: ResolverConfig, deadline: float, now: Callable[[], datetime]) -> Lookup:
    """Return the results of the A and the AAAA lookup, which run in parallel.

    `deadline` is a time of `time.monotonic()`; a lookup that has not ended by this time has timed out. `now` is the
    clock for the exchanges.
    """
    lookups = [_TypeLookup(name, rdtype, config, deadline, now) for rdtype in TYPES]
    families = await asyncio.gather(*(lookup.run() for lookup in lookups))
    return Lookup(tuple(families), tuple(exchange for lookup in lookups for exchange in lookup.exchanges))


class _TypeLookup:
    """Sends the queries for one DNS record type, until the chain of aliases has ended."""

    def __init__(
        self, name: str, rdtype: str, config: ResolverConfig, deadline: float, now: Callable[[], datetime]
    ) -> None:
        self._chain = CnameChain(name, rdtype)
        self._rdtype = rdtype
        self._config = config
        self._deadline = deadline
        self._now = now
        self.exchanges: list[Exchange] = []

    async def run(self) -> Family:
        if not self._config.servers:
            return self._chain.end(Outcome.NO_SERVER)
        while True:  # ends, because each response makes the chain longer and its length is limited
            response = await self._query(self._chain.next_name)
            if response is None:
                return self._chain.end(failure_of(self.exchanges, self._chain.next_name))
            family = self._chain.follow(response)
            if family is not None:
                return family

    async def _query(self, name: str) -> Response | None:
        """Query the servers in order, in two rounds. Return the first answer, or None if no answer arrives in time."""
        servers = self._config.servers
        tries = len(servers) * _ROUNDS
        for attempt in range(tries):
            remaining = self._deadline - time.monotonic()
            if remaining <= 0:
                return None
            seconds = min(_LONGEST_QUERY, remaining / (tries - attempt))
            exchange, response = await self._exchange(name, servers[attempt % len(servers)], seconds)
            may_be_empty = attempt + 1 >= len(servers)
            is_answer = response is not None and response.rcode in ANSWERS and not response.is_referral
            if response is not None and is_answer and (may_be_empty or not response.is_empty):
                self.exchanges.append(replace(exchange, is_used=True))
                return response
            self.exchanges.append(exchange)
        return None

    async def _exchange(self, name: str, server: Server, seconds: float) -> tuple[Exchange, Response | None]:
        query = dns.message.make_query(f"{name}.", self._rdtype, use_edns=0, payload=EDNS_PAYLOAD)
        started, start = self._now(), time.monotonic()
        received = _Received()
        try:
            async with asyncio.timeout(seconds):
                await _receive(server, query.to_wire(), received)
        except TimeoutError:
            received.error = "timeout"
        except (OSError, EOFError) as error:
            received.error = str(error) if isinstance(error, EOFError) else type(error).__name__
        response = received.response
        exchange = Exchange(
            server=str(server),
            name=name,
            rdtype=self._rdtype,
            id=query.id,
            started=started.isoformat(timespec="milliseconds"),
            transport=received.transport,
            milliseconds=round((time.monotonic() - start) * 1000),
            error=received.error,
            response=received.wire,
            flags=response.flags if response else "",
            rcode=response.rcode if response else "",
            ede=response.ede if response else (),
            strays=received.strays,
        )
        return exchange, response


async def _receive(server: Server, query: bytes, received: _Received) -> None:
    """Send a query by UDP, and again by TCP if the response is truncated. Store the received data in `received`.

    Raises OSError or EOFError if the network fails.
    """
    wire = await ask_by_udp(server, query, received.count_stray)
    if is_truncated(wire):
        received.transport = "tcp"
        wire = await ask_by_tcp(server, query)
    received.wire = wire
    if not answers(query, wire):
        received.error = "malformed: the response does not answer the query"
    elif is_truncated(wire):
        received.error = "truncated"
    else:
        try:
            received.response = read_response(wire)
        except MalformedResponseError as error:
            received.error = f"malformed: {error}"
        else:
            received.error = "referral" if received.response.is_referral else ""


def rebuild(name: str, exchanges: Sequence[Exchange], *, had_servers: bool) -> tuple[Family, ...]:
    """Return the results of recorded exchanges, from their raw responses and without a network.

    Raises MalformedResponseError if a used response is invalid or does not answer its query.
    """
    return tuple(
        _rebuild_type(name, rdtype, [e for e in exchanges if e.rdtype == rdtype], had_servers) for rdtype in TYPES
    )


def _rebuild_type(name: str, rdtype: str, exchanges: Sequence[Exchange], had_servers: bool) -> Family:
    chain = CnameChain(name, rdtype)
    if not had_servers:
        return chain.end(Outcome.NO_SERVER)
    for exchange in (exchange for exchange in exchanges if exchange.is_used):
        family = chain.follow(_parse_again(exchange, chain.next_name))
        if family is not None:
            return family
    return chain.end(failure_of(exchanges, chain.next_name))


def _parse_again(exchange: Exchange, name: str) -> Response:
    wire = exchange.response or b""
    query = dns.message.make_query(f"{name}.", exchange.rdtype, id=exchange.id)
    if not answers(query.to_wire(), wire) or is_truncated(wire):
        raise MalformedResponseError("a response does not answer its query")
    response = read_response(wire)
    if (response.rcode, response.flags, response.ede) != (exchange.rcode, exchange.flags, exchange.ede):
        raise MalformedResponseError("a stored response differs from the values that are stored with it")
    return response


@cache
def library_versions(packages: tuple[str, ...] = ("dnspython", "idna")) -> dict[str, str]:
    """Return the versions of the libraries that a lookup uses; `unknown` if a package has no metadata."""
    versions = {}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except (importlib.metadata.PackageNotFoundError, OSError):
            versions[package] = "unknown"
    return versions


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)
