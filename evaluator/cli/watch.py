"""Runs tests again when a test, a policy or a report changes.

The package watchfiles reports changes in the folders of the tests and of the files that the tests read. A change that
is made while the tests run, or on a file system that does not report changes, is found by the times of these files.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

from evaluator.base.diagnostic import QuestionError, extra_missing
from evaluator.testing.outcome import RunOutcome

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_MILLISECONDS_BETWEEN_LOOKS = 1000
_MILLISECONDS_OF_ONE_CHANGE = 200  # an editor writes a file in several steps


def watch_runs(run_once: Callable[[], RunOutcome], paths: Sequence[str]) -> int:
    """Run tests, wait for a change, run them again, until ctrl-c raises KeyboardInterrupt.

    Raises ExtraMissingError if the package watchfiles is not installed, and QuestionError if the first run cannot
    begin; later runs print their problems.
    """
    _require_watchfiles()
    started = time.time_ns()
    inputs = _inputs(run_once())
    while True:
        print("watching for changes; ctrl-c ends", file=sys.stderr)
        _wait_for_change(_folders(paths, inputs), inputs, started)
        started = time.time_ns()
        try:
            inputs |= _inputs(run_once())
        except QuestionError as error:
            for diagnostic in error.diagnostics:
                print(diagnostic, file=sys.stderr)


def _require_watchfiles() -> None:
    try:
        import watchfiles  # noqa: F401, PLC0415 -- an extra
    except ImportError:
        raise extra_missing("changes cannot be watched", "watchfiles", "watch") from None


def _wait_for_change(folders: Iterable[Path], inputs: Collection[Path], since: int) -> None:
    """Wait until a file in the folders changes, or until one of the inputs has changed after a time in nanoseconds."""
    import watchfiles  # noqa: PLC0415 -- an extra

    resolved = {path.resolve() for path in inputs}
    for changes in watchfiles.watch(
        *folders,
        watch_filter=lambda _, path: _is_input(Path(path), resolved),
        debounce=_MILLISECONDS_OF_ONE_CHANGE,
        rust_timeout=_MILLISECONDS_BETWEEN_LOOKS,
        yield_on_timeout=True,
        recursive=False,
    ):
        if changes or any(_changed_at(path) > since for path in inputs):
            return


def _inputs(run: RunOutcome) -> set[Path]:
    """Return the files that a run read: tests, policies, reports."""
    names = (name for file in run.files for name in (file.path, *file.inputs))
    return {path for path in map(Path, names) if path.is_file()}


def _folders(paths: Iterable[str], inputs: Iterable[Path]) -> tuple[Path, ...]:
    """Return the folders to watch: those of the files, and the given folders with their subfolders."""
    folders = {path.resolve().parent for path in inputs}
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
    """Return whether a change of this path matters: a policy, test or report, or a new folder."""
    return path.suffix in _SUFFIXES or path in inputs or path.is_dir()


def _changed_at(path: Path) -> int:
    """Return the time in nanoseconds at which a file was written."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0  # the file was removed; watchfiles reports this
