"""The digest that identifies the texts of policies, reports and records."""

from __future__ import annotations

import hashlib


def digest(body: bytes) -> str:
    """Return the SHA-256 of a text as 64 hexadecimal digits."""
    return hashlib.sha256(body).hexdigest()
