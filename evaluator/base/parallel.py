"""Computes results in forked processes, one for each processor.

Even a single result is computed in another process. Python handles an interrupt only between two of its own
instructions. So a process that waits for a solver in C++ would notice the interrupt only after minutes. The parent
process only waits, so it notices the interrupt and ends the child processes at once.

The processes inherit the function and its arguments. So only the results are pickled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import TypeVar, cast

from evaluator.base.diagnostic import Diagnostic, QuestionError
from evaluator.base.processes import available_processors, process_pool, wait_for_first

Progress = Callable[[int, int], None]  # the number of finished items, and of all items
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def ignore_progress(done: int, total: int) -> None:
    """Show no progress."""


def compute_in_processes(
    work: Callable[[_Item], _Result], items: Sequence[_Item], progress: Progress = ignore_progress
) -> Iterator[tuple[int, _Result]]:
    """Yield the index of each item and `work(item)`, in the order in which the results are finished.

    `progress` is called for each result, and regularly while no result arrives. Raises the errors of `work`, and
    QuestionError if the system ended one of the processes.
    """
    if not items:
        return
    processes = min(available_processors(), len(items))
    with process_pool(processes, "fork", partial(_inherit, work, items)) as pool:
        try:
            waiting = {pool.submit(_do, number): number for number in range(len(items))}
            while waiting:
                for future in sorted(wait_for_first(waiting), key=waiting.__getitem__):
                    number = waiting.pop(future)
                    yield number, cast("Future[_Result]", future).result()
                progress(len(items) - len(waiting), len(items))
        except BrokenProcessPool:
            message = "a process of this command was ended by the system"
            raise QuestionError(
                [Diagnostic("PROCESS_ENDED", message, hint="check whether there is enough memory")]
            ) from None


def compute_in_order(
    work: Callable[[_Item], _Result], items: Sequence[_Item], progress: Progress = ignore_progress
) -> Iterator[_Result]:
    """Do the same as `compute_in_processes`, but yield only the results, in the order of the items."""
    early: dict[int, _Result] = {}
    following = 0
    for number, result in compute_in_processes(work, items, progress):
        early[number] = result
        while following in early:
            yield early.pop(following)
            following += 1


_inherited: list[tuple[Callable[..., object], Sequence[object]]] = []  # in a forked process, the work of its owner


def _inherit(work: Callable[..., object], items: Sequence[object]) -> None:
    _inherited[:] = [(work, items)]


def _do(number: int) -> object:
    ((work, items),) = _inherited
    return work(items[number])
