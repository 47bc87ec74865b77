"""How texts are stored: compressed, and so that no stored bit is without meaning.

A compressed stream has bits that change nothing when they flip (what pads its last octet), so a
checksum of the stream stands before it.
"""

from __future__ import annotations

import zlib

LARGEST = 512 * 1024 * 1024
_CHECKSUM = 4


def pack(text: bytes) -> bytes:
    """Return a text as it is stored."""
    stream = zlib.compress(text)
    return zlib.crc32(stream).to_bytes(_CHECKSUM, "big") + stream


def unpack(packed: object, most: object) -> bytes:
    """Return a stored text of at most so many octets; ValueError where it is damaged."""
    reason = damage_of(packed, most)
    if reason or not isinstance(packed, bytes) or not isinstance(most, int):
        raise ValueError(reason)
    reader, stream = zlib.decompressobj(), packed[_CHECKSUM:]
    try:
        text = reader.decompress(stream, most + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not reader.eof or reader.unused_data or len(text) > most:
        raise ValueError("it does not end where it should")
    return text


def damage_of(packed: object, size: object) -> str:
    """Return why a stored text cannot be read, by its checksum alone; nothing if it can."""
    if not isinstance(packed, bytes):
        return "it is not a stored text"
    if not isinstance(size, int) or not 0 <= size <= LARGEST:
        return "its size is not one"
    return (
        ""
        if zlib.crc32(packed[_CHECKSUM:]).to_bytes(_CHECKSUM, "big") == packed[:_CHECKSUM]
        else "its checksum differs"
    )


def beginning_of(packed: bytes, most: int) -> bytes:
    """Return the first octets of a stored text, without looking at the rest; zlib.error if they cannot be read."""
    return zlib.decompressobj().decompress(packed[_CHECKSUM:], most)
