"""Verifies the signatures of records and checkpoints.

If the caller gives no public keys, a signature is verified against the public key that is stored with the signature.
This detects damage. It does not detect a log that an attacker has written again with another key.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from evaluator.audit.log.queries import is_hash
from evaluator.audit.log.signing import can_sign, is_signed
from evaluator.base.diagnostic import Diagnostic, RecordCode

Signed = tuple[object, object, object]  # hash, public key and signature, as stored


class SignatureCheck(Struct, frozen=True):
    """Verifies signatures. With `public_keys`, every record and checkpoint must be signed with one of these keys.

    `is_possible` is false if the library for signatures is not installed.
    """

    public_keys: frozenset[bytes]
    is_possible: bool = field(default_factory=can_sign)

    def problems(self, name: str, seq: int, signed: Signed) -> Iterator[Diagnostic]:
        """Yield the problem of an invalid signature; `name` names the record or checkpoint in the message."""
        digest, key, signature = signed
        if signature is None and key is None:
            if self.public_keys:
                yield Diagnostic(RecordCode.SIGNATURE_MISSING, f"{name} is not signed", order=seq)
            return
        if not is_hash(key) or not isinstance(signature, bytes) or not isinstance(digest, bytes):
            yield Diagnostic(RecordCode.SIGNATURE_MISSING, f"the signature of {name} is missing", order=seq)
        elif self.public_keys and key not in self.public_keys:
            yield Diagnostic(RecordCode.SIGNATURE_WRONG, f"{name} is signed with another key", order=seq)
        elif (self.public_keys or self.is_possible) and not is_signed(digest, key, signature):
            yield Diagnostic(RecordCode.SIGNATURE_WRONG, f"the signature of {name} is wrong", order=seq)
