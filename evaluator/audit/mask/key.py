"""The key that pseudonyms come from: a file of octets that nobody else has."""

from __future__ import annotations

from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError
from evaluator.base.files import FileTooLargeError, read_regular
from evaluator.base.text import quote_path, reason_of

SHORTEST_KEY = 16
LARGEST_KEY = 64 * 1024


def read_key(path: Path) -> bytes:
    """Return the key of a file, line breaks at its end apart; RecordError where it cannot be read or is no key."""
    try:
        key = read_regular(path, LARGEST_KEY)
    except FileTooLargeError as error:
        message = f"the key {quote_path(path)} is {reason_of(error)}"
        raise RecordError(
            [Diagnostic(RecordCode.MASK_KEY_TOO_LARGE, message, hint="did you mean another file?")]
        ) from None
    except OSError as error:
        message = f"the key {quote_path(path)} cannot be read: {reason_of(error)}"
        raise RecordError([Diagnostic(RecordCode.MASK_KEY_UNREADABLE, message)]) from None
    key = key.rstrip(b"\r\n")
    refuse_short(key, f"the key {quote_path(path)}")
    return key


def refuse_short(key: bytes, what: str) -> None:
    """Refuse a key that could be guessed."""
    if len(key) < SHORTEST_KEY:
        message = f"{what} has {len(key)} octets; it needs {SHORTEST_KEY} or more"
        hint = "make one by `(umask 077; openssl rand -hex 32 > FILE)` and keep it secret"
        raise RecordError([Diagnostic(RecordCode.MASK_KEY_SHORT, message, hint=hint)])
