"""Resolve a host name, synchronously or asynchronously: the entry point of this package.

The addresses of a literal and of `localhost` are known without a lookup. If the name is in the hosts file that the
caller gives, the addresses come from this file. DNS is then queried too, but only to report differences. Otherwise the
addresses come from DNS. The synchronous function and the asynchronous function run the same coroutine.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import importlib
import time
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from evaluator.base.checked_cast import checked_cast
from evaluator.base.diagnostic import Diagnostic, HostNameCode, HostNameError
from evaluator.base.text import quote
from evaluator.facts.address import Address
from evaluator.facts.host_addresses import HostAddresses
from evaluator.names.config import DEFAULT_TIMEOUT, ResolverConfig, read_config
from evaluator.names.freeze import NameAnswers, freeze, freeze_loopback
from evaluator.names.host_name import HostName, read_host_name
from evaluator.names.hosts_file import HostsEntry, read_hosts_entry
from evaluator.names.resolution import dns_document, loopback_document


class _Request(Struct, frozen=True):
    """A valid name or literal to resolve, with the options."""

    host: Address | HostName
    config: ResolverConfig
    hosts_file: Path | None
    require_complete: bool


def resolve_host(
    name: str,
    *,
    servers: Sequence[str] = (),
    timeout: float = DEFAULT_TIMEOUT,
    hosts_file: Path | None = None,
    require_complete: bool = False,
) -> HostAddresses:
    """Return the addresses of a host. The name is resolved once, now.

    `servers` are texts `IP` or `IP#PORT`, by default the name servers of the system. `timeout` is the number of
    seconds for the whole lookup. `hosts_file` is a hosts file whose entries take precedence over DNS. With
    `require_complete`, the lookup counts as failed if the A or the AAAA query fails.

    Raises HostNameError if the name or an option is invalid, or if the hosts file cannot be read. A failure of DNS is
    not an exception: the result has findings, and `complete` is False. This function blocks; in a coroutine use
    `resolve_host_async`.
    """
    request = _prepare(name, servers, timeout, hosts_file, require_complete)
    return _without_lookup(request) or _wait_for(_look_up(request))


async def resolve_host_async(
    name: str,
    *,
    servers: Sequence[str] = (),
    timeout: float = DEFAULT_TIMEOUT,
    hosts_file: Path | None = None,
    require_complete: bool = False,
) -> HostAddresses:
    """Return the same addresses as `resolve_host`, without blocking. The caller can cancel this coroutine."""
    request = _prepare(name, servers, timeout, hosts_file, require_complete)
    return _without_lookup(request) or await _look_up(request)


def _prepare(
    name: str, servers: Sequence[str], timeout: float, hosts_file: Path | None, require_complete: bool
) -> _Request:
    """Return the checked request. Raises HostNameError, with all problems, if the name or an option is invalid."""
    problems: list[Diagnostic] = []
    try:
        config = read_config(servers, timeout)
    except HostNameError as error:
        problems.extend(error.diagnostics)
    try:
        host = read_host_name(name)
    except HostNameError as error:
        problems.extend(error.diagnostics)
    problems.extend(_option_problems(hosts_file, require_complete))
    if problems:
        raise HostNameError(problems)
    return _Request(host, config, None if hosts_file is None else Path(hosts_file), require_complete)


def _option_problems(hosts_file: object, require_complete: object) -> Iterator[Diagnostic]:
    options = {
        "hosts_file": (hosts_file, hosts_file is None or isinstance(hosts_file, str | Path)),
        "require_complete": (require_complete, isinstance(require_complete, bool)),
    }
    for name, (value, is_valid) in options.items():
        if not is_valid:
            yield Diagnostic(HostNameCode.OPTION_INVALID, f"invalid {quote(name)}: {quote(str(value))}")


def _without_lookup(request: _Request) -> HostAddresses | None:
    """Return the addresses of a literal or of `localhost`; None if the name needs a lookup."""
    if isinstance(request.host, Address):
        return HostAddresses(answers=(request.host,), first=request.host)
    if request.host.is_localhost:
        return freeze_loopback(request.host, loopback_document(request.host))
    return None


async def _look_up(request: _Request) -> HostAddresses:
    # in a thread, because this import would block the event loop for too long
    await asyncio.to_thread(importlib.import_module, "evaluator.names.dns")
    from evaluator.names.dns import library_versions, look_up, utc_now  # noqa: PLC0415 -- imports dnspython

    name = checked_cast(request.host, HostName)
    deadline = time.monotonic() + request.config.timeout
    hosts: HostsEntry | None = None
    if request.hosts_file is not None:
        hosts = await asyncio.to_thread(read_hosts_entry, request.hosts_file, name)
    lookup = await look_up(name.ascii, request.config, deadline, utc_now)
    answers = NameAnswers(name, hosts, lookup.families, request.require_complete)
    return freeze(answers, dns_document(answers, request.config, lookup.exchanges, library_versions()))


def _wait_for(coroutine: Coroutine[Any, Any, HostAddresses]) -> HostAddresses:
    """Run a coroutine to its end. If this thread already runs an event loop, run the coroutine in another thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
