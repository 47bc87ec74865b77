"""Creates Ed25519 signatures of the hashes of a log. Without the private key, nobody can forge a signed chain.

The library `cryptography` (extra `sign`) does the cryptography. The library is imported only if a key is used.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from evaluator.audit.log.chain import signed_text
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError, require_package
from evaluator.base.files import read_regular
from evaluator.base.lazy_import import lazy_module
from evaluator.base.text import quote_path, reason_of

if TYPE_CHECKING:
    from cryptography import exceptions
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519
else:
    exceptions = lazy_module("cryptography.exceptions")
    serialization = lazy_module("cryptography.hazmat.primitives.serialization")
    ed25519 = lazy_module("cryptography.hazmat.primitives.asymmetric.ed25519")

KEY_LENGTH = 32
_LARGEST = 64 * 1024
_KEYGEN_HINT = "`activenic log keygen FILE` creates a key pair"


class Signer(Protocol):
    """Signs messages, with a key from a file or with a hardware module."""

    @property
    def public_key(self) -> bytes:
        """The raw Ed25519 public key, 32 octets."""

    def sign(self, message: bytes) -> bytes:
        """Return the raw Ed25519 signature of a message, 64 octets."""


class KeySigner(Struct, frozen=True):
    """A signer whose private key is in this process."""

    public_key: bytes
    _sign: Callable[[bytes], bytes]

    def sign(self, message: bytes) -> bytes:
        """Return the raw Ed25519 signature of a message, 64 octets."""
        return self._sign(message)


def signature_of(digest: bytes, signer: Signer | None) -> bytes | None:
    """Return the raw signature of a hash; None without a signer."""
    return None if signer is None else signer.sign(signed_text(digest))


def is_signed(digest: bytes, public_key: bytes, signature: bytes) -> bool:
    """Return whether the owner of the public key signed the hash `digest` with this signature."""
    _require_library()
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed_text(digest))
    except (ValueError, TypeError, exceptions.InvalidSignature):
        return False
    return True


def can_sign() -> bool:
    """Return whether the library `cryptography` is installed."""
    return find_spec("cryptography") is not None


def read_signer(path: Path) -> KeySigner:
    """Return a signer with the private key of a PEM file. Raises RecordError if the file is unreadable or invalid."""
    _require_library()
    text = _read(path)
    try:
        key = serialization.load_pem_private_key(text, None)
    except TypeError:
        hint = "the key of a log must be unencrypted; let only the user who writes the log read the key file"
        raise _invalid(path, "is encrypted", hint) from None
    except ValueError:
        raise _invalid(path, "does not contain a private key", _KEYGEN_HINT) from None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise _invalid(path, "contains a key that is not an Ed25519 key", _KEYGEN_HINT)
    return KeySigner(key.public_key().public_bytes_raw(), key.sign)


def read_public_key(path: Path) -> bytes:
    """Return the raw public key of a PEM file, 32 octets. Raises RecordError if the file is unreadable or invalid."""
    _require_library()
    text = _read(path)
    try:
        key = serialization.load_pem_public_key(text)
    except ValueError:
        hint = "`activenic log keygen FILE` writes the public key to FILE.pub"
        raise _invalid(path, "does not contain a public key", hint) from None
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise _invalid(path, "contains a key that is not an Ed25519 key", _KEYGEN_HINT)
    raw: bytes = key.public_bytes_raw()
    return raw


def write_keys(path: Path) -> Path:
    """Create a key pair, write the private key to `path` (mode 0600), and write the public key to `path` with `.pub`.

    Return the path of the public key. Raises RecordError if one of the files exists: a key is never overwritten.
    """
    _require_library()
    key, public = ed25519.Ed25519PrivateKey.generate(), path.with_name(f"{path.name}.pub")
    private_text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public_text = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    if public.exists():
        raise _unwritable(public, "file exists")
    _write(path, private_text, 0o600)
    _write(public, public_text, 0o644)
    return public


def _write(path: Path, text: bytes, mode: int) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _unwritable(path, reason_of(error)) from None


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, _LARGEST)
    except OSError as error:
        message = f"the key {quote_path(path)} cannot be read: {reason_of(error)}"
        raise RecordError([Diagnostic(RecordCode.KEY_UNREADABLE, message)]) from None


def _unwritable(path: Path, reason: str) -> RecordError:
    message = f"the key {quote_path(path)} cannot be written: {reason}"
    return RecordError(
        [Diagnostic(RecordCode.KEY_UNREADABLE, message, hint="use the name of a file that does not exist")]
    )


def _invalid(path: Path, problem: str, hint: str) -> RecordError:
    return RecordError([Diagnostic(RecordCode.KEY_INVALID, f"{quote_path(path)} {problem}", hint=hint)])


def _require_library() -> None:
    require_package("signatures cannot be created or verified", "cryptography", "sign")
