"""The mask key: secret octets in a file. All pseudonyms are computed from this key."""

from __future__ import annotations

from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError
from evaluator.base.files import FileTooLargeError, read_regular
from evaluator.base.text import quote_path, reason_of

SHORTEST_KEY = 16
LARGEST_KEY = 64 * 1024


def read_key(path: Path) -> bytes:
    """Return the key in a file. Line breaks at the end of the file are not a part of the key.

    Raises RecordError if the file is unreadable or the key has a wrong size.
    """
    try:
        key = read_regular(path, LARGEST_KEY)
    except FileTooLargeError as error:
        message = f"the key {quote_path(path)} is {reason_of(error)}"
        raise RecordError(
            [Diagnostic(RecordCode.MASK_KEY_TOO_LARGE, message, hint="check the name of the file")]
        ) from None
    except OSError as error:
        message = f"the key {quote_path(path)} cannot be read: {reason_of(error)}"
        raise RecordError([Diagnostic(RecordCode.MASK_KEY_UNREADABLE, message)]) from None
    key = key.rstrip(b"\r\n")
    refuse_short(key, f"the key {quote_path(path)}")
    return key


def refuse_short(key: bytes, name: str) -> None:
    """Raise RecordError if a key is so short that it can be guessed; `name` names the key in the message."""
    if len(key) < SHORTEST_KEY:
        message = f"{name} has {len(key)} octets, but must have at least {SHORTEST_KEY}"
        hint = "create a key with `(umask 077; openssl rand -hex 32 > FILE)`"
        raise RecordError([Diagnostic(RecordCode.MASK_KEY_SHORT, message, hint=hint)])
