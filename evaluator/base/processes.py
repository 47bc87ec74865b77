"""A pool of processes. They end when the process that started them, the owner of the pool, ends.

An interrupt (ctrl-c) goes to all processes of a terminal. The processes of the pool ignore the interrupt. The owner
ends the processes of the pool and discards their work. The owner does the same before SIGTERM ends the owner. If the
owner is killed, each process of the pool ends itself. So no process continues to write.

The owner does not raise KeyboardInterrupt where the interrupt arrives. This place can be inside the lock of a future,
and then the threads of the pool would wait for this lock without an end. So the handler of the interrupt only ends the
processes, and the owner waits with `wait_for_first`, which raises KeyboardInterrupt. After an interrupt, the owner does
not wait for the thread of the pool: if a process ended while it wrote a result, this thread waits for the rest.

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
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.context import ForkContext, ForkProcess, SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Literal, TypeVar

_SECONDS_TO_END = 1.0
_SECONDS = 0.5  # of waiting before the owner checks for an interrupt
_BLOCKED_AT_START = (signal.SIGINT, signal.SIGTERM)

_Result = TypeVar("_Result")


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

    def terminate_processes() -> set[BaseProcess]:
        own = set(multiprocessing.active_children()) - others
        for process in own:
            process.terminate()
        return own

    def end_processes() -> None:
        for process in terminate_processes():
            process.join(_SECONDS_TO_END)
            process.kill()

    try:
        with _before_termination(end_processes), _interrupts_noted(terminate_processes):
            yield pool
    except BaseException as error:
        # first the work that waits is discarded: the pool's thread fails if processes end while it has cancelled work
        pool.shutdown(wait=False, cancel_futures=True)
        end_processes()
        if not isinstance(error, KeyboardInterrupt):
            pool.shutdown()
        raise
    pool.shutdown(cancel_futures=True)


def wait_for_first(futures: Collection[Future[_Result]]) -> set[Future[_Result]]:
    """Wait until at least one future is finished, or for half a second, and return the finished futures.

    Raises KeyboardInterrupt if an interrupt arrived since the pool was made.
    """
    finished = wait(futures, _SECONDS, FIRST_COMPLETED).done
    if _interrupts:
        raise KeyboardInterrupt
    return finished


def result_of(future: Future[_Result]) -> _Result:
    """Wait for the result of a future. Raises the errors of the work, and KeyboardInterrupt as `wait_for_first`."""
    while not wait_for_first((future,)):
        pass
    return future.result()


@contextmanager
def _signals_blocked() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _BLOCKED_AT_START)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_interrupts: list[int] = []  # the interrupts since the pool was made


@contextmanager
def _interrupts_noted(action: Callable[[], object]) -> Iterator[None]:
    """At an interrupt, note it and call `action`. A second interrupt raises KeyboardInterrupt at once.

    If the program handles interrupts itself, or in another thread than the main thread, do nothing.
    """
    _interrupts.clear()
    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_default or threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.default_int_handler)
        _interrupts.append(number)
        action()

    signal.signal(signal.SIGINT, note)
    try:
        yield
    except Exception:
        if _interrupts:  # the error is a result of the interrupt: the pool is broken
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if _interrupts:
        raise KeyboardInterrupt


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
