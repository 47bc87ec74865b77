"""Runs tests again when a test, a policy or a report changes.

The package watchfiles reports changes in the folders of the tests and of the files that the tests read. watchfiles does
not report changes while the tests run, and some file systems never report changes. So this module also compares the
modification times of these files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evaluator.base.diagnostic import QuestionError, require_package
from evaluator.base.lazy_import import lazy_module
from evaluator.cli.problems import print_problem
from evaluator.testing.inputs import inputs_of
from evaluator.testing.outcome import RunOutcome

if TYPE_CHECKING:
    import watchfiles
else:
    watchfiles = lazy_module("watchfiles")

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_MILLISECONDS_BETWEEN_LOOKS = 1000
_MILLISECONDS_OF_ONE_CHANGE = 200  # an editor writes a file in several steps


def watch_runs(run_once: Callable[[], RunOutcome], paths: Sequence[str], search: Sequence[Path]) -> int:
    """Run the tests again after each change, until ctrl-c raises KeyboardInterrupt.

    `paths` are the paths of the command line, `search` is the policy path. Raises ExtraMissingError if the package
    watchfiles is not installed, and QuestionError if the first run cannot begin; later runs print their problems.
    """
    require_package("changes cannot be watched", "watchfiles", "watch")
    started = time.time_ns()
    inputs = _inputs(run_once(), search)
    while True:
        print_problem("watching for changes; press ctrl-c to end")
        folders = _folders(paths, inputs)
        files_before, folders_before = _times(inputs), _times(folders)
        if not any(started < at <= time.time_ns() for at in (*files_before.values(), *folders_before.values())):
            _wait_for_change(files_before, folders_before)
        started = time.time_ns()
        try:
            inputs |= _inputs(run_once(), search)
        except QuestionError as error:
            for diagnostic in error.diagnostics:
                print_problem(diagnostic)


def _wait_for_change(files: Mapping[Path, int], folders: Mapping[Path, int]) -> None:
    """Wait until a file in the folders changes, or until the modification time of one of the files changes.

    A file can be added before watchfiles begins to watch. Then the time of its folder differs from the time in
    `folders`.
    """
    resolved = {path.resolve() for path in files}
    looks = watchfiles.watch(
        *folders,
        watch_filter=lambda _, path: _is_input(Path(path), resolved),
        debounce=_MILLISECONDS_OF_ONE_CHANGE,
        rust_timeout=_MILLISECONDS_BETWEEN_LOOKS,
        yield_on_timeout=True,
        recursive=False,
    )
    for number, changes in enumerate(looks):
        if changes or _times(files) != files or (number == 0 and _times(folders) != folders):
            return


def _inputs(run: RunOutcome, search: Sequence[Path]) -> set[Path]:
    """Return the files that a run read, and the files that it could not find."""
    return {path for file in run.files for path in inputs_of(Path(file.path), search)}


def _folders(paths: Iterable[str], inputs: Iterable[Path]) -> tuple[Path, ...]:
    """Return the folders to watch: the folders of the files, and the given folders with their subfolders."""
    folders = {_existing(path.resolve().parent) for path in inputs}
    for path in map(Path, paths):
        folders |= {folder.resolve() for folder in _tree(path)} if path.is_dir() else {_existing(path.resolve().parent)}
    return tuple(sorted(folders))


def _tree(folder: Path) -> Iterator[Path]:
    """Yield a folder and its subfolders, except hidden ones."""
    yield folder
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink() and not entry.name.startswith("."):
            yield from _tree(entry)


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.is_dir())


def _is_input(path: Path, inputs: Collection[Path]) -> bool:
    """Return whether a changed path matters: if it is a policy, a test, a report or a new folder."""
    return path.suffix in _SUFFIXES or path in inputs or path.is_dir()


def _times(paths: Iterable[Path]) -> dict[Path, int]:
    """Return the modification times of files in nanoseconds; 0 for a file that does not exist."""
    return {path: _time_of(path) for path in paths}


def _time_of(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
