"""Compresses the texts and envelopes of a log, and adds a checksum.

A stored text begins with four bytes: the CRC-32 of the compressed octets. The rest is the text, compressed with zlib.
Some bits of a compressed stream have no effect on the text, such as the padding in the last octet. The checksum covers
these bits too, so every changed bit of a stored text is detected.
"""

from __future__ import annotations

import zlib

LARGEST = 512 * 1024 * 1024
_CHECKSUM = 4


def pack(text: bytes) -> bytes:
    """Return a text in the form in which a log stores it."""
    stream = zlib.compress(text)
    return zlib.crc32(stream).to_bytes(_CHECKSUM, "big") + stream


def unpack(packed: object, limit: object) -> bytes:
    """Return the text whose stored form is `packed`.

    Raises ValueError, with the reason, if the stored form is damaged, or if the text has more than `limit` octets.
    """
    reason = damage_of(packed, limit)
    if reason or not isinstance(packed, bytes) or not isinstance(limit, int):
        raise ValueError(reason)
    reader, stream = zlib.decompressobj(), packed[_CHECKSUM:]
    try:
        text = reader.decompress(stream, limit + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not reader.eof or reader.unused_data or len(text) > limit:
        raise ValueError("the compressed data is too short or too long")
    return text


def damage_of(packed: object, size: object) -> str:
    """Return why a stored text cannot be read; empty if it can be read. Only the size and the checksum are checked."""
    if not isinstance(packed, bytes):
        return "it is not binary data"
    if not isinstance(size, int) or not 0 <= size <= LARGEST:
        return "its size is invalid"
    return (
        ""
        if zlib.crc32(packed[_CHECKSUM:]).to_bytes(_CHECKSUM, "big") == packed[:_CHECKSUM]
        else "its checksum differs"
    )


def beginning_of(packed: bytes, length: int) -> bytes:
    """Return the first `length` octets of a stored text without reading the rest.

    Raises zlib.error if the text is damaged.
    """
    return zlib.decompressobj().decompress(packed[_CHECKSUM:], length)
