"""How a command reads a log or an export: warnings and damage go to standard error, and decide the exit status."""

from __future__ import annotations

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

Report = Callable[[int, int], None]


class Damage:
    """What was damaged: each problem is printed once, and the exit status is that of a damaged log."""

    def __init__(self) -> None:
        self._printed: set[Diagnostic] = set()

    def note(self, problems: Iterable[Diagnostic]) -> None:
        """Print the problems that were not printed yet."""
        for problem in problems:
            if problem not in self._printed:
                self._printed.add(problem)
                print(problem, file=sys.stderr)

    def status(self, otherwise: int = Exit.DONE) -> int:
        """Return the exit status: 8 if anything was damaged."""
        return Exit.POLICY if self._printed else otherwise


@contextmanager
def reading(path: Path, damage: Damage) -> Iterator[DecisionLog]:
    """Open a log or an export for reading; what is wrong with the whole file is noted at the end."""
    with DecisionLog.open(path, read_only=True) as log:
        warn(log.warnings)
        yield log
        damage.note(log.problems)


@contextmanager
def progress(what: str) -> Iterator[Report]:
    """Give a function that shows how many of how many are done, on a terminal only; 0 of all is not known."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(file=sys.stderr)) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, of: shown.update(task, completed=done, total=of or None)
