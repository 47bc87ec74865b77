"""Runs test files and yields the outcome of each, in the order of the files.

If there is much to do, several processes run the files. The outcomes are the same, and in the same order, as in one
process. A file is the unit of work: reading a file takes about as long as running its tests, and a file is at most
256 KiB long. A few small files run in this process, because starting others takes longer.

The processes are forked, so they need no imports. An interrupt (ctrl-c) goes to all processes of a terminal. The other
processes ignore it; this process ends them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, PolicyError, QuestionError
from evaluator.base.text import quote_path
from evaluator.testing.case_file import PolicyCase, read_case_file
from evaluator.testing.case_outcome import outcome_of
from evaluator.testing.measure_coverage import CoverageMeter, chains_in
from evaluator.testing.outcome import FileOutcome
from evaluator.testing.run_cases import run_case

_FEWEST_OCTETS = 100_000  # of the test files; about half a second in one process
_GLOB = frozenset("*?[")


class Selection(Struct, frozen=True):
    """How tests are found and run: the policy path, the patterns of `--run`, and whether coverage is measured.

    A test is selected if its name matches a pattern, or if there are no patterns. A pattern with `*`, `?` or `[` is a
    glob for the whole name; any other pattern is a part of the name.
    """

    search: tuple[Path, ...] = ()
    patterns: tuple[str, ...] = ()
    with_coverage: bool = False

    def selects(self, name: str) -> bool:
        """Return whether a test with this name is run."""
        return not self.patterns or any(_matches(pattern, name) for pattern in self.patterns)


def _matches(pattern: str, name: str) -> bool:
    return pattern in name if _GLOB.isdisjoint(pattern) else fnmatchcase(name, pattern)


def available_processors() -> int:
    """Return the number of processors that this process can use."""
    return len(os.sched_getaffinity(0))


def run_files(paths: Sequence[Path], selection: Selection, processes: int) -> Iterator[FileOutcome]:
    """Yield the outcome of each file. At most `processes` processes run them.

    Raises QuestionError if the system ended one of these processes.
    """
    processes = min(processes, len(paths))
    if processes < 2 or sum(map(_size, paths)) < _FEWEST_OCTETS:
        yield from (run_file(path, selection) for path in paths)
        return
    with _pool(processes) as pool:
        done = 0
        try:
            for outcome in pool.map(partial(run_file, selection=selection), paths):
                done += 1
                yield outcome
        except BrokenProcessPool:
            message = f"a process that runs tests was ended by the system; {quote_path(paths[done])} has no result"
            raise QuestionError([Diagnostic("TEST_PROCESS_ENDED", message, hint="is there enough memory?")]) from None


def run_file(path: Path, selection: Selection) -> FileOutcome:
    """Run the selected tests of one file. Mistakes in the file are in the outcome."""
    meter = CoverageMeter(chains_in(selection.search))
    try:
        cases = [case for case in read_case_file(path, selection.search) if selection.selects(case.name)]
        results = [run_case(case) for case in cases]
        if selection.with_coverage:
            for result in results:
                meter.add(result.case.policy_name, result.case.policy, result.decision)
    except PolicyError as error:
        return FileOutcome(str(path), problems=error.diagnostics)
    outcomes = tuple(map(outcome_of, results))
    return FileOutcome(str(path), outcomes, covered=meter.places(), inputs=tuple(sorted(_inputs(cases))))


def _inputs(cases: Sequence[PolicyCase]) -> set[str]:
    reports = {str(case.report_file) for case in cases if case.report_file is not None}
    return reports | {case.policy_name for case in cases}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # the reader reports it


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Return a pool of processes. If the block is left early, they are ended at once, with their work."""
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_ignore_interrupts)
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
