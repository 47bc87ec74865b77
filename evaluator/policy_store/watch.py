"""Waits until policy files change, in a thread of its own.

Three facts about files determine the design:

- A program that writes a file often does so in several steps: it truncates and writes, or renames the old file and then
  creates the new one. A reading between two steps sees no file, half a file, or a shorter text that is valid YAML by
  chance. So a change is reported only after the files have stayed unchanged for `SETTLED` seconds.
- A notification can be lost, and some file systems (network mounts) have none. So the state of the files (modification
  time, size, inode) is also compared every `BETWEEN_LOOKS` seconds.
- A configuration map of Kubernetes is a folder of symbolic links to files in a hidden folder. An update replaces the
  hidden folder. `stat` follows the links, so the comparison notices the replacement.

Notifications only start a comparison earlier; the comparison alone decides whether a file changed. Two designs were
tried and rejected. The first design used only inotify; it missed changes of base policies on network mounts. The second
design read the files at each comparison; it parsed YAML every second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from evaluator.base.lazy_import import lazy_module
from evaluator.policy.source.folder import yaml_files_below

if TYPE_CHECKING:
    import watchfiles
else:
    watchfiles = lazy_module("watchfiles")

SETTLED = 0.2
BETWEEN_LOOKS = 1.0
_LONGEST_UNREST = 5.0  # a folder that changes all the time is read all the same
State = Mapping[Path, tuple[int, ...]]


def state_of(paths: Iterable[Path], inputs: Iterable[Path]) -> State:
    """Return the state of the given paths, of the files in given folders, and of all files that were read."""
    files = {file for path in paths for file in (path, *_below(path))}
    return {path: _state(path) for path in (*files, *inputs)}


def wait_for_change(before: State, look: Callable[[], State], folders: Iterable[Path], stop: threading.Event) -> bool:
    """Wait until the files have changed and then stayed unchanged for a time. Return false if `stop` was set.

    `folders` are the folders whose changes wake the waiting thread. A folder that does not exist is left out.
    """
    existing = {str(folder.resolve()) for folder in folders if folder.is_dir()}
    if not existing:
        return _wait_without_notifications(before, look, stop)
    notifications = watchfiles.watch(
        *existing,
        watch_filter=None,
        debounce=int(SETTLED * 1000),
        rust_timeout=int(BETWEEN_LOOKS * 1000),
        yield_on_timeout=True,
        recursive=False,
        stop_event=stop,
        raise_interrupt=False,
        ignore_permission_denied=True,
    )
    try:
        for _ in notifications:
            if look() != before:
                return _settle(look, stop)
    except (OSError, RuntimeError):  # a folder is gone, or the system has no notifications left
        return _wait_without_notifications(before, look, stop)
    return False


def _wait_without_notifications(before: State, look: Callable[[], State], stop: threading.Event) -> bool:
    while not stop.wait(BETWEEN_LOOKS):
        if look() != before:
            return _settle(look, stop)
    return False


def _settle(look: Callable[[], State], stop: threading.Event) -> bool:
    """Wait until two checks in a row find the same state of the files. Return false if `stop` was set."""
    until = time.monotonic() + _LONGEST_UNREST
    last = look()
    while not stop.wait(SETTLED):
        now = look()
        if now == last or time.monotonic() > until:
            return True
        last = now
    return False


def _below(path: Path) -> tuple[Path, ...]:
    try:
        return yaml_files_below(path)
    except OSError:
        return ()


def _state(path: Path) -> tuple[int, ...]:
    """Return numbers that change if the file is written or replaced. Return no numbers if the file does not exist."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return ()
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
