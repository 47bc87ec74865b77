"""Shows the progress of long work on a terminal, unless the option `--progress` or its variable is off."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TypeVar

from evaluator.cli.preferences import PROGRESS

_T = TypeVar("_T")


def shows_progress(options: argparse.Namespace) -> bool:
    """Return whether standard error is a terminal and progress is wanted."""
    return PROGRESS.of(options) and sys.stderr.isatty()


def with_progress(results: Iterable[_T], total: int | None, options: argparse.Namespace) -> Iterable[_T]:
    """Return the results, with a bar that shows how many were yielded; `total` may be unknown."""
    if not shows_progress(options):
        return results
    from evaluator.cli.progress_bar import with_count  # noqa: PLC0415 -- rich, only on a terminal

    return with_count(results, total, sys.stderr)
