"""Name servers that answer within the process, in virtual time.

A look-up's time limit is about seconds, and how many pass on a real clock depends on the machine. Here the event
loop's clock stands still while anything can run and jumps to the next timer when nothing can: a silent server costs
no time, and how long a look-up took is exact.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import dns.message
import pytest

import evaluator
from evaluator import HostAddresses
from evaluator.names.config import Server
from evaluator.names.transport import answers
from tests.support.scripted_dns import Script
from tests.support.untyped import untyped


class _Jumping(selectors.DefaultSelector):
    """Waits for no timer: the time until the next one is added to the clock instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0 if timeout else timeout)
        if timeout and not ready:
            self.now += timeout
        return ready


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Jumping()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def _transport(scripts: Mapping[str, Script], kind: str) -> Callable[..., Any]:
    """Return what stands in for a socket: the server's script answers, or nobody does."""

    async def ask(server: Server, query: bytes, on_stray: Callable[[], None] = lambda: None) -> bytes:
        made = scripts[str(server)](dns.message.from_wire(query), kind)
        for wire in [] if made is None else made if isinstance(made, list) else [made]:
            if answers(query, wire):
                return wire
            on_stray()
        return untyped(await asyncio.Event().wait())  # silence

    return ask


def resolve(name: str, *scripts: Script, timeout: float, **options: Any) -> tuple[HostAddresses, float]:
    """Look a name up at servers that do what the scripts say; return the addresses and how many seconds it took."""
    servers = {f"127.0.0.1#{port}": script for port, script in enumerate(scripts, 5301)}
    loop = _VirtualLoop()
    with pytest.MonkeyPatch.context() as patch:
        clock = SimpleNamespace(monotonic=loop.time)
        patch.setattr("evaluator.names.dns.time", clock)
        patch.setattr("evaluator.names.resolve.time", clock)
        patch.setattr("evaluator.names.dns.ask_by_udp", _transport(servers, "udp"))
        patch.setattr("evaluator.names.dns.ask_by_tcp", _transport(servers, "tcp"))
        try:
            found = evaluator.resolve_host_async(name, servers=list(servers), timeout=timeout, **options)
            return loop.run_until_complete(found), loop.time()
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
