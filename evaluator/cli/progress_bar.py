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


class WorkBar:
    """A bar for the results of work, and a second bar for the steps of the current result."""

    def __init__(self, total: int | None, terminal: TextIO) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = _bar(terminal, *columns)
        self._results = self._progress.add_task("", total=total, visible=False)
        self._steps = self._progress.add_task("", visible=False)
        self._started = time.monotonic()

    def count(self, results: Iterable[_T]) -> Iterator[_T]:
        """Yield results. If the work takes long, show on the terminal how many were yielded."""
        self._progress.update(self._results, visible=True)
        try:
            for result in results:
                self._progress.stop()
                self._progress.update(self._results, advance=1)
                self._progress.update(self._steps, visible=False)
                yield result
                self._show()
        finally:
            self._progress.stop()

    def show_steps(self, done: int, total: int) -> None:
        """Show how many steps of the current result are done."""
        self._progress.update(self._steps, completed=done, total=total, visible=done < total)
        self._show()

    def hide(self) -> None:
        """Remove the bars from the terminal."""
        self._progress.stop()

    def _show(self) -> None:
        if time.monotonic() - self._started >= _SECONDS_BEFORE_SHOWN:
            self._progress.start()
            self._progress.refresh()


def with_octets(results: Iterable[_T], total: int, octets: Callable[[_T], int], terminal: TextIO) -> Iterator[_T]:
    """Yield results. If the work takes long, show which part of the input is done, and the remaining time.

    `total` is the length of the whole input in octets. Each result is made from a part of the input, and `octets`
    returns the length of this part.
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
