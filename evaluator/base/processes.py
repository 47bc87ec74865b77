"""A pool of processes. They end when the process that started them, the owner of the pool, ends.

An interrupt (ctrl-c) goes to all processes of a terminal. The processes of the pool ignore the interrupt. The owner
ends the processes of the pool and discards their work. The owner does the same before SIGTERM ends the owner. If the
owner is killed, each process of the pool ends itself. So no process continues to write.

A new process cannot change its handling of signals before its first own instruction. Until then, an interrupt would
print a traceback, and SIGTERM would be lost, because Python forgets a signal that arrives before a fork is complete. So
the owner blocks both signals while it starts a process. The process inherits the blocked signals, and unblocks them in
`_begin`. A process that does not end after SIGTERM is killed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.context import ForkContext, ForkProcess, SpawnContext, SpawnProcess
from types import FrameType
from typing import Literal

_SECONDS_TO_END = 1.0
_BLOCKED_AT_START = (signal.SIGINT, signal.SIGTERM)


class _ForkedProcess(ForkProcess):
    def start(self) -> None:
        with _signals_blocked():
            super().start()


class _ForkContext(ForkContext):
    Process = _ForkedProcess


class _SpawnedProcess(SpawnProcess):
    def start(self) -> None:
        resource_tracker.ensure_running()  # starting it would unblock the signals
        with _signals_blocked():
            super().start()


class _SpawnContext(SpawnContext):
    Process = _SpawnedProcess


_CONTEXTS: Mapping[str, ForkContext | SpawnContext] = {"fork": _ForkContext(), "spawn": _SpawnContext()}


def available_processors() -> int:
    """Return the number of processors that this process can use."""
    return len(os.sched_getaffinity(0))


@contextmanager
def process_pool(
    processes: int, method: Literal["fork", "spawn"], prepare: Callable[[], None] | None = None
) -> Iterator[ProcessPoolExecutor]:
    """Return a pool of processes. If an exception leaves the `with` block, the processes are ended at once.

    A forked process needs no imports, but libraries that have threads cannot be forked. Each process calls `prepare`
    first. For a spawned process, it must be possible to pickle `prepare`.
    """
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(processes, mp_context=_CONTEXTS[method], initializer=_begin, initargs=(prepare,))

    def end_processes() -> None:
        own = set(multiprocessing.active_children()) - others
        for process in own:
            process.terminate()
        for process in own:
            process.join(_SECONDS_TO_END)
            process.kill()

    try:
        with _before_termination(end_processes):
            yield pool
    except BaseException:
        # first the work that waits is discarded: the pool's thread fails if processes end while it has cancelled work
        pool.shutdown(wait=False, cancel_futures=True)
        end_processes()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _BLOCKED_AT_START)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _before_termination(action: Callable[[], None]) -> Iterator[None]:
    """Call `action` before SIGTERM ends this process. If the program handles SIGTERM itself, do nothing."""
    is_handled = signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    if is_handled or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: FrameType | None) -> None:
        action()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _begin(prepare: Callable[[], None] | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a library does not return to Python for a handler
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _BLOCKED_AT_START)
    threading.Thread(target=_end_with_owner, daemon=True).start()
    if prepare is not None:
        prepare()


def _end_with_owner() -> None:
    owner = multiprocessing.parent_process()
    if owner is not None:
        owner.join()
        os._exit(1)
