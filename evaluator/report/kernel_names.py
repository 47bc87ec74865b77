r"""Converts the kernel's interface names to text.

In the kernel a name can have any octets except `/` and blanks. A name is not always valid UTF-8. The text is
unambiguous: an octet that is not valid UTF-8 becomes ``\xNN``, and a backslash in the name becomes two backslashes.
"""

from __future__ import annotations

import msgspec

_FIRST_ESCAPED = 0xDC80  # PEP 383: octets that are not valid UTF-8 are decoded to these surrogates
_LAST_ESCAPED = 0xDCFF


def readable(name: str) -> str:
    r"""Return a name as readable text. The name must be decoded with `surrogateescape`."""
    if name.isascii() and "\\" not in name:
        return name
    return "".join(map(_escaped, name))


def readable_octets(name: bytes) -> str:
    """Return the octets of a name as readable text."""
    return readable(name.decode("utf-8", errors="surrogateescape"))


def with_readable_names(document: object) -> object:
    """Return a copy of an iproute2 document with readable strings.

    If all strings are readable already, the document itself is returned.
    """
    try:
        is_readable = b"\\\\" not in msgspec.json.encode(document)
    except (TypeError, UnicodeError):  # a string has surrogates
        is_readable = False
    return document if is_readable else _copy(document)


def _copy(value: object) -> object:
    if isinstance(value, list):
        return [_copy(item) for item in value]
    if isinstance(value, dict):
        return {_copy(key): _copy(item) for key, item in value.items()}
    return readable(value) if isinstance(value, str) else value


def _escaped(char: str) -> str:
    if char == "\\":
        return "\\\\"
    return f"\\x{ord(char) - 0xDC00:02x}" if _FIRST_ESCAPED <= ord(char) <= _LAST_ESCAPED else char
