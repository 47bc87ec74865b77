"""Applies a function to ranges in several processes. A single range is not sent to another process.

For each process, at most a few ranges wait, so planning is never far ahead of deciding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import chain, islice
from typing import Protocol, TypeVar, cast

from evaluator.base.diagnostic import Diagnostic, QuestionError
from evaluator.base.processes import available_processors, process_pool, wait_for_first
from evaluator.fleet.ranges import Range

_WAITING = 2  # ranges for each process
_Result_co = TypeVar("_Result_co", covariant=True)
_Result = TypeVar("_Result")


class Job(Protocol[_Result_co]):
    """A function that is called with each range. It is pickled and sent once to each process."""

    def __call__(self, part: Range) -> _Result_co:
        """Return the result for a range."""


def map_ranges(job: Job[_Result], ranges: Iterable[Range]) -> Iterator[tuple[Range, _Result]]:
    """Yield each range and the result of the job, in the order in which they are finished.

    Raises the errors of the job, and QuestionError if the system ended one of the processes.
    """
    ranges = iter(ranges)
    first = list(islice(ranges, 2))
    processes = available_processors()
    if len(first) < 2 or processes == 1:
        yield from ((part, job(part)) for part in chain(first, ranges))
        return
    with process_pool(processes, "spawn", partial(_set_job, job)) as pool:
        waiting: dict[Future[object], Range] = {}
        parts = chain(first, ranges)
        try:
            for part in islice(parts, processes * _WAITING):
                waiting[pool.submit(_do, part)] = part
            while waiting:
                for future in wait_for_first(waiting):
                    part = waiting.pop(future)
                    result = cast("_Result", future.result())
                    for following in islice(parts, 1):
                        waiting[pool.submit(_do, following)] = following
                    yield part, result
        except BrokenProcessPool:
            message = "a process that decides hosts was ended by the system"
            hint = "run the same command again: it continues with the ranges that are not finished"
            raise QuestionError([Diagnostic("FLEET_PROCESS_ENDED", message, hint=hint)]) from None


_jobs: list[Callable[[Range], object]] = []  # the one job of a process of the pool


def _set_job(job: Callable[[Range], object]) -> None:
    _jobs[:] = [job]


def _do(part: Range) -> object:
    (job,) = _jobs
    return job(part)
