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
    if not isinstance(packed, bytes):
        raise ValueError("it is no stored text")
    if not isinstance(most, int) or not 0 <= most <= LARGEST:
        raise ValueError("its size is none")
    checksum, stream = packed[:_CHECKSUM], packed[_CHECKSUM:]
    if zlib.crc32(stream).to_bytes(_CHECKSUM, "big") != checksum:
        raise ValueError("its checksum differs")
    reader = zlib.decompressobj()
    try:
        text = reader.decompress(stream, most + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not reader.eof or reader.unused_data or len(text) > most:
        raise ValueError("it does not end where it should")
    return text
