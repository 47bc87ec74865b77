"""The hash chain of a decision log. The hash of a record covers the record and the hash of the previous record.

**How the chain works.** The hash of record number `seq` is the SHA-256 of five parts: the kind "entry", the hash of
record `seq - 1`, the number `seq`, the public key of the signer (empty if the record is not signed), and the envelope.
The envelope contains the SHA-256 digests of the report and of the policy's texts, so the hash covers these texts too.
Record 1 has no previous record, so its hash covers `GENESIS` instead: the number 0 and a hash of 32 zero octets. A
`Head` is the number and the hash of one record; the head of a log is the head of its last record.

**Checkpoints.** A prune removes the oldest records and writes a checkpoint, which contains the head of the last removed
record. The hash of the first remaining record covers the hash in this head, so the rest of the chain stays verifiable.
Checkpoints form a second chain: each hash covers the hash of the checkpoint before it.

**Invariants.** Every hashed or signed text begins with its kind, so a hash of one kind is never valid as a hash of
another kind. The length of each part is written before the part, so two different lists of parts never give the same
text. If an octet of an envelope, a number or a signer changes, then the hash of this record and of every later record
changes.

**What verification detects.** Verification detects records that were altered, moved or inserted, or removed from the
middle. If one record is damaged, the records after it stay verifiable, because each hash is computed from the stored
hash of the record before it.

**What the chain alone cannot detect.** The hashes need no secret. So an attacker who can write the file can change a
record and compute every later hash again. There are two protections. First, store a copy of a head in another place.
With the head of record 12, verification detects every change of the records 1 to 12. Only a copy of a head can show
that an attacker removed the last records. Second, sign the records (Ed25519 over the hash, `signing.py`). If the
private key is stored in another place, the attacker cannot create signatures. Without signatures, an attacker can also
forge a checkpoint. docs/log.md has the details.
"""

from __future__ import annotations

import hashlib
import re

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError
from evaluator.base.text import quote

HASH_LENGTH = 32
# the kinds, which are prefixes of hashed texts (see above); "stub" is the old name of a checkpoint
_ENTRY = b"activenic decision log: entry 1\n"
_CHECKPOINT = b"activenic decision log: stub 1\n"
_SIGNATURE = b"activenic decision log: signature 1\n"
_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})", re.ASCII)


class Head(Struct, frozen=True):
    """The number and the hash of a record. The head of a log is the head of its last record."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"


GENESIS = Head(0, bytes(HASH_LENGTH))


def parse_head(text: str) -> Head:
    """Return the head that a text such as `12:9c1f…` contains. Raises RecordError if the text is not a head."""
    match = _HEAD.fullmatch(text.strip())
    if match is None:
        message, hint = f"invalid head {quote(text)}", "use the form SEQ:HASH, as `activenic log head` prints it"
        raise RecordError([Diagnostic(RecordCode.HEAD_INVALID, message, hint=hint)])
    return Head(int(match[1]), bytes.fromhex(match[2]))


def entry_hash(previous: Head, signer: bytes | None, envelope: bytes) -> bytes:
    """Return the hash of the record that follows `previous`; `signer` is the raw public key of a signed record."""
    return _digest(_ENTRY, previous.hash, (previous.seq + 1).to_bytes(8, "big"), signer or b"", envelope)


def checkpoint_hash(previous: bytes, signer: bytes | None, document: bytes) -> bytes:
    """Return the hash of a checkpoint; `previous` is the hash of the previous checkpoint, or the hash in GENESIS."""
    return _digest(_CHECKPOINT, previous, signer or b"", document)


def signed_text(digest: bytes) -> bytes:
    """Return the octets to sign: a fixed prefix and the hash.

    A signature of a text without this prefix is never valid as a signature of a hash.
    """
    return _SIGNATURE + digest


def _digest(kind: bytes, *parts: bytes) -> bytes:
    """Return the SHA-256 of the prefix `kind` and the parts, each after its length (8 octets, big endian)."""
    sha256 = hashlib.sha256(kind)
    for part in parts:
        sha256.update(len(part).to_bytes(8, "big"))
        sha256.update(part)
    return sha256.digest()
