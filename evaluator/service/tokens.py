"""The tokens that clients must send: a file with one token in each line, read again when it changes.

Only the digests of the tokens are in memory, so a token can appear neither in a log nor in an error. A presented token
is compared with every digest, and every comparison takes the same time. So an attacker cannot measure the time to find
out whether a wrong token is similar to a valid token.
"""

from __future__ import annotations

import hashlib
import hmac
import stat
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, QuestionError, Severity
from evaluator.base.files import MIB, read_regular
from evaluator.base.text import quote_path, reason_of

SHORTEST = 16
_COMMENT = b"#"


class TokenError(QuestionError):
    """The token file cannot be read or is invalid."""


class Tokens:
    """The tokens of a file. Raises TokenError if the file cannot be read or is invalid."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = self._look()
        self._digests = _read(path)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """A warning if other users can read the file."""
        try:
            mode = self._path.stat().st_mode
        except OSError:
            return ()
        if not mode & stat.S_IRWXO:
            return ()
        message = f"the token file {quote_path(self._path)} can be read by other users (mode {stat.S_IMODE(mode):04o})"
        return (Diagnostic("TOKENS_OPEN_TO_OTHERS", message, hint="run `chmod o=` on it", severity=Severity.WARNING),)

    def accept(self, authorization: str | None) -> bool:
        """Return whether the header Authorization has one of the tokens."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        digest = _digest(token.strip().encode("latin-1", "replace"))
        is_known = False
        for known in self._digests:
            is_known |= hmac.compare_digest(digest, known)
        return is_known

    def reload(self) -> bool:
        """Read the file again if it changed; return whether it changed.

        Raises TokenError if the file is invalid now. The tokens then stay as they are, and the next call tries again.
        """
        state = self._look()
        if state == self._state and state:
            return False
        self._digests = _read(self._path)
        self._state = state
        return True

    def _look(self) -> tuple[int, ...]:
        try:
            status = self._path.stat()
        except OSError:
            return ()
        return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def _read(path: Path) -> tuple[bytes, ...]:
    try:
        lines = read_regular(path, MIB).splitlines()
    except OSError as error:
        message = f"the token file {quote_path(path)} cannot be read: {reason_of(error)}"
        raise TokenError([Diagnostic("TOKENS_UNREADABLE", message)]) from None
    tokens = [(number, line.strip()) for number, line in enumerate(lines, 1)]
    tokens = [(number, token) for number, token in tokens if token and not token.startswith(_COMMENT)]
    problems = [
        Diagnostic("TOKENS_INVALID", problem, f"{path}:{number}", order=number)
        for number, token in tokens
        for problem in _problems(token)
    ]
    if not tokens:
        hint = "write one token in each line, for example the output of `openssl rand -hex 32`"
        problems = [Diagnostic("TOKENS_INVALID", f"the token file {quote_path(path)} has no token", hint=hint)]
    if problems:
        raise TokenError(problems)
    return tuple(_digest(token) for _, token in tokens)


def _problems(token: bytes) -> list[str]:
    """Return messages about the problems of a token. The messages do not contain the token, because it is secret."""
    if len(token) < SHORTEST:
        return [f"the token is shorter than {SHORTEST} characters"]
    if not all(33 <= octet <= 126 for octet in token):
        return ["the token has a character that is not printable ASCII"]
    return []


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
