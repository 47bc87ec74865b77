"""How each record of a log is bound to the one before, so that a change of the past shows.

Nothing here needs a secret: whoever can write the whole file can also make the chain anew. What stops
that is a head noted elsewhere, or a signature whose key is kept elsewhere (docs/log.md).
"""

from __future__ import annotations

import hashlib
import re

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError
from evaluator.base.text import quote

HASH_LENGTH = 32
# what is hashed begins with what it is, so that no hash of one kind is ever one of another
_ENTRY = b"activenic decision log: entry 1\n"
_STUB = b"activenic decision log: stub 1\n"
_SIGNATURE = b"activenic decision log: signature 1\n"
_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})", re.ASCII)


class Head(Struct, frozen=True):
    """Where a chain ends: the number of its last record, and that record's hash."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"


GENESIS = Head(0, bytes(HASH_LENGTH))


def parse_head(text: str) -> Head:
    """Read a head as `str()` writes it; RecordError where it is none."""
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        message, hint = f"{quote(text)} is no head of a log", "write it as `log head` prints it, SEQ:HASH"
        raise RecordError([Diagnostic(RecordCode.HEAD_INVALID, message, hint=hint)])
    return Head(int(found[1]), bytes.fromhex(found[2]))


def entry_hash(before: Head, signer: bytes | None, envelope: bytes) -> bytes:
    """Return the hash of the record that follows `before`; `signer` is the public key of whoever will sign it."""
    return _digest(_ENTRY, before.hash, (before.seq + 1).to_bytes(8, "big"), signer or b"", envelope)


def stub_hash(before: bytes, signer: bytes | None, document: bytes) -> bytes:
    """Return the hash of the stub that a prune leaves; `before` is that of the stub before it."""
    return _digest(_STUB, before, signer or b"", document)


def signed_text(digest: bytes) -> bytes:
    """Return what is signed for a hash; no signature made for another purpose fits."""
    return _SIGNATURE + digest


def _digest(kind: bytes, *parts: bytes) -> bytes:
    """Hash parts whose lengths stand before them, so that no two sequences of parts give one text."""
    found = hashlib.sha256(kind)
    for part in parts:
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.digest()
