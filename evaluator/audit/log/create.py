"""How a log comes to be: whole or not at all, once, and on file systems without hard links, too.

It is made beside its place and put there at once. Only one process at a time makes logs in a folder (its lock
ends with the process), so whatever else lies there as a draft was left by one that was killed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from evaluator.audit.log.schema import APPLICATION_ID, CURRENT, PAGE

_LEFT_BY_SQLITE = ("", "-journal", "-wal", "-shm")
_MODE = 0o600
_PAUSE = 0.01
_WITHOUT_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EACCES})


def create_log(path: Path, timeout: float) -> None:
    """Make an empty log, unless somebody else was faster; `timeout` is how many seconds to wait for others."""
    with _alone_in(path.parent, timeout) as folder:
        _remove_drafts(path)
        if os.path.lexists(path):
            return
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE))
        try:
            _fill(draft)
            _put(draft, path)
        finally:
            _remove(draft)
        os.fsync(folder)


@contextmanager
def _alone_in(folder: Path, timeout: float) -> Iterator[int]:
    """Hold the folder's lock, and its descriptor; BlockingIOError where others do not let go in time."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(descriptor, time.monotonic() + timeout)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise
            time.sleep(_PAUSE)


def _fill(draft: Path) -> None:
    with closing(sqlite3.connect(f"{draft.absolute().as_uri()}?mode=rw", 0, isolation_level=None, uri=True)) as new:
        new.execute(f"PRAGMA page_size={PAGE}")
        new.execute("PRAGMA auto_vacuum=INCREMENTAL")
        new.execute("PRAGMA synchronous=OFF")
        new.execute(f"PRAGMA application_id={APPLICATION_ID}")
        new.execute(f"PRAGMA user_version={CURRENT.version}")
        new.executescript(CURRENT.tables + CURRENT.triggers)
        new.execute("PRAGMA journal_mode=WAL")
    with draft.open("rb+") as file:
        os.fsync(file.fileno())


def _put(draft: Path, path: Path) -> None:
    """Give a draft its name, which nobody has. Where that needs renaming, the folder's lock keeps other logs away."""
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    except OSError as error:
        if error.errno not in _WITHOUT_LINKS:
            raise
        draft.rename(path)


def _remove_drafts(path: Path) -> None:
    """Remove what was left of logs whose makers were killed, if it is ours to remove."""
    is_draft = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{16}}", re.ASCII)
    with os.scandir(path.parent) as entries:
        left = [path.with_name(entry.name) for entry in entries if is_draft.fullmatch(entry.name)]
    for draft in left:
        with suppress(OSError):
            _remove(draft)


def _remove(draft: Path) -> None:
    for suffix in _LEFT_BY_SQLITE:
        draft.with_name(f"{draft.name}{suffix}").unlink(missing_ok=True)
