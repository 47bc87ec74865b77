"""Loaded by schemathesis: how it writes the body of a batch."""

from __future__ import annotations

import schemathesis


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def as_text(_: object, value: object) -> bytes:
    """Return a drawn value as the lines of a batch."""
    return value if isinstance(value, bytes) else str(value).encode()
