"""The file of a log: how it is opened, whose file it is, and what SQLite's errors mean.

A file that is no log, or a newer one, is refused before
anything is written to it. It is looked at through SQLite itself: closing a descriptor of one's own
would drop the locks that other connections of this process hold on the file (POSIX).
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from evaluator.audit.log.create import create_log
from evaluator.audit.log.schema import APPLICATION_ID, SCHEMA_VERSION
from evaluator.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.text import quote_path, reason_of

_OF_SQLITE = {
    sqlite3.SQLITE_BUSY: (RecordCode.BUSY, "is held by another process", "try again"),
    sqlite3.SQLITE_LOCKED: (RecordCode.BUSY, "is held by another user of it", "try again"),
    sqlite3.SQLITE_FULL: (RecordCode.UNWRITABLE, "cannot be written: no space is left", ""),
    sqlite3.SQLITE_READONLY: (RecordCode.UNWRITABLE, "cannot be written: it is read-only", ""),
    sqlite3.SQLITE_IOERR: (RecordCode.UNWRITABLE, "cannot be read or written", ""),
    sqlite3.SQLITE_CANTOPEN: (RecordCode.UNREADABLE, "cannot be opened", ""),
    sqlite3.SQLITE_PERM: (RecordCode.UNREADABLE, "cannot be opened", ""),
    sqlite3.SQLITE_CORRUPT: (RecordCode.DAMAGED, "is damaged", "`activenic log verify` says what of it is sound"),
    sqlite3.SQLITE_NOTADB: (RecordCode.NOT_A_LOG, "is no log", ""),
    sqlite3.SQLITE_TOOBIG: (RecordCode.UNWRITABLE, "cannot hold a record this large", ""),
}
_NOT_WHAT_WAS_WRITTEN = (RecordCode.DAMAGED, RecordCode.NOT_A_LOG)


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say about a log into a RecordError."""
    try:
        yield
    except sqlite3.ProgrammingError as error:
        raise _refusal(RecordCode.UNREADABLE, path, f"cannot be used: {str(error).lower()}") from None
    except sqlite3.Error as error:
        number = getattr(error, "sqlite_errorcode", 0) & 0xFF
        code, what, hint = _OF_SQLITE.get(number, (RecordCode.DAMAGED, "is damaged", ""))
        raise _refusal(code, path, f"{what} ({str(error).lower()})", hint) from None
    except BlockingIOError:
        what = "cannot be made: another process holds its folder"
        raise _refusal(RecordCode.BUSY, path, what, "try again") from None
    except OSError as error:
        raise _refusal(RecordCode.UNREADABLE, path, f"cannot be opened: {reason_of(error)}") from None


def open_log(path: Path, *, read_only: bool, create: bool, timeout: float) -> sqlite3.Connection:
    """Return a connection to the log of a file, which is made where there is none and it may be.

    RecordError where the file is none of this program's logs; it is left as it was.
    """
    with telling(path):
        if create and not os.path.lexists(path):
            create_log(path, timeout)
        _refuse_foreign(path)
        if read_only:
            return _reading(path, timeout)
        connection = _connect(path, "rw", timeout)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")  # what is acknowledged outlives a loss of power
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all or nothing; nobody else writes meanwhile, and at the end it is on the disk."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[None]:
    """Read one state of the log, whatever others write meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _connect(path: Path, options: str, timeout: float) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={options}"
    connection = sqlite3.connect(address, timeout, isolation_level=None, check_same_thread=False, uri=True)
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


def _reading(path: Path, timeout: float) -> sqlite3.Connection:
    """Return a connection that only reads, on a medium that cannot be written, too.

    Where it can, it is opened as a writer would, or SQLite would leave files beside it. Where it cannot, and
    nobody has it open (there would be a file beside it), SQLite is told that it will not change.
    """
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        connection = _connect(path, "rw", timeout)
        connection.execute("PRAGMA query_only=ON")
        return connection
    waiting, shared = (path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-shm"))
    is_open = shared.exists() or (waiting.exists() and waiting.stat().st_size > 0)
    return _connect(path, "ro" if is_open else "ro&immutable=1", timeout)


def _refuse_foreign(path: Path) -> None:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise _refusal(RecordCode.NOT_A_LOG, path, "is no regular file")
    if not found.st_size:
        raise _refusal(RecordCode.NOT_A_LOG, path, "is empty and no log", "remove it, and a log will be made")
    with closing(_connect(path, "ro&immutable=1", 0)) as connection:
        connection.execute("PRAGMA writable_schema=ON")  # reads the head of a file whose pages are still on their way
        ((application,),) = connection.execute("PRAGMA application_id")
        ((version,),) = connection.execute("PRAGMA user_version")
    if application != APPLICATION_ID:
        raise _refusal(RecordCode.NOT_A_LOG, path, "is a database of another program")
    if version != SCHEMA_VERSION:
        what = f"has version {version}, and this activenic knows version {SCHEMA_VERSION}"
        raise _refusal(RecordCode.NEWER, path, what, "use an activenic at least as new as the one that wrote it")


def _refusal(code: RecordCode, path: Path, what: str, hint: str = "") -> RecordError:
    refused = UnverifiedError if code in _NOT_WHAT_WAS_WRITTEN else RecordError
    return refused([Diagnostic(code, f"the log {quote_path(path)} {what}", hint=hint)])
