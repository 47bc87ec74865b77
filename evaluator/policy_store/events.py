"""Events of a policy store, and their delivery to a callback and to asynchronous iterators."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic


class PolicyChange(StrEnum):
    """The kind of a policy event.

    `added`: a new policy is in use. `replaced`: the text of a policy, or of its base, has changed. `removed`: a policy
    is not in use any more, because its file was removed or contains another policy now. `refused`: a file is invalid or
    cannot be read, and the last valid policy of this file stays in use. `restored`: a refused file has again the text
    of the policy that is in use.
    """

    ADDED = "added"
    REPLACED = "replaced"
    REMOVED = "removed"
    REFUSED = "refused"
    RESTORED = "restored"


class PolicyEvent(Struct, frozen=True):
    """One change in a policy store.

    `name` is the name of the policy. It is empty if the event is about a refused file that never had a valid policy.
    `digest` is the digest of the policy that is in use after the change. `previous` is the digest of the policy that
    was in use before the change. A digest is None if no policy of the file is in use at that time. `diagnostics` are
    the errors of a refused file, or the warnings of a policy.
    """

    change: PolicyChange
    path: Path
    name: str
    digest: str | None
    previous: str | None
    diagnostics: tuple[Diagnostic, ...] = ()

    def __str__(self) -> str:
        name = f" {self.name}" if self.name else ""
        digest = f" {self.digest[:12]}" if self.digest else ""
        return f"{self.path}: policy{name}{digest} {self.change}"


Callback = Callable[[PolicyEvent], None]


class PolicyEvents:
    """An asynchronous iterator of the events since it was created. It ends when the store is closed."""

    def __init__(self, forget: Callable[[PolicyEvents], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[PolicyEvent | None] = asyncio.Queue()
        self._forget = forget

    def __aiter__(self) -> PolicyEvents:
        return self

    async def __anext__(self) -> PolicyEvent:
        event = await self._queue.get()
        if event is None:
            self._queue.put_nowait(None)
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        """End the iteration."""
        self._forget(self)
        self._queue.put_nowait(None)

    def put(self, event: PolicyEvent | None) -> None:
        """Add an event from any thread; None ends the iteration. Does nothing if the event loop is closed."""
        try:
            self._loop.call_soon_threadsafe(self._queue.put_nowait, event)
        except RuntimeError:
            self._forget(self)


class Subscribers:
    """The callback and the iterators that receive events."""

    def __init__(self, callback: Callback | None) -> None:
        self._callback = callback
        self._iterators: tuple[PolicyEvents, ...] = ()
        self._lock = threading.Lock()

    def subscribe(self) -> PolicyEvents:
        """Return a new iterator. Raises RuntimeError if no event loop is running in this thread."""
        iterator = PolicyEvents(self._forget)
        with self._lock:
            self._iterators = (*self._iterators, iterator)
        return iterator

    def publish(self, events: Iterable[PolicyEvent]) -> None:
        """Deliver events. An exception of the callback is reported by `threading.excepthook`, and delivery goes on."""
        for event in events:
            for iterator in self._iterators:
                iterator.put(event)
            if self._callback is not None:
                try:
                    self._callback(event)
                except Exception as error:
                    hook = threading.ExceptHookArgs(
                        (type(error), error, error.__traceback__, threading.current_thread())
                    )
                    threading.excepthook(hook)

    def end(self) -> None:
        """End all iterators."""
        for iterator in self._iterators:
            iterator.put(None)
        with self._lock:
            self._iterators = ()

    def _forget(self, iterator: PolicyEvents) -> None:
        with self._lock:
            self._iterators = tuple(other for other in self._iterators if other is not iterator)
