"""The file of a log: how it is opened, and what SQLite's errors mean. Every error of SQLite becomes a RecordError here.

A file that is not a log, or a newer one, is refused before anything is written to it. It is examined through SQLite
itself: closing a descriptor of one's own would drop the locks that other connections of this process hold on the file
(POSIX).

Reading a damaged log: if SQLite cannot read it, a copy is made of what its pages still hold (`salvage.py`).
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
from evaluator.audit.log.salvage import begins_like_a_log, salvaged
from evaluator.audit.log.schema import APPLICATION_ID, CURRENT, LAYOUTS, Layout, schema_of, schema_wanted, version_of
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.base.files import is_regular, open_regular
from evaluator.base.text import quote_all, quote_path, reason_of

_OF_SQLITE = {
    sqlite3.SQLITE_BUSY: (RecordCode.BUSY, "is held by another process", "try again"),
    sqlite3.SQLITE_LOCKED: (RecordCode.BUSY, "is held by another user of it", "try again"),
    sqlite3.SQLITE_FULL: (RecordCode.UNWRITABLE, "cannot be written: no space is left", ""),
    sqlite3.SQLITE_READONLY: (RecordCode.UNWRITABLE, "cannot be written: it is read-only", ""),
    sqlite3.SQLITE_IOERR: (RecordCode.UNWRITABLE, "cannot be read or written", ""),
    sqlite3.SQLITE_CANTOPEN: (RecordCode.UNREADABLE, "cannot be opened", ""),
    sqlite3.SQLITE_PERM: (RecordCode.UNREADABLE, "cannot be opened", ""),
    sqlite3.SQLITE_CORRUPT: (RecordCode.DAMAGED, "is damaged", "`activenic log verify` lists every problem"),
    sqlite3.SQLITE_NOTADB: (RecordCode.NOT_A_LOG, "is not a log", ""),
    sqlite3.SQLITE_TOOBIG: (RecordCode.UNWRITABLE, "cannot hold a record this large", ""),
}
_NOT_WHAT_WAS_WRITTEN = (RecordCode.DAMAGED, RecordCode.NOT_A_LOG)


@contextmanager
def as_record_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say about a log into a RecordError."""
    try:
        yield
    except sqlite3.ProgrammingError as error:
        raise _refusal(RecordCode.UNREADABLE, path, f"cannot be used: {str(error).lower()}") from None
    except sqlite3.Error as error:
        number = getattr(error, "sqlite_errorcode", 0) & 0xFF
        code, what, hint = _OF_SQLITE.get(number, (RecordCode.DAMAGED, "is damaged", ""))
        raise _refusal(code, path, f"{what} ({str(error).lower()})", hint) from None
    except (UnicodeDecodeError, OverflowError, MemoryError) as error:  # of a value, or of SQLite's own message
        raise _refusal(RecordCode.DAMAGED, path, f"is damaged (a value cannot be read: {error})") from None
    except BlockingIOError:
        what = "cannot be made: another process holds its folder"
        raise _refusal(RecordCode.BUSY, path, what, "try again") from None
    except OSError as error:
        raise _refusal(RecordCode.UNREADABLE, path, f"cannot be opened: {reason_of(error)}") from None


class Header(Struct, frozen=True):
    """What the header of the file says; `tables` is the version of its tables, looked at if the id is another one."""

    application: int
    version: int
    tables: int | None


class OpenLog(Struct, frozen=True):
    """A log that is open for reading.

    `problems` say what is wrong with the file as a whole. `last` is the number of the last record, if that was read
    from the file before its rows were copied.
    """

    connection: sqlite3.Connection
    layout: Layout
    problems: tuple[Diagnostic, ...] = ()
    is_salvaged: bool = False
    last: int = 0

    def last_known(self) -> int:
        """Return the number of the last record, as the tables beside the records say."""
        found = self.connection.execute(self.layout.last).fetchone()[0]
        return max(found, self.last) if isinstance(found, int) else self.last


def open_to_write(path: Path, *, create: bool, timeout: float) -> sqlite3.Connection:
    """Return a connection that appends to the log of a file, which is made if there is none and it may be.

    RecordError if the file is not a log that may be written; it is left as it was.
    """
    with as_record_errors(path):
        if create and not os.path.lexists(path):
            create_log(path, timeout)
        _refuse_special(path)
        _refuse_to_write(path)
        connection = _connect(path, "rw", timeout)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")  # what is acknowledged outlives a loss of power
        except BaseException:
            connection.close()
            raise
        return connection


def open_to_read(path: Path, timeout: float) -> OpenLog:
    """Return the log of a file, or of what its pages still hold; RecordError if it is not a log."""
    with as_record_errors(path):
        _refuse_special(path)
        try:
            with as_record_errors(path):
                header = _header(path)
        except UnverifiedError as error:
            if begins_like_a_log(_beginning(path)):
                return rescued(path, None, error.diagnostics)
            raise
        if header.application != APPLICATION_ID and header.tables is None:
            raise _foreign(path)
        return _opened(path, header, timeout)


def rescued(path: Path, damaged: OpenLog | None, problems: tuple[Diagnostic, ...]) -> OpenLog:
    """Return a copy of a damaged log; UnverifiedError with these problems if nothing of a log is left in the file."""
    last = 0
    with as_record_errors(path):
        copy = salvaged(path, None if damaged is None else damaged.connection)
    if damaged is not None:
        with suppress(sqlite3.Error, UnicodeDecodeError):
            last = damaged.last_known()
    if copy is None:
        raise UnverifiedError(problems)
    copy.text_factory = decoded
    return OpenLog(copy, CURRENT, problems, is_salvaged=True, last=last)


def decoded(text: bytes) -> str:
    """Return a stored text; one that is not UTF-8 becomes one that no record holds."""
    return text.decode("utf-8", "replace")


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
    connection.text_factory = decoded
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    return connection


def _opened(path: Path, header: Header, timeout: float) -> OpenLog:
    """Return the log as SQLite reads it, or what its pages hold."""
    connection = _reading(path, timeout)
    try:
        with as_record_errors(path):
            schema = schema_of(connection)
        tables = version_of(schema)
        if tables is None and header.version > CURRENT.version:
            raise _newer(path, header.version)
        if tables is None:
            raise _refusal(RecordCode.DAMAGED, path, "is damaged: its tables are not those of a log")
    except UnverifiedError as error:
        return rescued(path, OpenLog(connection, CURRENT), error.diagnostics)
    except BaseException:
        connection.close()
        raise
    problems = [*header_problems(header, tables), *schema_problems(schema, tables)]
    return OpenLog(connection, LAYOUTS[tables], tuple(problems))


def header_problems(header: Header, tables: int) -> Iterator[Diagnostic]:
    """Yield what the header of the file says otherwise than its tables do."""
    if header.application != APPLICATION_ID:
        yield Diagnostic(RecordCode.DAMAGED, "the application id in the header of the file is not that of a log")
    if header.version != tables:
        message = f"the header of the file names version {header.version}, but its tables are of version {tables}"
        yield Diagnostic(RecordCode.DAMAGED, message)


def schema_problems(schema: dict[str, str], version: int) -> Iterator[Diagnostic]:
    """Yield which tables, indexes and triggers are missing, altered or added."""
    wanted = schema_wanted(version)
    different = sorted(name for name in {**wanted, **schema} if wanted.get(name) != schema.get(name))
    if different:
        yield Diagnostic(RecordCode.SCHEMA_ALTERED, f"not as this program makes them: {quote_all(different)}")


def _reading(path: Path, timeout: float) -> sqlite3.Connection:
    """Return a connection that only reads, on a medium that cannot be written, too.

    If it can, it is opened as a writer would, or SQLite would leave files beside it. If it cannot, and nobody has it
    open (there would be a file beside it), SQLite is told that it will not change. Records that still wait in a `-wal`
    file would be passed over then, silently, so such a log is refused instead.
    """
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        connection = _connect(path, "rw", timeout)
        connection.execute("PRAGMA query_only=ON")
        return connection
    waiting, shared = (path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-shm"))
    is_open = shared.exists() or (waiting.exists() and waiting.stat().st_size > 0)
    if is_open and not shared.exists():
        what = f"has records in {quote_path(waiting.name)}, which SQLite can read only where it can write"
        raise _refusal(RecordCode.UNREADABLE, path, what, "copy both files to a folder of your own and read them there")
    return _connect(path, "ro" if is_open else "ro&immutable=1", timeout)


def _refuse_special(path: Path) -> None:
    """Refuse what SQLite would wait for, or never come to the end of."""
    if not is_regular(path):
        raise _refusal(RecordCode.NOT_A_LOG, path, "is not a regular file")
    if not path.stat().st_size:
        raise _refusal(RecordCode.NOT_A_LOG, path, "is empty and not a log", "remove it, and a log will be made")


def _refuse_to_write(path: Path) -> None:
    header = _header(path)
    if header.application != APPLICATION_ID:
        raise _foreign(path)
    if header.version > CURRENT.version:
        raise _newer(path, header.version)
    if header.version != CURRENT.version:
        what = f"has version {header.version} and cannot be written any more"
        hint = "begin a new log with another `--log FILE`; this one stays readable"
        raise _refusal(RecordCode.OLDER, path, what, hint)
    risk = log_risk(path)
    if risk is not None:
        raise RecordError([risk])


def _header(path: Path) -> Header:
    with closing(_connect(path, "ro&immutable=1", 0)) as connection:
        connection.execute("PRAGMA writable_schema=ON")  # reads the head of a file whose pages are still on their way
        ((application,),) = connection.execute("PRAGMA application_id")
        ((version,),) = connection.execute("PRAGMA user_version")
        tables = None
        if application != APPLICATION_ID:
            with suppress(sqlite3.Error, UnicodeDecodeError):
                tables = version_of(schema_of(connection))
    return Header(application, version, tables)


def _beginning(path: Path) -> bytes:
    with open_regular(path) as file:
        return file.read(100)


def _foreign(path: Path) -> RecordError:
    return _refusal(RecordCode.NOT_A_LOG, path, "is a database of another program")


def _newer(path: Path, version: int) -> RecordError:
    what = f"has version {version}, and this activenic knows version {CURRENT.version}"
    return _refusal(RecordCode.NEWER, path, what, "use an activenic at least as new as the one that wrote it")


def _refusal(code: RecordCode, path: Path, what: str, hint: str = "") -> RecordError:
    refused = UnverifiedError if code in _NOT_WHAT_WAS_WRITTEN else RecordError
    return refused([Diagnostic(code, f"the log {quote_path(path)} {what}", hint=hint)])
