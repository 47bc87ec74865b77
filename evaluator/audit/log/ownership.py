"""Checks whether other users can write a log or read a key.

If another user owns the log or can write it, the content of the log proves nothing. So activenic appends nothing to
this log, and prints a warning when it reads the log. The same applies if everybody can replace files in the folder of
the log, unless the folder's sticky bit is set. A folder that its group can write is accepted: on many systems each user
has a private group, and the umask allows the group to write.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, RecordCode, Severity
from evaluator.base.text import quote_path

_WRITE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_READ_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def log_risk(path: Path) -> Diagnostic | None:
    """Return the problem if a user other than the current user can change the log; else None."""
    status, folder = path.stat(), path.resolve().parent
    mode = folder.stat().st_mode
    if status.st_uid != os.geteuid():
        problem, hint = f"belongs to another user (uid {status.st_uid})", "append as the user who owns the log"
    elif status.st_mode & _WRITE_BY_OTHERS:
        problem = f"can be written by others (mode {stat.S_IMODE(status.st_mode):04o})"
        hint = "run `chmod go-w` on the file"
    elif mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        problem = f"can be replaced by others: everybody can write to {quote_path(folder)}"
        hint = "run `chmod o-w` on the folder"
    else:
        return None
    return Diagnostic(RecordCode.OPEN_TO_OTHERS, f"the log {quote_path(path)} {problem}", hint=hint)


def key_warnings(path: Path) -> tuple[Diagnostic, ...]:
    """Return a warning if other users can read or replace a private key or a mask key."""
    try:
        status = path.stat()
    except OSError:
        return ()  # the error is raised when the key is read
    if status.st_uid not in (0, os.geteuid()):
        problem = f"belongs to another user (uid {status.st_uid})"
    elif status.st_mode & _READ_BY_OTHERS:
        problem = f"can be read by others (mode {stat.S_IMODE(status.st_mode):04o})"
    else:
        return ()
    message = f"the key {quote_path(path)} {problem}"
    hint = "run `chmod 600` on the key file, or create a new key under `umask 077`"
    return (Diagnostic(RecordCode.KEY_OPEN_TO_OTHERS, message, hint=hint, severity=Severity.WARNING),)
