"""Opens the file of a log, and converts every SQLite error to a RecordError.

If a file is not a log, or if a newer version of activenic wrote it, the file is refused before anything is written to
it. The file is read only through SQLite, never through a separate file descriptor. When a process closes a descriptor
of a file, POSIX releases all locks of this process on the file, including the locks of SQLite.

If SQLite cannot read a damaged log, the rows in the pages of the file are copied to memory (`salvage.py`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from evaluator.audit.log.create import create_log
from evaluator.audit.log.ownership import log_risk
from evaluator.audit.log.salvage import begins_like_a_log, salvage_rows
from evaluator.audit.log.schema import (
    APPLICATION_ID,
    CURRENT,
    LAYOUTS,
    LogTables,
    expected_schema,
    schema_of,
    version_of,
)
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.base.files import is_regular, open_regular
from evaluator.base.text import quote_all, quote_path, reason_of

_SQLITE_ERRORS = {
    sqlite3.SQLITE_BUSY: (RecordCode.BUSY, "is locked by another process", "try again"),
    sqlite3.SQLITE_LOCKED: (RecordCode.BUSY, "is locked by another connection", "try again"),
    sqlite3.SQLITE_FULL: (RecordCode.UNWRITABLE, "cannot be written: no space left", ""),
    sqlite3.SQLITE_READONLY: (RecordCode.UNWRITABLE, "cannot be written: it is read-only", ""),
    sqlite3.SQLITE_IOERR: (RecordCode.UNWRITABLE, "cannot be read or written", ""),
    sqlite3.SQLITE_CANTOPEN: (RecordCode.UNREADABLE, "cannot be opened", ""),
    sqlite3.SQLITE_PERM: (RecordCode.UNREADABLE, "cannot be opened", ""),
    sqlite3.SQLITE_CORRUPT: (RecordCode.DAMAGED, "is damaged", "`activenic log verify` lists every problem"),
    sqlite3.SQLITE_NOTADB: (RecordCode.NOT_A_LOG, "is not a log", ""),
    sqlite3.SQLITE_TOOBIG: (RecordCode.UNWRITABLE, "cannot store a record of this size", ""),
}
_UNVERIFIED = (RecordCode.DAMAGED, RecordCode.NOT_A_LOG)


@contextmanager
def sqlite_as_record_errors(path: Path) -> Iterator[None]:
    """Convert an error of SQLite or of the operating system to a RecordError about the log."""
    try:
        yield
    except sqlite3.ProgrammingError as error:
        raise _log_error(RecordCode.UNREADABLE, path, f"cannot be used: {str(error).lower().rstrip('.')}") from None
    except sqlite3.Error as error:
        number = getattr(error, "sqlite_errorcode", 0) & 0xFF
        code, problem, hint = _SQLITE_ERRORS.get(number, (RecordCode.DAMAGED, "is damaged", ""))
        raise _log_error(code, path, f"{problem} ({str(error).lower()})", hint) from None
    except (UnicodeDecodeError, OverflowError, MemoryError) as error:  # a stored value, or a message of SQLite
        raise _log_error(RecordCode.DAMAGED, path, f"is damaged (a value cannot be read: {error})") from None
    except BlockingIOError:
        problem = "cannot be created: another process has locked its folder"
        raise _log_error(RecordCode.BUSY, path, problem, "try again") from None
    except OSError as error:
        raise _log_error(RecordCode.UNREADABLE, path, f"cannot be opened: {reason_of(error)}") from None


class Header(Struct, frozen=True):
    """The header of an SQLite file.

    `application` is the application id. `version` is the user version. If the application id is not the id of a log,
    `tables` is the version of the log that has the same tables as the file. `tables` is None if no log has such tables.
    """

    application: int
    version: int
    tables: int | None


class OpenLog(Struct, frozen=True):
    """A log that is open for reading.

    `problems` concern the file as a whole. If the file is damaged, its readable rows are copied into memory, and
    `is_salvaged` is true. `last` is then the number of the last record in the damaged file. If SQLite cannot read this
    number, `last` is 0.
    """

    connection: sqlite3.Connection
    layout: LogTables
    problems: tuple[Diagnostic, ...] = ()
    is_salvaged: bool = False
    last: int = 0

    def last_seq_known(self) -> int:
        """Return the largest record number in all tables except `entry`.

        If the table `entry` does not contain this number, the last records were removed.
        """
        seq = self.connection.execute(self.layout.last).fetchone()[0]
        return max(seq, self.last) if isinstance(seq, int) else self.last


def open_to_write(path: Path, *, create: bool, timeout: float) -> sqlite3.Connection:
    """Return a connection for appending to a log; with `create`, create the log if the file does not exist.

    Raises RecordError if the file is not a log of the current version or must not be written. The file is then
    unchanged.
    """
    with sqlite_as_record_errors(path):
        if create and not os.path.lexists(path):
            create_log(path, timeout)
        _refuse_special_file(path)
        _refuse_unwritable(path)
        connection = _connect(path, "rw", timeout)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")  # an acknowledged record survives a loss of power
        except BaseException:
            connection.close()
            raise
        return connection


def open_to_read(path: Path, timeout: float) -> OpenLog:
    """Return an open log, or a copy of the rows of a damaged log. Raises RecordError if the file is not a log."""
    with sqlite_as_record_errors(path):
        _refuse_special_file(path)
        try:
            with sqlite_as_record_errors(path):
                header = _read_header(path)
        except UnverifiedError as error:
            if begins_like_a_log(_first_octets(path)):
                return open_salvaged(path, None, error.diagnostics)
            raise
        if header.application != APPLICATION_ID and header.tables is None:
            raise _not_a_log(path)
        return _open_with_sqlite(path, header, timeout)


def open_salvaged(path: Path, damaged: OpenLog | None, problems: tuple[Diagnostic, ...]) -> OpenLog:
    """Return a copy of the rows of a damaged log.

    Raises UnverifiedError, with `problems`, if the file has no rows of a log.
    """
    last = 0
    with sqlite_as_record_errors(path):
        copy = salvage_rows(path, None if damaged is None else damaged.connection)
    if damaged is not None:
        with suppress(sqlite3.Error, UnicodeDecodeError):
            last = damaged.last_seq_known()
    if copy is None:
        raise UnverifiedError(problems)
    copy.text_factory = decode_text
    return OpenLog(copy, CURRENT, problems, is_salvaged=True, last=last)


def decode_text(text: bytes) -> str:
    """Return a stored text; invalid UTF-8 becomes U+FFFD, so the text differs from every valid record."""
    return text.decode("utf-8", "replace")


@contextmanager
def write_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run a write transaction: other processes cannot write, and at the end the data is on the disk or rolled back."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def read_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run a read transaction: all reads see one state of the log, even if other processes write."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _connect(path: Path, options: str, timeout: float) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={options}"
    connection = sqlite3.connect(address, timeout, isolation_level=None, check_same_thread=False, uri=True)
    connection.text_factory = decode_text
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    return connection


def _open_with_sqlite(path: Path, header: Header, timeout: float) -> OpenLog:
    """Return the log that SQLite reads. If its tables are damaged, return a copy of the rows in its pages."""
    connection = _connect_read_only(path, timeout)
    try:
        with sqlite_as_record_errors(path):
            schema = schema_of(connection)
        tables = version_of(schema)
        if tables is None and header.version > CURRENT.version:
            raise _newer_version(path, header.version)
        if tables is None:
            raise _log_error(RecordCode.DAMAGED, path, "is damaged: its tables are not the tables of a log")
    except UnverifiedError as error:
        return open_salvaged(path, OpenLog(connection, CURRENT), error.diagnostics)
    except BaseException:
        connection.close()
        raise
    problems = [*header_problems(header, tables), *schema_problems(schema, tables)]
    return OpenLog(connection, LAYOUTS[tables], tuple(problems))


def header_problems(header: Header, tables: int) -> Iterator[Diagnostic]:
    """Yield the differences between the header of the file and its tables."""
    if header.application != APPLICATION_ID:
        yield Diagnostic(
            RecordCode.DAMAGED, "the application id in the header of the file is not the application id of a log"
        )
    if header.version != tables:
        message = f"the header of the file has version {header.version}, but its tables have version {tables}"
        yield Diagnostic(RecordCode.DAMAGED, message)


def schema_problems(schema: dict[str, str], version: int) -> Iterator[Diagnostic]:
    """Yield one problem that lists the missing, altered and added tables, indexes and triggers."""
    expected = expected_schema(version)
    different = sorted(name for name in {**expected, **schema} if expected.get(name) != schema.get(name))
    if different:
        yield Diagnostic(RecordCode.SCHEMA_ALTERED, f"tables, indexes or triggers were altered: {quote_all(different)}")


def _connect_read_only(path: Path, timeout: float) -> sqlite3.Connection:
    """Return a connection that cannot change the log. The log can be on a read-only medium.

    - The user can write the file and its folder: the file is opened for writing, because otherwise SQLite does not
      remove its `-wal` and `-shm` files. `query_only` forbids changes of the records.
    - The user cannot write the file or its folder, and a process has the log open, so there is a `-shm` file: the file
      is opened read-only.
    - The user cannot write the file or its folder, and there is no `-shm` file: the file is opened as immutable. SQLite
      then ignores the `-wal` file. So the log is refused if the `-wal` file has records.
    """
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        connection = _connect(path, "rw", timeout)
        connection.execute("PRAGMA query_only=ON")
        return connection
    wal, shared = (path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-shm"))
    is_open = shared.exists() or (wal.exists() and wal.stat().st_size > 0)
    if is_open and not shared.exists():
        problem = f"has records in {quote_path(wal.name)}, which SQLite can read only in a writable folder"
        raise _log_error(
            RecordCode.UNREADABLE,
            path,
            problem,
            "copy the log and its `-wal` file to a folder of your own, and read the copy",
        )
    return _connect(path, "ro" if is_open else "ro&immutable=1", timeout)


def _refuse_special_file(path: Path) -> None:
    """Refuse a file that SQLite cannot read to its end, such as a pipe or a device. Refuse an empty file too."""
    if not is_regular(path):
        raise _log_error(RecordCode.NOT_A_LOG, path, "is not a regular file")
    if not path.stat().st_size:
        raise _log_error(
            RecordCode.NOT_A_LOG, path, "is empty and not a log", "remove the file; the next append creates a new log"
        )


def _refuse_unwritable(path: Path) -> None:
    header = _read_header(path)
    if header.application != APPLICATION_ID:
        raise _not_a_log(path)
    if header.version > CURRENT.version:
        raise _newer_version(path, header.version)
    if header.version != CURRENT.version:
        problem = f"has version {header.version}, which can be read but not written"
        hint = "start a new log with another `--log FILE`; this log stays readable"
        raise _log_error(RecordCode.OLDER, path, problem, hint)
    risk = log_risk(path)
    if risk is not None:
        raise RecordError([risk])


def _read_header(path: Path) -> Header:
    with closing(_connect(path, "ro&immutable=1", 0)) as connection:
        # the header can count more pages than the file has, because the `-wal` file can contain the missing pages
        connection.execute("PRAGMA writable_schema=ON")
        ((application,),) = connection.execute("PRAGMA application_id")
        ((version,),) = connection.execute("PRAGMA user_version")
        tables = None
        if application != APPLICATION_ID:
            with suppress(sqlite3.Error, UnicodeDecodeError):
                tables = version_of(schema_of(connection))
    return Header(application, version, tables)


def _first_octets(path: Path) -> bytes:
    with open_regular(path) as file:
        return file.read(100)


def _not_a_log(path: Path) -> RecordError:
    return _log_error(RecordCode.NOT_A_LOG, path, "is a database of another program")


def _newer_version(path: Path, version: int) -> RecordError:
    problem = f"has version {version}, but this activenic supports versions up to {CURRENT.version}"
    return _log_error(
        RecordCode.NEWER, path, problem, "use the version of activenic that wrote the log, or a newer one"
    )


def _log_error(code: RecordCode, path: Path, problem: str, hint: str = "") -> RecordError:
    error = UnverifiedError if code in _UNVERIFIED else RecordError
    return error([Diagnostic(code, f"the log {quote_path(path)} {problem}", hint=hint)])
