"""Whether somebody else can write a log or read a key.

A log that another user owns or can write proves nothing, so it is not written to, and a reader is warned. A folder in
which everybody may replace files counts as well, unless its sticky bit is set. That a group may write to a folder does
not: many systems give each user a group of their own and a umask that lets it write.
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
    """Return who besides this user can change a log; None if nobody can."""
    found, folder = path.stat(), path.resolve().parent
    mode = folder.stat().st_mode
    if found.st_uid != os.geteuid():
        what, hint = f"belongs to another user (uid {found.st_uid})", "read it, and let its owner write it"
    elif found.st_mode & _WRITE_BY_OTHERS:
        what, hint = f"can be written by others (mode {stat.S_IMODE(found.st_mode):04o})", "`chmod go-w` the file"
    elif mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        what, hint = f"can be replaced by others: everybody may write to {quote_path(folder)}", "`chmod o-w` the folder"
    else:
        return None
    return Diagnostic(RecordCode.OPEN_TO_OTHERS, f"the log {quote_path(path)} {what}", hint=hint)


def key_warnings(path: Path) -> tuple[Diagnostic, ...]:
    """Return a warning if somebody else can read or write a private key or a mask key."""
    try:
        found = path.stat()
    except OSError:
        return ()  # reading it says so
    if found.st_uid not in (0, os.geteuid()):
        what = f"belongs to another user (uid {found.st_uid})"
    elif found.st_mode & _READ_BY_OTHERS:
        what = f"can be read by others (mode {stat.S_IMODE(found.st_mode):04o})"
    else:
        return ()
    message, hint = f"the key {quote_path(path)} {what}", "`chmod 600` it, or make a new one under `umask 077`"
    return (Diagnostic(RecordCode.KEY_OPEN_TO_OTHERS, message, hint=hint, severity=Severity.WARNING),)
