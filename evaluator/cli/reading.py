"""Opens a log or an export for a command. Prints warnings and damaged records, and determines the exit status."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from evaluator.audit.log.store import DecisionLog
from evaluator.base.diagnostic import Diagnostic
from evaluator.cli.append import warn
from evaluator.cli.exits import Exit
from evaluator.cli.problems import print_problem
from evaluator.cli.progress import shows_progress

Report = Callable[[int, int], None]


class Damage:
    """Prints each problem of a log once, and determines the exit status."""

    def __init__(self) -> None:
        self._printed: set[Diagnostic] = set()

    def note(self, problems: Iterable[Diagnostic]) -> None:
        """Print problems to standard error. A problem that was printed before is not printed again."""
        for problem in problems:
            if problem not in self._printed:
                self._printed.add(problem)
                print_problem(problem)

    def status(self, otherwise: int = Exit.DONE) -> int:
        """Return exit status 8 if anything was damaged, else `otherwise`."""
        return Exit.POLICY if self._printed else otherwise


@contextmanager
def reading(path: Path, damage: Damage) -> Iterator[DecisionLog]:
    """Open a log or an export for reading. At the end, add the problems of the whole file to `damage`."""
    with DecisionLog.open(path, read_only=True) as log:
        warn(log.warnings)
        yield log
        damage.note(log.problems)


@contextmanager
def progress(label: str, options: argparse.Namespace) -> Iterator[Report]:
    """Return a function that shows a progress bar on a terminal.

    The returned function has two arguments: the number of finished records, and the number of all records (0 if
    unknown).
    """
    if not shows_progress(options):
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(file=sys.stderr)) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)
