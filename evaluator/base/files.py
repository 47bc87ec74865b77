"""Reads files with a size limit. Every file that a user names is read with a function of this module.

Reading a FIFO can block, and reading a device such as `/dev/zero` never ends. So a file must be a regular file that is
not larger than its limit. Only a report may also come from a pipe, because a shell can pass the output of a command as
a pipe.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from evaluator.base.lazy_import import lazy_module

if TYPE_CHECKING:
    import tempfile
    from pathlib import Path
    from typing import BinaryIO
else:
    tempfile = lazy_module("tempfile")

MIB = 1024 * 1024
LARGEST = 32 * MIB


class FileTooLargeError(OSError):
    """The file is larger than its limit."""


def read_regular(path: Path, most: int = LARGEST) -> bytes:
    """Return the content of a regular file.

    Raises OSError if the file cannot be read, is not regular or is too large.
    """
    with open_regular(path) as file:
        return _read(file, most)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading. Opening never waits.

    Raises OSError if the file cannot be opened or is not regular.
    """
    file = _open(path, os.O_NONBLOCK)
    mode = os.fstat(file.fileno()).st_mode
    if not stat.S_ISREG(mode):
        file.close()
        raise _not_accepted(mode, "not a regular file")
    return file


def read_regular_or_pipe(path: Path, most: int = LARGEST) -> bytes:
    """Return the content of a regular file or a pipe.

    Raises OSError if the path cannot be read, is a device or is too large.
    """
    refuse_devices(path)
    with _open(path, 0) as file:
        return _read(file, most)


def refuse_devices(path: Path) -> None:
    """Raise OSError if a path is neither a regular file nor a pipe. The file is not opened."""
    mode = _stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        raise _not_accepted(mode, "neither a regular file nor a pipe")


def is_regular(path: Path) -> bool:
    """Return whether a path is a regular file. Raises OSError if the path does not exist."""
    return stat.S_ISREG(_stat(path).st_mode)


def _not_accepted(mode: int, reason: str) -> OSError:
    if stat.S_ISDIR(mode):
        return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return OSError(errno.EINVAL, reason)


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except ValueError as error:  # the path contains a NUL character
        raise OSError(errno.EINVAL, str(error)) from None


def _open(path: Path, flags: int) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error)) from None
    return os.fdopen(descriptor, "rb")


def _read(file: BinaryIO, most: int) -> bytes:
    content = file.read(most + 1)
    if len(content) > most:
        limit = f"{most // MIB} MiB" if most >= MIB else f"{most // 1024} KiB"
        raise FileTooLargeError(errno.EFBIG, f"larger than {limit}")
    return content


def replace_file(path: Path, content: bytes) -> None:
    """Replace the content of a file atomically. The mode of the file stays the same.

    If the path is a symbolic link, the file that it points to is replaced. Raises OSError if the replacement fails.
    """
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=".", suffix=target.suffix, dir=target.parent)
    temporary = target.with_name(name.rpartition(os.sep)[2])
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        temporary.replace(target)
    except BaseException:
        temporary.unlink()
        raise
