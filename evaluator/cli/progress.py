"""Progress of long work on a terminal: a bar that appears after a second and disappears at the end.

The bar is hidden while a result is printed, so it never mixes with the output. It has no thread of its own: it is drawn
when a result arrives.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

_SECONDS_BEFORE_SHOWN = 1.0
_T = TypeVar("_T")


def with_progress(results: Iterable[_T], total: int | None, terminal: TextIO) -> Iterator[_T]:
    """Yield results, and show on a terminal how many were yielded, if the work takes long; `total` may be unknown."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(file=terminal)
    progress = Progress(*columns, console=console, transient=True, auto_refresh=False, redirect_stdout=False)
    task = progress.add_task("", total=total)
    started = time.monotonic()
    try:
        for result in results:
            progress.stop()
            progress.advance(task)
            yield result
            if time.monotonic() - started >= _SECONDS_BEFORE_SHOWN:
                progress.start()
                progress.refresh()
    finally:
        progress.stop()
