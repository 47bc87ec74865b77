"""The digest by which policies, reports and records name a text."""

from __future__ import annotations

import hashlib


def digest(body: bytes) -> str:
    """Return the SHA-256 of a text's bytes, in hexadecimal."""
    return hashlib.sha256(body).hexdigest()
