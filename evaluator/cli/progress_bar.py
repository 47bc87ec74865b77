"""The bars that show progress on a terminal. A bar appears after a second and disappears at the end.

The bar is hidden while a result is printed, so it never mixes with the output. The bar needs no thread, because it is
drawn when a result arrives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_SECONDS_BEFORE_SHOWN = 1.0
_T = TypeVar("_T")


def with_count(results: Iterable[_T], total: int | None, terminal: TextIO) -> Iterator[_T]:
    """Yield results. If the work takes long, show on a terminal how many were yielded; `total` may be unknown."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return _tracked(results, _bar(terminal, *columns), total, lambda _: 1)


def with_octets(results: Iterable[_T], total: int, octets: Callable[[_T], int], terminal: TextIO) -> Iterator[_T]:
    """Yield results. If the work takes long, show how much of the input is done and how long the rest takes.

    `octets` returns the length of the input of a result.
    """
    columns = (BarColumn(), DownloadColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    return _tracked(results, _bar(terminal, *columns), total, octets)


def _bar(terminal: TextIO, *columns: ProgressColumn) -> Progress:
    console = Console(file=terminal)
    return Progress(*columns, console=console, transient=True, auto_refresh=False, redirect_stdout=False)


def _tracked(results: Iterable[_T], progress: Progress, total: int | None, length: Callable[[_T], int]) -> Iterator[_T]:
    task = progress.add_task("", total=total)
    started = time.monotonic()
    try:
        for result in results:
            progress.stop()
            progress.advance(task, length(result))
            yield result
            if time.monotonic() - started >= _SECONDS_BEFORE_SHOWN:
                progress.start()
                progress.refresh()
    finally:
        progress.stop()
