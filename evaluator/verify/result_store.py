"""Stores the answers of verifications in a folder of the user, one file for each answer.

The folder is `$XDG_CACHE_HOME/activenic`, or `~/.cache/activenic`. The name of a file is a digest of the question and
of everything else on which the answer depends: the version of this format, all source files of this package, the
version of Python, and the version of the solver. The digest of the source files is used instead of version numbers of
the vocabulary, the translation and the search. It covers every module and changes with every edit, so a changed program
never uses an old answer. The computation of the digest takes about as long as one easy proof.

Why files and no database: a new file is written under another name and then renamed, so two processes can write at the
same time without a lock, also on a network file system. A damaged file loses one answer. SQLite was not used: it needs
locks, and a damaged database can lose all answers.

A file begins with a digest of its name and its content. If the digest is wrong, the file is ignored, and the next
answer replaces it. This detects damage, but not intent. So the folder and the file must belong to the current user,
and no other user may be able to write them. Otherwise the folder is not used, because another user could write
"proved" into it. The check is made on the open folder, and all files are opened relative to it.

A problem with the folder is not an error: without the folder, the answers are computed again.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from evaluator.base.digest import digest

_FORMAT = 1
_WRITE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_LARGEST_ANSWER = 1024 * 1024
_DIGEST_LENGTH = 64
_BLOCK = 4096  # the space that a small file takes
_LARGEST_FOLDER = 64 * 1024 * 1024
_STORED_BETWEEN_CHECKS = 500


def cache_folder() -> Path | None:
    """Return the folder for answers; None if the user has no home folder."""
    configured = os.environ.get("XDG_CACHE_HOME", "")
    if configured.startswith("/"):  # the specification ignores a relative path
        return Path(configured, "activenic")
    try:
        return Path.home() / ".cache" / "activenic"
    except RuntimeError:
        return None


class ResultStore:
    """The answers in a folder. The folder is created when the first answer is stored."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stored = 0

    def recall(self, question: bytes) -> bytes | None:
        """Return the answer to a question; None if it is not remembered or cannot be trusted."""
        with suppress(OSError), _opened(self._folder) as folder:
            name = _name_of(question)
            content = _read(name, folder)
            answer = content[_DIGEST_LENGTH:]
            return answer if content[:_DIGEST_LENGTH] == _seal(name, answer) else None
        return None

    def keep(self, question: bytes, answer: bytes) -> None:
        """Write the answer to a question. Nothing happens if this is not possible."""
        if len(answer) > _LARGEST_ANSWER:
            return
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _opened(self._folder) as folder:
                if self._stored % _STORED_BETWEEN_CHECKS == 0:
                    remove_old(folder, _LARGEST_FOLDER)
                self._stored += 1
                name = _name_of(question)
                _write(name, _seal(name, answer) + answer, folder)


def _name_of(question: bytes) -> str:
    """Return the name of the file. Raises OSError if the source files of this package cannot be read."""
    return digest(_circumstances() + question)


def _seal(name: str, answer: bytes) -> bytes:
    return digest(name.encode() + answer).encode()


@cache
def _circumstances() -> bytes:
    """Return all data, besides the question, that can change an answer: versions, and the source of this package."""
    try:
        solver = version("cvc5")
    except PackageNotFoundError:
        solver = ""
    return repr((_FORMAT, _source_digest(), sys.version, solver)).encode()


def _source_digest() -> str:
    """Return the digest of the names and the contents of all source files of this package."""
    root = Path(__file__).parents[1]
    paths = sorted(root.rglob("*.py"))
    if not paths:
        raise OSError("the package is in an archive")
    return digest("".join(f"{path.relative_to(root)} {digest(path.read_bytes())}\n" for path in paths).encode())


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Open the folder. Raises OSError if it does not exist, or if another user can write it."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _require_own(os.fstat(folder))
        yield folder
    finally:
        os.close(folder)


def _require_own(status: os.stat_result) -> None:
    if status.st_uid != os.geteuid() or status.st_mode & _WRITE_BY_OTHERS:
        raise PermissionError("another user can write the file or folder")


def _read(name: str, folder: int) -> bytes:
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with open(file, "rb") as opened:  # noqa: PTH123 -- a descriptor
        status = os.fstat(file)
        _require_own(status)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("not a regular file")
        with suppress(OSError):
            os.utime(file)  # the files that are not used are removed first
        return opened.read(_DIGEST_LENGTH + _LARGEST_ANSWER)


def _write(name: str, content: bytes, folder: int) -> None:
    """Replace a file atomically. If another process writes a file of the same name, the content is the same."""
    draft = f"{name}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(draft, flags, 0o600, dir_fd=folder), "wb") as opened:  # noqa: PTH123 -- a descriptor
            opened.write(content)
        os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft, dir_fd=folder)
        raise


def remove_old(folder: int, largest: int) -> None:
    """Remove the least recently used files, until the folder takes at most `largest` octets."""
    with os.scandir(folder) as entries:
        files = [(entry.stat(follow_symlinks=False), entry.name) for entry in entries]
    total = 0
    for status, name in sorted(files, key=lambda file: file[0].st_mtime, reverse=True):
        total += -(-status.st_size // _BLOCK) * _BLOCK
        if total > largest:
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)
