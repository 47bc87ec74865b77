"""PIP: a host name becomes the frozen set of addresses that decisions are made on.

A literal never touches the network, `localhost` is never asked of DNS, a name found in a named hosts
file is answered by it alone. Sync and async share everything but the way they wait.
"""

from __future__ import annotations

import asyncio
import base64
import concurrent.futures
import importlib.metadata
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluator.diagnostic import Diagnostic, HostNameError, Severity
from evaluator.facts.address import Address, parse_address
from evaluator.facts.host import HostAddresses
from evaluator.finding import Finding, FindingCode
from evaluator.names.host_name import HostName, read_host_name
from evaluator.names.hosts_file import HostsEntry, read_hosts_entry
from evaluator.names.lookup import Family, Outcome, lookup_findings
from evaluator.text import quote

if TYPE_CHECKING:
    from evaluator.names.dns import Lookup, ResolverConfig

DEFAULT_TIMEOUT = 5.0
_LONGEST_TIMEOUT = 300.0
_LOOPBACK = (parse_address("127.0.0.1"), parse_address("::1"))


@dataclass(frozen=True, slots=True)
class _Question:
    """A name to be resolved, and how."""

    name: HostName
    config: ResolverConfig
    hosts: HostsEntry | None
    require_complete: bool


def resolve_host(
    name: str,
    *,
    servers: Sequence[str] = (),
    timeout: float = DEFAULT_TIMEOUT,
    hosts_file: Path | None = None,
    require_complete: bool = False,
) -> HostAddresses:
    """Return the addresses of a host, asked once; HostNameError where the name cannot be one.

    `servers` are `IP#PORT` or `IP`, by default the system's; `timeout` is in seconds for everything.
    With `require_complete` an answer set in which a family failed counts as no answer. What DNS says
    is never an exception: failures are findings and `complete` is False. May be called from a
    coroutine's thread, but blocks; there `resolve_host_async` is the one to use.
    """
    question = _prepare(name, servers, timeout, hosts_file, require_complete)
    if isinstance(question, HostAddresses):
        return question
    return _wait_for(_ask(question))


async def resolve_host_async(
    name: str,
    *,
    servers: Sequence[str] = (),
    timeout: float = DEFAULT_TIMEOUT,
    hosts_file: Path | None = None,
    require_complete: bool = False,
) -> HostAddresses:
    """Return the addresses of a host as `resolve_host` does, without blocking; may be cancelled."""
    question = _prepare(name, servers, timeout, hosts_file, require_complete)
    return question if isinstance(question, HostAddresses) else await _ask(question)


def from_resolution(resolution: Mapping[str, Any]) -> HostAddresses:
    """Return the addresses that a kept `resolution` holds, read again from its raw responses; no network."""
    name = read_host_name(resolution["asked"])
    if not isinstance(name, HostName):
        raise HostNameError([Diagnostic("RESOLUTION_INVALID", "a literal has no resolution")])
    if resolution["source"] == "localhost":
        return _loopback(name, resolution)
    kept = [(query["type"], base64.b64decode(query["response"])) for query in resolution["queries"] if query["used"]]
    families: tuple[Family, ...] = ()
    if resolution["families"]:
        from evaluator.names.dns import rebuild  # noqa: PLC0415 -- dnspython, only where DNS was asked

        outcomes = {family["type"]: Outcome(family["outcome"]) for family in resolution["families"]}
        families = rebuild(name.ascii, kept, outcomes)
    said = resolution["hosts"]
    hosts = None
    if said is not None:
        addresses = tuple(parse_address(text) for text in said["addresses"])
        hosts = HostsEntry(addresses, tuple(said["lines"]), said["sha256"])
    return _freeze(name, families, hosts, resolution["require_complete"], resolution)


def _prepare(
    name: str, servers: Sequence[str], timeout: float, hosts_file: Path | None, require_complete: bool
) -> HostAddresses | _Question:
    found = read_host_name(name)
    if isinstance(found, Address):
        return HostAddresses(answers=(found,), first=found)
    if found.is_localhost:
        resolution = _document(found, None, (), None, require_complete, "localhost")
        return _loopback(found, resolution)
    from evaluator.names.dns import ResolverConfig, system_config  # noqa: PLC0415 -- dnspython, only for names

    if not isinstance(timeout, int | float) or not 0 < timeout <= _LONGEST_TIMEOUT:
        message = f"the time-out of {quote(str(timeout))} seconds is not between 0 and {_LONGEST_TIMEOUT:.0f}"
        raise HostNameError([Diagnostic("DNS_TIMEOUT_INVALID", message)])
    listed = [servers] if isinstance(servers, str) else servers
    config = (
        ResolverConfig(tuple(map(_server, map(str, listed))), timeout, "given") if servers else system_config(timeout)
    )
    hosts = None if hosts_file is None else read_hosts_entry(Path(hosts_file), found.ascii)
    return _Question(found, config, hosts, require_complete)


def _loopback(name: HostName, resolution: Mapping[str, object]) -> HostAddresses:
    """Return what RFC 6761 gives `localhost` and the names below it."""
    return HostAddresses(_LOOPBACK, asked=name.asked, first=_LOOPBACK[0], resolution=resolution)


def _server(text: str) -> Any:  # noqa: ANN401 -- a Server of dns.py, imported late
    from evaluator.names.dns import Server  # noqa: PLC0415 -- dnspython, only for names

    address, mark, port = text.partition("#")
    try:
        if mark and not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
            raise ValueError("no port")
        number = int(port) if mark else 53
        return Server(str(parse_address(address)), number)
    except ValueError:
        message = f"{quote(text)} is no name server"
        raise HostNameError([Diagnostic("DNS_SERVER_INVALID", message, hint="write IP or IP#PORT")]) from None


async def _ask(question: _Question) -> HostAddresses:
    from evaluator.names.dns import look_up  # noqa: PLC0415 -- dnspython, only for names

    found = await look_up(question.name.ascii, question.config)
    source = "hosts" if question.hosts and question.hosts.addresses else "dns"
    document = _document(question.name, question.config, found, question.hosts, question.require_complete, source)
    return _freeze(question.name, found.families, question.hosts, question.require_complete, document)


def _freeze(
    name: HostName,
    families: tuple[Family, ...],
    hosts: HostsEntry | None,
    require_complete: bool,
    resolution: Mapping[str, object],
) -> HostAddresses:
    """Make the frozen set of what was found; DNS is only compared where the hosts file has the name."""
    from_dns = tuple(address for family in families for address in family.addresses)
    remarks = list(name.findings())
    if hosts is not None and hosts.addresses:
        if any(_disagrees(family, hosts) for family in families if family.outcome.proves_absence and from_dns):
            remarks.append(_disagreement(name))
        first_of_file = min(hosts.addresses, key=lambda address: address.version)
        return HostAddresses(
            hosts.addresses, name.asked, first=first_of_file, remarks=tuple(remarks), resolution=resolution
        )
    remarks.extend(lookup_findings(name.asked, families))
    complete = all(family.outcome.proves_absence for family in families)
    first = from_dns[0] if from_dns else None
    host = HostAddresses(from_dns, name.asked, complete, first, remarks=tuple(remarks), resolution=resolution)
    if complete or not require_complete:
        return host
    return replace(host, answers=(), first=None, withheld=host.answers)


def _disagrees(family: Family, hosts: HostsEntry) -> bool:
    """Return whether a family that was answered gives other addresses than the hosts file."""
    version = 4 if family.rdtype == "A" else 6
    return set(family.addresses) != {address for address in hosts.addresses if address.version == version}


def _disagreement(name: HostName) -> Finding:
    message = f"the hosts file and DNS give {quote(name.asked)} different addresses; the hosts file counts"
    return Finding(FindingCode.HOSTS_AND_DNS_DISAGREE, Severity.WARNING, message, hint="make the two agree")


def _document(
    name: HostName,
    config: ResolverConfig | None,
    found: Lookup | tuple[()],
    hosts: HostsEntry | None,
    require_complete: bool,
    source: str,
) -> dict[str, object]:
    """Return how the name was resolved, enough to do it again without a network."""
    exchanges = found.exchanges if found else []
    families = found.families if found else ()
    ends = [
        min(exchange.started for exchange in exchanges) + timedelta(seconds=family.least_ttl)
        for family in families
        if family.least_ttl is not None
    ]
    return {
        "asked": name.asked,
        "ascii": name.ascii,
        "unicode": name.unicode,
        "source": source,
        "require_complete": require_complete,
        "config": None if config is None else config.to_dict(),
        "hosts": None if hosts is None else hosts.to_dict(),
        "families": [family.to_dict() for family in families],
        "queries": [exchange.to_dict() for exchange in exchanges],
        "valid_until": min(ends).isoformat(timespec="milliseconds") if ends else None,
        "libraries": {package: importlib.metadata.version(package) for package in ("dnspython", "idna")},
    }


def _wait_for(coroutine: Coroutine[Any, Any, HostAddresses]) -> HostAddresses:
    """Run a coroutine to its end; in a thread of its own where this one runs an event loop already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
