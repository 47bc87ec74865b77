"""Computes the digest that identifies a text of a policy, a report or a record."""

from __future__ import annotations

import hashlib


def digest(body: bytes) -> str:
    """Return the SHA-256 of a text as 64 hexadecimal digits."""
    return hashlib.sha256(body).hexdigest()
