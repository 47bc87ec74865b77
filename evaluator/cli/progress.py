"""Shows the progress of long work on a terminal, unless the option `--progress` or its variable is off."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from evaluator.cli.preferences import PROGRESS

if TYPE_CHECKING:
    from evaluator.cli.progress_bar import WorkBar

_T = TypeVar("_T")


def shows_progress(options: argparse.Namespace) -> bool:
    """Return whether standard error is a terminal and the option for progress is on."""
    return PROGRESS.of(options) and sys.stderr.isatty()


class WorkProgress(Protocol):
    """Shows the progress of work: the number of known results, and the steps of the current result."""

    def count(self, results: Iterable[_T]) -> Iterable[_T]:
        """Return the results; the bar shows how many were yielded."""

    def show_steps(self, done: int, total: int) -> None:
        """Show how many steps of the current result are done."""


class _NoProgress:
    def count(self, results: Iterable[_T]) -> Iterable[_T]:
        return results

    def show_steps(self, done: int, total: int) -> None:
        pass


@contextmanager
def work_progress(total: int | None, options: argparse.Namespace) -> Iterator[WorkProgress]:
    """Return an object that shows the progress of work with `total` results. The bars are hidden at the end."""
    if not shows_progress(options):
        yield _NoProgress()
        return
    bar = _bar(total)
    try:
        yield bar
    finally:
        bar.hide()


def with_progress(results: Iterable[_T], total: int | None, options: argparse.Namespace) -> Iterable[_T]:
    """Return the results, with a bar that shows how many were yielded; `total` may be unknown."""
    if not shows_progress(options):
        return results
    return _bar(total).count(results)


def _bar(total: int | None) -> WorkBar:
    from evaluator.cli.progress_bar import WorkBar  # noqa: PLC0415 -- rich, only on a terminal

    return WorkBar(total, sys.stderr)
