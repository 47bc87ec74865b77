"""Whether what stands in a log is signed as it must be.

Without keys to compare with, a signature is still checked against the key beside it: that finds
damage, not a log made anew with another key.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from evaluator.audit.log.queries import is_hash
from evaluator.audit.log.signing import can_sign, is_signed
from evaluator.base.diagnostic import Diagnostic, RecordCode

Signed = tuple[object, object, object]


class SignatureCheck(Struct, frozen=True):
    """Checks signatures; with `public_keys` everything must be signed with one of them."""

    public_keys: frozenset[bytes]
    is_possible: bool = field(default_factory=can_sign)

    def problems(self, what: str, seq: int, signed: Signed) -> Iterator[Diagnostic]:
        """Yield what is wrong with a hash, the key that stands beside it, and the signature."""
        digest, key, signature = signed
        if signature is None and key is None:
            if self.public_keys:
                yield Diagnostic(RecordCode.SIGNATURE_MISSING, f"{what} is not signed", order=seq)
            return
        if not is_hash(key) or not isinstance(signature, bytes) or not isinstance(digest, bytes):
            yield Diagnostic(RecordCode.SIGNATURE_MISSING, f"the signature of {what} is missing", order=seq)
        elif self.public_keys and key not in self.public_keys:
            yield Diagnostic(RecordCode.SIGNATURE_WRONG, f"{what} is signed with another key", order=seq)
        elif (self.public_keys or self.is_possible) and not is_signed(digest, key, signature):
            yield Diagnostic(RecordCode.SIGNATURE_WRONG, f"the signature of {what} is not one of its key", order=seq)
