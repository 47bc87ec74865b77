"""Runs test files and yields the outcome of each, in the order of the files.

If there are many tests, several processes run the files. The outcomes and their order are the same as with one process.
Each process gets groups of files, and the files of a group share the policies that they load. A few small files run in
this process, because starting other processes would take longer.

The processes are forked, so they need no imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, PolicyError, QuestionError
from evaluator.base.processes import process_pool, result_of
from evaluator.base.text import quote_path
from evaluator.testing.case_file import read_case_file
from evaluator.testing.case_outcome import outcome_of
from evaluator.testing.measure_coverage import CoverageMeter
from evaluator.testing.outcome import FileOutcome
from evaluator.testing.policies import Policies
from evaluator.testing.run_cases import run_case

_FEWEST_OCTETS = 100_000  # of the test files; about half a second in one process
_GROUPS_OF_A_PROCESS = 4
_GLOB = frozenset("*?[")


class Selection(Struct, frozen=True):
    """The selected tests and how they run: folders of policies, patterns of `--run`, and whether coverage is measured.

    A test is selected if its name matches a pattern. Without patterns, every test is selected. A pattern
    with `*`, `?` or `[` is a glob for the whole name; any other pattern is a part of the name.
    """

    search: tuple[Path, ...] = ()
    patterns: tuple[str, ...] = ()
    with_coverage: bool = False

    def selects(self, name: str) -> bool:
        """Return whether a test with this name is run."""
        return not self.patterns or any(_matches(pattern, name) for pattern in self.patterns)


def _matches(pattern: str, name: str) -> bool:
    return pattern in name if _GLOB.isdisjoint(pattern) else fnmatchcase(name, pattern)


def run_files(paths: Sequence[Path], selection: Selection, processes: int) -> Iterator[FileOutcome]:
    """Yield the outcome of each file. The files are run in at most `processes` processes.

    Raises QuestionError if the system ended one of these processes.
    """
    processes = min(processes, len(paths))
    if processes < 2 or sum(map(_size, paths)) < _FEWEST_OCTETS:
        yield from _outcomes(paths, selection)
        return
    groups = _groups(paths, processes * _GROUPS_OF_A_PROCESS)
    with process_pool(processes, "fork") as pool:
        done = 0
        try:
            for future in [pool.submit(_run_group, group, selection) for group in groups]:
                outcomes = result_of(future)
                done += len(outcomes)
                yield from outcomes
        except BrokenProcessPool:
            message = f"a process that runs tests was ended by the system; {quote_path(paths[done])} has no result"
            raise QuestionError(
                [Diagnostic("TEST_PROCESS_ENDED", message, hint="check whether there is enough memory")]
            ) from None


def _groups(paths: Sequence[Path], most: int) -> list[Sequence[Path]]:
    """Return the paths in their order, divided into groups with about the same number of paths."""
    length = -(-len(paths) // most)
    return [paths[start : start + length] for start in range(0, len(paths), length)]


def _run_group(paths: Sequence[Path], selection: Selection) -> list[FileOutcome]:
    return list(_outcomes(paths, selection))


def _outcomes(paths: Iterable[Path], selection: Selection) -> Iterator[FileOutcome]:
    policies = Policies(selection.search)
    return (run_file(path, selection, policies) for path in paths)


def run_file(path: Path, selection: Selection, policies: Policies) -> FileOutcome:
    """Run the selected tests of one file. Mistakes in the file are in the outcome."""
    meter = CoverageMeter(policies.files)
    try:
        cases = read_case_file(path, selection.search, policies)
        results = [run_case(case) for case in cases if selection.selects(case.name)]
        if selection.with_coverage:
            for result in results:
                meter.add(result.case.policy_name, result.case.policy, result.decision)
    except PolicyError as error:
        return FileOutcome(str(path), problems=error.diagnostics)
    return FileOutcome(str(path), tuple(map(outcome_of, results)), covered=meter.places())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # the reader reports it
