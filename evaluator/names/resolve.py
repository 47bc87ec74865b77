"""PIP: a host name becomes the frozen set of addresses that decisions are made on.

A literal never touches the network, `localhost` is never asked of DNS, a name found in a named hosts
file is answered by it alone. Sync and async share everything but the way they wait.
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

from evaluator.base.checked_cast import proven
from evaluator.base.diagnostic import Diagnostic, HostNameCode, HostNameError
from evaluator.base.text import quote
from evaluator.facts.address import Address
from evaluator.facts.host_addresses import HostAddresses
from evaluator.names.config import DEFAULT_TIMEOUT, ResolverConfig, read_config
from evaluator.names.freeze import Found, freeze, freeze_loopback
from evaluator.names.host_name import HostName, read_host_name
from evaluator.names.hosts_file import HostsEntry, read_hosts_entry
from evaluator.names.resolution import dns_document, loopback_document


class _Question(Struct, frozen=True):
    """A name or literal to be resolved, and how."""

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
    """Return the addresses of a host, asked once; HostNameError where the name or an option cannot be one.

    `servers` are `IP#PORT` or `IP`, by default the system's; `timeout` is in seconds for everything.
    With `require_complete` an answer set in which a family failed counts as no answer. What DNS says
    is never an exception: failures are findings and `complete` is False. May be called from a
    coroutine's thread, but blocks; there `resolve_host_async` is the one to use.
    """
    question = _prepare(name, servers, timeout, hosts_file, require_complete)
    return _without_asking(question) or _wait_for(_ask(question))


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
    return _without_asking(question) or await _ask(question)


def _prepare(
    name: str, servers: Sequence[str], timeout: float, hosts_file: Path | None, require_complete: bool
) -> _Question:
    """Check name and options before anything is asked; HostNameError with everything that is wrong."""
    problems: list[Diagnostic] = []
    try:
        config = read_config(servers, timeout)
    except HostNameError as error:
        problems.extend(error.diagnostics)
    try:
        host = read_host_name(name)
    except HostNameError as error:
        problems.extend(error.diagnostics)
    problems.extend(_wrong_options(hosts_file, require_complete))
    if problems:
        raise HostNameError(problems)
    return _Question(host, config, None if hosts_file is None else Path(hosts_file), require_complete)


def _wrong_options(hosts_file: object, require_complete: object) -> Iterator[Diagnostic]:
    options = {
        "hosts_file": (hosts_file, hosts_file is None or isinstance(hosts_file, str | Path)),
        "require_complete": (require_complete, isinstance(require_complete, bool)),
    }
    for name, (value, is_right) in options.items():
        if not is_right:
            yield Diagnostic(HostNameCode.OPTION_INVALID, f"{quote(name)} cannot be {quote(str(value))}")


def _without_asking(question: _Question) -> HostAddresses | None:
    """Return the addresses of a literal and of `localhost`; None for a name that has to be asked for."""
    if isinstance(question.host, Address):
        return HostAddresses(answers=(question.host,), first=question.host)
    if question.host.is_localhost:
        return freeze_loopback(question.host, loopback_document(question.host))
    return None


async def _ask(question: _Question) -> HostAddresses:
    await asyncio.to_thread(importlib.import_module, "evaluator.names.dns")  # takes too long for an event loop
    from evaluator.names.dns import library_versions, look_up, utc_now  # noqa: PLC0415 -- dnspython, only for names

    name = proven(question.host, HostName)
    deadline = time.monotonic() + question.config.timeout
    hosts: HostsEntry | None = None
    if question.hosts_file is not None:
        hosts = await asyncio.to_thread(read_hosts_entry, question.hosts_file, name)
    lookup = await look_up(name.ascii, question.config, deadline, utc_now)
    found = Found(name, hosts, lookup.families, question.require_complete)
    return freeze(found, dns_document(found, question.config, lookup.exchanges, library_versions()))


def _wait_for(coroutine: Coroutine[Any, Any, HostAddresses]) -> HostAddresses:
    """Run a coroutine to its end; in a thread of its own where this one runs an event loop already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
