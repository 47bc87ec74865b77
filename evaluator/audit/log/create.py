"""Creates a log file atomically, also on file systems without hard links.

The log is created as a draft: a file with another name. When the draft is complete, it is linked to the final name. A
lock on the folder allows only one process at a time to create logs in the folder. The system releases the lock when the
process ends. So a process that has the lock removes every other draft in the folder: such a draft belongs to a process
that was killed.
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

_SUFFIXES = ("", "-journal", "-wal", "-shm")
_MODE = 0o600
_RETRY_SECONDS = 0.01
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EACCES})


def create_log(path: Path, timeout: float) -> None:
    """Create an empty log unless the file exists; wait at most `timeout` seconds for other processes."""
    with _locked(path.parent, timeout) as folder:
        _remove_drafts(path)
        if os.path.lexists(path):
            return
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE))
        try:
            _create_tables(draft)
            _publish(draft, path)
        finally:
            _remove(draft)
        os.fsync(folder)


@contextmanager
def _locked(folder: Path, timeout: float) -> Iterator[int]:
    """Lock the folder and return its file descriptor.

    Raises BlockingIOError if other processes hold the lock for too long.
    """
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
            time.sleep(_RETRY_SECONDS)


def _create_tables(draft: Path) -> None:
    address = f"{draft.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, 0, isolation_level=None, uri=True)) as connection:
        connection.execute(f"PRAGMA page_size={PAGE}")
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={CURRENT.version}")
        connection.executescript(CURRENT.tables + CURRENT.triggers)
        connection.execute("PRAGMA journal_mode=WAL")
    with draft.open("rb+") as file:
        os.fsync(file.fileno())


def _publish(draft: Path, path: Path) -> None:
    """Give a draft its final name, with a hard link if possible.

    If the file system has no hard links, the draft is renamed. The lock of the folder prevents a second log.
    """
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        draft.rename(path)


def _remove_drafts(path: Path) -> None:
    """Remove the drafts of killed processes, if this user may remove them."""
    is_draft = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{16}}", re.ASCII)
    with os.scandir(path.parent) as entries:
        drafts = [path.with_name(entry.name) for entry in entries if is_draft.fullmatch(entry.name)]
    for draft in drafts:
        with suppress(OSError):
            _remove(draft)


def _remove(draft: Path) -> None:
    for suffix in _SUFFIXES:
        draft.with_name(f"{draft.name}{suffix}").unlink(missing_ok=True)
